"""Which column of a file is what: the columns of each kind by their names, and the kind by its columns (uploads.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from journey.conditions.features import KINDS as FEATURES
from journey.conditions.features import OWN_COLUMN
from journey.errors import InputError
from journey.facts.schema import CUSTOMERS
from journey.fields import CONSENT_CHANNELS, merged_fields
from journey.model import FieldDef
from journey.names import fold, nearest, tidy
from journey.texts import Text, text

REASON = "取り込めなかった理由 (reason)"
"""The column that a file of rejected rows has beside its own; it is never read."""

UploadKind = Literal["customers", "purchases", "products", "events", "consents", "results"]
KINDS: tuple[UploadKind, ...] = get_args(UploadKind)

ValueType = Literal["id", "text", "number", "day", "moment", "yes_no", "consent", "email", "phone", "place", "channel"]


@dataclass(frozen=True)
class Column:
    """A column that a kind knows: its name, what its cells hold, and all its other names, the likeliest first."""

    name: str
    type: ValueType
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """How a file's columns are read.

    `fields` are columns of the kind by name with their position in the file; `custom` the positions that become custom attributes
    (customers) with their definition, or properties (events); `ignored` the headers that are not read; `warnings` are
    (header, sentence).
    """

    kind: UploadKind
    headers: tuple[str, ...]
    fields: Mapping[str, int]
    types: Mapping[str, ValueType]
    custom: Mapping[int, FieldDef] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    warnings: tuple[tuple[str, Text], ...] = ()

    def header(self, name: str) -> str:
        """The header that a column of the kind stands under in this file."""
        return self.headers[self.fields[name]]


_CUSTOMER_ID = Column(
    "customer_id",
    "id",
    (
        *(
            "顧客ID",
            "顧客番号",
            "顧客コード",
            "顧客No",
            "会員ID",
            "会員番号",
            "会員コード",
            "お客様番号",
            "お客様ID",
            "customer",
            "customer_cd",
        ),
        *("customer_code", "customer_no", "customer_number", "client_id", "user_id", "member_id", "member_no", "household_id"),
    ),
)
_EMAIL = Column("email", "email", ("メールアドレス", "メール", "e-mail", "mail", "Eメール", "email_address", "mail_address"))
_PHONE = Column(
    "phone", "phone", ("電話番号", "電話", "携帯電話", "携帯番号", "携帯電話番号", "tel", "tel_no", "phone_number", "mobile")
)
_WHO = (_CUSTOMER_ID, _EMAIL, _PHONE)
_PRODUCT = (
    "商品",
    "商品コード",
    "商品ID",
    "商品番号",
    "品番",
    "SKU",
    "product_id",
    "product_cd",
    "product_code",
    "stock_code",
    "item_id",
)

_COLUMNS: Mapping[UploadKind, tuple[Column, ...]] = {
    "purchases": (
        Column(
            "order_id",
            "id",
            (
                *(
                    "注文番号",
                    "注文ID",
                    "注文No",
                    "受注番号",
                    "受注ID",
                    "伝票番号",
                    "レシート番号",
                    "取引番号",
                    "取引ID",
                    "order_no",
                ),
                *("order_number", "order", "invoice_no", "invoice", "basket_id", "transaction_id", "receipt_no"),
            ),
        ),
        *_WHO,
        Column(
            "ordered_at",
            "moment",
            (
                *("注文日時", "注文日", "受注日時", "受注日", "購入日時", "購入日", "売上日時", "売上日", "取引日時", "取引日"),
                *("order_date", "order_datetime", "purchased_at", "purchase_date", "invoice_date", "transaction_timestamp"),
                *("transaction_date", "sales_date", "sales_ymd", "date", "日時", "日付"),
            ),
        ),
        Column(
            "amount",
            "number",
            ("金額", "購入金額", "売上金額", "注文金額", "売上", "小計", "合計", "合計金額", "sales_value", "sales", "total"),
        ),
        Column("unit_price", "number", ("単価", "販売単価", "price", "価格")),
        Column("quantity", "number", ("数量", "個数", "点数", "購入数", "qty")),
        Column("product", "id", (*_PRODUCT, "item", "商品名", "product_name", "description")),
        Column("category", "text", ("カテゴリ", "カテゴリー", "分類", "商品カテゴリ", "category_name", "product_category")),
        Column("place", "place", ("購入場所", "購入チャネル", "販売チャネル", "店舗区分", "チャネル", "channel")),
        Column("coupon", "text", ("クーポン", "クーポンコード", "coupon_code")),
        Column("points_used", "number", ("使用ポイント", "利用ポイント", "ポイント利用")),
        Column("points_earned", "number", ("獲得ポイント", "付与ポイント", "ポイント付与")),
    ),
    "products": (
        Column("product", "id", _PRODUCT),
        Column("name", "text", ("商品名", "品名", "product_name", "title", "description", "product_type")),
        Column(
            "category", "text", ("カテゴリ", "カテゴリー", "分類", "category_name", "product_category", "category_small_name")
        ),
        Column("price", "number", ("価格", "単価", "定価", "販売価格", "unit_price", "list_price")),
        Column("url", "text", ("商品URL", "商品ページ", "リンク", "product_url", "link")),
        Column("image", "text", ("画像", "商品画像", "画像URL", "image_url", "image_link")),
        Column("related", "text", ("関連商品",)),
        Column("upgrade", "text", ("上位商品",)),
        Column("care", "text", ("手入れ", "お手入れ", "手入れ方法")),
    ),
    "events": (
        Column("event", "text", ("イベント", "イベント名", "event_name")),
        *_WHO,
        Column("at", "moment", ("日時", "発生日時", "timestamp", "occurred_at", "event_at", "event_time", "datetime", "time")),
        Column("message_id", "id", ("メッセージID", "messageid", "event_id")),
    ),
    "consents": (
        *_WHO,
        Column("channel", "channel", ("チャネル", "チャンネル", "配信チャネル")),
        Column("status", "yes_no", ("状態", "同意", "同意状況", "consent", "granted")),
        Column("at", "moment", ("日時", "同意日時", "timestamp", "consented_at", "datetime")),
        Column("source", "text", ("取得元", "取得経路")),
        Column("text", "text", ("同意文言", "文言")),
    ),
    "results": (
        Column("delivery_id", "id", ("配信ID",)),
        Column("result", "text", ("結果",)),
        Column("at", "moment", ("日時",)),
        Column("note", "text", ("メモ",)),
    ),
}

_TYPED: Mapping[str, ValueType] = {"customer_id": "id", "email": "email", "phone": "phone", "joined_at": "moment"}
_BY_FIELD: Mapping[str, ValueType] = {"text": "text", "number": "number", "date": "day", "yes_no": "yes_no"}
_RANK = ("rank", "ランク", "ステータス会員ランク")

# What must be there, each as alternatives, for a file to be of the kind; and what only that kind has.
_NEEDED: Mapping[UploadKind, tuple[tuple[str, ...], ...]] = {
    "customers": (("customer_id", "email", "phone"),),
    "purchases": (("ordered_at",), ("amount", "unit_price")),
    "products": (("product",),),
    "events": (("event",), ("at",), ("customer_id", "email", "phone")),
    "consents": (("channel",), ("status",), ("customer_id", "email", "phone")),
    "results": (("delivery_id",), ("result",)),
}
_TELLING: Mapping[UploadKind, frozenset[str]] = {
    "purchases": frozenset({"order_id", "ordered_at", "amount", "quantity"}),
    "events": frozenset({"event"}),
    "consents": frozenset({"status"}),
    "results": frozenset({"delivery_id", "result"}),
}


def columns_of(kind: UploadKind, fields: Sequence[FieldDef] = ()) -> tuple[Column, ...]:
    """The columns of a kind; for customers also those of the workbook's Fields tab and the consent columns."""
    if kind != "customers":
        known = _COLUMNS[kind]
        by_key = {f.key: f for f in fields}
        return tuple(
            Column(c.name, c.type, (*c.names, by_key[c.name].label, *by_key[c.name].aliases))
            if c in _WHO and c.name in by_key
            else c
            for c in known
        )
    own = {c.name: c.names for c in _WHO} | {"member_rank": _RANK}
    found = [
        Column(
            f.key,
            _TYPED.get(f.key, _BY_FIELD[f.type]),
            tuple(dict.fromkeys((f.label, *f.aliases, *own.get(f.key, ())))),
        )
        for f in merged_fields(fields)
    ]
    for channel, japanese in CONSENT_CHANNELS.items():
        names = (f"{japanese}配信同意", f"{japanese}同意", f"{japanese}許諾", f"{channel}_opt_in", f"{channel}配信同意")
        found.append(Column(f"{channel}_consent", "consent", tuple(dict.fromkeys(names))))
    return tuple(found)


