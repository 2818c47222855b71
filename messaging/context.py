"""What a template may use: the documented names, in Japanese and English, and the plain data behind them.

Templates are compiled to the English keys, so that a context is nothing but dicts, numbers, dates and text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from journey.model import Settings
from journey.names import fold

ORDER: Mapping[str, tuple[str, ...]] = {
    "date": ("日付", "注文日", "ordered_at"),
    "amount": ("金額", "合計"),
    "product": ("商品", "商品名"),
    "products": ("商品一覧",),
    "count": ("回数", "購入回数"),
}
"""`order`/`注文`: the customer's last order. `products` is a list of names, `count` the number of all their orders."""

SENDER: Mapping[str, tuple[str, ...]] = {
    "name": ("名前", "差出人名"),
    "address": ("アドレス", "差出人アドレス"),
    "company": ("事業者名", "会社名"),
    "postal": ("住所",),
    "contact": ("問合せ先", "問い合わせ先", "連絡先"),
}
"""`sender`/`差出人`: the Settings' sender."""

ROOTS: Mapping[str, tuple[str, ...]] = {
    "customer": ("顧客", "お客様"),
    "order": ("注文",),
    "points": ("ポイント",),
    "sender": ("差出人",),
    "unsubscribe_url": ("配信停止URL",),
    "today": ("今日",),
}
"""The names a template starts from."""

FUNCTIONS: Mapping[str, tuple[str, ...]] = {"link": ("リンク",), "range": ()}
"""The functions a template may call."""

NOT_YET = (
    "event", "イベント", "coupon", "クーポン", "survey_url", "アンケートURL", "recommend", "おすすめ",
    "rank", "ランク", "next_rank", "次ランク",
    "opened", "開封", "clicked", "クリック",
)  # fmt: skip
"""Names that a later version brings: told apart from typing mistakes."""


def resolve(name: str, known: Mapping[str, tuple[str, ...]]) -> str | None:
    """The key that a typed name means among `known`, whatever its width and case."""
    wanted = fold(name)
    for key, aliases in known.items():
        if wanted == fold(key) or any(wanted == fold(alias) for alias in aliases):
            return key
    return None


@dataclass(frozen=True)
class Needs:
    """What a message uses, so that nothing else is fetched: customer attributes by key, and whether the last order is read."""

    attributes: frozenset[str] = frozenset()
    order: bool = False

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.attributes | other.attributes, self.order or other.order)


def build(
    customer: Mapping[str, Any],
    *,
    settings: Settings,
    now: datetime,
    unsubscribe_url: str = "",
    order: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The context of one rendering.

    `customer` holds values by attribute key (what `Needs.attributes` named is enough), `order` the last order by the keys of
    `ORDER` (None: no order yet). Moments become the local time of `settings.time_zone`; `today` is the local day of `now` (aware).
    Values that are missing (None, NaN, blank) read as empty text.
    """
    zone = ZoneInfo(settings.time_zone)
    person = {key: _local(value, zone) for key, value in customer.items()}
    last = {key: _local(value, zone) for key, value in (order or {}).items()}
    return {
        "customer": _Known(person),
        "order": _Known(last),
        "points": person.get("points"),
        "sender": {
            "name": settings.sender_name,
            "address": settings.sender_address,
            "company": settings.sender_company,
            "postal": settings.sender_postal,
            "contact": settings.sender_contact,
        },
        "unsubscribe_url": unsubscribe_url,
        "today": now.astimezone(zone).date(),
    }


class _Known(dict[str, Any]):
    """Data whose keys were checked when the template was compiled: one that is not there is a missing value."""

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str)

    def __missing__(self, key: str) -> None:
        return None


def _local(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return (value.replace(tzinfo=zone) if value.tzinfo is None else value.astimezone(zone)).replace(tzinfo=None)
    if isinstance(value, (str, bool, int, float, date)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [_local(item, zone) for item in value]
    return str(value)
