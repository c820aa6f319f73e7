"""Recovery keys as people write, read out and mistype them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import (
    FormatError,
    KeySizeError,
    format_recovery_key,
    is_last_group,
    new_recovery_key,
    parse_recovery_key,
    plain_digits,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ZEROS = (0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xE50, 0xFF10, 0x1D7CE, 0x1E950)
"""The zeros of ten digits in a row: Arabic-Indic, Persian, N'Ko, Devanagari, Bengali, Thai, wide, bold, Adlam."""
keys = st.binary(min_size=20, max_size=20)


def in_digits(text: str, zero: int) -> str:
    """Write the digits of *text* in another script."""
    return text.translate({ord("0") + digit: zero + digit for digit in range(10)})


@given(key=keys)
def test_round_trip(key: bytes) -> None:
    """What is printed reads back, in nine groups of four plain symbols."""
    text = format_recovery_key(key)
    assert parse_recovery_key(text) == key
    groups = text.split("-")
    assert len(groups) == 9
    assert all(len(group) == 4 and set(group) <= set(ALPHABET) for group in groups)


@given(key=keys, data=st.data())
def test_one_wrong_symbol_is_found(key: bytes, data: st.DataObject) -> None:
    """Any single substitution is noticed."""
    symbols = list(format_recovery_key(key).replace("-", ""))
    at = data.draw(st.integers(0, 35))
    symbols[at] = data.draw(st.sampled_from([symbol for symbol in ALPHABET if symbol != symbols[at]]))
    with pytest.raises(FormatError):
        parse_recovery_key("".join(symbols))


def test_every_wrong_symbol_of_one_key_is_found() -> None:
    """All 36 x 31 substitutions in one key are noticed."""
    symbols = format_recovery_key(bytes(range(20))).replace("-", "")
    for at in range(36):
        for wrong in set(ALPHABET) - {symbols[at]}:
            with pytest.raises(FormatError):
                parse_recovery_key(symbols[:at] + wrong + symbols[at + 1 :])


@given(key=keys)
def test_every_swap_of_neighbours_is_found(key: bytes) -> None:
    """Two unequal neighbours exchanged are noticed, also across the border of number and check."""
    symbols = format_recovery_key(key).replace("-", "")
    for at in range(35):
        if symbols[at] != symbols[at + 1]:
            swapped = symbols[:at] + symbols[at + 1] + symbols[at] + symbols[at + 2 :]
            with pytest.raises(FormatError):
                parse_recovery_key(swapped)


@given(key=keys, end=st.integers(0, 35))
def test_missing_symbols_are_found(key: bytes, end: int) -> None:
    """A copy that breaks off is noticed."""
    with pytest.raises(FormatError):
        parse_recovery_key(format_recovery_key(key).replace("-", "")[:end])


@given(text=st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    """No text leads to another error than ours."""
    with pytest.raises(FormatError):
        parse_recovery_key(text)


@pytest.mark.parametrize(
    "write",
    [
        str.lower,
        lambda text: text.replace("-", ""),
        lambda text: text.replace("-", " "),
        lambda text: text.replace("-", "\u2013"),
        lambda text: text.replace("-", "\u00a0\u2014\u00a0"),
        lambda text: text.replace("-", "."),
        lambda text: f"\n  {text}\t\r\n",
        lambda text: "-".join(text.replace("-", "")),
        lambda text: text.replace("0", "O").replace("1", "I"),
        lambda text: text.replace("0", "o").replace("1", "l"),
        lambda text: text.replace("1", "i"),
        lambda text: text.translate({ord(s): chr(ord(s) + 0xFEE0) for s in ALPHABET}),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("-", "\u2212"),
        lambda text: text.replace("-", "\u2028"),
        *(lambda text, zero=zero: in_digits(text, zero) for zero in ZEROS),
        lambda text: f"\u200f{in_digits(text, 0x6F0)}\u200e",
    ],
)
def test_writing_habits_do_not_matter(write: object) -> None:
    """Case, spaces, dashes, dots, wide letters and look-alikes all read as meant."""
    assert callable(write)
    for key in (bytes(20), b"\xff" * 20, bytes(range(20))):
        assert parse_recovery_key(write(format_recovery_key(key))) == key


def test_a_key_of_forty_symbols_is_refused() -> None:
    """Symbols beyond the last are not ignored, however many."""
    text = format_recovery_key(bytes(20))
    for extra in ("0", "0000", "0" * 100_000):
        with pytest.raises(FormatError, match="36 symbols"):
            parse_recovery_key(text + extra)


def test_new_keys_differ() -> None:
    """Each is 160 fresh random bits."""
    made = {new_recovery_key() for _ in range(100)}
    assert len(made) == 100
    assert all(len(key) == 20 for key in made)


@pytest.mark.parametrize("size", [0, 16, 19, 21, 32])
def test_key_of_another_size_is_not_printed(size: int) -> None:
    """Only 20 bytes have a printed form."""
    with pytest.raises(KeySizeError):
        format_recovery_key(bytes(size))


def test_what_is_endless_is_refused_unread() -> None:
    """A long copy with blanks and dashes everywhere still reads; what is made up to keep a machine busy does not."""
    key = bytes(range(20))
    assert parse_recovery_key(" - ".join(format_recovery_key(key))) == key
    for text in (format_recovery_key(key) + " " * 300, "A" + "\u0301\u0316" * 200_000):
        with pytest.raises(FormatError):
            parse_recovery_key(text)


def test_digits_of_every_script_are_digits() -> None:
    """Each of Unicode's decimal digits stands for its value; signs that only look like one stay as they are."""
    for code in range(0x110000):
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            assert plain_digits(chr(code)) == str(digit)
    for sign in "²½①Ⅷ八":
        assert plain_digits(sign) == sign
    assert plain_digits("\u200f١٢:٣٤\u200e") == "12:34"
    assert plain_digits("２０２６\uff0d１１\u2011０１") == "2026-11-01"


@given(key=keys)
def test_the_last_group_shows_that_a_key_was_copied(key: bytes) -> None:
    """It is read as a key is, in any script and with blanks and dashes; another group is not it."""
    last = format_recovery_key(key).split("-")[-1]
    for typed in (last, f" {last.lower()}\n", "-".join(last), *(in_digits(last, zero) for zero in ZEROS)):
        assert is_last_group(typed, key)
    for typed in ("", last[:3], last + "0", "U" * 4, last[:3] + ("2" if last[3] != "2" else "3")):
        assert not is_last_group(typed, key)
