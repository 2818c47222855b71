"""The look of a mail: one column that fits a phone, light or dark, with everything inline because mail programs drop the rest."""

from __future__ import annotations

import re
from html import escape

from journey.texts import text
from messaging.footer import Footer
from messaging.templates import Rendered

_STYLE = """<style>
:root{color-scheme:light dark;supported-color-schemes:light dark}
.body h1{font-size:22px;line-height:1.4;margin:0 0 16px}.body h2{font-size:18px;line-height:1.4;margin:24px 0 12px}
.body h3{font-size:16px;margin:20px 0 8px}.body p{margin:0 0 16px}.body ul,.body ol{margin:0 0 16px;padding-left:1.4em}
.body li{margin:0 0 4px}.body a{color:#0b63c5}.body hr{border:0;border-top:1px solid #dfe3e8;margin:24px 0}
.body blockquote{margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #c6ccd4}
.body table{border-collapse:collapse;margin:0 0 16px}.body table th,.body table td{border:1px solid #dfe3e8;padding:6px 10px}
.body img{max-width:100%;height:auto}
@media (max-width:620px){.card{padding:24px 18px!important}.page{padding:0!important}}
@media (prefers-color-scheme:dark){.page{background:#16181c!important}.card{background:#202329!important;color:#e8eaed!important}
.body a{color:#8ab4f8!important}.foot{color:#a0a6ad!important}.button{background:#8ab4f8!important;color:#16181c!important}}
</style>"""

_FONT = (
    "-apple-system,BlinkMacSystemFont,'Segoe UI','Hiragino Kaku Gothic ProN','Hiragino Sans','Yu Gothic Medium',Meiryo,'Noto Sans JP',"
    "sans-serif"
)


def framed(message: Rendered, footer: Footer) -> str:
    """The whole HTML page of a mail: preheader, image, body, button, footer. A body that is a page itself only gets what it lacks:
    the preheader and the footer."""
    preheader = _hidden(message.preheader)
    if message.whole_page:
        return _into_page(message.html, preheader, f'<div style="{_FOOT}">{footer.html}</div>' if footer.html else "")
    image = (
        f'<img src="{escape(message.image)}" alt="{escape(message.subject)}" width="520"'
        ' style="display:block;width:100%;max-width:100%;height:auto;border:0;border-radius:6px;margin:0 0 24px">\n'
        if message.image
        else ""
    )
    foot = f'<div class="foot" style="{_FOOT}">\n{footer.html}\n</div>\n' if footer.html else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{message.lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(message.subject)}</title>\n{_STYLE}\n</head>\n"
        f'<body style="margin:0;padding:0">\n{preheader}'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        '<td class="page" align="center" style="background:#f4f5f7;padding:24px 12px">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px"><tr>'
        '<td class="card" style="background:#ffffff;color:#202124;border-radius:8px;padding:36px 40px;text-align:left;'
        f'font-family:{_FONT};font-size:16px;line-height:1.75">\n'
        f'{image}<div class="body">\n{message.html}\n</div>\n{_button(message)}{foot}'
        "</td></tr></table>\n</td></tr></table>\n</body>\n</html>\n"
    )


_FOOT = (
    "margin:32px 0 0;padding:16px 0 0;border-top:1px solid #dfe3e8;color:#6b7280;font-size:12px;line-height:1.7;"
    f"font-family:{_FONT};overflow-wrap:anywhere"
)


def _button(message: Rendered) -> str:
    if not message.link:
        return ""
    said = text("messages.more").say(message.lang)
    return (
        '<div style="margin:24px 0 8px;text-align:center">'
        f'<a class="button" href="{escape(message.link)}" style="display:inline-block;background:#0b63c5;color:#ffffff;'
        f'text-decoration:none;font-weight:bold;padding:12px 32px;border-radius:6px">{escape(said)}</a></div>\n'
    )


def _hidden(preheader: str) -> str:
    if not preheader:
        return ""
    style = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all"
    filler = "&#847;&zwnj;&nbsp;" * 20  # keeps the body's first words out of the preview
    return f'<div style="{style}">{escape(preheader)}{filler}</div>\n'


def _into_page(page: str, preheader: str, foot: str) -> str:
    page = re.sub(r"(<body\b[^>]*>)", lambda found: found[1] + preheader, page, count=1, flags=re.IGNORECASE)
    ends = list(re.finditer(r"</body\s*>|</html\s*>", page, re.IGNORECASE))
    place = ends[0].start() if ends else len(page)
    return page[:place] + foot + page[place:]
