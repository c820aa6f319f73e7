"""What a clinic noted at a session, read back: from the note itself, or from what its patient kept and shared of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from journal.care_notes.clinic import Moment, build_readings, format_span
from journal.care_notes.keeping import find_kept_kind
from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import Answer, Answers
from journal.dosing_day.lines import Reading, parse_readings
from journal.stamps import AUTHOR, is_imported

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClinicNoted:
    """
    What a clinic noted at one session: readings, and from when to when it was felt; each may be missing.

    The times are as they were typed; `ready` is when the patient was ready to leave.
    """

    before: Reading | None = None
    middle: Reading | None = None
    end: Reading | None = None
    away: str = ""
    drowsy: str = ""
    ready: str = ""

    @property
    def readings(self) -> tuple[Reading | None, Reading | None, Reading | None]:
        """Return what was read before, at about 40 minutes, and at the end."""
        return self.before, self.middle, self.end

    def is_part_of(self, other: ClinicNoted) -> bool:
        """Return whether another one says everything that this one says; who took a reading aside."""
        pairs = (
            *zip(map(_hide_reader, self.readings), map(_hide_reader, other.readings), strict=True),
            *zip((self.away, self.drowsy, self.ready), (other.away, other.drowsy, other.ready), strict=True),
        )
        return all(not told or told == known for told, known in pairs)


def read_fields(fields: Mapping[str, str]) -> ClinicNoted:
    """Return what a note holds, by the names of its fields."""
    before, middle, end = map(build_readings(fields).get, Moment)
    away, drowsy = (format_span(fields, name) for name in ("away", "drowsy"))
    return ClinicNoted(before, middle, end, away, drowsy, fields.get("ready", ""))


def read_kept(answers: Answers) -> ClinicNoted | None:
    """Return what the answers of an entry that was kept from a note hold, or of a copy; None of any other note."""
    if find_kept_kind(answers) is not NoteKind.CLINIC:
        return None
    before, middle, end = (_read_first(answers.get(f"plan.{moment.value}")) for moment in Moment)
    if is_imported(str(answers.get(AUTHOR, ""))):  # nobody knows who took them
        before, middle, end = map(_hide_reader, (before, middle, end))
    away, drowsy, ready = (_get_words(answers.get(f"plan.{name}")) for name in ("away", "drowsy", "ready"))
    return ClinicNoted(before, middle, end, away, drowsy, ready)


def drop_repeated(own: Sequence[T], given: Iterable[T], get: Callable[[T], ClinicNoted]) -> tuple[T, ...]:
    """Return the notes that somebody wrote, and of those given to them each that says more than one of these."""
    return (*own, *(one for one in given if not any(get(one).is_part_of(get(other)) for other in own)))


def _hide_reader(one: Reading | None) -> Reading | None:
    return one and replace(one, by="")


def _read_first(lines: Answer | None) -> Reading | None:
    return next((one for one in parse_readings(lines) if not one.is_blank), None)


def _get_words(given: Answer | None) -> str:
    return given.strip() if isinstance(given, str) else ""
