"""A confirmed rename takes a thing's history along: what was decided about it and what it has sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sqlalchemy import Connection, Table, select, update

from journey.model import Campaign, MessageVariant, dump, load
from journey.store.tables import approvals, audit, campaign_state, deliveries, journeys_in_force, occurrences
from journey.versions import Renames

_BY_CAMPAIGN: tuple[Table, ...] = (campaign_state, occurrences, deliveries)


def taken(connection: Connection, renamed: Renames) -> tuple[str, ...]:
    """New ids that a campaign or journey of an earlier version has left history under: two histories cannot be one."""
    found = [
        new
        for new in renamed.campaigns.values()
        if new not in renamed.campaigns  # what stands there now leaves for a name of its own
        and any(connection.scalar(select(t.c.campaign_id).where(t.c.campaign_id == new).limit(1)) for t in _BY_CAMPAIGN)
    ]
    wanted = [new for new in renamed.journeys.values() if new not in renamed.journeys]
    known = select(journeys_in_force.c.journey_id).where(journeys_in_force.c.journey_id.in_(wanted))
    return (*found, *connection.scalars(known))


def carry(connection: Connection, renamed: Renames) -> None:
    """Moves decisions, switches, occurrences and the ledger of renamed campaigns, messages and journeys to the new ids.

    Where customers stand is the facts' and follows by `journey.versions.renames_since`. A campaign's approved content keeps
    its meaning under the new id, so that what was approved runs on.
    """
    for old, new in _in_turn(renamed.campaigns):
        for table in _BY_CAMPAIGN:
            connection.execute(update(table).where(table.c.campaign_id == old).values(campaign_id=new))
        for history in (approvals, audit):
            subject = history.c.subject == f"campaign:{old}"
            connection.execute(update(history).where(subject).values(subject=f"campaign:{new}"))
    for old, new in _in_turn(renamed.messages):
        connection.execute(update(deliveries).where(deliveries.c.message_id == old).values(message_id=new))
    for old, new in _in_turn(renamed.journeys):
        connection.execute(update(journeys_in_force).where(journeys_in_force.c.journey_id == old).values(journey_id=new))
    _approved_content(connection, renamed)


def answers(renamed: Renames) -> dict[str, str]:
    """Renames as a person would answer for them: old id → new id, a stage as `JOURNEY/STAGE` under the journey's new id."""
    stages = {f"{journey}/{old}": f"{journey}/{new}" for (_, old), (journey, new) in renamed.stages.items() if old != new}
    return {**stages, **renamed.messages, **renamed.campaigns, **renamed.journeys}


def _in_turn(renamed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """One after another, so that no name is given before who had it has left it; a round of names goes by a name that no one has."""
    left = dict(renamed)
    while left:
        old = next((old for old, new in left.items() if new not in left), None)
        if old is not None:
            yield old, left.pop(old)
            continue
        old = next(iter(left))
        aside = f" {old}"  # ids are trimmed
        left[aside] = left.pop(old)
        yield old, aside


def _approved_content(connection: Connection, renamed: Renames) -> None:
    query = select(approvals.c.id, approvals.c.content).where(approvals.c.subject.startswith("campaign:"))
    for row in connection.execute(query).all():
        if not row.content or "campaign" not in row.content:
            continue
        content = {
            **row.content,
            "campaign": dump(_campaign(load(Campaign, row.content["campaign"]), renamed)),
            "messages": [dump(_message(load(MessageVariant, m), renamed)) for m in row.content["messages"]],
        }
        if content != row.content:
            connection.execute(update(approvals).where(approvals.c.id == row.id).values(content=content))


def _campaign(campaign: Campaign, renamed: Renames) -> Campaign:
    journey = campaign.journey
    stages = campaign.stages
    if journey is not None:
        stages = tuple(renamed.stages.get((journey, stage), (journey, stage))[1] for stage in stages)
        journey = renamed.journeys.get(journey, journey)
    return replace(
        campaign,
        id=renamed.campaigns.get(campaign.id, campaign.id),
        message=renamed.messages.get(campaign.message, campaign.message),
        journey=journey,
        stages=stages,
    )


def _message(message: MessageVariant, renamed: Renames) -> MessageVariant:
    return replace(message, message=renamed.messages.get(message.message, message.message))
