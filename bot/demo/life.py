"""The sample company: who its customers are and what they do, day by day. Made up, and the same on every run.

A tea shop on the web. Each customer has a habit (how often they come back, if ever) drawn from a few kinds that shops know: most buy
once, some come back for months, a few stay. A message makes a purchase in the days after it a little more likely, and now and then
makes someone unsubscribe.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from journey.texts import Lang

FIRST_DAY = date(2026, 8, 3)
DAYS = 61
HISTORY_DAYS = 420
CUSTOMERS_AT_START = 480
NEW_A_DAY = 4.0


@dataclass(frozen=True)
class Habit:
    """A kind of customer: the share among newcomers, days until a first order, days between orders, chance to stop after each."""

    share: float
    first_order: float
    interval: float
    stop: float


HABITS = (
    Habit(0.30, 400.0, 60.0, 0.9),  # looks around, rarely buys
    Habit(0.38, 9.0, 55.0, 0.62),  # buys once or twice
    Habit(0.24, 6.0, 38.0, 0.22),  # comes back for a while
    Habit(0.08, 3.0, 21.0, 0.04),  # stays
)

_PRODUCTS: tuple[tuple[str, str, str, str, str, int], ...] = (
    ("T01", "やぶきた煎茶 100g", "Yabukita sencha 100 g", "煎茶", "Sencha", 1080),
    ("T02", "深蒸し煎茶 100g", "Deep-steamed sencha 100 g", "煎茶", "Sencha", 1296),
    ("T03", "宇治玉露 50g", "Uji gyokuro 50 g", "玉露", "Gyokuro", 2700),
    ("T04", "ほうじ茶 200g", "Hojicha 200 g", "ほうじ茶", "Hojicha", 864),
    ("T05", "玄米茶 200g", "Genmaicha 200 g", "玄米茶", "Genmaicha", 756),
    ("T06", "和紅茶 ティーバッグ15個", "Japanese black tea, 15 bags", "紅茶", "Black tea", 972),
    ("T07", "抹茶 30g", "Matcha 30 g", "抹茶", "Matcha", 1944),
    ("G01", "急須 常滑焼", "Tokoname teapot", "茶器", "Teaware", 5400),
    ("G02", "湯呑み 二客", "Two tea cups", "茶器", "Teaware", 3240),
    ("G03", "茶筅", "Bamboo whisk", "茶器", "Teaware", 2750),
    ("S01", "お茶に合う羊羹", "Yokan for tea", "お菓子", "Sweets", 1404),
    ("S02", "ほうじ茶クッキー", "Hojicha cookies", "お菓子", "Sweets", 918),
)
# fmt: off
_LAST = (
    "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田", "佐々木", "山口", "松本", "井上",
    "木村", "林", "斎藤", "清水", "髙田", "森", "池田", "橋本", "石川",
)
_FIRST = (
    "陽菜", "結衣", "美咲", "葵", "さくら", "恵子", "由美子", "真由美", "智子", "愛", "健太", "翔", "大輔", "誠", "浩", "蓮", "悠真",
    "拓也", "学", "直樹",
)
_LAST_EN = (
    "Sato", "Suzuki", "Brown", "Tanaka", "Smith", "Watanabe", "Jones", "Nakamura", "Miller", "Kato", "Wilson", "Yamada", "Taylor",
    "Yamaguchi", "Clark",
)
_FIRST_EN = (
    "Hina", "Yui", "Emma", "Aoi", "Olivia", "Keiko", "Alice", "Mayumi", "Chloe", "Ken", "Sho", "James", "Makoto", "Hiroshi", "Ren",
    "Oscar", "Takuya", "Leo", "Naoki",
)
_PREFECTURES = (
    "東京都", "東京都", "東京都", "神奈川県", "神奈川県", "埼玉県", "千葉県", "大阪府", "大阪府", "京都府", "愛知県", "静岡県",
    "福岡県", "北海道",
)
_PREFECTURES_EN = (
    "Tokyo", "Tokyo", "Tokyo", "Kanagawa", "Kanagawa", "Saitama", "Chiba", "Osaka", "Osaka", "Kyoto", "Aichi", "Shizuoka", "Fukuoka",
    "Hokkaido",
)
# fmt: on

_COLUMNS: dict[Lang, dict[str, list[str]]] = {
    "ja": {
        "customers": [
            "顧客ID", "姓", "名", "メールアドレス", "電話番号", "LINE ID", "都道府県", "生年月日", "登録日", "メール配信同意",
            "LINE配信同意",
        ],
        "purchases": ["注文番号", "顧客ID", "注文日時", "商品", "カテゴリ", "単価", "数量", "購入場所"],
        "products": ["商品", "商品名", "カテゴリ", "価格"],
        "events": ["イベント", "顧客ID", "日時"],
        "consents": ["顧客ID", "チャネル", "状態", "日時", "取得元"],
    },
    "en": {
        "customers": [
            "customer_id", "last_name", "first_name", "email", "phone", "line_id", "prefecture", "birthday", "joined_at",
            "email_consent", "line_consent",
        ],
        "purchases": ["order_id", "customer_id", "ordered_at", "product", "category", "unit_price", "quantity", "place"],
        "products": ["product", "name", "category", "price"],
        "events": ["event", "customer_id", "at"],
        "consents": ["customer_id", "channel", "status", "at", "source"],
    },
}  # fmt: skip


@dataclass
class Person:
    """A customer of the sample company. `next_order` is the moment of the next one, None once they have stopped."""

    id: str
    row: list[str]
    habit: Habit
    joined: datetime
    next_order: datetime | None
    orders: int = 0


@dataclass
class Life:
    """The company's days. `lang` decides the columns and the names; everything else is the same in both."""

    lang: Lang
    seed: int = 20260803
    people: list[Person] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a made-up company needs no secrecy
        self.order_number = 0
        self.visits: list[list[str]] = []
        start = datetime.combine(FIRST_DAY, time())
        for _ in range(CUSTOMERS_AT_START):
            self._newcomer(start - timedelta(days=self.chance.uniform(0.5, HISTORY_DAYS)))

    def before(self) -> dict[str, str]:
        """The files a team would hand in first: products, all customers, and the purchases of more than a year."""
        start = datetime.combine(FIRST_DAY, time())
        lines: list[list[str]] = []
        day = start - timedelta(days=HISTORY_DAYS)
        while day < start:
            lines += self._orders_until(day, day + timedelta(days=1), ())
            day += timedelta(days=1)
        products = [[p[0], *self._named(p), str(p[5])] for p in _PRODUCTS]
        return {
            "products.csv": self._csv("products", products),
            "customers.csv": self.all_customers(),
            "purchases.csv": self._csv("purchases", lines),
        }

    def all_customers(self) -> str:
        """Everyone, as the shop exports them every month: it still says yes for those who have unsubscribed since."""
        return self._csv("customers", [p.row for p in self.people])

    def days(self) -> Iterator[date]:
        """The days of the story, in order."""
        return (FIRST_DAY + timedelta(days=n) for n in range(DAYS))

    def day(self, today: date, mailed: Collection[str]) -> dict[str, str]:
        """The files of one day (midnight to 10:00 of the next is left to the next one). `mailed` got a message the day before."""
        start = datetime.combine(today, time()) - timedelta(hours=14)
        end = start + timedelta(days=1)
        newcomers = [
            self._newcomer(start + timedelta(hours=self.chance.uniform(0, 23))) for _ in range(_poisson(self.chance, NEW_A_DAY))
        ]
        lines = self._orders_until(start, end, mailed)
        self.visits += [
            [
                "サイト訪問" if self.lang == "ja" else "site_visit",
                p.id,
                f"{start + timedelta(hours=self.chance.uniform(0, 23)):%Y-%m-%d %H:%M:%S}",
            ]
            for p in self.people
            if self.chance.random() < (0.12 if p.next_order else 0.01)
        ]
        gone = [
            [p, "email", "no", f"{end - timedelta(hours=1):%Y-%m-%d %H:%M:%S}", "mypage"]
            for p in sorted(mailed)
            if self.chance.random() < 0.006
        ]
        stamp = f"{today:%Y%m%d}"
        made = {f"purchases_{stamp}.csv": self._csv("purchases", lines)}
        if today.weekday() == 0:  # the site's visits come once a week
            made[f"events_{stamp}.csv"] = self._csv("events", self.visits)
            self.visits = []
        if today.day == 1:
            made[f"customers_{stamp}.csv"] = self.all_customers()
        elif newcomers:
            made[f"customers_{stamp}.csv"] = self._csv("customers", [p.row for p in newcomers])
        if gone:
            made[f"consents_{stamp}.csv"] = self._csv("consents", gone)
        return made

    def _newcomer(self, joined: datetime) -> Person:
        chance, number = self.chance, len(self.people) + 1
        habit = chance.choices(HABITS, [h.share for h in HABITS])[0]
        ja = self.lang == "ja"
        last, first = chance.choice(_LAST if ja else _LAST_EN), chance.choice(_FIRST if ja else _FIRST_EN)
        born = date(1950, 1, 1) + timedelta(days=int(chance.triangular(0, 20500, 12500)))
        yes = "○" if ja else "yes"
        identity = f"C{number:05d}"
        row = [
            identity, last, first,
            f"{identity.lower()}@example.jp" if chance.random() < 0.96 else "",
            f"090{chance.randrange(10**8):08d}" if chance.random() < 0.7 else "",
            f"U{number:08x}" if chance.random() < 0.35 else "",
            chance.choice(_PREFECTURES if ja else _PREFECTURES_EN),
            f"{born:%Y-%m-%d}", f"{joined:%Y-%m-%d %H:%M:%S}",
            yes if chance.random() < 0.86 else "", yes if chance.random() < 0.5 else "",
        ]  # fmt: skip
        person = Person(identity, row, habit, joined, joined + timedelta(days=chance.expovariate(1 / habit.first_order)))
        self.people.append(person)
        return person

    def _orders_until(self, start: datetime, end: datetime, mailed: Collection[str]) -> list[list[str]]:
        lines: list[list[str]] = []
        for person in self.people:
            moved = person.id in mailed and self.chance.random() < 0.05
            if moved and person.joined < start:
                person.next_order = start + timedelta(hours=self.chance.uniform(1, 22))
            while person.next_order is not None and start <= person.next_order < end:
                lines += self._order(person, person.next_order)
                person.orders += 1
                stops = self.chance.random() < person.habit.stop
                wait = timedelta(days=max(1.0, self.chance.gammavariate(3.0, person.habit.interval / 3.0)))
                person.next_order = None if stops else person.next_order + wait
        return lines

    def _order(self, person: Person, at: datetime) -> list[list[str]]:
        self.order_number += 1
        number, chance = f"A{self.order_number:06d}", self.chance
        place = chance.choices(("online", "shop", "phone"), (88, 9, 3))[0]
        picked = chance.sample(_PRODUCTS, k=chance.choices((1, 2, 3), (62, 28, 10))[0])
        lines = []
        for product in picked:
            quantity = chance.choices((1, 2, 3), (80, 15, 5))[0]
            line = [number, person.id, f"{at:%Y-%m-%d %H:%M:%S}", product[0], self._named(product)[1], str(product[5])]
            lines.append([*line, str(quantity), place])
            if chance.random() < 0.02:
                lines.append([*line, str(-quantity), place])  # sent back
        return lines

    def _named(self, product: tuple[str, str, str, str, str, int]) -> list[str]:
        return [product[1], product[3]] if self.lang == "ja" else [product[2], product[4]]

    def _csv(self, kind: str, rows: list[list[str]]) -> str:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(_COLUMNS[self.lang][kind])
        writer.writerows(rows)
        return out.getvalue()


def _poisson(chance: random.Random, mean: float) -> int:
    """How many of something happen in a day when `mean` happen on average (Knuth's method)."""
    number, left = 0, chance.random()
    limit = 2.718281828459045**-mean
    while left > limit:
        left *= chance.random()
        number += 1
    return number
