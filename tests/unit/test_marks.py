"""The program's part of a note comes and goes; what a person wrote in it stays, to the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.marks import HEAD, MOST_CHARACTERS, SHADES, TAIL, Split, colour, is_mark, join, shade, split

NOTES = st.text(st.sampled_from("a注\n\r 〔〕/: #") | st.characters(exclude_categories=["Cs"]), max_size=40).filter(
    lambda n: HEAD not in n
)
SAID = st.lists(st.text(min_size=1, max_size=20) | st.sampled_from([HEAD, TAIL, "元の色: #123456", "〔x〕"]), min_size=1).map(
    "\n".join
)
COLOURS = st.none() | st.tuples(*[st.integers(0, 255)] * 3).map(lambda c: (c[0] / 255, c[1] / 255, c[2] / 255))
LANG = st.sampled_from(["ja", "en"])


@given(NOTES, SAID, COLOURS, LANG)
def test_what_is_joined_splits_again(own: str, said: str, former: tuple[float, float, float] | None, lang: str) -> None:
    said = f"{said}\nend"
    found = split(join(own, said, former, lang))  # type: ignore[arg-type]
    assert found.own == own
    assert found.former == (colour(shade(former)) if former else None)
    assert found.ours.endswith("end")
    assert join(own, "", former, lang) == own  # type: ignore[arg-type]


@given(NOTES)
def test_a_note_of_a_person_alone_is_left_alone(own: str) -> None:
    assert split(own) == Split(own)


@pytest.mark.parametrize(
    ("note", "own", "ours"),
    [
        (f"{HEAD}\nread me\n{TAIL}\nSato: done", "Sato: done", "read me"),
        (f"mine\n{HEAD}\nread me\n{TAIL}\nSato: done", "mine\nSato: done", "read me"),
        (f"mine\n{HEAD}\nthe end line was deleted", "mine", "the end line was deleted"),
        (f"a\n{HEAD}\none\n{TAIL}\nb\n{HEAD}\ntwo\n{TAIL}", "a\nb", "one\ntwo"),
        (f"I asked {HEAD} about it", f"I asked {HEAD} about it", ""),
        (HEAD, "", ""),
        ("", "", ""),
    ],
)
def test_notes_that_people_edited(note: str, own: str, ours: str) -> None:
    found = split(note)
    assert (found.own, found.ours) == (own, ours)


def test_a_former_colour_is_read_in_either_language_and_only_as_the_last_line() -> None:
    for lang, said in (("ja", "元の色: #ffeecc"), ("en", "former colour: #ffeecc")):
        note = join("", "wrong", (1.0, 0xEE / 255, 0xCC / 255), lang)  # type: ignore[arg-type]
        assert said in note
        assert shade(split(note).former or (0, 0, 0)) == "#ffeecc"
    assert split(f"{HEAD}\n元の色: #ffeecc\nwrong\n{TAIL}").former is None


def test_a_very_long_note_of_a_person_is_kept_and_only_ours_is_cut() -> None:
    note = join("x" * 31_000, "y" * 40_000, None, "ja")
    assert split(note).own == "x" * 31_000
    assert len(note) <= MOST_CHARACTERS


def test_marks_are_known_by_their_colours_as_google_rounds_them() -> None:
    assert is_mark((0.95686275, 0.7137255, 0.7137255)) and is_mark(colour(SHADES["warning"]))
    assert not is_mark(None) and not is_mark((1.0, 1.0, 1.0))
