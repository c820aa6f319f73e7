"""
Readings of dosing sessions: before the start, the highest, and the last after it; each as it was typed, judged by none.

Beside them, and never mixed with them, stands what a clinic read: before, at about 40 minutes, and at the end. The
start is the time at which a part of the medicine was taken first, where that is known, and else when the session began.
Of oxygen it is the lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from functools import partial
from uuid import UUID

from journal.care_notes.clinic_lines import ClinicNoted, drop_repeated, read_kept
from journal.catalogue.fields import Answer, EntryKind
from journal.charts.sources import DosingDay, Piece, Window
from journal.dosing_day.lines import Reading, count_minutes_from, parse_medicine, parse_number, parse_readings

NOTED = {EntryKind.DAY.value: "day", EntryKind.SITTER.value: "sitter"}
"""The kinds of pieces that hold what was noted on the day of a session, and how the names of their answers begin."""


class Sign(StrEnum):
    """What is read from a device."""

    PRESSURE = "pressure"
    PULSE = "pulse"
    OXYGEN = "oxygen"


@dataclass(frozen=True, slots=True)
class Value:
    """
    A number of a reading and its time; of blood pressure the upper one, with the lower one, which may be None.

    `written` is what was typed, and `source` the piece that says it.
    """

    at: time | None
    number: float
    lower: float | None = None
    written: str = ""
    source: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClinicReadings:
    """
    What a clinic read at one session, as one note says it; each is None where there is none. `by` is who took it.

    `source` is the piece that says it: the note itself if `is_note`.
    """

    source: UUID
    before: Value | None = None
    middle: Value | None = None
    end: Value | None = None
    by: str = ""
    is_note: bool = False

    @property
    def values(self) -> tuple[Value, ...]:
        """Return those that there are."""
        return tuple(one for one in (self.before, self.middle, self.end) if one is not None)


@dataclass(frozen=True, slots=True)
class SessionReadings:
    """
    The readings of one dosing session; each is None where there is none. `source` is the first piece of them.

    `sources` are the entries or copies that it shows something of.
    """

    day: date
    source: UUID
    before: Value | None
    extreme: Value | None
    after: Value | None
    sources: tuple[UUID, ...] = ()
    clinic: tuple[ClinicReadings, ...] = ()

    @property
    def noted(self) -> tuple[Value, ...]:
        """Return what patient and sitter noted, as far as it is chosen."""
        return tuple(one for one in (self.before, self.extreme, self.after) if one is not None)

    @property
    def values(self) -> tuple[Value, ...]:
        """Return those that there are, those of a clinic last."""
        return (*self.noted, *(value for one in self.clinic for value in one.values))


@dataclass(frozen=True, slots=True)
class ReadingsChart:
    """The readings of the dosing sessions of one page, the oldest first."""

    sign: Sign
    rows: tuple[SessionReadings, ...]

    @property
    def noted(self) -> tuple[SessionReadings, ...]:
        """Return the sessions at which patient or sitter noted something."""
        return tuple(one for one in self.rows if one.noted)

    @property
    def clinic(self) -> tuple[SessionReadings, ...]:
        """Return the sessions at which a clinic did."""
        return tuple(one for one in self.rows if one.clinic)


def has_readings(piece: Piece) -> bool:
    """Return whether a piece holds readings of a dosing session: its patient's, a sitter's, or a clinic's."""
    noted = _read_clinic(piece)
    return bool(_get(piece, "readings")) or (noted is not None and any(noted.readings))


def group_by_session(pieces: Iterable[Piece], dosing: Iterable[DosingDay]) -> tuple[tuple[Piece, ...], ...]:
    """Return the pieces with readings of sessions that took place, those of each together, in the order of these."""
    found: dict[str, list[Piece]] = {one.session.id.hex: [] for one in dosing}
    for one in pieces:
        if has_readings(one) and one.session in found:
            found[one.session].append(one)
    return tuple(tuple(sorted(some, key=lambda one: one.kind)) for some in found.values() if some)


