"""Whether blocks, messages and views are within what Slack documents."""

from __future__ import annotations

from collections.abc import Callable

from slack_server.kinds import Json


def check_blocks(blocks: list[object], surface: str) -> list[str]:
    """What is wrong with the blocks of a message, modal or home: one sentence each, as Slack writes them."""
    return []


def check_view(view: Json, kind: str) -> list[str]:
    """What is wrong with a view of that kind (modal or home)."""
    return []


def with_ids(blocks: list[Json], new_id: Callable[[], str]) -> list[Json]:
    """The blocks, with an id for each that has none."""
    return [block if block.get("block_id") else block | {"block_id": new_id()} for block in blocks]
