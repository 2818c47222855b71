"""Customer attributes: the standard ones (uploads.md), and everything a condition or a template may refer to by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from journey.model import FieldDef, JourneyMap, Segment, Workbook
from journey.names import fold

STANDARD: tuple[FieldDef, ...] = (
    FieldDef("customer_id", "顧客ID", "text"),
    FieldDef("email", "メールアドレス", "text", ("メール", "e-mail", "mail", "Eメール"), personal=True),
    FieldDef("phone", "電話番号", "text", ("電話", "携帯電話", "携帯番号", "tel"), personal=True),
    FieldDef("line_id", "LINE ID", "text", ("LINEユーザーID",), personal=True),
    FieldDef("push_token", "プッシュトークン", "text", (), personal=True),
    FieldDef("last_name", "姓", "text", ("苗字", "名字", "surname", "family_name"), personal=True),
    FieldDef("first_name", "名", "text", ("given_name",), personal=True),
    FieldDef("name", "氏名", "text", ("名前", "お名前", "customer_name", "full_name"), personal=True),
    FieldDef("kana", "フリガナ", "text", ("ふりがな", "カナ", "氏名カナ"), personal=True),
    FieldDef("gender", "性別", "text"),
    FieldDef("birthday", "生年月日", "date", ("誕生日", "birth_day", "birth_date", "date_of_birth"), personal=True),
    FieldDef("postal_code", "郵便番号", "text", ("postal_cd", "zip", "zip_code", "postcode"), personal=True),
    FieldDef("prefecture", "都道府県", "text"),
    FieldDef("address", "住所", "text", (), personal=True),
    FieldDef("country", "国", "text"),
    FieldDef("language", "言語", "text"),
    FieldDef("time_zone", "タイムゾーン", "text"),
    FieldDef(
        "joined_at", "登録日", "date", ("登録日時", "入会日", "会員登録日", "application_date", "created_at", "registered_at")
    ),
    FieldDef("points", "ポイント", "number"),
    FieldDef("points_expire_on", "ポイント有効期限", "date"),
    FieldDef("member_rank", "会員ランク", "text"),
    FieldDef("company", "会社名", "text"),
    FieldDef("department", "部署", "text"),
    FieldDef("title", "役職", "text"),
)
"""Every standard attribute: its key is its column in the facts. `joined_at` is a moment, the other dates are days."""

CONSENT_CHANNELS: Mapping[str, str] = {
    "email": "メール",
    "sms": "SMS",
    "line": "LINE",
    "push": "プッシュ",
    "post": "郵送",
    "call": "電話",
}
"""Channels that have a consent column (`email_consent`, `メール配信同意`, …), and their Japanese names."""

ADDRESS_FIELD: Mapping[str, str] = {
    "email": "email",
    "sms": "phone",
    "call": "phone",
    "line": "line_id",
    "push": "push_token",
    "post": "address",
}
"""Which attribute holds a customer's address for a channel; a channel of another name uses `email`'s rule only if config says so."""


@dataclass(frozen=True)
class Names:
    """Everything a condition or a template may refer to: what the workbook defines and what the facts hold."""

    fields: tuple[FieldDef, ...] = STANDARD
    segments: Mapping[str, str] = field(default_factory=dict)
    journeys: tuple[JourneyMap, ...] = ()
    messages: tuple[str, ...] = ()

    @classmethod
    def of(cls, workbook: Workbook, custom: Sequence[FieldDef] = ()) -> Names:
        """The names of a workbook: standard fields, those of its Fields tab (which may relabel standard ones), then `custom`
        ones, which files brought."""
        return cls(
            fields=merged_fields(workbook.fields, custom),
            segments={s.name: s.condition for s in workbook.segments},
            journeys=workbook.journeys,
            messages=tuple(dict.fromkeys(m.message for m in workbook.messages)),
        )

    def field(self, name: str) -> FieldDef | None:
        """The field that a name means, by key, label or alias; the Fields tab's own come before standard ones."""
        wanted = fold(name)
        for known in reversed(self.fields):
            if wanted in {fold(known.key), fold(known.label)}:
                return known
        for known in reversed(self.fields):
            if wanted in {fold(alias) for alias in known.aliases}:
                return known
        return None

    def segment(self, name: str) -> Segment | None:
        """The segment of that name, whatever its width and case."""
        for known, condition in self.segments.items():
            if fold(known) == fold(name):
                return Segment(known, condition)
        return None


def merged_fields(listed: Sequence[FieldDef], custom: Sequence[FieldDef] = ()) -> tuple[FieldDef, ...]:
    """Standard fields, with the labels and aliases that the Fields tab adds to them, then custom ones, each key once.

    The Fields tab beats what was guessed from files. A standard field keeps its type whatever the tab says.
    """
    by_key = {f.key: f for f in STANDARD}
    for more in (*custom, *listed):
        old = by_key.get(more.key)
        if old is not None and old in STANDARD:
            aliases = tuple(dict.fromkeys((*old.aliases, old.label, *more.aliases)))
            more = FieldDef(old.key, more.label or old.label, old.type, aliases, more.personal or old.personal)
        by_key[more.key] = more
    return tuple(by_key.values())
