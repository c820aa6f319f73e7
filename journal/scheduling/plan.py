"""
The plan: courses and single sessions, seen and changed by a patient and their clinicians.

Loading a session is the authorisation to see it. The rows themselves are those of `journal/sessions/rows.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import IntegrityError

from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care.links import Link
from journal.care.notice_release import release_before_hold
from journal.clinic.instructions import get_acute_hours, load_instructions
from journal.errors import HeldUntilRested, InvalidInput, NotFound
from journal.i18n import N_
from journal.plan_words import reading as plan_words
from journal.reminders.following import follow_changes
from journal.roles import Role
from journal.scheduling.checking import (
    HOME_DOSING_DAY,
    is_answered_by_patient,
    is_own_day,
    verify_details,
)
from journal.scheduling.saving import load_key, save_with_words
from journal.sessions import rows as session_rows
from journal.sessions import tables as sessions_tables
from journal.sessions.course import CoursePlan, check_plan, expand_plan, link_planned_sessions
from journal.sessions.day_state import record_dosing_day
from journal.sessions.holds import find_cancel_time, find_hold, get_next_asking, is_unanswered
from journal.sessions.rows import CourseDetails, Session, SessionRow, load_my_sessions
from journal.sessions.session import (
    SessionDetails,
    SessionKind,
    Status,
    check_session,
    clean_details,
    list_next_statuses,
    tell_language,
)
from journal.sessions.session_words import NO_WORDS, add_words
from journal.store.database import fetch_raw, transaction
from journal.store.rows import DamagedRow, OpenedRows, fetch_rows, get_column, parse_rows, require_undamaged
from journal.time_zones import parse_zone
from journal.user_input import clean_line

CANCEL_WAITS = N_(
    "The planned time of this session has come, so it is not cancelled any more. From the next morning on it can be "
    "said that it did not take place."
)
STATUS_NOT_POSSIBLE = N_("The status of this session changed in the meantime. Look at it again.")
TOO_LATE_TO_TAKE_BACK = N_(
    "You can undo “It is over” for ten minutes, and they have passed. Rest now. If you need somebody, "
    "open “Help now”."
)
ALREADY_ADDED = N_(
    "A session was added from this page before, with other words. Open your plan to change that one, or to add another."
)
PROGRESS_FIELDS = (
    "status",
    "cancel_reason",
    "started_at",
    "ended_at",
    "rested_on",
    "added_by_patient",
    "ask_after",
    "acute_hours",
    "moves",
    "moved_at",
    "language",
    "imported",
    "words_at",
)


@dataclass(frozen=True, slots=True)
class PlanAccess:
    """
    Access to one patient's plan, checked once for a request and passed on.

    `link` is the care link of a clinician; patients need none for their own plan.
    """

    patient: UUID
    link: Link | None = None


async def load_plan_access(actor: Actor, patient: UUID | None) -> PlanAccess:
    """
    Return access to a patient's plan: the actor's own, or that of a patient in their care.

    Raises:
        NotFound: For anybody else.
        TrustBroken: If the clinician's care link is not what was agreed on.
    """
    if actor.role is Role.PATIENT or patient is None:
        if patient is None or actor.id != patient:
            raise NotFound
        return PlanAccess(patient)
    return PlanAccess(patient, await links.load_link_with(actor, patient))


async def load_plan(actor: Actor, access: PlanAccess) -> OpenedRows[Session]:
    """Return a patient's sessions in the order of their times."""
    return await session_rows.load_plan(actor.installation, access.patient)


async def load_patient_plan(actor: Actor, patient: UUID) -> OpenedRows[Session]:
    """Return a patient's sessions in the order of their times; for themselves and their clinicians."""
    return await load_plan(actor, await load_plan_access(actor, patient))


async def load_patient_plans(actor: Actor, patients: Sequence[UUID]) -> dict[UUID, OpenedRows[Session]]:
    """Return the sessions of a clinician's own patients, in one statement; each must come from a care link."""
    actor.require_role(Role.CLINICIAN)
    rows = await fetch_rows(SessionRow, sessions_tables.KapSession.filter(patient_id__in=list(patients)))
    of_each: dict[UUID, list[SessionRow | DamagedRow]] = {patient: [] for patient in patients}
    for row in rows:
        of_each[get_column(row, "patient_id")].append(row)  # readable, since the query matched it
    return {
        patient: session_rows.open_sessions(actor.installation, found) for patient, found in of_each.items()
    }


async def load_session(actor: Actor, wanted: UUID) -> Session:
    """Return one session with its words, to its patient and their clinicians."""
    one, access = await _load_for_change(actor, wanted)
    return await plan_words.open_own_words(actor, one, access.link)


