"""
The course summary: a row for each dosing session of one patient, from what its reader may see.

Date, route and dose as told stand in the plan, which everybody in the patient's care sees. All else is from copies that
are shared with the reader, and from notes that the reader wrote. A cell without such a copy is empty, and nothing says
whether there is more. Rows are in the order of their dates, whatever stands in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import TypeVar
from uuid import UUID

from journal.actor import Actor
from journal.care.links import Link
from journal.care_notes import notes as care_notes
from journal.care_notes.clinic import SESSION
from journal.care_notes.clinic_lines import drop_repeated
from journal.care_notes.notes import CareNote, NoteKind
from journal.catalogue.fields import EntryKind
from journal.course_summary.choosing import (
    Series,
    choose_nearest,
    choose_readings,
    find_beginning,
    find_day,
    group_totals,
)
from journal.course_summary.copies import (
    build_clinic,
    build_source,
    find_session,
    list_plans,
    list_totals,
    read_clinic,
    read_effects,
    read_month,
    read_rating,
    read_still,
    read_unplanned,
)
from journal.course_summary.lines import (
    ClinicLine,
    EffectsLine,
    Month,
    NearTotal,
    PlanLine,
    RatingLine,
    ReadingLine,
    Source,
    StillLine,
    WordsLine,
)
from journal.dosing_day.lines import Taken, count_minutes, parse_medicine, parse_readings
from journal.measures.lines import get_noon
from journal.plan_words.reading import open_words
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.schedule import SessionNumber
from journal.sessions.session import SessionKind
from journal.sharing import reading
from journal.sharing.reading import IncomingShare
from journal.store.rows import OpenedRows

T = TypeVar("T")
INLINE_LIMIT = 100
"""Copies that are read where the page is built; more than that are read beside it, so that nobody else waits."""
DAY_KINDS = {EntryKind.DAY.value: "day", EntryKind.SITTER.value: "sitter"}
"""The kinds of entry that hold what was noted on the day, and how the names of their answers begin."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """
    One dosing session. `number` is None for a single one; each tuple may be empty.

    `before`, `highest` and `after` are readings, `highest` among all of the day; those of a clinic are in `clinic`.
    """

    session: Session
    number: SessionNumber | None
    noon: datetime | None
    parts: tuple[WordsLine, ...] = ()
    before: tuple[ReadingLine, ...] = ()
    highest: tuple[ReadingLine, ...] = ()
    after: tuple[ReadingLine, ...] = ()
    away: tuple[RatingLine, ...] = ()
    effects: tuple[EffectsLine, ...] = ()
    events: tuple[WordsLine, ...] = ()
    difficulty: tuple[RatingLine, ...] = ()
    still: tuple[StillLine, ...] = ()
    measured_before: tuple[NearTotal, ...] = ()
    measured_after: tuple[NearTotal, ...] = ()
    clinic: tuple[ClinicLine, ...] = ()

    @property
    def sources(self) -> Iterator[Source]:
        """Yield where its lines come from."""
        yield from (one.source for one in self.parts + self.events)
        yield from (one.source for one in self.before + self.highest + self.after)
        yield from (one.source for one in self.away + self.difficulty)
        yield from (one.source for one in self.effects)
        yield from (one.source for one in self.still)
        yield from (one.source for one in self.clinic)
        for near in self.measured_before + self.measured_after:
            yield near.total.source


@dataclass(frozen=True, slots=True)
class Summary:
    """
    All rows, and what stands below them. `paused`: nothing shared is opened.

    `damaged` counts copies that do not open, `damaged_notes` versions of the reader's notes.
    """

    link: Link
    paused: bool
    damaged: int
    rows: tuple[SessionRow, ...]
    months: tuple[Month, ...]
    plans: tuple[PlanLine, ...]
    damaged_sessions: tuple[UUID | None, ...] = ()
    damaged_notes: int = 0

    @property
    def shares(self) -> tuple[UUID, ...]:
        """Return every copy that a line comes from, each once."""
        below = [one.source for one in self.months] + [one.source for one in self.plans]
        every = chain(below, *(one.sources for one in self.rows))
        return tuple(dict.fromkeys(one.share for one in every if one.share is not None))


async def build_summary(actor: Actor, patient: UUID) -> Summary:
    """
    Build the summary; the patient sees which copies it draws on.

    Raises:
        NotFound: Without a care link with that patient.
        TrustBroken: If the patient's keys are not the pinned ones.
    """
    found = await reading.load_folder(actor, patient)
    written = OpenedRows[CareNote]()
    if not found.paused:
        written = await care_notes.load_notes(actor, found.link)
    plan = schedule.list_uncancelled(await open_words(actor, found.link, found.sessions))
    shared = tuple(reversed(found.shared))  # the oldest first
    rows = (
        await asyncio.to_thread(build_rows, plan, shared, actor.now, written)
        if len(shared) > INLINE_LIMIT
        else build_rows(plan, shared, actor.now, written)
    )
    built = Summary(
        found.link,
        found.paused,
        len(found.damaged),
        rows,
        tuple(sorted(_take(read_month(one) for one in shared), key=lambda one: one.day)),
        list_plans(shared, written),
        found.sessions.damaged,
        len(written.damaged),
    )
    await reading.mark_opened(actor, patient, built.shares)
    return built


def build_rows(
    plan: Iterable[Session],
    shared: Sequence[IncomingShare],
    now: datetime,
    written: Sequence[CareNote] = (),
) -> tuple[SessionRow, ...]:
    """
    Return a row for each dosing session of a plan, in its order. One that is still to come has no measures beside it.

    Args:
        plan: The sessions that were not cancelled.
        shared: The copies, the oldest first.
        written: The notes that the reader wrote.
    """
    sessions = tuple(plan)
    numbers, measures = schedule.number_sessions(sessions), group_totals(list_totals(shared, written))
    about: dict[UUID, list[IncomingShare]] = {}
    for one in shared:
        if (session := find_session(one)) is not None:
            about.setdefault(session, []).append(one)
    noted: dict[str, list[ClinicLine]] = {}
    for note in written:
        if note.current.kind is NoteKind.CLINIC:
            noted.setdefault(note.current.details.fields.get(SESSION, ""), []).append(build_clinic(note))
    return tuple(
        replace(
            _build_row(
                one, numbers.get(one.id), about.get(one.id, ()), () if one.begins_at > now else measures
            ),
            clinic=_list_clinic(noted.get(one.id.hex, ()), about.get(one.id, ())),
        )
        for one in sessions
        if one.kind is SessionKind.DOSING
    )


def _build_row(
    session: Session,
    number: SessionNumber | None,
    shared: Sequence[IncomingShare],
    measures: Iterable[Series],
) -> SessionRow:
    checked = [one for one in shared if one.document.kind == EntryKind.CHECK_IN]
    parts, events = _list_noted(shared, "medicine"), _list_noted(shared, "events")
    read = _list_readings(shared)
    chosen = choose_readings(
        [one.reading for one in read], find_beginning(session.details, (Taken(one.at) for one in parts))
    )
    before, highest, after = (
        (read[place],) if place is not None else () for place in (chosen.before, chosen.highest, chosen.after)
    )
    day = find_day(session.details)
    near_before, near_after = choose_nearest(measures, day)
    return SessionRow(
        session,
        number,
        get_noon(day),
        parts,
        before,
        highest,
        after,
        _take(read_rating(one, "checkin.away_most", "checkin.away_until") for one in checked),
        _take(map(read_effects, checked)),
        (*events, *_take(map(read_unplanned, checked))),
        _take(read_rating(one, "checkin.difficulty") for one in checked),
        tuple(sorted(_take(map(read_still, checked)), key=lambda one: one.place)),
        near_before,
        near_after,
    )


def _list_clinic(own: Sequence[ClinicLine], shared: Iterable[IncomingShare]) -> tuple[ClinicLine, ...]:
    """Return what a clinic noted: by the reader, and by others as it was shared; no part of the reader's own again."""
    return drop_repeated(own, _take(map(read_clinic, shared)), lambda one: one.noted)


def _list_noted(shared: Iterable[IncomingShare], name: str) -> tuple[WordsLine, ...]:
    """Return the lines of the medicine or of events, by patient and sitter, in the order of the day."""
    noted = [
        WordsLine(build_source(one), taken.at, taken.words)
        for one in shared
        if one.document.kind in DAY_KINDS
        for taken in parse_medicine(one.document.answers.get(f"{DAY_KINDS[one.document.kind]}.{name}"))
        if taken.at is not None or taken.words
    ]
    return tuple(sorted(noted, key=lambda one: -1 if one.at is None else count_minutes(one.at)))


def _list_readings(shared: Iterable[IncomingShare]) -> tuple[ReadingLine, ...]:
    return tuple(
        ReadingLine(build_source(one), found)
        for one in shared
        if one.document.kind in DAY_KINDS
        for found in parse_readings(one.document.answers.get(f"{DAY_KINDS[one.document.kind]}.readings"))
        if not found.is_blank
    )


def _take(found: Iterable[T | None]) -> tuple[T, ...]:
    return tuple(one for one in found if one is not None)