def recognise(
    headers: Sequence[str],
    *,
    kind: UploadKind | None = None,
    mapping: Mapping[str, str] | None = None,
    fields: Sequence[FieldDef] = (),
) -> Layout:
    """How a file with these headers is read. `mapping` (column of the kind → header) goes before what the names say.

    Raises InputError where the kind is unclear or not available, a needed column is missing, or the mapping names nothing.
    """
    _refuse_doubles(headers)
    chosen = kind or _guess(headers, mapping or {}, fields)
    if chosen == "results":
        raise InputError(text("uploads.results_not_yet"))
    columns = columns_of(chosen, fields)
    found = _match(headers, columns, _mapped(headers, chosen, columns, mapping or {}))
    missing = [names for names in _NEEDED[chosen] if not found.keys() & set(names)]
    if missing:
        wanted = [_shown(columns, names) for names in missing]
        raise InputError(text("uploads.column_missing", kind=_kind(chosen), missing=wanted, headers=_some(headers)))
    types = {c.name: c.type for c in columns if c.name in found}
    rest = [i for i, h in enumerate(headers) if i not in found.values() and h.strip() and fold(h) != fold(REASON)]
    if chosen == "customers":
        custom, warnings = _custom(headers, rest)
        return Layout(chosen, tuple(headers), found, types, custom, _unnamed(headers, found), warnings)
    if chosen == "events":
        properties = {i: FieldDef(tidy(headers[i]), tidy(headers[i]), "text") for i in rest}
        return Layout(chosen, tuple(headers), found, types, properties, _unnamed(headers, found))
    return Layout(chosen, tuple(headers), found, types, ignored=tuple(headers[i] for i in rest))


