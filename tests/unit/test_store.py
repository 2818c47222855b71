"""The state store opens durable, migrates, and refuses what it must not touch."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, select, text

from journey.errors import InputError
from journey.store.engine import HEAD, open_store, reading, writing
from journey.store.migrating import _config, scripts
from journey.store.tables import audit, meta, metadata, versions


def test_migrations_build_exactly_the_tables(tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_program_knows_its_newest_migration() -> None:
    assert scripts().get_current_head() == HEAD


def test_it_is_durable(tmp_path: Path) -> None:
    with reading(open_store(tmp_path)) as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_failed_use_case_leaves_nothing(tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        connection.execute(insert(meta).values(key="a", value=1))
        raise ZeroDivisionError
    with reading(open_store(tmp_path)) as connection:
        assert connection.execute(select(meta).where(meta.c.key == "a")).first() is None


def test_moments_come_back_aware_and_naive_ones_are_refused(tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    row = {"who": "a", "action": "b", "subject": "c"}
    at = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    with writing(engine) as connection:
        connection.execute(insert(audit).values(at=at, **row))
    with reading(engine) as connection:
        assert connection.execute(select(audit.c.at)).scalar_one() == at
    with pytest.raises(Exception, match="naive"), writing(engine) as connection:
        connection.execute(insert(audit).values(at=at.replace(tzinfo=None), **row))


def test_a_store_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError) as refused:
        open_store(tmp_path)
    assert "9999" in refused.value.said.say("ja")


def test_a_file_that_is_no_store_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_text("これはデータベースではありません" * 100)
    with pytest.raises(InputError) as refused:
        open_store(tmp_path)
    assert "state.sqlite" in refused.value.said.say("en")


def test_a_store_of_the_first_program_is_brought_up_to_date_with_all_it_holds(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'state.sqlite'}")
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO versions (applied_at, source_hash, rows, model, changes, drafts, by) "
            "VALUES (1764550800000000, 'h', '{}', '{}', '[]', '{}', 'sato')"
        )
    engine.dispose()
    upgraded = open_store(tmp_path)
    with reading(upgraded) as connection:
        [row] = connection.execute(select(versions.c.by, versions.c.source_hash, versions.c.edited_by, versions.c.restored))
        assert tuple(row) == ("sato", "h", None, None)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
