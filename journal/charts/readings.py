"""
Readings of dosing sessions: before the start, the highest, and the last after it; each as it was typed, judged by none.

The start is the time at which a part of the medicine was taken first, where that is known, and else when the session
began. Of oxygen it is the lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from uuid import UUID

from journal.catalogue.fields import EntryKind
from journal.charts.sources import DosingDay, Piece, Window
from journal.dosing_day.lines import Reading, count_minutes, parse_medicine, parse_number, parse_readings
from journal.dosing_day.record import MEDICINE, READINGS


class Sign(StrEnum):
    """What is read from a device."""

    PRESSURE = "pressure"
    PULSE = "pulse"
    OXYGEN = "oxygen"


@dataclass(frozen=True, slots=True)
class Value:
    """
    A number of a reading and its time; of blood pressure the upper one, with the lower one, which may be None.

    `written` is what was typed.
    """

    at: time | None
    number: float
    lower: float | None = None
    written: str = ""


@dataclass(frozen=True, slots=True)
class SessionReadings:
    """The readings of one dosing session; each is None where there is none. `source` is the piece that says it."""

    day: date
    source: UUID
    before: Value | None
    extreme: Value | None
    after: Value | None

    @property
    def values(self) -> tuple[Value, ...]:
        """Return those that there are."""
        return tuple(one for one in (self.before, self.extreme, self.after) if one is not None)


@dataclass(frozen=True, slots=True)
class ReadingsChart:
    """The readings of the dosing sessions of one page, the oldest first."""

    sign: Sign
    rows: tuple[SessionReadings, ...]


def has_readings(piece: Piece) -> bool:
    """Return whether a piece holds readings of a dosing session."""
    return piece.kind == EntryKind.DAY.value and bool(piece.answers.get(READINGS))


def sort_by_session(pieces: Iterable[Piece], dosing: Iterable[DosingDay]) -> tuple[Piece, ...]:
    """Return the pieces with readings of sessions that took place, in the order of these."""
    places = {one.session.id.hex: place for place, one in enumerate(dosing)}
    there = [one for one in pieces if has_readings(one) and (one.session or "") in places]
    return tuple(sorted(there, key=lambda one: places[one.session or ""]))


def build_readings_chart(sign: Sign, window: Window[Piece], dosing: Iterable[DosingDay]) -> ReadingsChart:
    """Return the chart of what one page shows."""
    days = {one.session.id.hex: one for one in dosing}
    rows = []
    for piece in window.shown:
        about = days.get(piece.session or "")
        row = _build_row(sign, piece, about) if about and has_readings(piece) else None
        if row is not None and row.values:
            rows.append(row)
    return ReadingsChart(sign, tuple(sorted(rows, key=lambda one: one.day)))


def select_readings(
    sign: Sign, readings: Sequence[Reading], start: time
) -> tuple[Value | None, Value | None, Value | None]:
    """
    Return the last value up to the start, the highest of all (of oxygen the lowest), and the last one after the start.

    One without a time is neither before nor after. Of two that are alike the one with the higher lower pressure is the
    highest, then the first; a course summary chooses by the same rules.
    """
    values = [value for one in readings if (value := _read(sign, one)) is not None]
    timed = sorted((one for one in values if one.at is not None), key=lambda one: _count(one.at))
    before = [one for one in timed if _count(one.at) <= count_minutes(start)]
    after = [one for one in timed if _count(one.at) > count_minutes(start)]
    choose: Callable[..., Value] = min if sign is Sign.OXYGEN else max
    found = choose(values, key=lambda one: (one.number, one.lower or 0)) if values else None
    return before[-1] if before else None, found, after[-1] if after else None


def _build_row(sign: Sign, piece: Piece, about: DosingDay) -> SessionReadings:
    parts = [one.at for one in parse_medicine(piece.answers.get(MEDICINE)) if one.at is not None]
    start = min(parts, key=count_minutes) if parts else about.start
    chosen = select_readings(sign, parse_readings(piece.answers.get(READINGS)), start)
    return SessionReadings(about.day, piece.source, *chosen)


def _read(sign: Sign, one: Reading) -> Value | None:
    typed = {Sign.PRESSURE: one.systolic, Sign.PULSE: one.pulse, Sign.OXYGEN: one.oxygen}[sign]
    number = parse_number(typed)
    if number is None:
        return None
    if sign is not Sign.PRESSURE:
        return Value(one.at, number, written=typed)
    return Value(one.at, number, parse_number(one.diastolic), f"{typed}/{one.diastolic or '–'}")


def _count(at: time | None) -> int:
    return -1 if at is None else count_minutes(at)
