"""
What is noted of the medicine and of readings, as plain lines of text: parsed, formatted and put in order.

A line of the medicine is the time of day and a few words. A reading's line is its time, both numbers of the blood
pressure, pulse, oxygen, position and who took it, parted by bars; each may be blank. Nothing here says what is good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from crypto import plain_digits
from journal.i18n import N_, Labelled

MAX_TIMES = 24
"""Times at which a part of the medicine was taken, of one session."""
MAX_READINGS = 200
"""Readings of one session: one every quarter of an hour for two days."""
MAX_VALUE_LENGTH = 8
MAX_NAME_LENGTH = 60

LIKELY = {"systolic": (40, 300), "diastolic": (20, 200), "pulse": (20, 250), "oxygen": (50, 100)}
"""What is asked about once more when it lies outside: a slip of the finger far more often than a measurement."""

SEPARATOR = " | "
_MORNING = 5 * 60  # minutes after midnight: a session that goes on past midnight keeps the order of its times
_DAY = 24 * 60


class Position(Labelled):
    """How somebody was while a reading was taken."""

    SITTING = "sitting", N_("sitting")
    LYING = "lying", N_("lying down")
    STANDING = "standing", N_("standing")


@dataclass(frozen=True, slots=True)
class Taken:
    """One time at which the medicine was taken, as told, and words if any. `at` is None where it is unknown."""

    at: time | None
    words: str = ""

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        return SEPARATOR.join(filter(None, (_format_time(self.at), self.words)))


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading, each value as it was typed and empty where it was left blank."""

    at: time | None = None
    systolic: str = ""
    diastolic: str = ""
    pulse: str = ""
    oxygen: str = ""
    position: Position | None = None
    by: str = ""

    @property
    def values(self) -> dict[str, str]:
        """Return the numbers by their names."""
        return {name: getattr(self, name) for name in LIKELY}

    @property
    def is_blank(self) -> bool:
        """Return whether no number was given."""
        return not any(self.values.values())

    @property
    def line(self) -> str:
        """Return it as it is stored."""
        position = self.position.value if self.position else ""
        return SEPARATOR.join((_format_time(self.at), *self.values.values(), position, self.by)).rstrip()


def is_number(typed: str) -> bool:
    """Return whether a value was typed as a number, in the digits of any script."""
    return len(typed) <= MAX_VALUE_LENGTH and parse_number(typed) is not None


def find_unlikely(reading: Reading) -> tuple[str, ...]:
    """Return the names of the values to ask about once more: far from what is usual, or the lower above the upper."""
    numbers = {
        name: number for name, typed in reading.values.items() if (number := parse_number(typed)) is not None
    }
    found = [name for name, number in numbers.items() if not LIKELY[name][0] <= number <= LIKELY[name][1]]
    above = numbers.get("diastolic", 0) > numbers.get("systolic", float("inf"))
    return tuple(name for name in LIKELY if name in found or (above and name in ("systolic", "diastolic")))


def parse_medicine(lines: object) -> tuple[Taken, ...]:
    """Read stored lines back, in the order of the day; what is no line of ours keeps its words."""
    return tuple(map(_parse_taken, _sort_lines(lines)))


def parse_readings(lines: object) -> tuple[Reading, ...]:
    """Read stored lines back, in the order of the day; what is no line of ours keeps its words as who took it."""
    return tuple(map(_parse_reading, _sort_lines(lines)))


def add_line(lines: object, line: str) -> list[str]:
    """Return stored lines with one more; the same may be there already, for what is seen twice is noted twice."""
    return _sort_lines([*_sort_lines(lines), line])


def replace_line(lines: object, place: int, line: str | None) -> list[str]:
    """Return stored lines with another one at *place* where they are read back; None leaves it out."""
    kept = _sort_lines(lines)
    others = [one for number, one in enumerate(kept) if number != place]
    return others if line is None or not 0 <= place < len(kept) else add_line(others, line)


def summarize_medicine(lines: object) -> str:
    """Return the times in one line, each with its words."""
    return "; ".join(
        " ".join(filter(None, (_format_time(one.at), one.words))) for one in parse_medicine(lines)
    )


def summarize_readings(lines: object) -> str:
    """Return the readings in one line: time, blood pressure, pulse and oxygen; a dash for what was left blank."""
    return "; ".join(map(_summarize_reading, parse_readings(lines)))


def _summarize_reading(one: Reading) -> str:
    pressure = f"{one.systolic or '–'}/{one.diastolic or '–'}"
    numbers = " · ".join((pressure, one.pulse or "–", one.oxygen or "–"))
    return " ".join(filter(None, (_format_time(one.at), numbers)))


def count_minutes(at: time) -> int:
    """Return how many minutes into a session's day a time of day is: that day begins at five in the morning."""
    return (at.hour * 60 + at.minute - _MORNING) % _DAY


def count_minutes_from(began: time, at: time) -> int:
    """
    Return how many minutes after a session began a time of day is, below 0 before it.

    The day of a session begins at five in the morning, and of one that began before five at noon of the day before.
    """
    first = _MORNING if began.hour * 60 + began.minute >= _MORNING else _DAY // 2
    counted, start = ((one.hour * 60 + one.minute - first) % _DAY for one in (at, began))
    return counted - start


def parse_number(typed: str) -> float | None:
    """Return the number that a value was typed as, in the digits of any script, or None."""
    found = re.fullmatch("[0-9]{1,4}(?:[.,][0-9]{1,2})?", plain_digits(typed[: MAX_VALUE_LENGTH + 1]).strip())
    return float(found[0].replace(",", ".")) if found else None


def _format_time(at: time | None) -> str:
    return "" if at is None else f"{at:%H:%M}"


def _sort_lines(lines: object) -> list[str]:
    return sorted(map(str, lines), key=_get_minute) if isinstance(lines, list) else []


def _get_minute(line: str) -> int:
    at = _parse_time(line.partition("|")[0])
    return -1 if at is None else count_minutes(at)


def _parse_taken(line: str) -> Taken:
    head, _, words = line.partition("|")
    at = _parse_time(head)
    return Taken(None, line) if at is None else Taken(at, words.strip())


def _parse_reading(line: str) -> Reading:
    cells = [cell.strip() for cell in line.split("|", 6)]
    at = _parse_time(cells[0])
    if len(cells) < 6 or (cells[0] and at is None):
        return Reading(by=line)
    position = next((one for one in Position if one.value == cells[5]), None)
    upper, lower, pulse, oxygen = cells[1:5]
    return Reading(at, upper, lower, pulse, oxygen, position, cells[6] if len(cells) > 6 else "")


def _parse_time(cell: str) -> time | None:
    found = re.fullmatch("([01][0-9]|2[0-3]):([0-5][0-9])", cell.strip())
    return time(int(found[1]), int(found[2])) if found else None
