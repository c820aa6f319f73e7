"""
What charts draw on: entries of a patient's own, or copies of them that were shared, both as pieces.

Everything that follows from pieces is the same for a patient and for a clinician; only whose pieces they are differs.
What pieces hold may be malformed: a day or an id that is none is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from journal.care_notes.keeping import build_document, find_kept_kind
from journal.care_notes.notes import CareNote, NoteKind
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.tracked import DAY, MOMENT, CheckIn
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from journal.time_zones import parse_zone
from journal.user_input import parse_day

T = TypeVar("T")
PLAN_PARTS = ("dose", "interval", "focus", "why")
TOOK_PLACE = frozenset(
    {Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY, Status.INTEGRATING, Status.CLOSED}
)
"""The status of a dosing session of which somebody said that it began; one that nobody answered for is no date."""


@dataclass(frozen=True, slots=True)
class Piece:
    """
    An entry, or a copy of one: `source` is the id of either. `session` is the hex id of what it is about.

    `is_note`: it is what a clinician noted, as an entry would keep it, and `source` is the note. `language` is that of
    its words.
    """

    source: UUID
    kind: str
    answers: Answers
    session: str | None = None
    is_note: bool = False
    language: str = ""


class MarkKind(StrEnum):
    """What a mark among the points of a chart says."""

    DOSING = "dosing"
    PLAN = "plan"
    MEDICINE = "medicine"


@dataclass(frozen=True, slots=True)
class Mark:
    """
    A dosing session, a plan note or a change of medicine, on its day.

    `words` are what was written, each behind the name of its part, in their `language`; `source` is the piece that says
    it, if one does.
    """

    kind: MarkKind
    day: date
    words: tuple[tuple[str, str], ...] = ()
    source: UUID | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Window(Generic[T]):
    """
    Some of what there is, oldest first: those of one `page`, page 1 being the latest, the `first` and the `latest`.

    `is_cut`: there are others between the first ones and these.
    """

    first: tuple[T, ...]
    shown: tuple[T, ...]
    latest: tuple[T, ...]
    page: int
    has_earlier: bool
    is_cut: bool

    @property
    def all_items(self) -> tuple[T, ...]:
        """Return all of them."""
        return (*self.first, *self.shown, *self.latest)


def build_clinic_pieces(notes: Iterable[CareNote]) -> tuple[Piece, ...]:
    """Return what was noted at sessions in a clinic, each note as the entry that its patient would keep of it."""
    noted = (one for one in notes if one.current.kind is NoteKind.CLINIC)
    kept = ((one.current.note, build_document(one, UTC)) for one in noted)
    return tuple(Piece(note, one.kind, one.answers, one.session_id, is_note=True) for note, one in kept)


def select_window(found: Sequence[T], page: int, size: int, first: int = 0, latest: int = 0) -> Window[T]:
    """
    Return those of a page, and as many of the first and of the latest ones as stand on no other place of it.

    Args:
        found: All of them, the oldest first.
        page: From 1 on; beyond the last there is nothing.
    """
    end = max(0, len(found) - size * (page - 1))
    start = max(0, end - size)
    early = tuple(found[: min(first, start)])
    later = tuple(found[max(end, len(found) - latest) :])
    return Window(early, tuple(found[start:end]), later, page, start > 0, len(early) < start)


def select_groups(found: Sequence[Sequence[T]], page: int, size: int) -> Window[T]:
    """Return those of a page of groups that are never divided, as `select_window` does; *size* counts groups."""
    some = select_window(found, page, size)
    shown = tuple(one for group in some.shown for one in group)
    return Window((), shown, (), some.page, some.has_earlier, some.is_cut)


@dataclass(frozen=True, slots=True)
class DosingDay:
    """A dosing session that took place: its day and its start by the clock where it was."""

    session: Session
    day: date
    start: time


def list_dosing_days(plan: Iterable[Session], now: datetime) -> tuple[DosingDay, ...]:
    """Return the dosing sessions of which somebody said that they began, in the order of their days."""
    found = []
    for one in plan:
        if one.kind is SessionKind.DOSING and one.status in TOOK_PLACE and one.begins_at <= now:
            local = one.begins_at.astimezone(parse_zone(one.details.zone))
            found.append(DosingDay(one, local.date(), local.time()))
    return tuple(sorted(found, key=lambda one: (one.day, one.start)))


def list_marks(
    dosing: Iterable[DosingDay], notes: Iterable[CareNote], pieces: Iterable[Piece], today: date
) -> tuple[Mark, ...]:
    """
    Return the marks up to *today* in the order of their days, each once.

    A note whose later version holds from another day has a mark for each day; of one day the latest words count.
    """
    found = [Mark(MarkKind.DOSING, one.day) for one in dosing]
    for note in notes:
        found += _list_plan_marks(note)
    for piece in pieces:
        mark = _PARSERS[piece.kind](piece) if piece.kind in _PARSERS else None
        found += [mark] if mark else []
    said: dict[tuple[object, ...], Mark] = {}
    for one in found:
        key = (one.kind, one.day, one.words)
        said[key] = said.get(key) or one
    there = [one for one in said.values() if one.day <= today]
    return tuple(sorted(there, key=lambda one: (one.day, one.kind.value)))


def _list_plan_marks(note: CareNote) -> list[Mark]:
    if note.current.kind is not NoteKind.PLAN:
        return []
    days: dict[date, Mark] = {}
    for version in (note.current, *note.earlier):  # the latest first
        fields = version.details.fields
        day = parse_day(fields.get("from_day", ""))
        if day is not None and day not in days:
            words = tuple((name, fields[name]) for name in PLAN_PARTS if fields.get(name))
            days[day] = Mark(MarkKind.PLAN, day, words, language=version.language)
    return list(days.values())


def _parse_plan_note(piece: Piece) -> Mark | None:
    if find_kept_kind(piece.answers) is not NoteKind.PLAN:
        return None
    day = parse_day(str(piece.answers.get("plan.from", "")))
    parts = ((name, str(piece.answers.get(f"plan.{name}", ""))) for name in PLAN_PARTS)
    words = tuple((name, text) for name, text in parts if text)
    return Mark(MarkKind.PLAN, day, words, piece.source, piece.language) if day and words else None


def _parse_medicine_change(piece: Piece) -> Mark | None:
    """Return the change that a check-in before a session tells of; None where it tells of none."""
    answers = piece.answers
    changed = "yes" in (answers.get("checkin.medicines"), answers.get("checkin.pressure"))
    if answers.get(MOMENT) != CheckIn.BEFORE.value or not changed:
        return None
    day = parse_day(str(answers.get(DAY, "")))
    if day is None:
        return None
    said = str(answers.get("checkin.changed", ""))
    return Mark(MarkKind.MEDICINE, day, (("changed", said),) if said else (), piece.source, piece.language)


_PARSERS: dict[str, Callable[[Piece], Mark | None]] = {
    EntryKind.PLAN_NOTE.value: _parse_plan_note,
    EntryKind.CHECK_IN.value: _parse_medicine_change,
}
