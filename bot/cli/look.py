"""`stages`, `campaigns`, `deliveries`, `problems`, `customers`, `report`, `preview`, `why`, `chat`: looking."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import get_args

import click

from bot import views
from bot.chat import converse
from bot.cli.options import Session, common
from bot.desk import decide, look
from journey.errors import UsageError
from journey.ledger import Chosen
from journey.ledger.states import State
from journey.names import nearest
from journey.texts import text

UNMASK = click.option("--unmask", is_flag=True, help="show whole addresses / 伏せずに表示")


@click.command()
@click.option(
    "--history",
    "days",
    type=click.IntRange(1, 3660),
    default=None,
    metavar="DAYS",
    help="counts of so many days / 日ごとの推移",
)
@common
def stages(session: Session, days: int | None) -> None:
    """How many customers stand on each stage / ステージごとの人数"""
    document = look.stages(session.installation, days)
    session.answer(document, lambda: views.stages_view(document, session.lang))


@click.command()
@common
def campaigns(session: Session) -> None:
    """Every campaign with its state and numbers / 施策の一覧"""
    rows = look.campaigns(session.installation)
    session.answer(rows, lambda: views.campaigns_view(rows, session.lang))


@click.command()
@click.argument("action", required=False, metavar="[release|drop|retry]")
@click.argument("ids", nargs=-1, type=int, metavar="[ID...]")
@click.option("--campaign", default=None)
@click.option("--state", default=None)
@click.option("--customer", default=None)
@click.option("--reason", default=None)
@UNMASK
@click.option("--as", "as_", metavar="NAME")
@common
def deliveries(
    session: Session,
    action: str | None,
    ids: tuple[int, ...],
    campaign: str | None,
    state: str | None,
    customer: str | None,
    reason: str | None,
    unmask: bool,
    as_: str | None,
) -> None:
    """What was sent and what not; release, drop or retry what waits / 配信の一覧。保留の許可・取り消し・再送"""
    installation = session.installation
    if state is not None and state not in (states := get_args(State)):
        near = nearest(state, states) or "planned"
        raise UsageError(text("cli.delivery_state", given=state, near=near, states=" | ".join(states)))
    if action is None:
        rows = look.deliveries(installation, campaign=campaign, state=state, customer=customer, reason=reason, unmask=unmask)
        session.answer(rows, lambda: views.deliveries_view(rows, session.lang))
        return
    if action not in ("release", "drop", "retry"):
        raise UsageError(text("cli.delivery_action", given=action))
    who = decide.speaker(installation, as_, may="approver")
    done = decide.settle(installation, action, Chosen(ids, campaign, reason), who)
    session.answer(done, lambda: views.said(session.lang, f"settled_{action}", number=done["deliveries"]))


@click.command()
@common
def problems(session: Session) -> None:
    """The workbook's problems as of the last sync / 最後の同期で見つかった問題"""
    rows = look.problems(session.installation)
    session.answer(rows, lambda: views.problems_view(rows, session.lang))


@click.command()
@click.argument("customer", required=False)
@click.option("--stage", default=None, metavar="STAGE")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@UNMASK
@common
def customers(session: Session, customer: str | None, stage: str | None, limit: int, unmask: bool) -> None:
    """Customers and where they stand / 顧客の一覧とステージ"""
    rows = look.customers(session.installation, customer, stage=stage, limit=limit, unmask=unmask)
    session.answer(rows, lambda: views.customers_view(rows, session.lang))


@click.command()
@common
def report(session: Session) -> None:
    """The customer base by month, and who moves where / 月ごとの顧客構成とステージ間の移動"""
    document = look.report(session.installation)
    session.answer(document, lambda: views.report_view(document, session.lang))


@click.command()
@click.argument("campaign")
@click.option("--customer", default=None)
@UNMASK
@common
def preview(session: Session, campaign: str, customer: str | None, unmask: bool) -> None:
    """Who would get it today, who not and why, a sample / 今日届く人・届かない人とその理由、文面の見本"""
    document = look.preview(session.installation, campaign, customer, unmask=unmask)
    session.answer(document, lambda: views.preview_view(document, session.lang))


@click.command()
@click.argument("customer")
@click.argument("campaign", required=False)
@common
def why(session: Session, customer: str, campaign: str | None) -> None:
    """Every decision about one customer, and why / 1人の顧客に送った理由・送らなかった理由"""
    rows = look.why(session.installation, customer, campaign)
    session.answer(rows, lambda: views.why_view(rows, session.lang))


@click.command()
@click.option("--as", "as_", metavar="NAME")
@common
def chat(session: Session, as_: str | None) -> None:
    """Talk to the bot in the terminal / ターミナルで対話する"""
    who = decide.speaker(session.installation, as_, may="viewer")
    converse(session.installation, who, _lines(), lambda said: click.echo(said))


def _lines() -> Iterator[str]:
    """What a person types, with a prompt where there is a terminal."""
    while True:
        if sys.stdin.isatty():
            click.echo("> ", nl=False)
        line = sys.stdin.readline()
        if not line:
            return
        yield line
