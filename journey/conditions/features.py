"""Which features there are: what they are called, what they take, and what type comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from journey.model import FieldDef, FieldType
from journey.names import fold

Argument = Literal["product", "event", "message", "stage", "journey"]


@dataclass(frozen=True)
class Kind:
    """One feature. `takes` are its text arguments in order; those in `needs` must be given, of the others each may be left out."""

    name: str
    labels: tuple[str, ...]
    type: FieldType
    takes: tuple[Argument, ...] = ()
    needs: tuple[Argument, ...] = ()
    window: bool = False
    in_days: bool = False
    """A number of days: `2週` is 14 there."""
    available: bool = True
    """False: the data for it is not collected yet."""
    field: str = ""
    """The customer attribute that it stands for, if it is one."""


_PRODUCT: tuple[Argument, ...] = ("product",)
_JOURNEY: tuple[Argument, ...] = ("journey",)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("orders", ("購入回数",), "number", _PRODUCT, window=True),
        Kind("revenue", ("購入金額",), "number", _PRODUCT, window=True),
        Kind("average_order", ("平均購入金額",), "number", _PRODUCT, window=True),
        Kind("first_order_at", ("初回購入日",), "date", _PRODUCT),
        Kind("last_order_at", ("最終購入日",), "date", _PRODUCT),
        Kind("days_since_last_order", ("最終購入からの日数",), "number", _PRODUCT, in_days=True),
        Kind("average_interval", ("平均購入間隔",), "number", _PRODUCT, window=True, in_days=True),
        Kind("bought", ("購入あり",), "yes_no", _PRODUCT, _PRODUCT, window=True),
        Kind("events", ("イベント",), "number", ("event",), ("event",), window=True),
        Kind("days_since", ("経過日数",), "number", ("event",), ("event",), in_days=True),
        Kind("recency_score", (), "number"),
        Kind("frequency_score", (), "number"),
        Kind("monetary_score", (), "number"),
        Kind("rfm", (), "text"),
        Kind("rank", ("ランク",), "text", field="member_rank"),
        Kind("points", ("ポイント",), "number"),
        Kind("points_to_next_rank", ("次ランクまで",), "number", available=False),
        Kind("received", ("受信",), "yes_no", ("message",), ("message",), window=True),
        Kind("opened", ("開封",), "yes_no", ("message",), ("message",), window=True, available=False),
        Kind("clicked", ("クリック",), "yes_no", ("message",), ("message",), window=True, available=False),
        Kind("stage", ("ステージ",), "text", _JOURNEY),
        Kind("days_in_stage", ("滞在日数",), "number", _JOURNEY, in_days=True),
        Kind("was_in", ("経験あり",), "yes_no", ("stage", "journey"), ("stage",)),
        Kind("survey_score", ("アンケート点数",), "number", available=False),
        Kind("ltv", ("生涯価値",), "number", available=False),
        Kind("p_alive", (), "number", available=False),
        Kind("next_order_at", (), "date", available=False),
        Kind("age", ("年齢",), "number"),
        Kind("birth_month", ("誕生月",), "number"),
    )
}
"""Every feature by its English name."""

SEGMENT_WORDS = ("segment", "セグメント")

OWN_COLUMN = "（取込）"
"""What a customer file's own column is called after, where it has the name of a computed feature."""


@cache
def by_name() -> Mapping[str, Kind]:
    """Features by the folded form of each of their names."""
    return {fold(name): kind for kind in KINDS.values() for name in (kind.name, *kind.labels)}


@cache
def field_index(fields: tuple[FieldDef, ...]) -> Mapping[str, FieldDef]:
    """Fields by the folded form of each of their names: as `Names.field`, keys and labels before aliases, later fields first.

    A custom field named like a feature is also found by that name with （取込） after it.
    """
    found: dict[str, FieldDef] = {}
    for field in fields:
        found.update({fold(alias): field for alias in field.aliases})
    for field in fields:
        found.update({fold(field.key): field, fold(field.label): field})
    for name, field in list(found.items()):
        if name in by_name():
            found.setdefault(fold(name + OWN_COLUMN), field)
    return found
