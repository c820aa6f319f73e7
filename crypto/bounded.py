"""
The one place where typed text is normalised, so that the work grows with its length whatever stands in it.

To normalise, marks in a row are put in order, which takes the square of their number: 60,000 of them take nine
seconds. No language comes near thirty, which is the bound of Unicode's stream-safe text (UAX #15 section 13).
"""

from __future__ import annotations

import unicodedata
from typing import Literal

import regex

LONGEST_RUN = 30
"""Marks in a row that are put in order together."""

_MARK = regex.compile(r"[^\p{ccc=0}]")
_FLOOD = regex.compile(rf"[^\p{{ccc=0}}]{{{LONGEST_RUN + 1}}}")
_PART = regex.compile(rf"[^\p{{ccc=0}}]{{{LONGEST_RUN}}}(?=[^\p{{ccc=0}}])")


def is_flood(text: str) -> bool:
    """Return whether more marks follow each other in *text* than are put in order together."""
    # Of 31 signs in a row one stands at a place that 31 divides: most texts have no mark there, and few are looked at.
    return not text.isascii() and bool(_MARK.search(text[:: LONGEST_RUN + 1]) and _FLOOD.search(text))


def normalize(form: Literal["NFC", "NFKC"], text: str) -> str:
    """
    Return *text* in a normal form of Unicode.

    A longer run of marks is normalised a part of thirty at a time; any other text as `unicodedata.normalize` does it.
    """
    if text.isascii():
        return text
    if not is_flood(text):
        return unicodedata.normalize(form, text)
    ends = [found.end() for found in _PART.finditer(text)]
    parts = zip([0, *ends], [*ends, None], strict=True)
    return "".join(unicodedata.normalize(form, text[begin:end]) for begin, end in parts)
