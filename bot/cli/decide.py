"""`approve`, `reject`, `pause`, `resume`, `test`: a person's word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from bot import views
from bot.cli.options import Session, common
from bot.desk import decide
from journey.errors import UsageError
from journey.texts import text

AS = click.option("--as", "as_", metavar="NAME", help="who says so / だれの判断か")
ALL = click.option("--all", "all_", is_flag=True, help="all of them / すべて")


@click.command()
@click.argument("campaign", required=False)
@ALL
@AS
@common
def approve(session: Session, campaign: str | None, all_: bool, as_: str | None) -> None:
    """Say yes to a campaign, to `settings`, or --all / 施策（settings は設定、--all はすべて）を承認する"""
    who = decide.speaker(session.installation, as_, may="approver")
    _show(session, decide.approve(session.installation, _chosen(campaign, all_), who))


@click.command()
@click.argument("campaign", required=False)
@click.option("--all", "all_", is_flag=True, hidden=True)
@click.option("--reason", default="", help="why not / 理由")
@AS
@common
def reject(session: Session, campaign: str | None, all_: bool, reason: str, as_: str | None) -> None:
    """Say no; an approved version runs on / 却下する（承認済みの版は続く）"""
    who = decide.speaker(session.installation, as_, may="approver")
    if all_:
        _show(session, decide.reject_all(session.installation, who, reason))
        return
    wanted = _chosen(campaign, False)
    assert wanted is not None
    _show(session, decide.reject(session.installation, wanted, who, reason))


@click.command()
@click.argument("campaign", required=False)
@ALL
@AS
@common
def pause(session: Session, campaign: str | None, all_: bool, as_: str | None) -> None:
    """Stop a campaign at once, until it is resumed / すぐに止める"""
    who = decide.speaker(session.installation, as_, may="editor")
    _show(session, decide.pause(session.installation, _chosen(campaign, all_), who))


@click.command()
@click.argument("campaign", required=False)
@ALL
@AS
@common
def resume(session: Session, campaign: str | None, all_: bool, as_: str | None) -> None:
    """Let a paused campaign go on / 再開する"""
    who = decide.speaker(session.installation, as_, may="approver")
    _show(session, decide.resume(session.installation, _chosen(campaign, all_), who))


@click.command()
@click.argument("campaign")
@click.option("--to", "address", required=True, metavar="ADDRESS")
@AS
@common
def test(session: Session, campaign: str, address: str, as_: str | None) -> None:
    """Send a sample of a message to one address / 見本を1通送る"""
    who = decide.speaker(session.installation, as_, may="editor")
    done = decide.test(session.installation, campaign, address, who)
    session.answer(done, lambda: str(done["text"]))


def _chosen(campaign: str | None, all_: bool) -> str | None:
    if (campaign is None) != all_:
        raise UsageError(text("cli.one_or_all"))
    return campaign


def _show(session: Session, done: Sequence[dict[str, Any]]) -> None:
    session.answer(list(done), lambda: views.decisions_view(done, session.lang))
    if any(d["refused"] for d in done):
        session.fail()
