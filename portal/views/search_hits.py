"""Where the words that someone looks for stand in an entry: one line of it, with the words marked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from journal.documents import EntryDocument
from journal.forms import EntryKind, FieldKind, form_of
from portal.views.timeline import Line

AROUND = 70
"""How many characters are shown on each side of a word."""

OWN_WORDS = frozenset({FieldKind.TEXT, FieldKind.LINE, FieldKind.EMOTIONS})


@dataclass(frozen=True, slots=True)
class Piece:
    """A few characters, marked or not."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found. With a `note` of care, its words are not shown here."""

    line: Line
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    note: str


def hit(line: Line, document: EntryDocument, words: str) -> Hit:
    """Find the first line of an entry that holds one of *words*."""
    wanted = sorted(unicodedata.normalize("NFC", words).split(), key=len, reverse=True)
    pattern = re.compile("(" + "|".join(map(re.escape, wanted)) + ")", re.IGNORECASE)
    excerpt = () if document.note else _excerpt(document, pattern)
    return Hit(line, _pieces(document.title, pattern), excerpt, document.note)


def _excerpt(document: EntryDocument, pattern: re.Pattern[str]) -> tuple[Piece, ...]:
    own = {one.id for one in form_of(EntryKind(document.kind)).fields if one.kind in OWN_WORDS}
    for name, answer in document.answers.items():
        if name not in own:
            continue
        for text in answer if isinstance(answer, list) else str(answer).split("\n"):
            if found := pattern.search(text):
                return _pieces(_around(text, found.start(), found.end()), pattern)
    return ()


def _around(text: str, start: int, end: int) -> str:
    """Cut a long line near a word, where blanks allow it."""
    low, high = max(0, start - AROUND), min(len(text), end + AROUND)
    if low:
        low = text.find(" ", low, start) + 1 or low
    if high < len(text):
        blank = text.rfind(" ", end, high)
        high = blank if blank >= 0 else high
    return ("… " if low else "") + text[low:high] + (" …" if high < len(text) else "")


def _pieces(text: str, pattern: re.Pattern[str]) -> tuple[Piece, ...]:
    # Splitting by a group puts what matched at every second place.
    parts = enumerate(pattern.split(text))
    return tuple(Piece(part, place % 2 == 1) for place, part in parts if part)