def build_readings_chart(sign: Sign, window: Window[Piece], dosing: Sequence[DosingDay]) -> ReadingsChart:
    """Return the chart of what one page shows."""
    days = {one.session.id.hex: one for one in dosing}
    rows = []
    for some in group_by_session(window.shown, dosing):
        row = _build_row(sign, some, days[some[0].session or ""])
        if row.values:
            rows.append(row)
    return ReadingsChart(sign, tuple(sorted(rows, key=lambda one: one.day)))


def select_readings(
    sign: Sign, readings: Iterable[Reading], start: time
) -> tuple[Value | None, Value | None, Value | None]:
    """
    Return the last value up to the start, the highest of all (of oxygen the lowest), and the last one after the start.

    One without a time is neither before nor after. Of two that are alike the one with the higher lower pressure is the
    highest, then the first; a course summary chooses by the same rules.
    """
    return _select(sign, [value for one in readings if (value := _read(sign, one)) is not None], start)


def _select(
    sign: Sign, values: Sequence[Value], start: time
) -> tuple[Value | None, Value | None, Value | None]:
    times = [(count_minutes_from(start, one.at), one) for one in values if one.at is not None]
    timed = sorted(times, key=lambda one: one[0])
    before = [one for minutes, one in timed if minutes <= 0]
    after = [one for minutes, one in timed if minutes > 0]
    choose: Callable[..., Value] = min if sign is Sign.OXYGEN else max
    found = choose(values, key=lambda one: (one.number, one.lower or 0)) if values else None
    return before[-1] if before else None, found, after[-1] if after else None


def _build_row(sign: Sign, some: Sequence[Piece], about: DosingDay) -> SessionReadings:
    parts = [
        at for one in some for taken in parse_medicine(_get(one, "medicine")) if (at := taken.at) is not None
    ]
    start = min(parts, key=partial(count_minutes_from, about.start)) if parts else about.start
    values = [
        replace(value, source=one.source)
        for one in some
        for taken in parse_readings(_get(one, "readings"))
        if (value := _read(sign, taken)) is not None
    ]
    chosen = _select(sign, values, start)
    clinic = _list_clinic(sign, some)
    there = dict.fromkeys(one.source for one in chosen if one is not None and one.source is not None)
    there |= dict.fromkeys(one.source for one in clinic if not one.is_note)
    return SessionReadings(about.day, next(iter(there), some[0].source), *chosen, tuple(there), clinic)


def _list_clinic(sign: Sign, some: Iterable[Piece]) -> tuple[ClinicReadings, ...]:
    """Return what a clinic read of one session, as a course summary lists it: what two notes say stands there once."""
    told = [(one, noted) for one in some if (noted := _read_clinic(one)) is not None]
    notes, others = ([one for one in told if one[0].is_note is is_note] for is_note in (True, False))
    found = []
    for piece, noted in drop_repeated(notes, others, lambda one: one[1]):
        before, middle, end = (_read(sign, one) if one else None for one in noted.readings)
        by = next((one.by for one in noted.readings if one and one.by), "")
        found.append(ClinicReadings(piece.source, before, middle, end, by, piece.is_note))
    return tuple(one for one in found if one.values)


def _read_clinic(piece: Piece) -> ClinicNoted | None:
    """Return what a clinic noted, of a piece that holds it; None of any other."""
    return read_kept(piece.answers) if piece.kind == EntryKind.PLAN_NOTE else None


def _get(piece: Piece, name: str) -> Answer | None:
    """Return an answer of a piece about the day of a session; None of any other piece."""
    return piece.answers.get(f"{NOTED[piece.kind]}.{name}") if piece.kind in NOTED else None


def _read(sign: Sign, one: Reading) -> Value | None:
    typed = {Sign.PRESSURE: one.systolic, Sign.PULSE: one.pulse, Sign.OXYGEN: one.oxygen}[sign]
    number = parse_number(typed)
    if number is None:
        return None
    if sign is not Sign.PRESSURE:
        return Value(one.at, number, written=typed)
    return Value(one.at, number, parse_number(one.diastolic), f"{typed}/{one.diastolic or '–'}")
