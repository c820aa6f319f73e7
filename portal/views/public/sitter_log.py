"""The clock of whoever sits with a patient, the form in which they note something, and what was typed into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple
from uuid import UUID, uuid4

from starlette.requests import Request

from journal.clinic.instructions import Instructions, get_check_minutes
from journal.dosing_day.lines import LIKELY, Position, Reading, find_unlikely
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.sitter import notes
from journal.sitter.lines import (
    CheckState,
    NoteKind,
    format_check,
    format_part,
    format_reading,
    format_words,
)
from journal.sitter.links import Sitting
from journal.sitter.notes import Marks
from journal.time_zones import parse_zone
from journal.user_input import parse_time
from portal.web.forms import Form

PARTS: Mapping[NoteKind, tuple[str, ...]] = {
    NoteKind.CHECK: ("status", "note"),
    NoteKind.READING: ("time", *LIKELY, "posture"),
    NoteKind.MEDICINE: ("part_time", "part_words"),
    NoteKind.EVENT: ("event",),
    NoteKind.SAID: ("said",),
}
"""The fields of each kind of note: all stand in one form, so that none is lost while another is saved."""
BAD_TIME = N_("Please give a time such as 14:05, or leave it blank. What you typed is still here.")


class ReadNote(NamedTuple):
    """
    The line of a note; of a part of the medicine, when it was taken.

    `unlikely` are the values that are asked about once more, and `sure` what they are.
    """

    line: str
    taken: time | None = None
    unlikely: tuple[str, ...] = ()
    sure: str = ""


@dataclass(frozen=True, slots=True)
class SitterClock:
    """
    When the sitter looked last and looks next, and the timer after a part of the medicine; None where there is none.

    `now` is when this was so.
    """

    now: datetime
    last: datetime | None
    due: datetime | None
    part: datetime | None
    part_until: datetime | None

    def count_minutes(self, until: datetime) -> int:
        """Return how many minutes there are until a moment, begun ones included; below zero after it."""
        return -int((self.now - until) / timedelta(minutes=1) // 1)


@dataclass(frozen=True, slots=True)
class SitterLog:
    """
    The sitter's clock and form. `times` are those of what was noted, in `zone`: no more of it is shown.

    `typed` stands in the form, whose `ident` keeps it from being saved twice. `asked` are the values that are asked
    about once more, and `sure` what they were. `writes_down`: the patient chose that what they say is written down.
    """

    check_minutes: int
    part_minutes: int | None
    clock: SitterClock
    times: tuple[datetime, ...]
    zone: tzinfo
    writes_down: bool
    ident: UUID
    typed: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    sure: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    positions: tuple[Position, ...] = tuple(Position)
    states: tuple[CheckState, ...] = tuple(CheckState)

    def is_written(self, kind: str) -> bool:
        """Return whether something stands in the fields of a kind of note, or is wrong there."""
        return any(self.typed.get(name) or name in self.errors for name in PARTS[NoteKind(kind)])


async def build_log(request: Request, found: Sitting, text: Instructions | None) -> SitterLog:
    """Return the clock and an empty form; `text` is what the care team wrote."""
    installation = request.app.state.installation
    marks, minutes = await notes.load_marks(found), get_check_minutes(text)
    part_minutes = text.details.part_minutes if text else None
    return SitterLog(
        minutes,
        part_minutes,
        _build_clock(found, marks, installation.clock(), minutes, part_minutes),
        marks.times,
        parse_zone(found.session.details.zone),
        found.copy is not None and found.copy.writes_down,
        uuid4(),
    )


def _build_clock(
    found: Sitting, marks: Marks, now: datetime, minutes: int, part_minutes: int | None
) -> SitterClock:
    last, part = marks.last_check, marks.last_part
    since = last or found.session.began_at
    return SitterClock(
        now,
        last,
        since + timedelta(minutes=minutes) if since else None,
        part,
        part + timedelta(minutes=part_minutes) if part and part_minutes else None,
    )


def read_note(found: Sitting, kind: NoteKind, form: Form, written: datetime) -> ReadNote:
    """Return what was typed for one kind of note, and when it was *written*; raises `InvalidInput`."""
    now = written.astimezone(parse_zone(found.session.details.zone)).time()
    match kind:
        case NoteKind.CHECK:
            state = next((one for one in CheckState if one.value == form["status"]), None)
            return ReadNote(format_check(now, state, form["note"]))
        case NoteKind.READING:
            at = _read_time(form, "time", now)
            position = next((one for one in Position if one.value == form["posture"]), None)
            reading = Reading(at, **{name: form[name] for name in LIKELY}, position=position)
            line = format_reading(reading)
            return ReadNote(line, None, find_unlikely(reading), "/".join(reading.values.values()))
        case NoteKind.MEDICINE:
            at = _read_time(form, "part_time", now)
            return ReadNote(format_part(at, form["part_words"]), at)
        case NoteKind.EVENT | NoteKind.SAID:
            return ReadNote(format_words(now, form[kind.value], kind.value))


def _read_time(form: Form, name: str, now: time) -> time:
    """Return the time that was typed, or when it was written; raises `InvalidInput` if it is none."""
    found = parse_time(form[name])
    if found is None and form[name].strip():
        raise InvalidInput({name: BAD_TIME})
    return found or now


def list_typed(form: Form, translate: Callable[..., str]) -> tuple[tuple[str, str], ...]:
    """Return what was written, as far as it was not saved, by the kind of its note."""
    chosen = {one.value: translate(one.label) for one in (*CheckState, *Position)}

    def read(name: str) -> str:
        return chosen.get(form[name], "") if name in ("status", "posture") else form[name].strip()

    written = ((kind.label, [read(name) for name in names]) for kind, names in PARTS.items())
    return tuple((label, " · ".join(filter(None, values))) for label, values in written if any(values))
