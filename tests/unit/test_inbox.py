"""The inbox: everything is taken in once, nothing is lost, and a bad file does not stop the good ones."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy.exc import OperationalError

from bot.inbox import Inbox, Unreadable
from journey.errors import InputError
from journey.texts import text

NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)


def put(folder: Path, *names: str) -> Inbox:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(name)
    return Inbox(folder, "ja")


def test_files_are_taken_in_by_name_and_moved(tmp_path: Path) -> None:
    inbox = put(tmp_path / "in", "b.csv", "a.csv", ".hidden", "~$open.xlsx", "half.csv.part")
    seen = inbox.take_in(inbox.waiting(), lambda path, _: path.read_text(), NOW)
    assert seen == ["a.csv", "b.csv"]
    assert sorted(p.name for p in (tmp_path / "in" / "done").iterdir()) == ["a.csv", "b.csv"]
    assert inbox.waiting() == []


def test_the_same_name_again_keeps_both(tmp_path: Path) -> None:
    for content in ("one", "two", "three"):
        inbox = put(tmp_path)
        (tmp_path / "a.csv").write_text(content)
        inbox.take_in(inbox.waiting(), lambda path, _: path, NOW)
    assert {p.read_text() for p in (tmp_path / "done").iterdir()} == {"one", "two", "three"}


def test_a_bad_file_goes_to_problems_with_its_reason(tmp_path: Path) -> None:
    def upload(path: Path, _: Path) -> str:
        if path.name == "a.csv":
            raise InputError(text("config.missing", path=path))
        return path.name

    inbox = put(tmp_path, "a.csv", "b.csv")
    bad, good = inbox.take_in(inbox.waiting(), upload, NOW)
    assert isinstance(bad, Unreadable)
    assert good == "b.csv"
    assert "設定ファイル" in (tmp_path / "problems" / "a.csv.txt").read_text("utf-8")
    assert (tmp_path / "problems" / "a.csv").read_text() == "a.csv"


@pytest.mark.parametrize(
    "error", [MemoryError(), pa.ArrowInvalid("odd"), duckdb.InvalidInputException("odd"), ValueError("odd")]
)
def test_a_file_that_nobody_foresaw_goes_to_problems_and_the_next_is_taken_in(
    tmp_path: Path, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def upload(path: Path, _: Path) -> str:
        if path.name == "a.csv":
            raise error
        return path.name

    inbox = put(tmp_path, "a.csv", "b.csv")
    bad, good = inbox.take_in(inbox.waiting(), upload, NOW)
    assert isinstance(bad, Unreadable)
    assert good == "b.csv"
    assert "a.csv" in (tmp_path / "problems" / "a.csv.txt").read_text("utf-8")
    assert (tmp_path / "problems" / "a.csv").exists()
    assert type(error).__name__ in caplog.text


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), OperationalError("", {}, Exception()), duckdb.IOException("no space")]
)
def test_a_failing_disk_or_store_ends_the_pass_and_the_file_stays(tmp_path: Path, error: Exception) -> None:
    def upload(path: Path, _: Path) -> str:
        raise error

    inbox = put(tmp_path, "a.csv", "b.csv")
    with pytest.raises(type(error)):
        inbox.take_in(inbox.waiting(), upload, NOW)
    assert [p.name for p in inbox.waiting()] == ["a.csv", "b.csv"]


def test_a_watcher_waits_until_nobody_writes(tmp_path: Path) -> None:
    inbox = put(tmp_path, "a.csv")
    assert inbox.settled() == []
    (tmp_path / "a.csv").write_text("more and more")
    assert inbox.settled() == []
    assert inbox.settled() == [tmp_path / "a.csv"]


def test_no_folder_is_an_empty_inbox(tmp_path: Path) -> None:
    assert Inbox(tmp_path / "none", "en").waiting() == []
