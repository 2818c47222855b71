"""Mails and notes as bytes: what a mail program reads in them, and that exactly one person gets each."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from journey.errors import InputError
from journey.model import Settings
from messaging.addresses import address_key, mask, normalise, parse_email, parse_phone, written
from messaging.compose import AddressProblem, mail, message_id, note
from messaging.templates import Rendered

SENDER = Settings(
    sender_name="旅路商店", sender_address="news@shop.jp", reply_to="help@shop.jp", sender_company="旅路商店株式会社",
    sender_postal="東京都千代田区千代田1-1", sender_contact="support@shop.jp",
)  # fmt: skip
WHEN = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
STOP = "https://n.shop.jp/u/" + "x" * 120
HELLO = Rendered(
    "山田様、①髙﨑～㈱のお知らせです。長い件名も途中で壊れません", "前置き", "<p>こんにちは</p>", "こんにちは\n", "", "", "ja"
)


def sent(
    message: Rendered = HELLO,
    to: str = "taro@example.com",
    kind: str = "promotional",
    settings: Settings = SENDER,
    url: str = STOP,
) -> bytes:
    return mail(message, to=to, settings=settings, kind=kind, message_id="<tabiji.1.0@shop.jp>", date=WHEN, unsubscribe_url=url)  # type: ignore[arg-type]


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def parts(raw: bytes) -> tuple[str, str]:
    text, html = (read(raw).get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None and html is not None
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def test_what_a_mail_program_reads() -> None:
    got = read(sent())
    assert got["From"].addresses[0].display_name == "旅路商店" and got["From"].addresses[0].addr_spec == "news@shop.jp"
    assert (str(got["To"]), str(got["Reply-To"]), str(got["Subject"])) == ("taro@example.com", "help@shop.jp", HELLO.subject)
    assert got["Date"].datetime == WHEN and got["Message-ID"] == "<tabiji.1.0@shop.jp>"
    assert got.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in got.iter_parts()] == ["text/plain", "text/html"]
    assert [p["Content-Transfer-Encoding"] for p in got.iter_parts()] == ["base64", "base64"]


def test_the_wire_is_plain_ascii_with_short_lines_and_crlf() -> None:
    raw = sent()
    assert raw.isascii() and b"\0" not in raw
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert all(len(line) <= 78 for line in raw.split(b"\r\n") if not line.startswith((b"List-Unsubscribe", b"Content-Type")))


def test_the_same_input_gives_the_same_bytes_and_another_delivery_another_boundary() -> None:
    assert sent() == sent()
    assert read(sent()).get_boundary() != read(sent(to="jiro@example.com")).get_boundary()


def test_it_is_what_the_librarys_own_builder_makes() -> None:
    got = read(sent())
    built = EmailMessage(policy=policy.SMTP)
    for name in ("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"):
        built[name] = str(got[name])
    text, html = parts(sent())
    built.set_content(text, cte="base64")
    built.add_alternative(html, subtype="html", cte="base64")
    again = read(built.as_bytes())
    assert {k: v for k, v in again.items() if k != "Content-Type"} == {k: v for k, v in got.items() if k != "Content-Type"}
    assert parts(built.as_bytes()) == (text, html)


def test_promotional_mail_carries_the_way_out_and_the_sender_in_both_parts() -> None:
    got = read(sent())
    assert got["List-Unsubscribe"] == f"<{STOP}>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for shown in parts(sent()):
        for needed in ("旅路商店株式会社", "旅路商店", "東京都千代田区千代田1-1", "support@shop.jp", STOP, "配信を停止する"):
            assert needed in shown
    assert "Unsubscribe" in parts(sent(replace(HELLO, lang="en")))[0]


def test_a_body_with_its_own_way_out_gets_no_second_one() -> None:
    text, html = parts(sent(replace(HELLO, own_unsubscribe=True)))
    assert "配信を停止する" not in text + html
    assert "東京都千代田区千代田1-1" in text and "support@shop.jp" in html


def test_transactional_mail_has_neither_footer_nor_list_headers() -> None:
    raw = sent(kind="transactional")
    assert read(raw)["List-Unsubscribe"] is None and read(raw)["Auto-Submitted"] == "auto-generated"
    assert STOP not in "".join(parts(raw))


def test_frame_preheader_image_and_button_are_escaped_and_said_in_text() -> None:
    shown = replace(HELLO, subject='<"x">', preheader="<b>", link="https://s.jp/?a=1&b=2", image="https://s.jp/i.png")
    text, html = parts(sent(shown))
    assert '<html lang="ja">' in html and 'alt="&lt;&quot;x&quot;&gt;"' in html and "&lt;b&gt;" in html
    assert 'href="https://s.jp/?a=1&amp;b=2"' in html and "https://s.jp/?a=1&b=2" in text
    assert "<script" not in html and html.index("display:none") < html.index("こんにちは")


def test_a_page_of_its_own_gets_only_preheader_and_footer() -> None:
    page = replace(HELLO, html="<!DOCTYPE html><html><BODY class='x'><p>自作</p></BODY></html>", whole_page=True)
    html = parts(sent(page))[1]
    assert html.lower().count("<body") == 1 and html.index("前置き") < html.index("自作") < html.index(
        STOP
    ) < html.lower().index("</body>")


HOSTILE = st.text(alphabet=st.sampled_from([*"ab.@<>,;:\"'()\\ \r\n\0\t\u2028=?%&山é＠．", "\ud800"]), max_size=30)


@hypothesis_settings(max_examples=150)
@given(to=HOSTILE, subject=HOSTILE, name=HOSTILE, reply=HOSTILE)
@example(to="a@b.co, evil@x.yz", subject="x\r\nBcc: evil@x.yz", name="x\r\nBcc: evil@x.yz", reply="a@b.co\r\nBcc: e@x.yz")
@example(to="<a@b.co>", subject="=?utf-8?q?=0ABcc:_evil?=", name='"evil@x.yz" <', reply="")
@example(to="a@b.co", subject="x" * 2000, name="a, b <evil@x.yz>", reply="")
def test_always_exactly_one_recipient(to: str, subject: str, name: str, reply: str) -> None:
    settings = replace(SENDER, sender_name=name, reply_to=reply)
    try:
        raw = sent(replace(HELLO, subject=subject, preheader=subject), to=to, settings=settings)
    except AddressProblem as problem:
        assert problem.said.say("ja")
        return
    got = read(raw)
    assert len(got["To"].addresses) == 1 and len(got["From"].addresses) == 1
    assert got["From"].addresses[0].addr_spec == "news@shop.jp"
    known = [
        "from",
        "reply-to",
        "to",
        "subject",
        "date",
        "message-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "mime-version",
        "content-type",
    ]
    assert [k.lower() for k in got.keys()] == [k for k in known if k != "reply-to" or got["Reply-To"]]  # noqa: SIM118


@hypothesis_settings(max_examples=200)
@given(HOSTILE)
@example("a@b.co\r\nRCPT TO:<evil@x.yz>")
@example("a@b.co evil@x.yz")
def test_a_parsed_address_is_one_address_and_stays_it(given_text: str) -> None:
    parsed = parse_email(given_text)
    if parsed is not None:
        assert parsed.count("@") == 1 and parsed.isascii() and parsed.isprintable()
        assert not set(parsed) & set('<>,;:"()\\ []')
        assert parse_email(parsed) == parsed


@pytest.mark.parametrize(
    ("given_text", "parsed"),
    [
        ("taro@example.com", "taro@example.com"),
        (" Taro@EXAMPLE.com ", "Taro@example.com"),
        ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｃｏｍ", "taro@example.com"),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
        ("ab.@ezweb.ne.jp", "ab.@ezweb.ne.jp"),
        ("taro@日本語.jp", "taro@xn--wgv71a119e.jp"),
        ("a+b/c=d@e-f.co.jp", "a+b/c=d@e-f.co.jp"),
        ("", None), ("taro", None), ("@x.jp", None), ("a@", None), ("a@localhost", None), ("a@b..jp", None), ("a@-b.jp", None),
        ("a@[127.0.0.1]", None), ("a@1.2.3.4", None), ("太郎@x.jp", None), ('"a b"@x.jp', None),
        ("a@b@c.jp", None), ("a@x.jp\u200b", None),
        ("x" * 65 + "@x.jp", None), ("a@" + "x" * 64 + ".jp", None), ("a" * 600, None), (".a@docomo.ne.jp", None),
    ],
)  # fmt: skip
def test_addresses_that_people_have(given_text: str, parsed: str | None) -> None:
    assert parse_email(given_text) == parsed


def test_old_mobile_addresses_are_quoted_where_mail_wants_it() -> None:
    assert written("a..b@docomo.ne.jp") == '"a..b"@docomo.ne.jp'
    assert read(sent(to="a..b.@docomo.ne.jp"))["To"].addresses[0].username == "a..b."


@pytest.mark.parametrize(
    "given_text", ["090-1234-5678", "０９０ー１２３４ー５６７８", "+81 90 1234 5678", "+81 (0)90-1234-5678", "0081-90-1234-5678",
                   "(090)1234.5678", "9012345678"]
)  # fmt: skip
def test_spellings_of_one_telephone_number(given_text: str) -> None:
    assert parse_phone(given_text) == "+819012345678"


@pytest.mark.parametrize("given_text", ["", "090", "abc", "+", "+0123456789", "090-1234-567x", "1" * 16, "0" * 40])
def test_no_telephone_numbers(given_text: str) -> None:
    assert parse_phone(given_text) is None


def test_address_keys_join_spellings_and_tell_channels_and_secrets_apart() -> None:
    key = address_key(b"s" * 32, "email", "Taro@Example.com")
    assert key == address_key(b"s" * 32, "email", "taro@example.com") and len(key) == 64
    assert address_key(b"s" * 32, "sms", "090-1234-5678") == address_key(b"s" * 32, "sms", "+819012345678")
    assert (
        len({key, address_key(b"t" * 32, "email", "taro@example.com"), address_key(b"s" * 32, "sms", "taro@example.com")}) == 3
    )


def test_normal_forms_by_channel() -> None:
    assert normalise("email", "A@X.jp") == "A@x.jp" and normalise("sms", "090-1234-5678") == "+819012345678"
    assert normalise("line", " U123 ") == "U123" and normalise("line", "U\n1") is None and normalise("push", None) is None


def test_masks() -> None:
    assert [mask(a) for a in ("taro@example.com", "+819012345678", "U12345", "")] == [
        "t***@example.com",
        "+81***5678",
        "U***",
        "",
    ]


def test_a_note_is_json_and_a_promotional_sms_says_how_to_stop() -> None:
    def made(channel: str, kind: str) -> dict[str, str]:
        raw = note(HELLO, channel=channel, to="+819012345678", settings=SENDER, kind=kind, unsubscribe_url=STOP)  # type: ignore[arg-type]
        return json.loads(raw)  # type: ignore[no-any-return]

    assert made("sms", "promotional")["body"] == f"こんにちは\n旅路商店 配信停止: {STOP}"
    assert made("sms", "transactional")["body"] == made("line", "promotional")["body"] == "こんにちは"
    assert set(made("line", "promotional")) == {"to", "title", "body", "html", "link", "image"}


def test_message_ids_tell_nothing_but_the_domain() -> None:
    assert message_id(12, 0, "taro.private@shop.jp") == "<tabiji.12.0@shop.jp>"


def test_a_sender_that_is_not_one_address_is_named() -> None:
    with pytest.raises(InputError) as caught:
        sent(settings=replace(SENDER, sender_address="a@b.jp, c@d.jp"))
    assert "a@b.jp, c@d.jp" in caught.value.said.say("ja")


def test_bodies_with_odd_characters_survive() -> None:
    odd = replace(HELLO, text="①髙﨑～㈱ 😀\n.\n..\nFrom x\n", html="<p>\u2028😀</p>")
    text, html = parts(sent(odd))
    assert text.startswith("①髙﨑～㈱ 😀\n.\n..\nFrom x\n") and "\u2028😀" in html
