"""What changed since somebody last said yes, cell by cell: only what an approval covers, so that it explains why one is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from journey import versions
from journey.approvals import Audiences, Standing, Used
from journey.store.tables import versions as kept
from journey.texts import Lang
from journey.versions import Rows, Version
from sheets_sync.diff import MAP, changes

Document = dict[str, Any]

_NOT_COVERED = {"goal", "goal_window", "owner", "active", "notes"}
_OF_A_MAP = {"*": {"audience", "check_order"}, "stage": {"condition"}}


def version_at(connection: Connection, moment: datetime) -> Version | None:
    """The version of the workbook that was in force at a moment."""
    query = select(kept.c.id).where(kept.c.applied_at <= moment).order_by(kept.c.id.desc()).limit(1)
    found = connection.scalar(query)
    return versions.get(connection, found) if found is not None else None


def changes_since(
    before: Version, after: Version, standing: Standing, audiences: Sequence[Audiences], lang: Lang
) -> list[Document]:
    """The cells of a campaign, its messages and its audience that differ: `{"tab", "id", "row", "column", "before", "after"}`.

    `audiences` are those of both versions: what was used then matters as much as what is used now.
    """
    campaigns = [live for live in (standing.live[0] if standing.live else None, _campaign(after, standing.campaign_id)) if live]
    used = [of.used(campaign) for of in audiences for campaign in campaigns]
    messages = {campaign.message for campaign in campaigns}
    old, new = (dict(_covered(version.rows, standing.campaign_id, messages, used)) for version in (before, after))
    japanese = any(str(tab.get("*", {}).get("tab", "")).startswith("ジャーニー") for tab in after.rows.values()) or lang == "ja"
    titles = {tab: rows["*"]["tab"] for tab, rows in after.rows.items() if rows.get("*", {}).get("tab")}
    return [change.plain() for change in changes(old, new, titles, {}, ja=japanese)]


def settings_changes(before: Version | None, after: Version, keys: tuple[str, ...], lang: Lang) -> list[Document]:
    """The cells of the settings that wait."""
    of = [_only(version.rows if version else {}, keys) for version in (before, after)]
    return [change.plain() for change in changes(of[0], of[1], {}, {}, ja=lang == "ja")]


def _only(rows: Rows, keys: tuple[str, ...]) -> Rows:
    wanted = {key for key in rows.get("settings", {}) if key in keys or (key.startswith("cap_") and "cap_channel" in keys)}
    return {"settings": {key: rows["settings"][key] for key in wanted}}


def _campaign(version: Version, campaign_id: str) -> Any:
    return next((c for c in version.workbook.campaigns if c.id == campaign_id), None)


def _covered(
    rows: Rows, campaign: str, messages: set[str], used: list[Used]
) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    for tab, of in rows.items():
        if tab == "campaigns":
            yield tab, {campaign: _without(of[campaign], _NOT_COVERED)} if campaign in of else {}
        elif tab == "messages":
            yield tab, {row: _without(cells, _NOT_COVERED) for row, cells in of.items() if cells.get("id") in messages}
        elif tab == "segments":
            yield tab, {row: _with(cells, {"condition"}) for row, cells in of.items() if any(row in u.segments for u in used)}
        elif tab == "fields":
            yield tab, {row: _with(cells, {"type"}) for row, cells in of.items() if any(row in u.fields for u in used)}
        elif tab.startswith(MAP) and any(tab.removeprefix(MAP) in u.journeys for u in used):
            journey = tab.removeprefix(MAP)
            stages = {stage for u in used for owner, stage in u.stages if owner == journey}
            yield (
                tab,
                {
                    row: _with(cells, _OF_A_MAP["*" if row == "*" else "stage"])
                    for row, cells in of.items()
                    if row == "*" or row in stages
                },
            )


def _without(cells: Mapping[str, str], names: set[str]) -> dict[str, str]:
    return {key: value for key, value in cells.items() if key not in names}


def _with(cells: Mapping[str, str], names: set[str]) -> dict[str, str]:
    return {key: value for key, value in cells.items() if key in names}
