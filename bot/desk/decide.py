"""A person's word: approve, reject, pause, resume, settings, a test message, and what becomes of held or doubtful deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.desk.look import previewer
from bot.wiring import Installation
from journey import approvals, ledger
from journey.approvals import Decided
from journey.errors import InputError, UsageError
from journey.ledger import Chosen
from journey.model import Campaign
from journey.settings import approve_settings as adopt
from journey.stages import assign
from journey.store.engine import reading, writing
from journey.texts import Text, text
from journey.versions import editors_since
from messaging.channels.guard import refusal

Document = dict[str, Any]


def approve(installation: Installation, campaign: str | None, who: str) -> list[Document]:
    """A yes to one campaign as the workbook has it, to `settings`, or (None) to all that wait."""
    if campaign == "settings":
        return [approve_settings(installation, who)]

    def foreseen(of: Campaign) -> tuple[int, int | None]:
        audience = installation.audience(of)
        return audience.foreseen, audience.existing

    with installation.deciding():
        # Who stands where is part of what is approved: an estimate over an older placing would be of nobody, or of others.
        version, in_force = installation.required_version(), installation.in_force()
        if campaign is None or campaign in in_force.standings:
            assign(installation.engine, installation.facts, in_force.workbook, version.id, installation.now)
        done = approvals.approve(
            installation.engine,
            installation.ground(),
            campaign,
            who=who,
            now=installation.now,
            estimate=foreseen,
            admin=_is_admin(installation),
            refusal=lambda of: _second_person(installation, of, who) or _refusal(installation, of),
        )
        return _told(installation, done)


def approve_settings(installation: Installation, who: str) -> Document:
    """A yes to the protecting settings that wait."""
    with installation.deciding():
        workbook = installation.required_version().workbook
        done = adopt(installation.engine, workbook.settings, who=who, now=installation.now)
        return {"id": "settings", "changed": bool(done.fields), "refused": False, "text": done.said.say(installation.lang)}


def reject(installation: Installation, campaign: str, who: str, reason: str = "") -> list[Document]:
    """A no to a campaign as the workbook has it."""
    with installation.deciding():
        done = approvals.reject(
            installation.engine, installation.ground(), campaign, who=who, now=installation.now, reason=reason
        )
        return _told(installation, [done])


def reject_all(installation: Installation, who: str, reason: str = "") -> list[Document]:
    """A no to every campaign that waits."""
    with installation.deciding():
        waiting = [key for key, s in installation.in_force().standings.items() if s.approval in ("pending", "void")]
        done = [
            approvals.reject(installation.engine, installation.ground(), key, who=who, now=installation.now, reason=reason)
            for key in waiting
        ]
        return _told(installation, done)


def pause(installation: Installation, campaign: str | None, who: str) -> list[Document]:
    """Stops one campaign, or all, at once."""
    with installation.deciding():
        return _told(
            installation, approvals.pause(installation.engine, installation.ground(), campaign, who=who, now=installation.now)
        )


def resume(installation: Installation, campaign: str | None, who: str) -> list[Document]:
    """Lets one paused campaign, or all, go on."""
    with installation.deciding():
        return _told(
            installation, approvals.resume(installation.engine, installation.ground(), campaign, who=who, now=installation.now)
        )


def settle(installation: Installation, action: str, chosen: Chosen, who: str) -> Document:
    """`release`, `drop` or `retry` of deliveries that are held, in doubt or failed.

    Raises UsageError where none is named, InputError where numbers are given and none of them waits for a decision.
    """
    with installation.deciding():
        act = {"release": ledger.release, "drop": ledger.drop, "retry": ledger.retry}[action]
        with writing(installation.engine) as connection:
            number = act(connection, chosen, who, installation.now)
        if chosen.ids and not number:
            raise InputError(text("cli.nothing_waits", ids=list(chosen.ids)))
        return {"action": action, "deliveries": number}


def test(installation: Installation, campaign: str, address: str, who: str) -> Document:
    """One sample of a campaign's message to an address of the team, marked as a test. Raises OutsideError where it was not taken."""
    with installation.deciding():
        sample = previewer(installation).test_send(campaign, address, who, installation.now)
        said = text("cli.test_sent", campaign=campaign, address=address, channel=sample.channel, subject=sample.subject)
        return {"id": campaign, "sent": True, "channel": sample.channel, "text": said.say(installation.lang)}


def speaker(installation: Installation, given: str | None, *, may: str) -> str:
    """Who decides: the operating system's user, or with no roles configured the name given.

    `may` is the least role that may do it (`viewer`, `editor`, `approver`, `admin`). Raises UsageError for `--as` with roles, and
    for a user without the role.
    """
    roles = installation.config.roles
    if not roles.configured:
        return given or installation.user
    if given is not None:
        raise UsageError(text("cli.as_with_roles", user=installation.user))
    require(installation, installation.user, may=may)
    return installation.user


def require(installation: Installation, who: str, *, may: str) -> None:
    """Raises UsageError where roles are configured and somebody has neither the role `may` nor a higher one."""
    roles = installation.config.roles
    if not roles.configured:
        return
    order = ("viewer", "editor", "approver", "admin")
    allowed = {name for role in order[order.index(may) :] for name in getattr(roles, f"{role}s")}
    if who not in allowed:
        raise UsageError(text("cli.no_role", user=who, role=text(f"cli.role_{may}"), names=sorted(allowed) or ["–"]))


def _is_admin(installation: Installation) -> bool:
    roles = installation.config.roles
    return not roles.configured or installation.user in roles.admins


def _second_person(installation: Installation, campaign: Campaign, who: str) -> Text | None:
    """With the two-person rule, whoever edited the workbook, or brought an edit in, since the last approval may not approve it."""
    if not installation.config.roles.two_person:
        return None
    approved_at = installation.in_force().standings[campaign.id].approved_at
    with reading(installation.engine) as connection:
        edited = editors_since(connection, approved_at)
    return text("cli.second_person", user=who) if any(_is_one(who, editor) for editor in edited) else None


def _is_one(who: str, editor: str) -> bool:
    """Whether an editor is the person of that name: by the same name, or by a mail address whose part before the @ it is."""
    return who.casefold() in {editor.casefold(), editor.casefold().partition("@")[0]}


def _refusal(installation: Installation, campaign: Campaign) -> Text | None:
    """A promotional campaign needs the sender set before it may be approved for a channel that leaves this machine.

    The clock of a trial is no reason to refuse a yes: it keeps the messages themselves from leaving.
    """
    for name in campaign.channels:
        channel = installation.channels.get(name)
        if channel is None:
            continue
        said = refusal(
            channel,
            campaign.kind,
            installation.in_force().settings,
            installation.config.web.url,
            False,
            installation.config.safety.trial_hosts,
        )
        if said is not None:
            return said
    return None


def _told(installation: Installation, done: Sequence[Decided]) -> list[Document]:
    return [
        {"id": d.campaign_id, "changed": d.changed, "refused": d.refused, "text": d.said.say(installation.lang)} for d in done
    ]
