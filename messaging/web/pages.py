"""The pages themselves: one card, readable on any phone, without scripts, pictures or anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from journey.fields import CONSENT_CHANNELS
from journey.texts import Lang, text

_STYLE = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:24px;background:#f4f5f7;color:#202124;
font:16px/1.8 -apple-system,BlinkMacSystemFont,"Segoe UI","Hiragino Kaku Gothic ProN","Hiragino Sans","Yu Gothic Medium",Meiryo,
"Noto Sans JP",sans-serif}
main{width:100%;max-width:480px;background:#fff;border-radius:12px;padding:40px 36px;box-shadow:0 1px 3px rgba(0,0,0,.08)}
h1{font-size:22px;line-height:1.4;margin:0 0 12px}
p{margin:0 0 20px;overflow-wrap:anywhere}
.sender{color:#6b7280;font-size:14px;margin:0 0 4px}
.small{color:#6b7280;font-size:14px;margin:0}
button{font:inherit;font-weight:bold;width:100%;padding:12px 24px;border:0;border-radius:8px;background:#0b63c5;color:#fff;
cursor:pointer;
margin:4px 0 20px}
button:hover{background:#094f9e}
button:focus-visible{outline:3px solid #8ab4f8;outline-offset:2px}
@media (max-width:520px){main{padding:28px 22px}}
@media (prefers-color-scheme:dark){body{background:#16181c;color:#e8eaed}main{background:#202329;box-shadow:none}
.sender,.small{color:#a0a6ad}button{background:#8ab4f8;color:#16181c}button:hover{background:#a8c7fa}}
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""For the Content-Security-Policy: this style and no other."""


def ask(lang: Lang, sender: str, channel: str, address: str) -> str:
    """The question, with the one button that acts."""
    return _page(
        lang,
        "ask_title",
        f"{_sender(sender)}<h1>{_say(lang, 'ask_title')}</h1>\n"
        f"<p>{_say(lang, 'ask', channel=_channel(lang, channel), address=address)}</p>\n"
        f'<form method="post"><button type="submit">{_say(lang, "ask_button")}</button></form>\n'
        f'<p class="small">{_say(lang, "ask_small")}</p>',
    )


def done(lang: Lang, sender: str, channel: str, address: str) -> str:
    """It is done (or had been done already)."""
    return _page(
        lang,
        "done_title",
        f"{_sender(sender)}<h1>{_say(lang, 'done_title')}</h1>\n"
        f"<p>{_say(lang, 'done', channel=_channel(lang, channel), address=address)}</p>\n"
        f'<p class="small">{_say(lang, "done_small")}</p>',
    )


def trial(lang: Lang) -> str:
    """The link of a preview or a test message."""
    return _plain(lang, "trial")


def unknown(lang: Lang) -> str:
    """No page of ours."""
    return _plain(lang, "unknown")


def sorry(lang: Lang) -> str:
    """It could not be done now."""
    return _plain(lang, "sorry")


def _plain(lang: Lang, name: str) -> str:
    return _page(lang, f"{name}_title", f"<h1>{_say(lang, f'{name}_title')}</h1>\n<p>{_say(lang, name)}</p>")


def _page(lang: Lang, title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<title>{_say(lang, title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _say(lang: Lang, name: str, **values: object) -> str:
    return escape(text(f"web.{name}", **values).say(lang))


def _sender(sender: str) -> str:
    return f'<p class="sender">{escape(sender)}</p>\n' if sender else ""


def _channel(lang: Lang, channel: str) -> str:
    if lang == "ja":
        return CONSENT_CHANNELS.get(channel, channel)
    return {"email": "e-mail", "sms": "text messages", "line": "LINE messages", "push": "push notifications"}.get(
        channel, channel
    )
