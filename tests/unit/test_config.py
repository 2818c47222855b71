"""config.toml: defaults for everything, and a sentence that names the key for everything that is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config, load_config
from journey.errors import InputError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def config(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, {})


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(InputError) as refused:
        config(tmp_path, text)
    return refused.value.said.say("ja") + "\n" + refused.value.said.say("en")


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    made = load_config(tmp_path / "config.toml", {"LANG": "ja_JP.UTF-8"})
    assert made.language == "ja"
    assert made.path(made.store.path) == tmp_path / "data"
    assert made.channel_kinds == {"email": "outbox", "sms": "outbox", "line": "outbox", "push": "outbox"}
    assert made.safety.trial_hosts == ()


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_config(tmp_path / "none.toml", {}, must_exist=True)


def test_the_example_holds_every_setting_at_its_default(tmp_path: Path) -> None:
    example, default = load_config(EXAMPLE, {}), load_config(tmp_path / "config.toml", {"LANG": "ja"})
    for name in ("sheet", "store", "inbox", "stages", "roles", "web", "safety", "log", "channel_kinds"):
        assert getattr(example, name) == getattr(default, name), name
    text = EXAMPLE.read_text(encoding="utf-8")
    for name in ("inbox", "roles", "web", "safety", "log"):
        for key in type(getattr(default, name)).__dataclass_fields__:
            assert key in text or key == "write_keys_file", f"{name}.{key}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('langage = "ja"', "language"),
        ("[sheet]\nsorce = 'a.xlsx'", "sheet.source"),
        ("[web]\nport = 70000", "1–65535"),
        ("[web]\nport = '80'", "web.port"),
        ("[stages]\nevery_minutes = 0", "stages.every_minutes"),
        ("[stages]\nengine = 'spark'", "まだ使えません"),
        ("[log]\nlevel = 'loud'", '"debug"'),
        ("[safety]\ntrial_hosts = 'a'", "safety.trial_hosts"),
        ("[channels]\nemail = 3", "channels.email"),
        ("[channels.email]\nkind = 3", "channels.email.kind"),
        ("roles = 1", "[roles]"),
        ("language = 'fr'", '"ja" / "en"'),
        ("[sheet", "読めません"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"language = \xff\xfe\x00")
    with pytest.raises(InputError):
        load_config(path, {})


@given(st.text(max_size=80))
def test_no_text_breaks_it(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("c") / "config.toml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        load_config(path, {})
    except InputError as error:
        assert "config.toml" in error.said.say("ja")
