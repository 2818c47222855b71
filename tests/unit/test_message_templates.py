"""What a cell of the catalogue becomes: names in two languages, filters, Markdown and HTML, plain text, and its check."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.fields import STANDARD, Names, merged_fields
from journey.model import FieldDef, MessageVariant, Settings
from messaging.context import Needs, build
from messaging.templates import Rendered, RenderProblem, TemplateProblem, check_message, compile_variant

SENDER = Settings(
    sender_name="旅路商店",
    sender_address="news@shop.jp",
    sender_company="旅路株式会社",
    sender_contact="03-1",
    sender_postal="東京",
)
CUSTOM = FieldDef("k_1", "メール(携帯)", "text", ("携帯 メール",))
NAMES = Names(fields=merged_fields((CUSTOM, FieldDef("joined_at", "入会日", "date"))))
NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # the 23rd in Tokyo
PERSON = {"last_name": "山田", "points": 1200.0, "company": "旅路株式会社", "birthday": date(1990, 2, 3), "k_1": "t@docomo.ne.jp",
          "joined_at": datetime(2026, 1, 1, 16, tzinfo=UTC), "language": None}  # fmt: skip
ORDER = {"date": datetime(2026, 11, 1, 1, tzinfo=UTC), "amount": 12000.0, "product": "A", "products": ["A", "B"], "count": 3}


def made(body: str, lang: str = "ja", person: dict[str, object] | None = None, **more: str) -> Rendered:
    variant = MessageVariant("m", **{"channel": "email", "language": lang, "subject": "件名", "body": body, **more})
    context = build(
        PERSON if person is None else person, settings=SENDER, now=NOW, unsubscribe_url="https://s.jp/u/1", order=ORDER
    )
    return compile_variant(variant, NAMES).render(context)


def line(body: str, lang: str = "ja", person: dict[str, object] | None = None) -> str:
    """The subject's rendering: plain and on one line."""
    return made("本文", lang, person, subject=body).subject


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ 顧客.姓 }}", "山田"),
        ("{{ customer.last_name }}", "山田"),
        ("{{ 顧客.苗字 }}", "山田"),
        ("{{ お客様.姓 }}", "山田"),
        ("｛｛　顧客．姓　｜　様　｝｝", "山田様"),
        ("｛％ if 顧客.姓 ％｝あり｛％ endif ％｝", "あり"),
        ('{{ 顧客["メール(携帯)"] }}', "t@docomo.ne.jp"),
        ("{{ 顧客[“携帯メール”] }}", "t@docomo.ne.jp"),
        ("{{ 顧客.k_1 }}", "t@docomo.ne.jp"),
        ("{{ 顧客.名|様 }}", "お客様"),
        ("{{ 顧客.会社名|様 }}", "旅路株式会社 御中"),
        ("{{ 注文.金額|円 }}", "12,000円"),
        ("{{ order.amount|yen }}", "¥12,000"),
        ("{{ ポイント }}", "1200"),
        ("{{ points|数 }}", "1,200"),
        ("{{ 顧客.ポイント + 300 }}", "1500"),
        ("{{ 注文.日付 }}", "2026年11月1日"),
        ('{{ 注文.日付|日付("%-m/%-d(%a)") }}', "11/1(日)"),
        ("{{ 顧客.登録日 }}", "2026年1月2日"),
        ("{{ 顧客.入会日|日付('%Y-%m-%d %H:%M') }}", "2026-01-02 01:00"),
        ("{{ 今日 }}", "2026年11月23日"),
        ("{{ 注文.商品一覧|join('、') }}", "A、B"),
        ("{{ 注文.商品一覧|件数 }}点 {{ 注文.回数 }}回目", "2点 3回目"),
        ("{{ 差出人.名前 }} {{ sender.company }} {{ 差出人.問合せ先 }}", "旅路商店 旅路株式会社 03-1"),
        ("{{ 配信停止URL }}", "https://s.jp/u/1"),
        ('{{ link("https://s.jp/?a=1&b=2") }}', "https://s.jp/?a=1&b=2"),
        ("{{ 顧客.名|default('未登録') }}", "未登録"),
        ("{% if 顧客.名 is defined %}a{% else %}b{% endif %}", "b"),
        ("{% if 顧客.名 > 3 %}a{% else %}b{% endif %}", "b"),
        ("[{{ 顧客.名 }}]", "[]"),
        ("{% for p in 注文.商品一覧 %}{{ loop.index }}{{ p }}{% if not loop.last %},{% endif %}{% endfor %}", "1A,2B"),
        ("{# 担当メモ #}あ", "あ"),
        ("{% set x = 顧客.姓 ~ 'さん' %}{{ x }}", "山田さん"),
        ("{{ '<b>&' }}", "<b>&"),
        ("{{ 10 / 4 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 10 }} {{ -3|abs }}", "2.5 3 3 1024 3"),
        ("{{ 1234.567|数(1) }} {{ 2.5|round }} {{ '12,000'|円 }}", "1,234.6 3 12,000円"),
    ],
)  # fmt: skip
def test_names_and_filters(source: str, shown: str) -> None:
    assert line(source) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Dear {{ customer.first_name|name }},", "Dear customer,"),
        ("{{ customer.birthday }}", "February 3, 1990"),
        ('{{ order.date|date("%a, %b %-d") }}', "Sun, Nov 1"),
        ("{{ today }}", "November 23, 2026"),
    ],
)
def test_english(source: str, shown: str) -> None:
    assert line(source, "en") == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("山田", "山田様"), ("山田様", "山田様"), (" ", "お客様"), (None, "お客様"), (float("nan"), "お客様"), ("㈱旅路", "㈱旅路 御中"),
     ("旅路（株）", "旅路（株） 御中"), ("Tabiji Inc.", "Tabiji Inc. 御中"), ("髙﨑～", "髙﨑～様")],
)  # fmt: skip
def test_honorifics(value: object, shown: str) -> None:
    assert line("{{ 顧客.姓|様 }}", person={"last_name": value}) == shown


