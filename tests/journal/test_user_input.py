"""What people typed is kept: words stay apart, and nothing that can be seen is left out."""

from __future__ import annotations

import re
import sys
import unicodedata
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.user_input import (
    MAX_LINE_LENGTH,
    clean_line,
    clean_name,
    clean_text,
    parse_day,
    parse_phone,
    parse_time,
    parse_whole_number,
)

DIVIDERS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028", "\u2029")
SEEN = (
    "👨\u200d👩\u200d👧",  # joined to a family
    "❤\ufe0f",  # red, and not the black sign
    "👍\U0001f3fd",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
    "می\u200cخواهم",  # two words in one, parted by no blank
    "\u200fשלום\u200e",
    "\u2067שלום\u2069 peace",
    "ක්\u200dෂ",
    "ภาษา\u200bไทย",
    "soft\u00adhyphen",
    "no\u00a0break",
    "a\u2003b",
    "ᠠ\u180b",
    "\ue000",  # somebody's own sign
    "x\u0323\u0302",
)
WORD = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1)


@given(WORD, st.sampled_from(DIVIDERS), WORD)
def test_words_beside_a_divider_are_two_words(before: str, divider: str, after: str) -> None:
    """Whatever ended a line ends it in a text, and is a blank on a line and in a name."""
    text = before + divider + after
    assert clean_text(text) == unicodedata.normalize("NFC", before) + "\n" + unicodedata.normalize(
        "NFC", after
    )
    for clean in (clean_line, clean_name):
        assert len(clean(text).split()) == 2


@given(st.lists(WORD | st.sampled_from([*DIVIDERS, "\t", " ", "\u200b", "\x00"])).map("".join))
def test_no_two_words_become_one(text: str) -> None:
    """As many words come out as Python itself parts, in texts and on lines."""
    words = unicodedata.normalize("NFC", text.replace("\x00", "")).split()
    assert clean_text(text).split() == clean_line(text).split() == words


@given(st.text(st.characters(exclude_categories=[])))
def test_cleaning_keeps_words_and_happens_once(text: str) -> None:
    """Cleaning gives NFC text without control characters, is done once and loses no letter."""
    clean = clean_text(text)
    assert clean_text(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert not {c for c in clean if unicodedata.category(c) in ("Cc", "Cs")} - {"\n", "\t"}
    seen = "".join(c for c in text if unicodedata.category(c)[0] in "LNPSM")
    kept = "".join(c for c in clean if unicodedata.category(c)[0] in "LNPSM")
    assert unicodedata.normalize("NFD", kept) == unicodedata.normalize("NFD", seen)
    for once in (clean_line, clean_name):
        assert once(once(text)) == once(text)


@pytest.mark.parametrize("seen", SEEN)
def test_what_is_seen_stays_in_texts_and_on_lines(seen: str) -> None:
    """Emoji that are joined, marks that turn the direction and signs of any script are kept to the letter."""
    assert clean_text(f"a {seen}\n{seen}") == f"a {seen}\n{seen}"
    assert clean_line(f" {seen} b\n") == f"{seen} b"


def test_control_characters_go() -> None:
    """A pasted null byte disappears, and an escape sequence is none any more."""
    assert clean_text("a\x00b\x1b[0m\tc\r\nd\re") == "ab[0m\tc\nd\ne"
    assert clean_text("e\u0301") == "é"
    assert clean_text("e\x00\u0301") == "é"


def test_exactly_dividers_controls_and_lone_surrogates_are_taken_out() -> None:
    """Of all characters there are, cleaning deletes those of the categories Cc and Cs that divide nothing."""
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    gone = {sign for sign in every if clean_text(f"a{sign}b") == "ab"}
    divide = {sign for sign in every if clean_text(f"a{sign}b") == "a\nb"}
    assert divide == {sign for sign in DIVIDERS if len(sign) == 1}
    assert gone == {sign for sign in every if unicodedata.category(sign) in ("Cc", "Cs")} - divide - {"\t"}
    assert divide == {sign for sign in every if len(f"a{sign}b".splitlines()) == 2} | {"\x1f"}


def test_a_flood_of_marks_stays_as_it_was_typed() -> None:
    """Thousands of marks on one letter are kept and not sorted, which would take the square of their number."""
    flood = "a" + "\u0301\u0316" * 250_000
    assert clean_text(flood) == flood
    line = "a" + "\u0301\u0316" * 2000
    assert clean_line(f" {line}\n") == line
    thirty = "a" + "\u0316\u0301" * 15
    assert clean_text(unicodedata.normalize("NFD", thirty)) == unicodedata.normalize("NFC", thirty)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Ada\u202e \x00 Example\n", "Ada Example"),
        ("Ada\u2028Example", "Ada Example"),
        ("Ada\u200bExample", "Ada Example"),
        *((f"Ada{filler}Example", "Ada Example") for filler in "\u115f\u1160\u3164\uffa0"),
        ("Ada\u2003 \tExample", "Ada Example"),
        ("Ren\u2060é\ufeff", "René"),
        ("\u200fליאה\u200e", "ליאה"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Kim 👩\u200d👧 ❤\ufe0f", "Kim 👩\u200d👧 ❤\ufe0f"),
        ("\u200b\x07", ""),
        ("\u200d\ufe0f\u00ad \u3164", ""),
    ],
)
def test_names_hold_nothing_that_hides_or_turns(typed: str, name: str) -> None:
    """What cannot be seen is left out of names, but not what a script or an emoji needs; what is blank is none."""
    assert clean_name(typed) == name


