"""
The one place where typed text is normalised, so that the work grows with its length whatever stands in it.

To normalise, marks in a row are put in order, and Python's way of doing so takes the square of their number: 60,000 of
them take nine seconds. No language comes near thirty, which is the bound of Unicode's stream-safe text (UAX #15 section
13): of longer rows Python is handed none that is not in order already.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Literal

import regex

LONGEST_RUN = 30
"""Marks in a row that Python puts in order by itself."""

# What is a mark, and the five signs that are none by themselves, and begin with one when they are taken apart.
_A_MARK = r"[\u0f73\u0f75\u0f81\uff9e\uff9f[^\p{ccc=0}]]"
_MARK = regex.compile(_A_MARK, regex.VERSION1)
_FLOOD = regex.compile(rf"{_A_MARK}{{{LONGEST_RUN + 1}}}", regex.VERSION1)


def has_mark_flood(text: str) -> bool:
    """Return whether more marks follow each other in *text* than Python puts in order by itself."""
    # Of 31 signs in a row one stands at a place that 31 divides: most texts have no mark there, and few are looked at.
    return not text.isascii() and bool(_MARK.search(text[:: LONGEST_RUN + 1]) and _FLOOD.search(text))


def normalize(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Return *text* in a normal form of Unicode, as `unicodedata.normalize` does."""
    if text.isascii():
        return text
    return unicodedata.normalize(form, _sort_marks(form, text) if has_mark_flood(text) else text)


def take_apart(text: str) -> str:
    """Return *text* with each sign by itself taken apart into a letter and its marks (NFD), in the order as typed."""
    return text if text.isascii() else "".join(unicodedata.normalize("NFD", sign) for sign in text)


def _sort_marks(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Return *text* taken apart, each row of marks sorted by their classes and otherwise as it was typed."""
    apart: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else "NFKD"
    signs = [one for sign in text for one in unicodedata.normalize(apart, sign)]
    rows = (list(row) for _, row in groupby(signs, lambda sign: unicodedata.combining(sign) > 0))
    # Signs that are no marks have all the same class: sorting leaves them where they are.
    return "".join(sign for row in rows for sign in sorted(row, key=unicodedata.combining))