def test_arithmetic_with_a_missing_value_holds_the_message() -> None:
    with pytest.raises(RenderProblem) as caught:
        line("{{ 顧客.ポイント + 1 }}", person={})
    assert "default" in caught.value.said.say("ja")


def test_a_message_without_subject_or_text_for_a_customer_is_held() -> None:
    with pytest.raises(RenderProblem):
        line("{{ 顧客.名 }}")
    with pytest.raises(RenderProblem):
        made("{% if 顧客.名 %}あ{% endif %}")


def test_markdown_breaks_lines_and_a_dashed_line_is_a_line() -> None:
    shown = made("一行目\n二行目\n---\n| 品 | 円 |\n|---|---|\n| A | 1 |\n\n<b>生</b> **太字**")
    assert "一行目<br />\n二行目</p>\n<hr />" in shown.html
    assert "<h2>" not in shown.html and "<table>" in shown.html
    assert "&lt;b&gt;生&lt;/b&gt; <strong>太字</strong>" in shown.html
    assert shown.text.startswith("一行目\n二行目\n")


def test_own_line_tags_leave_no_gaps_and_no_stray_elements() -> None:
    body = "前\n{% if 顧客.名 %}\n名あり\n{% else %}\n名なし\n{% endif %}\n後\n\n{% if 顧客.姓 %}\n段落1\n\n段落2\n{% endif %}\n\n終"
    shown = made(body)
    assert " ".join(shown.html.split()) == "<p>前<br /> 名なし<br /> 後</p> <p>段落1</p> <p>段落2</p> <p>終</p>"
    assert shown.text == "前\n名なし\n後\n\n段落1\n\n段落2\n\n終\n"


def test_a_conditional_line_that_is_not_shown_leaves_nothing() -> None:
    for body in (
        "前\n{% if 顧客.名 %}\n間\n{% endif %}\n後",
        "{% if 顧客.名 %}\n間\n{% endif %}\n前\n後",
        "前\n後\n{% if 顧客.名 %}\n間\n{% endif %}",
    ):
        shown = made(body)
        assert " ".join(shown.html.split()) == "<p>前<br /> 後</p>"
        assert shown.text == "前\n後\n"


def test_a_loop_of_list_items_is_one_list() -> None:
    shown = made("商品\n\n{% for p in 注文.商品一覧 %}\n- {{ p }}\n{% endfor %}\n\n以上")
    assert "".join(shown.html.split()) == "<p>商品</p><ul><li>A</li><li>B</li></ul><p>以上</p>"
    assert shown.text == "商品\n\n・A\n・B\n\n以上\n"


def test_links_in_both_parts() -> None:
    shown = made('[店](https://s.jp/) と https://s.jp/b?x=1&y=2 と {{ link("https://s.jp/c") }}\n{{ unsubscribe_url }}')
    assert '<a href="https://s.jp/">店</a>' in shown.html
    assert '<a href="https://s.jp/b?x=1&amp;y=2">https://s.jp/b?x=1&amp;y=2</a>' in shown.html
    assert '<a href="https://s.jp/c">https://s.jp/c</a>' in shown.html
    assert shown.own_unsubscribe
    assert shown.text == "店 ( https://s.jp/ ) と https://s.jp/b?x=1&y=2 と https://s.jp/c\nhttps://s.jp/u/1\n"


def test_html_bodies_stay_html_and_get_a_text_part() -> None:
    body = '{% if 顧客.姓 %}<div><h1>やあ {{ 顧客.姓 }}</h1>\n<a href="{{ 配信停止URL }}">停止</a>'
    body += "<style>p{color:red}</style></div>{% endif %}"
    shown = made(body)
    assert shown.html.startswith("<div><h1>やあ 山田</h1>") and not shown.whole_page
    assert shown.text == "やあ 山田\n\n停止 ( https://s.jp/u/1 )\n"
    assert made("<!DOCTYPE html><html><body><p>x</p></body></html>").whole_page


HOSTILE = st.text(alphabet=st.sampled_from(list("<>&\"'*_[]()#`-+|{}%=!\\/:;. \njavascript山😀\u202e\0\ufeff")), max_size=40)


