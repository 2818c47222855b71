"""`check`, `sync`, `upload`, `assign`, `tick`, `run`: moving data."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from bot import views
from bot.cli.options import Session, common
from bot.desk import flow, look
from bot.desk.decide import speaker
from bot.desk.documents import placed_document
from bot.wiring import let_run
from journey.errors import UsageError
from journey.names import nearest
from journey.texts import text
from messaging.sender import Progress as Sending
from sheets_sync.uploads.catalogue import KINDS, UploadKind


@click.command()
@common
def check(session: Session) -> None:
    """Problems, overlaps, gaps, tests; changes nothing / ワークブックを確かめる（何も変えない）"""
    found = flow.check(session.installation)
    session.answer(found, lambda: views.check_view(found, session.lang))
    if any(p["severity"] == "error" for p in found["problems"]) or not all(t["passed"] for t in found["tests"]):
        session.fail()


@click.command()
@click.option("--renamed", multiple=True, metavar="OLD=NEW", help="an id that was renamed / 変更したID")
@click.option("--new", "new_", multiple=True, metavar="ID", help="an id that is a new thing / 新しく作ったID")
@click.option("--to", metavar="VERSION", help="bring an earlier version back, until the next edit / 以前の版に戻す")
@click.option("--versions", "list_", is_flag=True, help="list the versions / 版の一覧")
@click.option("--as", "as_", metavar="NAME")
@common
def sync(
    session: Session, renamed: tuple[str, ...], new_: tuple[str, ...], to: str | None, list_: bool, as_: str | None
) -> None:
    """Read the workbook, show the difference, apply it / ワークブックを取り込む"""
    installation = session.installation
    pairs = dict(_pair(text_, "--renamed OLD=NEW") for text_ in renamed)
    if sum((bool(pairs or new_), to is not None, list_)) > 1:
        raise UsageError(text("cli.sync_one"))
    if list_:
        known = look.versions(installation)
        session.answer(known, lambda: views.versions_view(known, session.lang))
        return
    who = speaker(installation, as_, may="editor")
    if to is None:
        found = flow.sync(installation, by=who, renamed=pairs, new=new_)
    else:
        found = flow.restore(installation, to, by=who)
    session.answer(found, lambda: views.sync_view(found, session.lang))
    if any(p["severity"] == "error" for p in found["problems"]):
        session.fail()


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--as", "kind", metavar="KIND", default=None, help=" | ".join(KINDS))
@click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="email=連絡先メール")
@click.option("--dry-run", is_flag=True, help="say what would happen, change nothing / 試すだけ")
@common
def upload(session: Session, files: tuple[Path, ...], kind: str | None, mapping: tuple[str, ...], dry_run: bool) -> None:
    """Take in customers, purchases, products, events, consents / データを取り込む"""
    chosen = _kind(kind)
    pairs = dict(_pair(given, "--map FIELD=COLUMN") for given in mapping)
    with _bar(session) as bar:
        tasks = {path: bar.add_task(path.name, total=None) for path in files}
        results = flow.upload(
            session.installation,
            files,
            kind=chosen,
            mapping=pairs,
            dry_run=dry_run,
            progress=lambda path, rows: bar.update(tasks[path], completed=rows),
        )
    document = [r.as_json(session.lang) for r in results]
    session.answer(document, lambda: views.upload_view(document, session.lang))
    if any(r.rejected for r in results):
        session.fail()


@click.command()
@common
def assign(session: Session) -> None:
    """Place every customer on a stage / 全顧客のステージを決める"""
    run = flow.place(session.installation)
    document = placed_document(run)
    session.answer(document, lambda: views.placed_view(document, session.lang))


@click.command()
@common
def tick(session: Session) -> None:
    """One pass: sync, import, place, plan, send / 一巡する（同期、取り込み、配置、予定、送信）"""
    with _bar(session) as bar:
        task = bar.add_task(text("cli.sending").say(session.lang), total=None, visible=False)

        def show(sending: Sending) -> None:
            bar.update(task, completed=sending.done, total=sending.due, visible=True)

        done = flow.tick(session.installation, show)
    document = done.document(session.lang)
    session.answer(document, lambda: views.tick_view(document, session.lang))
    if done.unreachable:
        session.fail(3)
    elif done.troubled:
        session.fail()


@click.command()
@common
def run(session: Session) -> None:
    """The daemon, until it is stopped / 止めるまで動かし続ける"""
    from bot.daemon import serve_forever  # the web server and the scheduler are for this command alone

    let_run(session.installation)
    serve_forever(session.installation)


def _bar(session: Session) -> Progress:
    """Progress on standard error, and only where a person looks at it."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty() or session.json,
    )


def _kind(given: str | None) -> UploadKind | None:
    if given is None:
        return None
    for kind in KINDS:
        if given == kind:
            return kind
    raise UsageError(text("cli.kind", given=given, near=nearest(given, KINDS) or "customers", kinds=" | ".join(KINDS)))


def _pair(given: str, form: str) -> tuple[str, str]:
    left, sign, right = given.partition("=")
    if not sign or not left.strip() or not right.strip():
        raise UsageError(text("cli.pair", given=given, form=form))
    return left.strip(), right.strip()
