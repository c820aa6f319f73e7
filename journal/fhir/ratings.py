"""The ratings in an answer: one number, or feelings before and after, or later looks at a reframe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from journal.catalogue.emotions import is_strength, parse_emotions
from journal.catalogue.fields import RANGES, FieldKind
from journal.catalogue.revisits import parse_revisits
from journal.records.schema import Answered

HUNDRED, SEVEN = RANGES[FieldKind.RATING_100], RANGES[FieldKind.VOC_7]


@dataclass(frozen=True, slots=True)
class Rating:
    """
    One number between two others. `part` says which part of its answer it is, and is empty where it is all of it.

    `day` is None where it was given with the entry; `place` tells it from others of the same answer.
    """

    value: int
    span: tuple[int, int]
    part: str = ""
    place: str = ""
    day: date | None = None


def list_ratings(answer: Answered) -> Iterator[Rating]:
    """Yield the ratings in an answer, in their order."""
    if isinstance(answer.value, int):
        if answer.kind in RANGES:
            yield Rating(answer.value, RANGES[FieldKind(answer.kind)])
    elif answer.kind == FieldKind.EMOTIONS:
        yield from _list_feelings(list(answer.value))
    elif answer.kind == FieldKind.REVISITS:
        yield from _list_looks(answer.value)


def _list_feelings(lines: list[str]) -> Iterator[Rating]:
    for row, feeling in enumerate(parse_emotions(lines)):
        for when, strength in (("before", feeling.before), ("after", feeling.after)):
            if strength and is_strength(strength):
                yield Rating(int(strength), HUNDRED, f"{feeling.name}, {when}", f"{row}/{when}")


def _list_looks(lines: object) -> Iterator[Rating]:
    for row, look in enumerate(parse_revisits(lines)):
        parts = (
            ("old sentence", look.old, HUNDRED),
            ("new sentence", look.new, HUNDRED),
            ("in the gut", look.felt, SEVEN),
        )
        for part, number, span in parts:
            if number is not None:
                yield Rating(number, span, part, f"{row}/{part}", look.day if look.is_dated else None)
