"""What the page of one session holds, for its patient and for their clinicians."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from journal.actor import Actor
from journal.care import links
from journal.care_notes.notes import load_outside
from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import CheckIn
from journal.check_ins import offers as check_in_offers
from journal.dosing_day import record, requests
from journal.dosing_day.record import DayRecord
from journal.entries import listing
from journal.entries.naming import EntryName, EntryNamer
from journal.i18n import N_
from journal.scheduling import checking
from journal.scheduling import plan as session_plan
from journal.scheduling.next_step import suggest_kind
from journal.scheduling.plan import PlanAccess
from journal.sessions import schedule
from journal.sessions.day_state import DayState, Progress, get_day_state
from journal.sessions.holds import Hold, find_cancel_time, get_hold, get_next_morning
from journal.sessions.moments import USUAL, is_capture_time
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from journal.sharing.recipients import Reader, load_readers
from journal.store.rows import OpenedRows
from journal.vault.entry_rows import Entry
from portal.views.sessions.session_lines import SessionLine, build_lines, list_status_choices
from portal.web.care_team import (
    NO_CLINIC_TEXT,
    CallLine,
    ClinicTextState,
    leave_out_bringing,
    load_my_call_lines,
    load_my_clinic_text,
)
from portal.web.pages import INLINE_LIMIT

FIRST_MOVES: Mapping[DayState, frozenset[Status]] = MappingProxyType(
    {
        DayState.READY: frozenset({Status.IN_SESSION}),
        DayState.UNREPORTED: frozenset({Status.IN_SESSION, Status.CLOSED, Status.CANCELLED}),
    }
)
"""The moves that stand first on the page of a session, by the state of its day."""

DID_NOT_TAKE_PLACE = N_("It did not take place")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One of the patient's own entries about a session, and who was given parts of it."""

    entry: Entry
    name: EntryName
    kind: str
    readers: tuple[Reader, ...]


@dataclass(frozen=True, slots=True)
class SessionPage:
    """
    Context of a session's page.

    `name` is the patient's for a clinician, and empty for the patient, for whom `readers` are the people who
    see the plan as well. `about` is the session that entries are tied to, `related` are those that belong
    with this one. `day` is the state that the day of `about` is in, and `suggested` the kind of entry that fits it.
    `first` are the moves that stand before all else: to start, and once its time has passed, that it took place or
    not. On `own_day`, a dosing session at home, a clinician sees and changes nothing of it. `cancel_time` is from when
    on it can be said that it did not take place, once its planned time has come. `is_theirs_to_answer`: only its
    patient says so. `errors` are why it was not moved; one of its status belongs to no field. `reason` is why it was to
    be cancelled, when that was refused. In a `hold`, what asks for numbers, or what it means, is not offered to
    write, nor preparation until rest.
    `call_lines` are whom the care team named to call, and `clinic_text` is what they wrote for the course, both on a
    patient's own page of a dosing session; `noted` is what was noted on its day, from that day on; `check_ins` are
    those that can be made now. Without `is_intact`, the journal is not as its owner left it.
    """

    line: SessionLine
    related: tuple[SessionLine, ...]
    moves: tuple[tuple[Status, str], ...]
    may_change: bool
    may_cancel: bool
    name: str
    readers: tuple[str, ...]
    about: Session
    written: tuple[EntryLine, ...]
    day: DayState
    suggested: EntryKind
    first: tuple[tuple[Status, str], ...]
    own_day: bool = False
    cancel_time: datetime | None = None
    is_theirs_to_answer: bool = False
    hold: Hold | None = None
    call_lines: tuple[CallLine, ...] = ()
    clinic_text: ClinicTextState | None = None
    noted: DayRecord | None = None
    check_ins: tuple[CheckIn, ...] = ()
    is_intact: bool = True
    errors: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CalmPage:
    """
    Context of the one calm screen before a dosing session and while it is under way, with the moves that fit it.

    `language` is that of the intention. `saved`: the patient comes from a few words that were saved. `has_requests`:
    they asked for something that waits. `has_capture_time`: it is a good time to write what is still there. `outside`
    are readings outside a prescriber's limits, before the start.
    """

    line: SessionLine
    day: DayState
    intention: str
    language: str
    moves: tuple[tuple[Status, str], ...]
    call_lines: tuple[CallLine, ...] = ()
    clinic_text: ClinicTextState = NO_CLINIC_TEXT
    has_requests: bool = False
    has_capture_time: bool = False
    outside: tuple[str, ...] = ()
    saved: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