@pytest.mark.parametrize("zero", [0x30, 0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE])
def test_numbers_days_and_times_are_read_in_every_script(zero: int) -> None:
    """One function reads digits; the marks and dashes of other keyboards do not matter."""

    def written(text: str) -> str:
        return text.translate({ord("0") + digit: zero + digit for digit in range(10)})

    assert parse_whole_number(f" {written('120')}\u200f\n") == 120
    assert parse_day(written("2026-11-22")) == date(2026, 11, 22)
    assert parse_day(written("2026\u201011\uff0d22")) == date(2026, 11, 22)
    assert parse_time(written("09:05")) == parse_time(written("09：05:00.0")) == time(9, 5)


@pytest.mark.parametrize(
    "typed", ["", " ", "-1", "+1", "1.5", "1_0", "1 0", "²", "①", "½", "١٫٥", "八", "9" * 10]
)
def test_what_is_no_whole_number_is_none(typed: str) -> None:
    """Neither signs nor fractions, nor signs that merely look like a digit."""
    assert parse_whole_number(typed) is None


@pytest.mark.parametrize(
    "typed", ["", "2026-02-30", "20261122", "2026-W47-7", "26-11-22", "0000-01-01", "today"]
)
def test_what_is_no_day_is_none(typed: str) -> None:
    """A day has one form, and is in the calendar."""
    assert parse_day(typed) is None


@pytest.mark.parametrize(
    "typed", ["", "24:00", "9:00", "09:60", "0900", "09:00+01:00", "noon", "14:05:30", "14:05:00.5"]
)
def test_what_is_no_time_is_none(typed: str) -> None:
    """A time has one form, and some clock shows it."""
    assert parse_time(typed) is None


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Whatever is typed for a number is one, or none."""
    for read in (parse_whole_number, parse_day, parse_time):
        read(text)
        read(text * 1000)


def test_what_is_longer_than_any_line_is_refused_by_its_length() -> None:
    """Nothing of it is taken away, so that it stays too long; up to there blanks are gathered as ever."""
    assert clean_line("a" + " " * 4000 + "\n" + "b") == "a b"
    for long in ("a" + " " * 5000 + "b", " " * 5000, "\u00ad" * 5000 + "a"):
        assert len(clean_line(long)) > MAX_LINE_LENGTH
        assert len(clean_name(long)) > MAX_LINE_LENGTH


@given(st.text(alphabet=" \n\ta", max_size=12))
def test_a_line_is_gathered_from_the_first_blank(text: str) -> None:
    """Where it begins to look is only a matter of time: the line is the same."""
    assert clean_line(text) == re.sub(" *[\n\t][ \n\t]*", " ", text).strip()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("+44 20 7946 0000", "+44 20 7946 0000"),
        (" (415) 555-2671 ", "415 555 2671"),
        ("+1.415.555.2671", "+1 415 555 2671"),
        ("0711/12 34\u201156", "0711 12 34 56"),
        ("(+49) 711 123456", "+49 711 123456"),
        ("+ 49 711 123456", "+49 711 123456"),
        ("0\u00a0711\u2009123", "0 711 123"),
        ("(0)20 7946 0000", "0 20 7946 0000"),
        ("٠٧١١ ١٢٣", "0711 123"),
        ("112", "112"),
        ("1" * 15, "1" * 15),
    ],
)
def test_a_phone_number_is_shown_as_it_is_dialed(typed: str, shown: str) -> None:
    """Whatever stands between its digits becomes a blank; the digits stay, in their order."""
    assert parse_phone(typed) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12",
        "1" * 16,
        "+44 (0)20 7946 0000",
        "0044 (0)20 7946 0000",
        "020 7946 0000 ext 5",
        "020 7946 0000;123",
        "0800 FLOWERS",
        "+44+20 7946",
        "20 7946+",
        "++44 20 7946",
        "*100#",
        "1,2,3,4",
        "javascript:alert(1)",
        "1 " * 21,
    ],
)
def test_what_would_dial_another_number_is_none(typed: str) -> None:
    """Letters, extensions, codes of networks, a zero that is left out abroad, and what is too short or too long."""
    assert parse_phone(typed) is None


@given(st.text(max_size=60))
def test_no_phone_number_dials_anything_but_its_digits(typed: str) -> None:
    """What is accepted is a plus sign at most and digits in groups, and is read again as itself."""
    shown = parse_phone(typed)
    assert shown is None or (re.fullmatch("[+]?[0-9]+( [0-9]+)*", shown) and parse_phone(shown) == shown)
