"""`init`, `demo`, `doctor`: getting started."""

from __future__ import annotations

from pathlib import Path

import click

from bot import doctor as checks
from bot.cli.options import Session, common
from bot.demo.run import run_demo
from bot.sheet_starting import SheetMade, initialise_sheet
from bot.starting import initialise
from bot.views import doctor_view
from journey.texts import Lang, text


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option("--template", default="ec", show_default=True, metavar="ec|b2b|loyalty")
@click.option("--lang", type=click.Choice(["ja", "en"]), default=None, help="ja | en")
@click.option("--sheet", default=None, metavar="URL")
@common
def init(session: Session, folder: Path, template: str, lang: Lang | None, sheet: str | None) -> None:
    """Make a config.toml and a workbook, or fill a Google Sheet / 設定とワークブックを作る（--sheet: Google スプレッドシートに作る）"""
    if sheet is not None:
        filled = initialise_sheet(folder, template, lang, sheet, session.environment, session.lang)
        session.answer(
            {
                "created": [str(p) for p in filled.created],
                "sheet": {"title": filled.title, "added": list(filled.added), "kept": list(filled.kept)},
            },
            lambda: _said(filled, folder),
        )
        session.note(text("starting.next", folder=folder).say(filled.lang))
        return
    spoken = lang or session.lang
    made = initialise(folder, template, spoken)
    session.answer({"created": [str(p) for p in made]}, lambda: "\n".join(str(p) for p in made))
    session.note(text("cli.init_next", folder=folder).say(spoken))


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("tabiji-demo"))
@click.option("--lang", type=click.Choice(["ja", "en"]), default=None, help="ja | en")
@common
def demo(session: Session, folder: Path, lang: Lang | None) -> None:
    """The whole loop on sample data / 見本データで全体を動かす"""
    document, view = run_demo(folder, lang or session.lang)
    session.answer(document, view)


@click.command()
@common
def doctor(session: Session) -> None:
    """Check settings, permissions, channels, versions / 設定・権限・チャネルを点検する"""
    found = checks.examine(session.installation, session.config_path)
    session.answer([f.as_json(session.lang) for f in found], lambda: doctor_view(found, session.lang))
    if any(f.state == "bad" for f in found):
        session.fail()


def _said(made: SheetMade, folder: Path) -> str:
    lines = [str(path) for path in made.created]
    if made.pointed:
        lines.append(text("starting.source_set", path=folder / "config.toml").say(made.lang))
    if made.added:
        lines.append(text("starting.added", title=made.title, tabs=list(made.added)).say(made.lang))
        if made.kept:
            lines.append(text("starting.kept", tabs=list(made.kept)).say(made.lang))
    else:
        lines.append(text("starting.complete", title=made.title).say(made.lang))
    return "\n".join(lines)
