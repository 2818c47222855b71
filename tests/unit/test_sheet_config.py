"""`init --sheet` writes one line into a config that a person wrote, and nothing else of it changes."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sheet_starting import with_source
from bot.starting import config_text
from journey.texts import LANGS, Lang

ADDRESS = "https://docs.google.com/spreadsheets/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ/edit"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f'\n[sheet]\nsource = "{ADDRESS}"\n'),
        ('language = "ja"\n', f'language = "ja"\n\n[sheet]\nsource = "{ADDRESS}"\n'),
        ('language = "ja"', f'language = "ja"\n\n[sheet]\nsource = "{ADDRESS}"\n'),
        ("[sheet]", f'[sheet]\nsource = "{ADDRESS}"\n'),
        (
            '[sheet]  # ours\napi_root = "http://127.0.0.1:1"\n\n[web]\nport = 1\n',
            f'[sheet]  # ours\nsource = "{ADDRESS}"\napi_root = "http://127.0.0.1:1"\n\n[web]\nport = 1\n',
        ),
        (
            '# x\r\n[sheet]\r\nsource = "journey.xlsx"  # the team\'s\r\n[web]\r\nport = 1\r\n',
            f'# x\r\n[sheet]\r\nsource = "{ADDRESS}"  # the team\'s\r\n[web]\r\nport = 1\r\n',
        ),
        ("[sheet]\nsource = 'journey.xlsx'\n", f'[sheet]\nsource = "{ADDRESS}"\n'),
        (
            '[channels.x]\nsource = "journey.xlsx"\n[sheet]\n[web]\nport = 1\n',
            f'[channels.x]\nsource = "journey.xlsx"\n[sheet]\nsource = "{ADDRESS}"\n[web]\nport = 1\n',
        ),
    ],
)
def test_one_line_is_set_and_the_rest_stays(before: str, after: str) -> None:
    assert with_source(before, ADDRESS) == after


@pytest.mark.parametrize(
    "before",
    [
        'sheet = { source = "journey.xlsx" }\n',
        'sheet.source = "journey.xlsx"\n',
        'sheet.api_root = "x"\n',
        '[sheet]\nsource = """journey.xlsx"""\n',
        "sheet = 3\n",
        'x = """\n[sheet]\n"""\n[sheet]\n',
    ],
)
def test_a_config_written_in_another_way_is_left_to_a_person(before: str) -> None:
    assert with_source(before, ADDRESS) is None


@pytest.mark.parametrize("lang", LANGS)
def test_the_configs_that_init_writes_are_read_again(lang: Lang) -> None:
    local, sheet = tomllib.loads(config_text(lang)), tomllib.loads(config_text(lang, ADDRESS))
    assert local["sheet"] == {"source": "journey.xlsx"}
    assert sheet["sheet"] == {"source": ADDRESS, "credentials": "service-account.json"}
    assert {k: v for k, v in local.items() if k != "sheet"} == {k: v for k, v in sheet.items() if k != "sheet"}
    assert tomllib.loads(with_source(config_text(lang), ADDRESS) or "")["sheet"] == {"source": ADDRESS}


_LINES = [
    "# remark [sheet]",
    "",
    "[sheet]",
    "source = 'journey.xlsx' # x",
    "poll_seconds = 3",
    "[web]",
    'base_url = "x"',
    "[log]",
]


@given(st.lists(st.sampled_from(_LINES), max_size=9), st.sampled_from(["\n", "\r\n"]))
def test_whatever_comes_out_says_the_same_but_for_the_source(lines: list[str], end: str) -> None:
    before = end.join(lines)
    try:
        held = tomllib.loads(before)
    except tomllib.TOMLDecodeError:
        return
    after = with_source(before, ADDRESS)
    if after is None:
        return
    assert tomllib.loads(after) == {**held, "sheet": {**held.get("sheet", {}), "source": ADDRESS}}
    assert all(after.count(line) >= before.count(line) for line in lines if line.startswith("#"))
