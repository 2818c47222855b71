"""What the law wants in each promotional message: who sends it, where they are, where to complain, how to stop."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from journey.model import Settings
from journey.texts import Lang, text


@dataclass(frozen=True)
class Footer:
    """The footer in both forms; a form that is empty adds nothing."""

    html: str = ""
    text: str = ""


def mail_footer(settings: Settings, unsubscribe_url: str, lang: Lang, *, link: bool = True) -> Footer:
    """The footer of a promotional mail. `link` False leaves the unsubscribe line out: the body shows it itself."""
    lines = [
        (None, settings.sender_company or settings.sender_name),
        ("messages.footer_sender", _sender(settings)),
        ("messages.footer_postal", settings.sender_postal),
        ("messages.footer_contact", settings.sender_contact),
    ]
    said = [value if key is None else text(key, value=value).say(lang) for key, value in lines if value]
    stop = text("messages.footer_stop").say(lang)
    html = "<br>\n".join(escape(line) for line in said)
    plain = "\n".join(said)
    if link:
        html += f'<br>\n<a href="{escape(unsubscribe_url)}" style="color:inherit">{escape(stop)}</a>'
        plain += f"\n{stop}: {unsubscribe_url}"
    return Footer(html, plain)


def note_footer(settings: Settings, unsubscribe_url: str, lang: Lang) -> Footer:
    """The short line under a promotional SMS: who sends it, and how to stop."""
    name = settings.sender_name or settings.sender_company
    return Footer(text=text("messages.footer_short", name=name, url=unsubscribe_url).say(lang))


def _sender(settings: Settings) -> str:
    return f"{settings.sender_name} <{settings.sender_address}>" if settings.sender_name else settings.sender_address
