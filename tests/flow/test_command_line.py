"""The edge of the program: help in both languages, exit codes, one JSON document whatever happens, and the chat over the same table."""

import io
import json
from pathlib import Path

import click
import pytest
from shop import Shop, new_shop

from bot import cli
from bot.commands import COMMANDS, Speaker, answer
from bot.wiring import open_installation

FIXED = (
    "demo",
    "init",
    "check",
    "sync",
    "upload",
    "assign",
    "tick",
    "run",
    "chat",
    "stages",
    "campaigns",
    "deliveries",
    "problems",
    "customers",
    "report",
    "preview",
    "test",
    "approve",
    "reject",
    "pause",
    "resume",
    "simulate",
    "backtest",
    "why",
    "export",
    "erase",
    "doctor",
)
"""Every command that product.md names."""
NOW = "2026-06-01T10:00:00+09:00"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = new_shop(tmp_path_factory.mktemp("line") / "shop", NOW)
    made.run("sync")
    return made


def call(*words: str, lang: str = "ja_JP.UTF-8") -> int:
    return cli.run(list(words), {"LANG": lang})


def test_every_name_of_the_contract_is_a_command() -> None:
    names = {name for group in cli._MODULES.values() for name in group}
    fixed = set(FIXED)
    assert names == fixed
    for name in fixed:
        assert isinstance(cli.tabiji.get_command(click.Context(cli.tabiji), name), click.Command)


@pytest.mark.parametrize(("lang", "said"), [("ja_JP.UTF-8", "ステージごとの人数"), ("en_US.UTF-8", "How many customers stand")])
def test_help_is_in_the_reader_s_language(capsys: pytest.CaptureFixture[str], lang: str, said: str) -> None:
    assert call("--help", lang=lang) == 0
    out = capsys.readouterr().out
    assert said in out
    assert " / " not in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("stag",), 2, "stages"),
        (("upload",), 2, "FILE"),
        (("approve",), 2, "--all"),
        (("deliveries", "relaese", "1"), 2, "release"),
        (("simulate", "--days", "30"), 1, "まだ使えません"),
        (("stages", "--now", "きのう"), 1, "--now"),
        (("stages", "--config", "/nowhere/config.toml"), 1, "/nowhere/config.toml"),
        (("upload", "なし.csv"), 1, "なし.csv"),
        (("approve", "C99"), 1, "C99"),
        (("why", "K999"), 1, "K999"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_a_code(
    shop: Shop, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    where = () if "--config" in words else ("--config", str(shop.folder / "config.toml"))
    assert call(*words, *where, "--json") == code
    seen = capsys.readouterr()
    assert said in seen.err
    assert "Traceback" not in seen.err
    document = json.loads(seen.out)
    assert document["exit_code"] == code
    assert said in document["error"]


def test_a_workbook_with_a_problem_still_answers_with_one_document(shop: Shop) -> None:
    shop.edit("施策", "C01", "ステージ", "休民")
    found = shop.json("check", code=1)
    (problem,) = found["problems"]
    assert problem["tab"] == "施策"
    assert "休眠" in problem["text"]
    shop.edit("施策", "C01", "ステージ", "興味・学習")
    assert shop.json("check")["problems"] == []


def test_nothing_is_asked_without_a_terminal(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ヘルプ\n終了\n"))
    assert "プレビュー" in shop.run("chat").out


def test_the_chat_forgives_and_explains(shop: Shop) -> None:
    installation = open_installation(shop.folder / "config.toml", now=NOW, environment={"LANG": "ja"})

    def say(line: str) -> str:
        return answer(installation, Speaker("花子"), line).text

    for command in COMMANDS:
        for word in command.words:
            assert word in say("help") or len(command.words) > 2
    assert "休眠" in say("ステージ")
    assert "購入回数" in say("stage　休眠")  # a full-width space
    assert "ステージ" in say("ステーシ")
    assert "preview" in say("プレビュー")
    assert "引用符" in say('preview "C01')
    assert "C01" in say("承認 C01")
    assert "一時停止" in say("停止 C01")
    assert "再開" in say("再開 すべて")
    assert say("   ") == ""
    assert "M01" not in say("なぜ だれか")


def test_init_never_overwrites(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    before = (shop.folder / "journey.xlsx").read_bytes()
    assert call("init", str(shop.folder)) == 1
    assert "journey.xlsx" in capsys.readouterr().err or (shop.folder / "config.toml").exists()
    assert (shop.folder / "journey.xlsx").read_bytes() == before
    assert call("init", str(Path("/proc/nowhere"))) == 3


def test_the_secret_is_for_its_owner_only(shop: Shop) -> None:
    assert (shop.folder / "data" / "secret").stat().st_mode & 0o777 == 0o600
    (shop.folder / "data" / "secret").chmod(0o644)
    assert "chmod 600" in shop.run("tick", code=1).err
    (shop.folder / "data" / "secret").chmod(0o600)