async def load_session_with_plan(
    actor: Actor, wanted: UUID
) -> tuple[Session, OpenedRows[Session], PlanAccess]:
    """Return one session with its words, the plan that it belongs to, and access to that; for the same people."""
    rows = parse_rows(SessionRow, await fetch_raw(session_rows.SELECT_PLAN_OF_SESSION, wanted))
    for row in rows:
        if get_column(row, "id") == wanted:
            access = await load_plan_access(actor, get_column(row, "patient_id"))
            one = session_rows.open_planned_session(actor.installation, require_undamaged(row))
            plan = session_rows.open_sessions(actor.installation, rows)
            seen = await plan_words.open_words(actor, access.link, plan, {one.id})
            return next(session for session in seen if session.id == one.id), seen, access
    raise NotFound


async def plan_course(
    actor: Actor, patient: UUID, title: str, plan: CoursePlan, *, course: UUID | None = None
) -> UUID:
    """
    Plan a whole course at once; return its id.

    Args:
        course: A random id made with the form, so that a form that is sent twice plans one course.

    Raises:
        InvalidInput: If the plan is not valid.
    """
    actor.require_role(Role.CLINICIAN)
    access = await load_plan_access(actor, patient)
    plan = replace(plan.clean(), language=actor.language)
    if problems := check_plan(plan):
        raise InvalidInput(problems)
    planned = expand_plan(plan)
    course, ids = course or uuid4(), [uuid4() for _ in planned]
    called = CourseDetails(clean_line(title), actor.language)
    with suppress(IntegrityError):  # its course is planned already
        linked = list(link_planned_sessions(planned, [one.hex for one in ids]))
        async with _change_plan(actor, patient, linked):
            key = await load_key(actor, access.link, linked, called.title)
            await session_rows.insert_course(actor, patient, course, called, key)
            for ident, details in zip(ids, linked, strict=True):
                await session_rows.insert_session(actor, patient, ident, details, course, key)
            await audit_log.record_event(actor, Act.SESSION_PLANNED, patient=patient, about=course)
    return course


async def add_session(
    actor: Actor, patient: UUID, details: SessionDetails, *, ident: UUID | None = None
) -> UUID:
    """
    Add a single session, once for each *ident*; return its id. A patient can add their own.

    Raises:
        InvalidInput: If it is not valid, or another session was added with this ident before.
    """
    access = await load_plan_access(actor, patient)
    details = tell_language(None, clean_details(details), actor.language)
    details = msgspec.structs.replace(details, added_by_patient=actor.role is Role.PATIENT)
    await verify_details(actor, patient, details)
    ident = ident or uuid4()
    try:
        async with _change_plan(actor, patient, [details]):
            key = await load_key(actor, access.link, [details])
            await session_rows.insert_session(actor, patient, ident, details, None, key)
            await audit_log.record_event(actor, Act.SESSION_PLANNED, patient=patient, about=ident)
    except IntegrityError:
        # The form was sent before: its answer may have been lost, and its fields changed since.
        there = await load_session(actor, ident)
        planned = msgspec.structs.replace(
            there.details, **{name: getattr(details, name) for name in PROGRESS_FIELDS}
        )
        if (there.patient, planned) != (patient, details):
            raise InvalidInput({"date": ALREADY_ADDED}) from None
    return ident


async def change_session(actor: Actor, wanted: UUID, base: int, details: SessionDetails) -> None:
    """
    Reschedule a session or change its details; its progress stays as it is.

    Patients change the sessions that they added themselves. What a clinician planned is agreed on with them:
    of such a session a patient changes the sitter only, and the rest of *details* is ignored.

    Raises:
        StaleRevision: If somebody changed it since it was read.
        InvalidInput: If a field is not valid.
    """
    current, access = await _load_for_change(actor, wanted)
    words = await plan_words.load_words(actor, current, access.link)
    before = add_words(current.details, words or NO_WORDS)
    if not can_change(actor, current):
        details = msgspec.structs.replace(before, sitter=details.sitter)
    progress = {name: getattr(before, name) for name in PROGRESS_FIELDS}
    changed = clean_details(msgspec.structs.replace(details, **progress))
    details = tell_language(before, changed, actor.language)
    await verify_details(actor, current.patient, details, current)
    async with _change_plan(actor, current.patient, [details]):
        await save_with_words(actor, access.link, current, base, before, details)


def can_change(actor: Actor, one: Session) -> bool:
    """Return whether *actor* may change all of a session, not only its sitter and status."""
    return actor.role is Role.CLINICIAN or one.details.added_by_patient


