"""Where searched words stand in an entry: one line of it, with the words marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from unicodedata import category

import msgspec

from journal.catalogue.fields import Answer, EntryKind, Field, FieldKind
from journal.catalogue.forms import get_form
from journal.catalogue.revisits import parse_moments, parse_revisits
from journal.day_lines.lines import parse_day_lines
from journal.dosing_day.lines import parse_medicine, parse_readings
from journal.evaluation.lines import parse_given, parse_remedies, parse_treatments
from journal.folding import find_matches
from journal.replies.lines import parse_replies
from journal.sitter.lines import parse_checks
from journal.vault.documents import EntryDocument
from portal.views.journal.timeline import TimelineLine

EXCERPT_CONTEXT = 70
"""How many characters are shown on each side of a word."""

COMBINING_CATEGORIES = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Categories of characters that are part of the one before, and are not cut from it."""

TEXT_KINDS = frozenset(
    {
        FieldKind.TEXT,
        FieldKind.LINE,
        FieldKind.EMOTIONS,
        FieldKind.REVISITS,
        FieldKind.MOMENTS,
        FieldKind.MEDICINE,
        FieldKind.READINGS,
        FieldKind.CHECKS,
        FieldKind.DAY_LINES,
        FieldKind.CONDITIONS,
        FieldKind.REMEDIES,
        FieldKind.TREATMENTS,
        FieldKind.REPLIES,
    }
)


ADDED_TEXTS: Mapping[FieldKind, Callable[[Answer], Sequence[str]]] = MappingProxyType(
    {
        FieldKind.REVISITS: lambda answer: [one.words for one in parse_revisits(answer)],
        FieldKind.MOMENTS: lambda answer: [one.words for one in parse_moments(answer)],
        FieldKind.MEDICINE: lambda answer: [one.words for one in parse_medicine(answer)],
        FieldKind.READINGS: lambda answer: [one.by for one in parse_readings(answer)],
        FieldKind.DAY_LINES: lambda answer: [one.words for one in parse_day_lines(answer)],
        FieldKind.CONDITIONS: lambda answer: [one.words for one in parse_given(answer)],
        FieldKind.REMEDIES: lambda answer: [one.name for one in parse_remedies(answer)],
        FieldKind.TREATMENTS: lambda answer: [", ".join(one.words) for one in parse_treatments(answer)],
        FieldKind.CHECKS: lambda answer: [one.words for one in parse_checks(answer)],
        FieldKind.REPLIES: lambda answer: [
            line for one in parse_replies(answer) for line in one.words.split("\n")
        ],
    }
)
"""The words of what was added line by line."""


class MarkedPiece(msgspec.Struct, frozen=True, gc=False):
    """A few characters, marked or not."""

    text: str
    marked: bool


class Hit(msgspec.Struct, frozen=True, gc=False):
    """
    An entry that was found, with what it is called. With a `note` of care, its words are not shown here.

    `language` is that of excerpt and note.
    """

    line: TimelineLine
    name: tuple[MarkedPiece, ...]
    excerpt: tuple[MarkedPiece, ...]
    note: str
    language: str


def build_hit(line: TimelineLine, document: EntryDocument, needles: Sequence[str]) -> Hit:
    """Return the first line of an entry that holds one of the folded *needles*, marked where they stand."""
    excerpt = () if document.note else _build_excerpt(document, needles)
    # Only a title is searched: what an entry is called without one are words of ours.
    name = _mark_pieces(line.name, needles) if document.title else (MarkedPiece(line.name, False),)
    return Hit(line, name, excerpt, document.note, document.language)


def _build_excerpt(document: EntryDocument, needles: Sequence[str]) -> tuple[MarkedPiece, ...]:
    own = {one.id: one for one in get_form(EntryKind(document.kind)).fields if one.kind in TEXT_KINDS}
    for name, answer in document.answers.items():
        if name not in own:
            continue
        for text in _list_texts(own[name], answer):
            if found := next(find_matches(text, needles), None):
                return _mark_pieces(_cut_around(text, *found), needles)
    return ()


def _list_texts(field: Field, answer: Answer) -> Sequence[str]:
    """Return an answer line by line, without the days and numbers before what was added later."""
    if field.kind in ADDED_TEXTS:
        return ADDED_TEXTS[field.kind](answer)
    return answer if isinstance(answer, list) else str(answer).split("\n")


def _cut_around(text: str, start: int, end: int) -> str:
    """Cut a long line near a word, where blanks allow it."""
    low, high = max(0, start - EXCERPT_CONTEXT), min(len(text), end + EXCERPT_CONTEXT)
    if low:
        low = text.find(" ", low, start) + 1 or low
    if high < len(text):
        blank = text.rfind(" ", end, high)
        high = blank if blank >= 0 else high
    while low < start and category(text[low]) in COMBINING_CATEGORIES:
        low += 1
    while end < high < len(text) and category(text[high]) in COMBINING_CATEGORIES:
        high -= 1
    return ("… " if low else "") + text[low:high] + (" …" if high < len(text) else "")


def _mark_pieces(text: str, needles: Sequence[str]) -> tuple[MarkedPiece, ...]:
    pieces, done = [], 0
    for start, end in find_matches(text, needles):
        pieces += [MarkedPiece(text[done:start], False), MarkedPiece(text[start:end], True)]
        done = end
    pieces.append(MarkedPiece(text[done:], False))
    return tuple(piece for piece in pieces if piece.text)
