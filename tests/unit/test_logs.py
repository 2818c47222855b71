"""The log: lines or JSON on standard error, without what belongs to customers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from bot.config import Log
from bot.logs import scrubbed, set_up

log = logging.getLogger("tabiji")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(Log())
    set_up(Log())
    log.debug("too much")
    log.info("送信 %d", 3)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(" info tabiji: 送信 3")


def test_one_object_a_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(Log(level="warning", format="json"))
    log.info("too much")
    try:
        raise ValueError("taro@example.jp has\nno stage")
    except ValueError:
        log.exception("K1 failed")
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["text"]) == ("error", "tabiji", "K1 failed")
    assert "ValueError: t***@example.jp has\nno stage" in told["trace"]


def test_the_scheduler_keeps_its_news_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    set_up(Log(level="debug"))
    logging.getLogger("apscheduler.scheduler").warning("skipped: maximum number of running instances")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("to taro.yamada+x@mail.example.co.jp: 550", "to t***@mail.example.co.jp: 550"),
        ("GET /u/12.AbC-_9 404", "GET /u/*** 404"),
        ("phone 090-1234-5678, +819012345678", "phone 090****5678, 819****5678"),
        ("2026-12-01T10:00:00+09:00 2026-12-01 order 2026-0001-77 127.0.0.1:8765 20261201101112",
         "2026-12-01T10:00:00+09:00 2026-12-01 order 2026-0001-77 127.0.0.1:8765 20261201101112"),
    ],
)  # fmt: skip
def test_addresses_and_tokens_are_masked(said: str, shown: str) -> None:
    assert scrubbed(said) == shown
