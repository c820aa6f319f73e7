"""
What is added to a reframe later: revisits, with new ratings of both sentences, and moments; as plain lines of text.

A line of a revisit is its day, how true the old and the new sentence felt (0 to 100), how true the new one felt in the
gut (1 to 7) and a few words, parted by bars; each but the day may be blank. A moment's line is its day, with a
trigger's name behind it if it has one, and its words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from journal.catalogue.fields import MAX_LINE_LENGTH, RANGES, FieldKind

MAX_REVISITS = 200
"""Revisits of one reframe: one a day for more than half a year."""
MAX_MOMENTS = 500
"""Moments of one reframe."""

BELIEF, FELT_TRUTH = RANGES[FieldKind.RATING_100], RANGES[FieldKind.VOC_7]
SEPARATOR = " | "
_UNKNOWN_DAY = date.min  # of a line that is not ours: it stands before all others


@dataclass(frozen=True, slots=True)
class Revisit:
    """A later look at a reframe. Each rating is None, and the words are empty, where they were left blank."""

    day: date
    old: int | None = None
    new: int | None = None
    felt: int | None = None
    words: str = ""

    @property
    def is_dated(self) -> bool:
        """Return whether its day is known."""
        return self.day != _UNKNOWN_DAY

    @property
    def is_blank(self) -> bool:
        """Return whether nothing but its day was given."""
        return (self.old, self.new, self.felt, self.words) == (None, None, None, "")

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        numbers = ("" if one is None else str(one) for one in (self.old, self.new, self.felt))
        return SEPARATOR.join((self.day.isoformat(), *numbers, self.words)).rstrip()


@dataclass(frozen=True, slots=True)
class Moment:
    """One line about a time when the new sentence was a little true; `trigger` names what set it off, if anything."""

    day: date
    words: str
    trigger: str = ""

    @property
    def is_dated(self) -> bool:
        """Return whether its day is known."""
        return self.day != _UNKNOWN_DAY

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        head = f"{self.day.isoformat()} {self.trigger.replace('|', '/')}".rstrip()
        return SEPARATOR.join((head, self.words))


def parse_revisits(lines: object) -> tuple[Revisit, ...]:
    """Read stored lines back, in the order of their days; what is no line of ours keeps its words."""
    return tuple(sorted(map(_parse_revisit, _list_lines(lines)), key=lambda one: one.day))


def parse_moments(lines: object) -> tuple[Moment, ...]:
    """Read stored lines back, in the order of their days; what is no line of ours keeps its words."""
    return tuple(sorted(map(_parse_moment, _list_lines(lines)), key=lambda one: one.day))


def add_line(lines: object, line: str) -> list[str]:
    """Return stored lines with one more, which stands after all others of its day."""
    return sorted([*_list_lines(lines), line], key=_get_line_day)


def remove_line(lines: object, place: int) -> list[str]:
    """Return stored lines without the one that stands at *place* where they are read back."""
    kept = sorted(_list_lines(lines), key=_get_line_day)
    return [line for number, line in enumerate(kept) if number != place]


def is_too_long(words: str) -> bool:
    """Return whether the words of a revisit or a moment are more than one line."""
    return len(words) > MAX_LINE_LENGTH


def _get_line_day(line: str) -> date:
    return _parse_day(line[:10]) or _UNKNOWN_DAY


def _list_lines(lines: object) -> Sequence[str]:
    return [str(line) for line in lines] if isinstance(lines, list) else []


def _parse_revisit(line: str) -> Revisit:
    cells = [cell.strip() for cell in line.split("|", 4)]
    day = _parse_day(cells[0])
    if day is None or len(cells) < 4:
        return Revisit(_UNKNOWN_DAY, words=line)
    old, new, felt = (
        _parse_rating(cell, bounds)
        for cell, bounds in zip(cells[1:4], (BELIEF, BELIEF, FELT_TRUTH), strict=True)
    )
    return Revisit(day, old, new, felt, cells[4] if len(cells) > 4 else "")


def _parse_moment(line: str) -> Moment:
    head, bar, words = line.partition("|")
    day, _, trigger = head.strip().partition(" ")
    when = _parse_day(day) if bar else None
    return Moment(_UNKNOWN_DAY, line) if when is None else Moment(when, words.strip(), trigger.strip())


def _parse_day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell.strip()) if re.fullmatch(r"\s*\d{4}-\d\d-\d\d\s*", cell) else None
    except ValueError:
        return None


def _parse_rating(cell: str, bounds: tuple[int, int]) -> int | None:
    if re.fullmatch("[0-9]{1,3}", cell) is None:
        return None
    return int(cell) if bounds[0] <= int(cell) <= bounds[1] else None
