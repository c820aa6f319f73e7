"""Where searched words stand in an entry: one line of it, with the words marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import category

from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import form_of
from journal.folding import find
from journal.vault.documents import EntryDocument
from portal.views.journal.timeline import Line

AROUND = 70
"""How many characters are shown on each side of a word."""

CONTINUES = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Categories of characters that are part of the one before, and are not cut from it."""

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


def hit(line: Line, document: EntryDocument, needles: Sequence[str]) -> Hit:
    """Return the first line of an entry that holds one of the folded *needles*, marked where they stand."""
    excerpt = () if document.note else _excerpt(document, needles)
    return Hit(line, _pieces(document.title, needles), excerpt, document.note)


def _excerpt(document: EntryDocument, needles: Sequence[str]) -> tuple[Piece, ...]:
    own = {one.id for one in form_of(EntryKind(document.kind)).fields if one.kind in OWN_WORDS}
    for name, answer in document.answers.items():
        if name not in own:
            continue
        for text in answer if isinstance(answer, list) else str(answer).split("\n"):
            if found := next(find(text, needles), None):
                return _pieces(_around(text, *found), needles)
    return ()


def _around(text: str, start: int, end: int) -> str:
    """Cut a long line near a word, where blanks allow it."""
    low, high = max(0, start - AROUND), min(len(text), end + AROUND)
    if low:
        low = text.find(" ", low, start) + 1 or low
    if high < len(text):
        blank = text.rfind(" ", end, high)
        high = blank if blank >= 0 else high
    while low < start and category(text[low]) in CONTINUES:
        low += 1
    while end < high < len(text) and category(text[high]) in CONTINUES:
        high -= 1
    return ("… " if low else "") + text[low:high] + (" …" if high < len(text) else "")


def _pieces(text: str, needles: Sequence[str]) -> tuple[Piece, ...]:
    pieces, done = [], 0
    for start, end in find(text, needles):
        pieces += [Piece(text[done:start], False), Piece(text[start:end], True)]
        done = end
    pieces.append(Piece(text[done:], False))
    return tuple(piece for piece in pieces if piece.text)
