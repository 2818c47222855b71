"""The Messages tab: one row a message, channel, language and variant."""

from __future__ import annotations

from collections.abc import Collection

from journey.fields import CONSENT_CHANNELS
from journey.model import ChannelName, MessageVariant
from journey.names import fold
from journey.texts import text
from sheets_sync.grammar.choices import parse_channel, parse_language, parse_weight
from sheets_sync.headers import Table
from sheets_sync.read.cells import Reader, Record
from sheets_sync.report import Report

MOST_BODY = 200_000
MOST_VARIANT = 40


def row_id(message: MessageVariant) -> str:
    """What tells a row of the catalogue from the others: `M1`, `M1/email/ja/A`."""
    return "/".join(part for part in (message.message, message.channel, message.language, message.variant) if part)


def read_messages(
    table: Table | None, channels: Collection[ChannelName], report: Report, record: Record
) -> tuple[MessageVariant, ...]:
    """All rows of the catalogue. A row without subject, body, link and image is a draft and left out, with a warning."""
    found: dict[str, MessageVariant] = {}
    spelled: dict[str, str] = {}
    known = tuple(dict.fromkeys((*channels, *CONSENT_CHANNELS)))
    for row in table.rows if table else ():
        assert table is not None
        reader = Reader(table, row, report)
        id_ = reader.id()
        if id_ is None:
            continue
        if spelled.setdefault(fold(id_), id_) != id_:
            reader.error("id", text("workbook.two_spellings", id=id_, other=spelled[fold(id_)]))
            continue
        if not any(row.text(key) for key in ("subject", "body", "link", "image")):
            if not any(row.cells[key].problem for key in row.cells):
                report.warn(reader.at("body"), text("workbook.message_draft", id=id_))
            continue
        channel = reader.read("channel", lambda typed: parse_channel(typed, known), "")
        variant = MessageVariant(
            message=id_,
            channel=channel,
            language=reader.read("language", parse_language, ""),
            variant=reader.prose("variant")[:MOST_VARIANT],
            weight=reader.read("weight", parse_weight, 1.0),
            subject=row.text("subject"),
            preheader=row.text("preheader"),
            body=row.text("body"),
            link=row.text("link"),
            image=row.text("image"),
        )
        if len(variant.body) > MOST_BODY:
            reader.error("body", text("workbook.too_long", most=MOST_BODY))
        key = row_id(variant)
        if key in found:
            reader.error("id", text("workbook.message_twice", id=key))
            continue
        found[key] = variant
        record.keep(table, row, key)
    return tuple(found.values())
