"""What each command of the chat does: words in, a reply out, by the same `bot.desk` functions as the command line."""

from __future__ import annotations

from collections.abc import Sequence

from bot import people_views, views
from bot.desk import decide, look
from bot.desk.speaker import Speaker
from bot.desk.timeline import timeline
from bot.desk.waiting import waiting
from bot.replies import Reply, first, is_all, is_settings, one
from bot.wiring import Installation
from journey.errors import InputError, UsageError
from journey.ledger import Chosen
from journey.names import fold
from journey.texts import text

STAGE = "[NAME]"
PREVIEW = "CAMPAIGN [CUSTOMER]"
TEST = "CAMPAIGN ADDRESS"
APPROVE = "CAMPAIGN | all | settings"
REJECT = "CAMPAIGN [REASON]"
STOP = "CAMPAIGN | all"
WHY = "CUSTOMER [CAMPAIGN]"
CUSTOMER = "CUSTOMER"
DELIVERIES = "[release | drop | retry ID ... | CAMPAIGN REASON]"
SYNC = "[versions | to VERSION]"


def stages(installation: Installation, _: Speaker, words: Sequence[str]) -> Reply:
    """All stages, or one with the map's notes about it."""
    lang = installation.lang
    if words:
        one_stage = look.stage(installation, " ".join(words))
        return Reply(views.stage_view(one_stage, lang), shows="stage", document=one_stage)
    document = look.stages(installation)
    return Reply(views.stages_view(document, lang), shows="stages", document=document)