async def change_status(actor: Actor, wanted: UUID, status: Status, reason: str = "") -> None:
    """
    Move a session to its next status, and record when.

    Args:
        reason: Why it is cancelled; both sides can read it.

    Raises:
        InvalidInput: If that status cannot follow, or not yet, or the reason is too long.
    """
    current, access = await _load_for_change(actor, wanted)
    before = current.details
    frees = status is Status.CANCELLED and is_answered_by_patient(actor, before)
    if frees or is_own_day(actor, before):
        raise InvalidInput({"status": HOME_DOSING_DAY})
    if status is Status.CANCELLED and find_cancel_time(before, actor.now) is not None:
        raise InvalidInput({"status": CANCEL_WAITS})
    if status not in list_next_statuses(before, actor.now):
        ended = status is Status.IN_SESSION and before.ended_at is not None
        raise InvalidInput({"status": TOO_LATE_TO_TAKE_BACK if ended else STATUS_NOT_POSSIBLE})
    moment = actor.now.isoformat(timespec="seconds")
    changes: dict[str, object] = {
        "status": status,
        "cancel_reason": reason if status is Status.CANCELLED else "",
    }
    if status is Status.IN_SESSION:
        # Where its end is taken back, it began when it did: the hold stays as it was.
        changes |= {"started_at": before.started_at or moment, "ended_at": None}
    if status in (Status.RECOVERING, Status.STOPPED_EARLY):
        changes["ended_at"] = before.ended_at or moment
    if status is Status.CLOSED and before.kind is SessionKind.DOSING and before.started_at is None:
        # Nobody reported it at the time. It took place, so its patient is asked for their rest, however late.
        over = min(before.ends_at, actor.now)
        began = min(before.starts_at, over)
        changes |= {
            "status": Status.RECOVERING,
            "started_at": began.isoformat(timespec="seconds"),
            "ended_at": over.isoformat(timespec="seconds"),
        }
    if before.started_at is None and "started_at" in changes:
        text = await load_instructions(actor.installation, current.patient, current.course)
        changes["acute_hours"] = get_acute_hours(text)
    if Status.CANCELLED in (status, before.status):
        words = await plan_words.load_words(actor, current, access.link)
        before = add_words(before, words or NO_WORDS)
    details = tell_language(before, clean_details(msgspec.structs.replace(before, **changes)), actor.language)
    if problems := check_session(details):
        raise InvalidInput(problems)
    async with _change_plan(actor, current.patient, [details]):
        await save_with_words(actor, access.link, current, current.revision, before, details)
        await record_dosing_day(actor.installation, current.patient, actor.now)


async def ask_later(actor: Actor, wanted: UUID) -> None:
    """
    Put off the patient's own answer whether a session took place until the next day; what is held stays held.

    Raises:
        NotFound: If that is not asked.
    """
    actor.require_role(Role.PATIENT)
    current, _ = await _load_for_change(actor, wanted)
    if not is_unanswered(current.details, actor.now):
        raise NotFound
    details = msgspec.structs.replace(current.details, ask_after=get_next_asking(current.details, actor.now))
    await session_rows.save_session(actor, current, current.revision, details)


async def confirm_rest(actor: Actor) -> None:
    """
    Record that the patient has slept and feels rested after every dosing session with a hold.

    Raises:
        HeldUntilRested: If it is still the same day, or if nobody said yet whether a session took place.
        StaleRevision: If one of them was changed meanwhile; then none is recorded.
    """
    held = [
        (one, hold)
        for one in await load_my_sessions(actor)
        if (hold := find_hold([one.details], actor.now)) is not None
    ]
    # One of which nobody said that it began is not confirmed, and stands in the way of no other.
    begun = [(one, hold) for one, hold in held if hold.needs_confirmation]
    for _, hold in begun or held:
        if actor.now < hold.may_confirm_from or not hold.needs_confirmation:
            raise HeldUntilRested(hold.sentence)
    async with transaction():
        await lock_account(actor.id)
        for one, _ in begun:
            rested = actor.now.astimezone(parse_zone(one.details.zone)).date().isoformat()
            changes: dict[str, object] = {"rested_on": rested}
            # Whoever has slept is no longer in a session, even if nobody reported its end.
            if one.details.status in (Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY):
                changes["status"] = Status.INTEGRATING
            details = msgspec.structs.replace(one.details, **changes)
            await session_rows.save_session(actor, one, one.revision, details)
        await record_dosing_day(actor.installation, actor.id, actor.now)


@asynccontextmanager
async def _change_plan(
    actor: Actor, patient: UUID, sessions: Collection[SessionDetails]
) -> AsyncIterator[None]:
    """Run the block in a transaction that has locked the patient, with what follows from *sessions* beside it."""
    async with transaction():
        await lock_account(patient)
        await release_before_hold(actor.installation, actor.now, patient, sessions)
        async with follow_changes(actor.installation, patient, actor.now):
            yield


async def _load_for_change(actor: Actor, wanted: UUID) -> tuple[Session, PlanAccess]:
    """Return one session as it is stored, and access to the plan that it belongs to; as `load_session`."""
    for row in parse_rows(SessionRow, await fetch_raw(session_rows.SELECT_SESSION, wanted)):
        access = await load_plan_access(actor, get_column(row, "patient_id"))
        return session_rows.open_planned_session(actor.installation, require_undamaged(row)), access
    raise NotFound
