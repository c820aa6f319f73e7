"""
What a text looks like, in plain letters and digits: the same for every text that looks the same, or nearly.

For judging how hard something is to guess; nothing that is stored, compared or stretched goes through it. It goes by
a table of ours (data/look-alikes.txt), by Unicode's (UTS #39: data/confusables.txt, made by tests/make_guesses.py), and
by what the name of a sign says that it is ("NEGATIVE SQUARED LATIN CAPITAL LETTER P").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib import resources
from itertools import groupby
from types import MappingProxyType

import regex

from crypto import normalize, take_apart

UNSEEN = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{Co}\p{Cn}\p{Cs}\N{BRAILLE PATTERN BLANK}]"
)
ACCENTS = regex.compile(
    r"[\p{Block=Combining_Diacritical_Marks}\p{Block=Combining_Diacritical_Marks_Extended}"
    r"\p{Block=Combining_Diacritical_Marks_Supplement}\p{Block=Combining_Diacritical_Marks_For_Symbols}"
    r"\p{Block=Combining_Half_Marks}]"
)
"""Marks for a letter of any script."""
MARKS = regex.compile(r"(^|[^\p{L}\p{M}]|[\p{Latin}\p{Greek}\p{Cyrillic}])\p{M}+")
"""Marks that belong to no letter of a script which is written with them, as Devanagari and Thai are."""
NAME = re.compile(r".*\b(?:LATIN|REGIONAL INDICATOR) .*\b([A-Z])(?: WITH .+)?")
"""The name of a sign that is a letter from A to Z, however it is drawn."""
SEPARATORS = regex.compile(r"[^\p{L}\p{M}\p{N}\p{Extended_Pictographic}]")
MOST_SEPARATORS = 3
"""Kinds of signs up to which they separate; more of them are a part of what has to be guessed."""
TABLES = ("look-alikes.txt", "confusables.txt")
STANDS_FOR = MappingProxyType(
    {
        sign: letters[0]
        for letters in ("a4@", "e3", "l1i!|", "o0", "s5$", "t7+", "b8", "g69", "z2")
        for sign in letters
    }
)
"""What is often written for a letter, and the one sign that all of these are read as."""


def fold(text: str) -> str:
    """Return what *text* looks like: without accents and unseen signs, in the plain letters and digits it resembles."""
    seen = str(UNSEEN.sub("", text))
    if seen.isascii():
        return seen
    apart = take_apart(normalize("NFKC", "".join(map(_find_plain, seen))))
    bare = MARKS.sub(r"\1", str(ACCENTS.sub("", UNSEEN.sub("", apart))))
    return "".join(map(_find_plain, normalize("NFC", bare)))


def drop_separators(text: str) -> str:
    """Return *text* without what stands between letters and digits, where that is of few kinds."""
    return str(SEPARATORS.sub("", text)) if len(set(SEPARATORS.findall(text))) <= MOST_SEPARATORS else text


def drop_repeated(text: str) -> str:
    """Return *text* with each sign that is repeated once."""
    return "".join(sign for sign, _ in groupby(text))


def read_disguised(sign: str) -> str:
    """Return what a sign of a folded text is read as where letters are disguised as digits; nothing between letters."""
    low = sign.lower()[0]
    return STANDS_FOR.get(low, "" if SEPARATORS.match(low) else low)


@cache
def _load_tables() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in TABLES:
        table = resources.files("journal") / "data" / name
        for line in table.read_text(encoding="utf-8").splitlines():
            plain, *alike = line.split()
            for sign in alike:
                found.setdefault(sign, plain)
    return MappingProxyType(found)


def _find_plain(sign: str) -> str:
    """Return the plain letter or digit that a sign looks like, or the sign itself."""
    if sign.isascii():
        return sign
    digit = unicodedata.digit(sign, None)
    if digit is not None:
        return str(digit)
    if known := _load_tables().get(sign):
        return known
    name = unicodedata.name(sign, "")
    letter = NAME.fullmatch(name)
    if letter is None:
        return sign
    is_capital = "CAPITAL" in name and "SMALL CAPITAL" not in name
    return letter[1] if is_capital else letter[1].lower()