def _custom(headers: Sequence[str], rest: Iterable[int]) -> tuple[Mapping[int, FieldDef], tuple[tuple[str, Text], ...]]:
    features = {fold(name) for f in FEATURES.values() for name in (f.name, *f.labels)}
    custom: dict[int, FieldDef] = {}
    warnings: list[tuple[str, Text]] = []
    for i in rest:
        label = tidy(headers[i])
        if fold(label) in features or fold(label) in CUSTOMERS:
            label += OWN_COLUMN
            warnings.append((headers[i], text("uploads.computed_name", column=headers[i], stored=label)))
        custom[i] = FieldDef(fold(label), label, "text")
    return custom, tuple(warnings)


def _guess(headers: Sequence[str], mapping: Mapping[str, str], fields: Sequence[FieldDef]) -> UploadKind:
    matched: dict[UploadKind, Mapping[str, int]] = {}
    for kind in KINDS:
        columns = columns_of(kind, fields)
        mine = {k: v for k, v in mapping.items() if _column(columns, k) is not None}
        matched[kind] = _match(headers, columns, _mapped(headers, kind, columns, mine))
    fits = {k for k, found in matched.items() if all(found.keys() & set(names) for names in _NEEDED[k])}
    special = [k for k in ("results", "consents", "events", "purchases") if k in fits]
    if len(special) == 1:
        return special[0]
    if not special:
        who = bool(matched["customers"].keys() & {"customer_id", "email"})  # a phone number alone may be a shop's
        half = any(matched[k].keys() & telling for k, telling in _TELLING.items())
        if who and not half and "product" not in matched["products"]:
            return "customers"
        if "products" in fits and not who and len(matched["products"]) > 1:
            return "products"
        if not any(matched.values()):
            raise InputError(text("uploads.no_header", headers=_some(headers)))
    raise InputError(text("uploads.kind_unclear", headers=_some(headers)))


