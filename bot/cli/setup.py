"""`init`, `demo`, `doctor`: getting started."""

from __future__ import annotations

from pathlib import Path

import click

from bot import doctor as checks
from bot.cli.options import Session, common, not_yet
from bot.demo.run import run_demo
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
    """Make a config.toml and a complete workbook / 設定ファイルとワークブックを作る"""
    if sheet is not None:
        raise not_yet("--sheet")
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