@settings(max_examples=40)
@given(HOSTILE)
def test_no_value_brings_markup_or_template_of_its_own(value: str) -> None:
    template = "# {{ 顧客.姓 }}\n\n- {{ 顧客.姓 }} **{{ 顧客.姓 }}** `{{ 顧客.姓 }}`\n\n"
    template += "[x](https://s.jp/?q={{ 顧客.姓 }}) [y]({{ 顧客.姓 }})"
    plain, hostile = made(template, person={"last_name": "a"}), made(template, person={"last_name": value})
    tags = [html.count("<") for html in (plain.html, hostile.html)]
    assert tags[0] == tags[1]
    assert 'href="javascript' not in hostile.html
    assert hostile.html.count('"') == plain.html.count('"')
    assert "\n" not in line("{{ 顧客.姓 }}x", person={"last_name": value})


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.jp", "https://", "x", "http://a b.jp", "https://[", " file:///etc"],
)
def test_only_permitted_addresses_leave(url: str) -> None:
    assert made("本文", person={"last_name": url}, link="{{ 顧客.姓 }}", image="{{ 顧客.姓 }}").link == ""
    assert 'href=""' in made("[x]({{ 顧客.姓 }})", person={"last_name": url}).html
    assert any(c == "link" for c, _, _ in check_message(MessageVariant("m", subject="x", body="x", link=url), NAMES))


def test_a_note_is_the_cell_as_it_stands() -> None:
    shown = made("{{ 顧客.姓|様 }}\n{% if 顧客.名 %}\n出ない\n{% endif %}\n*星* & <b>\n", channel="sms", subject="")
    assert (shown.text, shown.html) == ("山田様\n*星* & <b>\n", "")


def test_only_what_is_used_is_needed() -> None:
    variant = MessageVariant(
        "m",
        channel="email",
        subject="{{ 顧客.姓 }}",
        body="{{ ポイント }} {% if 顧客.会社名 %}x{% endif %}",
        link="{{ 顧客.k_1 }}",
    )
    assert compile_variant(variant, NAMES).needs == Needs(frozenset({"last_name", "points", "company", "k_1"}), order=False)
    assert compile_variant(replace(variant, body="{{ 注文.金額 }}"), NAMES).needs.order


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ 顧客.氏銘 }}", "「顧客.氏名」ですか"),
        ("{{ 顧客.くつのサイズ }}", "「項目」タブ"),
        ("{{ 注文.金学 }}", "「注文.金額」ですか"),
        ("{{ 氏名 }}", "「顧客.氏名」ですか"),
        ("一行目\n{{ 顧客.姓|円円 }}", "2行目の「|円円」"),
        ("{{ 顧客.姓|truncate(1, 2, 3, 4) }}", "|truncate"),
        ("{{ クーポン }}", "まだ使えません"),
        ("{{ event.name }}", "まだ使えません"),
        ("{{ survey_url('a') }}", "まだ使えません"),
        ("{{ recommend(3) }}", "まだ使えません"),
        ("{{ 顧客.ランク }}", "まだ使えません"),
        ("{% if 顧客.姓 %}あ", "{% endif %}"),
        ("{{ 顧客.姓", "閉じていません"),
        ("{{ 顧客 }}", "顧客.姓"),
        ("{{ link('ftp://x') }}", "https://"),
        ("{% set 顧客 = 1 %}", "決まった名前"),
        ("", "本文がありません"),
    ],
)
def test_mistakes_are_named_with_their_line_and_the_cure(body: str, said: str) -> None:
    found = check_message(MessageVariant("m", channel="email", language="ja", subject="件名", body=body), NAMES)
    assert [(c, s) for c, s, _ in found] == [("body", "error")]
    assert said in found[0][2].say("ja")
    if body:
        with pytest.raises(TemplateProblem):
            compile_variant(MessageVariant("m", channel="email", subject="件名", body=body), NAMES)


def test_a_bare_sama_is_a_warning_where_the_value_may_be_empty() -> None:
    def warned(body: str) -> bool:
        return any(
            s == "warning" for _, s, _ in check_message(MessageVariant("m", channel="email", subject="x", body=body), NAMES)
        )

    assert warned("{{ 顧客.姓 }}様") and warned("{{ 顧客.氏名 }} 様へ")
    assert not warned("{{ 顧客.姓|様 }}") and not warned("{% if 顧客.姓 %}{{ 顧客.姓 }}様{% else %}お客様{% endif %}")
    assert not warned("{{ 差出人.名前 }}様")


def test_a_mail_needs_a_subject_and_other_channels_do_not() -> None:
    assert [c for c, _, _ in check_message(MessageVariant("m", channel="email", body="x"), NAMES)] == ["subject"]
    assert check_message(MessageVariant("m", channel="sms", body="x"), NAMES) == []


def test_every_standard_attribute_can_be_written_by_key_label_and_alias() -> None:
    for attribute in STANDARD:
        for name in (attribute.key, attribute.label, *attribute.aliases):
            variant = MessageVariant("m", channel="sms", body='{{ 顧客["' + name + '"] }}x')
            assert compile_variant(variant, Names()).needs.attributes == {attribute.key}, name