def _mapped(
    headers: Sequence[str], kind: UploadKind, columns: Sequence[Column], mapping: Mapping[str, str]
) -> Mapping[str, int]:
    by_header = {fold(h): i for i, h in enumerate(headers)}
    found: dict[str, int] = {}
    for name, header in mapping.items():
        column = _column(columns, name)
        if column is None:
            near = nearest(name, [n for c in columns for n in (c.name, *c.names)])
            raise InputError(_meant("uploads.map_unknown_field", near, name=name, kind=_kind(kind)))
        if fold(header) not in by_header:
            near = nearest(header, headers)
            raise InputError(_meant("uploads.map_unknown_column", near, name=header, headers=_some(headers)))
        found[column.name] = by_header[fold(header)]
    return found


def _meant(key: str, near: str | None, **values: object) -> Text:
    return text(f"{key}_meant", near=near, **values) if near else text(key, **values)


def _column(columns: Sequence[Column], name: str) -> Column | None:
    wanted = _key(name)
    for column in columns:
        if wanted in {_key(column.name), *map(_key, column.names)}:
            return column
    return None


def _match(headers: Sequence[str], columns: Sequence[Column], given: Mapping[str, int]) -> dict[str, int]:
    """Each column's position: what was given, then by first names of all columns, then by their other names in order."""
    positions: dict[str, int] = {}
    for i, header in enumerate(headers):
        if header.strip():
            positions.setdefault(_key(header), i)
    found = dict(given)
    taken = set(found.values())
    for own in (True, False):
        for column in columns:
            if column.name in found:
                continue
            names = (column.name, *column.names[:1]) if own else column.names[1:]
            for name in names:
                at = positions.get(_key(name))
                if at is not None and at not in taken:
                    found[column.name] = at
                    taken.add(at)
                    break
    return found


_MARKS = re.compile(r"[_\-./・:（）()\[\]]")


def _key(name: str) -> str:
    """Headers are compared without the marks that exports put between words: `CustomerID`, `customer_id`, `Customer-Id`."""
    return _MARKS.sub("", fold(name)) or fold(name)


def _refuse_doubles(headers: Sequence[str]) -> None:
    seen: set[str] = set()
    for header in headers:
        if header.strip() and fold(header) in seen:
            raise InputError(text("uploads.header_twice", header=tidy(header)[:80]))
        seen.add(fold(header))
    if not any(h.strip() for h in headers):
        raise InputError(text("uploads.header_empty"))


def _unnamed(headers: Sequence[str], found: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(h for i, h in enumerate(headers) if not h.strip() and i not in found.values())


def _shown(columns: Sequence[Column], names: Sequence[str]) -> str:
    labels = {c.name: c.names[0] for c in columns if c.names}
    return " / ".join(f"{n} {labels[n]}" if n in labels else n for n in names)


def _some(headers: Sequence[str]) -> list[str]:
    shown = [tidy(h)[:40] for h in headers[:12] if h.strip()]
    return [*shown, "…"] if len(headers) > 12 else shown


def _kind(kind: UploadKind) -> Text:
    return text(f"uploads.kind_{kind}")
