"""Signed links: only our own spelling of our own tokens is read."""

import base64
import random

import pytest

from messaging.links import TRIAL, Links

LINKS = Links(b"k" * 32, "https://n.shop.jp/")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "


def test_a_token_is_read_back_and_holds_nothing_but_a_number() -> None:
    token = LINKS.token(123456)
    assert LINKS.read(token) == 123456
    assert LINKS.unsubscribe_url(123456) == f"https://n.shop.jp/u/{token}"
    number, signature = token.split(".")
    assert number == "123456" and len(base64.urlsafe_b64decode(signature + "=")) == 32
    assert LINKS.read(LINKS.token(TRIAL)) == TRIAL


def test_of_100_000_mutated_tokens_none_is_accepted() -> None:
    chance = random.Random(20261122)
    tokens = [LINKS.token(n) for n in (1, 7, 123456, 10**15)]
    accepted = 0
    for _ in range(100_000):
        characters = list(chance.choice(tokens))
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            place = chance.randrange(len(characters))
            how = chance.random()
            if how < 0.6:
                characters[place] = chance.choice(ALPHABET)
            elif how < 0.8:
                characters.insert(place, chance.choice(ALPHABET))
            else:
                del characters[place]
        mutated = "".join(characters)
        accepted += mutated not in tokens and LINKS.read(mutated) is not None
    assert accepted == 0


def test_every_other_last_character_is_refused() -> None:
    token = LINKS.token(42)
    assert [c for c in ALPHABET if LINKS.read(token[:-1] + c) is not None] == [token[-1]]


@pytest.mark.parametrize(
    "token", ["", ".", "1", "1.", "01." + LINKS.token(1)[2:], LINKS.token(1) + "=", " " + LINKS.token(1), LINKS.token(1) + "\n",
              "１" + LINKS.token(1)[1:],
              "+1" + LINKS.token(1)[1:], "x" * 10_000, "\0", "日本.語", "1." + "A" * 43]
)  # fmt: skip
def test_no_other_spelling_is_read(token: str) -> None:
    assert LINKS.read(token) is None


def test_another_secret_reads_nothing() -> None:
    assert Links(b"other" * 8, "").read(LINKS.token(1)) is None


def test_a_negative_id_has_no_token() -> None:
    with pytest.raises(ValueError):
        LINKS.token(-1)
