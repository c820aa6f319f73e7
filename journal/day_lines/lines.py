"""
A day line as a plain line of text: parsed, formatted and put in order. Nothing is added up, and no day has to have one.

A line is its day, when it was written, "later" where that was on another day, mood, sleep and tension from 0 to 10,
the lines of one's own as name=value parted by semicolons, and a sentence, all parted by bars; each but the first two
may be blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

from crypto import plain_digits
from journal.user_input import parse_day, parse_whole_number

SCALES = ("mood", "sleep", "tension")
MAX_OWN = 3
MAX_NAME_LENGTH = 40
MAX_END_LENGTH = 40
MOST = 10
SEPARATOR, LATER = " | ", "later"
_CELLS = 8


@dataclass(frozen=True, slots=True)
class OwnScale:
    """A line of one's own: its name, and words for 0 and for 10, which may be blank."""

    name: str
    low: str = ""
    high: str = ""

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        return SEPARATOR.join((self.name, self.low, self.high)).rstrip(" |")


@dataclass(frozen=True, slots=True)
class DayLine:
    """
    What somebody noted of one day; each number is None, and the words are empty, where they were left blank.

    `written` is the moment at which it was noted first, by the clock of then and there; `is_later`: that was on another
    day. `own` are numbers by the name of a line of one's own.
    """

    day: date
    written: datetime | None = None
    is_later: bool = False
    mood: int | None = None
    sleep: int | None = None
    tension: int | None = None
    own: Mapping[str, int] = field(default_factory=dict)
    words: str = ""

    @property
    def numbers(self) -> dict[str, int | None]:
        """Return mood, sleep and tension by their names."""
        return {"mood": self.mood, "sleep": self.sleep, "tension": self.tension}

    @property
    def own_facts(self) -> tuple[str, ...]:
        """Return each number of one's own behind its name."""
        return tuple(f"{name} {value}" for name, value in self.own.items())

    @property
    def is_dated(self) -> bool:
        """Return whether its day is known."""
        return self.day != date.min

    @property
    def is_blank(self) -> bool:
        """Return whether nothing but its day was given."""
        return not self.words and not self.own and all(one is None for one in self.numbers.values())

    @property
    def mark(self) -> str:
        """Return what tells a form whether it has this very line; another number or word makes another mark."""
        return sha256(self.line.encode()).hexdigest()[:16]

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        written = self.written.isoformat(timespec="minutes") if self.written else ""
        numbers = ("" if one is None else str(one) for one in self.numbers.values())
        own = "; ".join(f"{name}={value}" for name, value in self.own.items())
        cells = (self.day.isoformat(), written, LATER if self.is_later else "", *numbers, own, self.words)
        return SEPARATOR.join(cells).rstrip(" |")


def mark_names(own: Iterable[OwnScale]) -> str:
    """Return what tells a form whether its numbers still go to the names that it showed."""
    return sha256("\n".join(one.name for one in own).encode()).hexdigest()[:16]


def parse_day_lines(lines: object) -> tuple[DayLine, ...]:
    """Read stored lines back, in the order of their days; what is no line of ours keeps its words."""
    found = map(_parse_line, map(str, lines)) if isinstance(lines, list) else ()
    return tuple(sorted(found, key=lambda one: one.day))


def put_line(lines: object, one: DayLine) -> list[str]:
    """Return stored lines with one more, in place of what stood there for the same day."""
    kept = [other for other in parse_day_lines(lines) if not other.is_dated or other.day != one.day]
    found = sorted([*kept, one], key=lambda other: other.day)
    return [other.line if other.is_dated else other.words for other in found]


def parse_own_scale(answer: object) -> OwnScale | None:
    """Return the line of one's own that an answer names, or None."""
    name, low, high, *_ = [*(cell.strip() for cell in str(answer or "").split("|")), "", ""]
    return OwnScale(name, low, high) if name else None


def _parse_line(line: str) -> DayLine:
    cells = [cell.strip() for cell in line.split("|", _CELLS - 1)]
    cells += [""] * (_CELLS - len(cells))
    day = parse_day(cells[0])
    if day is None:
        return DayLine(date.min, words=line)
    mood, sleep, tension = (_parse_number(cell) for cell in cells[3:6])
    own = {}
    for pair in cells[6].split(";"):
        name, _, value = pair.strip().rpartition("=")
        number = _parse_number(value)
        if name and number is not None:
            own[name] = number
    return DayLine(day, _parse_time(cells[1]), cells[2] == LATER, mood, sleep, tension, own, cells[7])


def _parse_number(cell: str) -> int | None:
    number = parse_whole_number(plain_digits(cell), 2)
    return number if number is not None and 0 <= number <= MOST else None


def _parse_time(cell: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return found if found.tzinfo else None
