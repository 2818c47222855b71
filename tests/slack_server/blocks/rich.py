"""Rich text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""

from __future__ import annotations

from slack_server.blocks.check import Check, array, flag, one_of, shape, string, typed, url, whole

STYLE = shape(
    {}, dict.fromkeys(("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink"), flag)
)
STYLED: dict[str, Check] = {"style": STYLE}
ID = string(255)

PARTS: dict[str, Check] = {
    "broadcast": shape({"range": one_of("here", "channel", "everyone")}, STYLED),
    "channel": shape({"channel_id": ID}, STYLED),
    "color": shape({"value": string(7)}, STYLED),
    "date": shape({"timestamp": whole(0, 10**11), "format": string(255)}, STYLED | {"url": url(), "fallback": string(3000)}),
    "emoji": shape({"name": string(255)}, STYLED | {"unicode": string(255), "skin_tone": whole(1, 6)}),
    "link": shape({"url": url()}, STYLED | {"text": string(3000, 0), "unsafe": flag}),
    "team": shape({"team_id": ID}, STYLED),
    "text": shape({"text": string(12_000)}, STYLED),
    "user": shape({"user_id": ID}, STYLED),
    "usergroup": shape({"usergroup_id": ID}, STYLED),
}
PART = typed(PARTS)
SECTION = shape({"elements": array(PART, 1000, 0)})

SECTIONS: dict[str, Check] = {
    "rich_text_section": SECTION,
    "rich_text_list": shape(
        {"elements": array(typed({"rich_text_section": SECTION}), 1000), "style": one_of("bullet", "ordered")},
        {"indent": whole(0, 8), "offset": whole(0, 10**6), "border": whole(0, 1)},
    ),
    "rich_text_preformatted": shape(
        {"elements": array(typed({name: PARTS[name] for name in ("text", "link")}), 1000)},
        {"border": whole(0, 1), "language": string(255)},
    ),
    "rich_text_quote": shape({"elements": array(PART, 1000)}, {"border": whole(0, 1)}),
}

RICH_TEXT = shape({"elements": array(typed(SECTIONS), 1000)}, {"block_id": ID})