def campaigns(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    """Every campaign with its state and numbers."""
    rows = look.campaigns(installation)
    return Reply(views.campaigns_view(rows, installation.lang), shows="campaigns", document=rows)


def preview(installation: Installation, _: Speaker, words: Sequence[str]) -> Reply:
    """Who would get a campaign today, and a sample."""
    if not 1 <= len(words) <= 2:
        raise UsageError(text("chat.usage", usage="preview " + PREVIEW))
    document = look.preview(installation, _campaign(installation, words[0]), words[1] if len(words) > 1 else None)
    return Reply(views.preview_view(document, installation.lang), personal=True, shows="preview", document=document)


def test(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    """A sample to an address of the team."""
    if len(words) != 2:
        raise UsageError(text("chat.usage", usage="test " + TEST))
    done = decide.test(installation, _campaign(installation, words[0]), words[1], speaker)
    return Reply(str(done["text"]), personal=True)


def approve(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    """A yes."""
    what = one(words, "approve " + APPROVE)
    wanted = None if is_all(what) else "settings" if is_settings(what) else _campaign(installation, what)
    done = decide.approve(installation, wanted, speaker)
    return Reply(views.decisions_view(done, installation.lang), shows="decisions", document=done, decided=True)


def reject(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    """A no, with a reason."""
    campaign = _campaign(installation, first(words, "reject " + REJECT))
    done = decide.reject(installation, campaign, speaker, " ".join(words[1:]))
    return Reply(views.decisions_view(done, installation.lang), shows="decisions", document=done, decided=True)


def pause(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    """Stops at once."""
    what = one(words, "pause " + STOP)
    done = decide.pause(installation, None if is_all(what) else _campaign(installation, what), speaker)
    return Reply(views.decisions_view(done, installation.lang), shows="decisions", document=done, decided=True)


def resume(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    """Lets go on."""
    what = one(words, "resume " + STOP)
    done = decide.resume(installation, None if is_all(what) else _campaign(installation, what), speaker)
    return Reply(views.decisions_view(done, installation.lang), shows="decisions", document=done, decided=True)


def why(installation: Installation, _: Speaker, words: Sequence[str]) -> Reply:
    """Every decision about one customer."""
    customer = first(words, "why " + WHY)
    rows = look.why(installation, customer, _campaign(installation, words[1]) if len(words) > 1 else None)
    return Reply(views.why_view(rows, installation.lang), personal=True, shows="why", document=rows)


def customer(installation: Installation, _: Speaker, words: Sequence[str]) -> Reply:
    """Where one customer stands, and what happened to them."""
    document = timeline(installation, one(words, "customer " + CUSTOMER))
    return Reply(people_views.timeline_view(document, installation.lang), personal=True, shows="timeline", document=document)


def deliveries(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    """What waits for a decision, and the decision: release, drop or retry."""
    lang = installation.lang
    if not words:
        rows = waiting(installation)
        return Reply(people_views.waiting_view(rows, lang), shows="waiting", document=rows)
    action, rest = _ACTIONS.get(fold(words[0])), words[1:]
    if action is None or not rest:
        raise UsageError(text("chat.usage", usage="deliveries " + DELIVERIES))
    if all(word.isascii() and word.isdecimal() and len(word) < 18 for word in rest):
        chosen = Chosen(tuple(int(word) for word in rest))
    elif len(rest) == 2:
        chosen = Chosen(campaign=_campaign(installation, rest[0]), reason=_reason(rest[1], installation))
    else:
        raise UsageError(text("chat.usage", usage="deliveries " + DELIVERIES))
    done = decide.settle(installation, action, chosen, speaker)
    said = views.said(lang, f"settled_{action}", number=done["deliveries"])
    return Reply(said, shows="settled", document=done, decided=True)


def report(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    """The customer base by month."""
    document = look.report(installation)
    return Reply(views.report_view(document, installation.lang), shows="report", document=document)


def problems(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    """The workbook's problems."""
    rows = look.problems(installation)
    return Reply(views.problems_view(rows, installation.lang), shows="problems", document=rows)


def upload(installation: Installation, speaker: Speaker, _: Sequence[str]) -> Reply:
    """How to hand data in."""
    key = "chat.upload_slack" if speaker.where else "chat.upload_terminal"
    return Reply(text(key, folder=installation.inbox.folder).say(installation.lang), private=True)


def sync(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    """Takes an edit of the workbook in, lists its versions, or brings one back."""
    from bot.desk import flow  # what reads workbooks loads slowly, and most lines of a chat never need it

    lang = installation.lang
    if not words:
        document = flow.sync(installation, by=speaker.name)
        return Reply(views.sync_view(document, lang), shows="sync", document=document, decided=True)
    word, rest = fold(words[0]).removeprefix("--"), words[1:]
    if word in {"versions", "版", "履歴"} and not rest:
        known = look.versions(installation)
        return Reply(views.versions_view(known, lang), shows="versions", document=known)
    if word in {"to", "版", "戻す"} and len(rest) == 1:
        document = flow.restore(installation, rest[0], by=speaker.name)
        return Reply(views.sync_view(document, lang), shows="sync", document=document, decided=True)
    raise UsageError(text("chat.usage", usage="sync " + SYNC))


def _campaign(installation: Installation, word: str) -> str:
    """The id of the campaign that a person means: its id or its name, width and case aside; a word that fits none as it is, so that
    whoever decides says what is near. Raises InputError where it fits several."""
    standings = installation.in_force().standings
    if word in standings:
        return word
    meant = [key for key, s in standings.items() if fold(word) in {fold(key), fold(s.name)}]
    if len(meant) > 1:
        raise InputError(text("chat.several", word=word, ids=meant))
    return meant[0] if meant else word


def _reason(word: str, installation: Installation) -> str:
    """The code of a reason that a person names by its code or as it is shown."""
    shown = {fold(views.reason(installation.lang, row["reason"])): row["reason"] for row in waiting(installation)}
    return str(shown.get(fold(word), word))


_ACTIONS = {
    **dict.fromkeys(("release", "送る", "許可"), "release"),
    **dict.fromkeys(("drop", "取り消し", "取消"), "drop"),
    **dict.fromkeys(("retry", "再送"), "retry"),
}