async def build_calm_page(
    actor: Actor, one: Session, plan: OpenedRows[Session], translate: Callable[..., str]
) -> CalmPage:
    """Return the calm screen for a session that can be started or is under way."""
    (line,) = build_lines(actor, (one,))
    intention = language = ""
    _, about = await listing.load_entries_of_sessions(
        actor, plan, {one.id}
    )  # no alarm here: the journal shows it
    for entry in about:
        words = entry.document.answers.get("prep.intention")
        if not intention and entry.document.kind == EntryKind.PREPARATION and isinstance(words, str):
            intention, language = words, entry.document.language
    under_way = one.status is Status.IN_SESSION
    moves = list_status_choices(actor, one)
    text = await load_my_clinic_text(actor, one.course)
    return CalmPage(
        line,
        get_day_state(one.details, actor.now),
        intention,
        language,
        tuple(move for move in moves if under_way or move[0] is Status.IN_SESSION),
        await load_my_call_lines(actor, translate),
        leave_out_bringing(text),
        bool(await requests.load_requests(actor)),
        is_capture_time(one.details, actor.now, text.offsets),
        () if under_way else await load_outside(actor, record.select_record(about, one.id).readings),
    )


async def build_session_page(
    actor: Actor, one: Session, plan: OpenedRows[Session], access: PlanAccess, translate: Callable[..., str]
) -> SessionPage:
    """Return a session's page for its reader."""
    mine = access.link is None
    plan = schedule.get_visible_plan(actor, plan)
    lines = {line.session.id: line for line in build_lines(actor, plan)}
    about = schedule.find_dosing_session(one, plan) or one
    belonging = (about, *schedule.list_talks(about, plan)) if about.details.kind is SessionKind.DOSING else ()
    own_day = checking.is_own_day(actor, one.details)
    moves = list_status_choices(actor, lines[one.id].session)
    day, suggested = get_day_state(about.details, actor.now), suggest_kind(about.details, actor.now)
    if about.details.kind is not SessionKind.DOSING:
        suggested = (
            EntryKind.PREPARATION if lines[one.id].progress is Progress.PLANNED else EntryKind.INTEGRATION
        )
    first = () if own_day or about.id != one.id else _list_first_moves(actor, one, moves, day)
    dosing = one.details.kind is SessionKind.DOSING and one.status is not Status.CANCELLED
    hold = get_hold(actor, plan) if mine else None
    is_intact, written = await _load_entry_lines(actor, plan, {one.id, about.id}) if mine else (True, ())
    text = await load_my_clinic_text(actor, one.course) if mine and dosing else None
    noted = None
    if mine and dosing and day is not DayState.AHEAD:
        noted = record.select_record([line.entry for line in written], one.id)
    return SessionPage(
        line=lines[one.id],
        related=tuple(lines[other.id] for other in belonging if other.id != one.id),
        moves=()
        if own_day
        else tuple(move for move in moves if move not in first and move[0] is not Status.CANCELLED),
        may_change=session_plan.can_change(actor, lines[one.id].session),
        may_cancel=not own_day and any(status is Status.CANCELLED for status, _ in moves),
        name=access.link.peer_name if access.link else "",
        readers=tuple(link.peer_name for link in await links.load_my_links(actor)) if mine else (),
        about=about,
        written=written,
        day=day,
        suggested=suggested,
        first=first,
        own_day=own_day,
        cancel_time=None if own_day else find_cancel_time(one.details, actor.now),
        is_theirs_to_answer=not own_day and checking.is_answered_by_patient(actor, one.details),
        hold=hold,
        call_lines=await load_my_call_lines(actor, translate) if mine and dosing else (),
        clinic_text=text,
        noted=noted,
        check_ins=check_in_offers.list_open_for_session(actor, one, plan, text.offsets if text else USUAL)
        if mine
        else (),
        is_intact=is_intact,
    )


def _list_first_moves(
    actor: Actor, one: Session, moves: tuple[tuple[Status, str], ...], day: DayState
) -> tuple[tuple[Status, str], ...]:
    fitting = FIRST_MOVES.get(day, frozenset())
    if day is DayState.UNREPORTED and actor.now >= get_next_morning(one.details, actor.now):
        fitting -= {Status.IN_SESSION}  # nobody starts yesterday's session
    return tuple(
        (status, DID_NOT_TAKE_PLACE if status is Status.CANCELLED else label)
        for status, label in moves
        if status in fitting
    )


async def _load_entry_lines(
    actor: Actor, plan: tuple[Session, ...], wanted: set[UUID]
) -> tuple[bool, tuple[EntryLine, ...]]:
    namer = EntryNamer(plan)
    is_intact, found = await listing.load_entries_of_sessions(actor, plan, wanted)
    who = await load_readers(actor, {entry.id: entry.updated_at for entry in found})

    def build() -> tuple[EntryLine, ...]:
        return tuple(
            EntryLine(
                entry,
                namer.name_entry(entry),
                EntryKind(entry.document.kind).label,
                who.get(str(entry.id), ()),
            )
            for entry in found
        )

    return is_intact, await asyncio.to_thread(build) if len(found) > INLINE_LIMIT else build()
