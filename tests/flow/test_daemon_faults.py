"""The daemon in this process, with parts that fail: it says so and lives on, or leaves where another has taken over."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemon import MailShop, configure, mailing_base, until

from bot.daemon import serve_forever
from bot.wiring import Installation, open_installation
from journey.errors import TabijiError
from journey.lock import EpochLost, raise_epoch
from journey.store.engine import writing
from sheets_sync.xlsx import XlsxSource

NOW = "2026-06-02T10:00:00+09:00"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mailing_base(tmp_path_factory.mktemp("base") / "shop")


@pytest.fixture
def installation(base: Path, tmp_path: Path) -> Installation:
    shutil.copytree(base, tmp_path / "shop")
    shop = MailShop(tmp_path / "shop", NOW)
    configure(shop, 1, every=0.01)
    return open_installation(shop.folder / "config.toml", now=NOW, environment={})


class Ended:
    """How a daemon ended: None for well."""

    error: TabijiError | None = None


@contextmanager
def daemon(installation: Installation) -> Iterator[Ended]:
    """`serve_forever` in a thread, stopped at the end."""
    stopping, ended = threading.Event(), Ended()

    def work() -> None:
        try:
            serve_forever(installation, stopping)
        except TabijiError as error:
            ended.error = error

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield ended
    finally:
        stopping.set()
        thread.join(30)
        assert not thread.is_alive()


class Moody(XlsxSource):
    """A workbook whose first reading meets a bug of ours."""

    broken = True

    def revision(self) -> str:
        if self.broken:
            raise RuntimeError("a bug, near taro@example.jp")
        return super().revision()


def test_an_unforeseen_fault_is_told_and_survived(installation: Installation, caplog: pytest.LogCaptureFixture) -> None:
    source = Moody(installation.config.path("journey.xlsx"))
    installation.__dict__["source"] = source
    with caplog.at_level(logging.INFO, "tabiji"), daemon(installation) as ended:
        until(lambda: [r for r in caplog.records if r.exc_info and "思わぬ誤り" in r.getMessage()])
        source.broken = False
        until(lambda: "次に見直すのは" in caplog.text)
    assert ended.error is None


def test_it_leaves_where_another_has_taken_over(installation: Installation, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tabiji"), daemon(installation) as ended:
        until(lambda: "次に見直すのは" in caplog.text)
        with writing(installation.engine) as connection:
            raise_epoch(connection)
        until(lambda: ended.error)
    assert isinstance(ended.error, EpochLost)
    assert ended.error.exit_code == 3
