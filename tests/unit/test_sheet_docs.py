"""docs/google-sheet.md keeps up with the program: each refusal is explained, the script is the one that `init` writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import load_config
from bot.push import script
from journey.texts import LANGS, Lang, catalogue
from sheets_sync.google.access import SCOPES, spreadsheet_id

DOCS = (Path(__file__).parents[2] / "docs" / "google-sheet.md").read_text("utf-8")
PARTS: dict[Lang, str] = dict(zip(LANGS, re.split(r"^## English$", DOCS, flags=re.MULTILINE), strict=True))
PASSING = {"busy", "spent", "server", "slow", "unreachable", "cut", "garbled", "certificate"}
GOOD = {"stand_in", "key_good", "signed_in", "reached"}


def explained(lang: Lang) -> list[str]:
    """The left cells of the table of refusals."""
    table = re.split(r"^\| (?:表示|It says) \|.*$", PARTS[lang], flags=re.MULTILINE)[1].strip().split("\n\n")[0]
    return [line.split("|")[1].strip() for line in table.split("\n")[1:]]


def shows(quoted: str, said: str) -> bool:
    """Whether a sentence holds all that is quoted of it."""
    return all(part.strip() in said for part in quoted.split("…"))


@pytest.mark.parametrize("lang", LANGS)
def test_every_refusal_is_explained_and_nothing_else(lang: Lang) -> None:
    said = {key.removeprefix("google."): forms[lang] for key, forms in catalogue().items() if key.startswith("google.")}
    rows = explained(lang)
    assert {key for key in said if not any(shows(row, said[key]) for row in rows)} == PASSING | GOOD
    assert [row for row in rows if not any(shows(row, sentence) for sentence in said.values())] == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_script_is_the_one_that_init_writes(lang: Lang) -> None:
    lines = script("https://tabiji.example.com", "0123456789abcdef", lang).split("\n")
    code = "\n".join(line for line in lines if not line.startswith("//")).strip()
    assert f"```js\n{code}\n```" in PARTS[lang]


@pytest.mark.parametrize("lang", LANGS)
def test_the_settings_can_be_read(lang: Lang, tmp_path: Path) -> None:
    toml = re.search(r"```toml\n(.*?)```", PARTS[lang], re.DOTALL)
    assert toml is not None
    (tmp_path / "config.toml").write_text(toml[1].replace("1AbC…", "1AbCdEfGhIjKlMnOpQrStUvWxYz"), encoding="utf-8")
    config = load_config(tmp_path / "config.toml", {})
    assert (config.language, spreadsheet_id(config.sheet.source)) == (lang, "1AbCdEfGhIjKlMnOpQrStUvWxYz")


@pytest.mark.parametrize("lang", LANGS)
def test_the_scopes_are_those_that_are_asked_for(lang: Lang) -> None:
    assert set(re.findall(r"https://www\.googleapis\.com/auth/[\w.]+", PARTS[lang])) == set(SCOPES)
