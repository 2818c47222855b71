"""Brings a store to this program's schema, in one transaction. Loaded only where there is something to do."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from journey.errors import InputError
from journey.texts import text


def scripts() -> ScriptDirectory:
    """The migrations that this program has."""
    return ScriptDirectory.from_config(_config())


def upgrade(engine: Engine, at: str | None) -> None:
    """Runs the migrations that come after `at`. Raises InputError where `at` is of a newer program."""
    if at is not None and at not in {script.revision for script in scripts().walk_revisions()}:
        raise InputError(text("store.newer", revision=at))
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config
