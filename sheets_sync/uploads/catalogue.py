"""The columns of each kind of upload under all the names that people and exports give them (uploads.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from journey.fields import CONSENT_CHANNELS, merged_fields
from journey.model import FieldDef

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
NEEDED: Mapping[UploadKind, tuple[tuple[str, ...], ...]] = {
    "customers": (("customer_id", "email", "phone"),),
    "purchases": (("ordered_at",), ("amount", "unit_price")),
    "products": (("product",),),
    "events": (("event",), ("at",), ("customer_id", "email", "phone")),
    "consents": (("channel",), ("status",), ("customer_id", "email", "phone")),
    "results": (("delivery_id",), ("result",)),
}
TELLING: Mapping[UploadKind, frozenset[str]] = {
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
