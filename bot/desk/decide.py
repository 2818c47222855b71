"""A person's word: approve, reject, pause, resume, settings, a test message, and what becomes of held or doubtful deliveries.

`who` is a `Speaker`, or the name of somebody at this machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.desk.look import previewer
from bot.desk.speaker import ROLES, Role, Speaker
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
Who = Speaker | str


def approve(installation: Installation, campaign: str | None, who: Who, *, expect: str | None = None) -> list[Document]:
    """A yes to one campaign as the workbook has it, to `settings`, or (None) to all that wait.

    `expect`: the `Standing.offer` that the person was shown; anything else is refused.
    """
    by = _speaker(who)
    if campaign == "settings":
        return [approve_settings(installation, by)]

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
            who=by.name,
            now=installation.now,
            estimate=foreseen,
            admin=_is_admin(installation, by),
            refusal=lambda of: _second_person(installation, of, by) or _refusal(installation, of),
            expect=expect,
            claim=by.claim,
        )
        return _told(installation, done)


def approve_settings(installation: Installation, who: Who) -> Document:
    """A yes to the protecting settings that wait."""
    by = _speaker(who)
    with installation.deciding():
        workbook = installation.required_version().workbook
        done = adopt(installation.engine, workbook.settings, who=by.name, now=installation.now, claim=by.claim)
        return {"id": "settings", "changed": bool(done.fields), "refused": False, "text": done.said.say(installation.lang)}


def reject(
    installation: Installation, campaign: str, who: Who, reason: str = "", *, expect: str | None = None
) -> list[Document]:
    """A no to a campaign as the workbook has it, or (`expect`) to exactly what the person was shown."""
    by = _speaker(who)
    with installation.deciding():
        done = approvals.reject(
            installation.engine,
            installation.ground(),
            campaign,
            who=by.name,
            now=installation.now,
            reason=reason,
            expect=expect,
            claim=by.claim,
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


def pause(installation: Installation, campaign: str | None, who: Who) -> list[Document]:
    """Stops one campaign, or all, at once."""
    by, ground = _speaker(who), installation.ground()
    with installation.deciding():
        done = approvals.pause(installation.engine, ground, campaign, who=by.name, now=installation.now, claim=by.claim)
        return _told(installation, done)


def resume(installation: Installation, campaign: str | None, who: Who) -> list[Document]:
    """Lets one paused campaign, or all, go on."""
    by, ground = _speaker(who), installation.ground()
    with installation.deciding():
        done = approvals.resume(installation.engine, ground, campaign, who=by.name, now=installation.now, claim=by.claim)
        return _told(installation, done)


def settle(installation: Installation, action: str, chosen: Chosen, who: Who) -> Document:
    """`release`, `drop` or `retry` of deliveries that are held, in doubt or failed.

    Raises UsageError where none is named, InputError where numbers are given and none of them waits for a decision.
    """
    by = _speaker(who)
    with installation.deciding():
        act = {"release": ledger.release, "drop": ledger.drop, "retry": ledger.retry}[action]
        with writing(installation.engine) as connection:
            by.claim(connection)
            number = act(connection, chosen, by.name, installation.now)
        if chosen.ids and not number:
            raise InputError(text("cli.nothing_waits", ids=list(chosen.ids)))
        return {"action": action, "deliveries": number}


def test(installation: Installation, campaign: str, address: str, who: Who) -> Document:
    """One sample of a campaign's message to an address of the team, marked as a test. Raises OutsideError where it was not taken."""
    by = _speaker(who)
    with installation.deciding():
        with writing(installation.engine) as connection:
            by.claim(connection)
        sample = previewer(installation).test_send(campaign, address, by.name, installation.now)
        said = text("cli.test_sent", campaign=campaign, address=address, channel=sample.channel, subject=sample.subject)
        return {"id": campaign, "sent": True, "channel": sample.channel, "text": said.say(installation.lang)}


def speaker(installation: Installation, given: str | None, *, may: Role) -> str:
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


def require(installation: Installation, who: Who, *, may: Role) -> None:
    """Raises UsageError where roles are configured and somebody has neither the role `may` nor a higher one."""
    by, roles = _speaker(who), installation.config.roles
    if by.role is not None:
        if ROLES.index(by.role) < ROLES.index(may):
            raise UsageError(text("cli.no_role_here", user=by.name, role=text(f"cli.role_{may}"), may=f"{may}s"))
        return
    if not roles.configured:
        return
    allowed = {name for role in ROLES[ROLES.index(may) :] for name in getattr(roles, f"{role}s")}
    if by.name not in allowed:
        raise UsageError(text("cli.no_role", user=by.name, role=text(f"cli.role_{may}"), names=sorted(allowed) or ["–"]))


def _speaker(who: Who) -> Speaker:
    return who if isinstance(who, Speaker) else Speaker(who)


def _is_admin(installation: Installation, by: Speaker) -> bool:
    if by.role is not None:
        return by.role == "admin"
    roles = installation.config.roles
    return not roles.configured or installation.user in roles.admins


def _second_person(installation: Installation, campaign: Campaign, by: Speaker) -> Text | None:
    """With the two-person rule, whoever edited the workbook, or brought an edit in, since the last approval may not approve it."""
    if not installation.config.roles.two_person:
        return None
    approved_at = installation.in_force().standings[campaign.id].approved_at
    with reading(installation.engine) as connection:
        edited = editors_since(connection, approved_at)
    if any(_is_one(by, editor) for editor in edited):
        return text("cli.second_person", user=by.name)
    if by.role is not None and any("@" in editor for editor in edited) and not any("@" in name for name in by.names):
        return text("cli.second_person_unknown", user=by.name)
    return None


def _is_one(by: Speaker, editor: str) -> bool:
    """Whether an editor is this person: by one of their names, or by a mail address whose part before the @ one of them is."""
    return bool(by.names & {editor.casefold(), editor.casefold().partition("@")[0]})


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
