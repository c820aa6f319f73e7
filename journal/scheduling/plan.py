"""
The plan: courses and single sessions, seen and changed by a patient and their clinicians.

Loading a session is the authorisation to see it. The rows themselves are those of `journal/sessions/rows.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import IntegrityError

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care.links import Link
from journal.errors import HeldUntilRested, NotFound, Refused
from journal.i18n import N_
from journal.roles import Role
from journal.sealing import seal_document
from journal.sessions import rows as session_rows
from journal.sessions import schedule
from journal.sessions import tables as sessions_tables
from journal.sessions.course import CoursePlan, check_plan, expand, linked
from journal.sessions.holds import hold
from journal.sessions.rows import CourseDetails, Session, SessionRow, course_context, my_sessions
from journal.sessions.session import (
    SessionDetails,
    SessionKind,
    Status,
    check_session,
    clean_details,
    moves_of,
)
from journal.store.database import fetch, transaction
from journal.store.rows import DamagedRow, Opened, known, read, sound, typed
from journal.time_zones import parse_zone
from journal.typed import clean_line

NO_SUCH_MOVE = N_(
    "This session has gone on in the meantime, or cannot go there. Look at where it stands now."
)
THEIR_DAY = N_("This day is theirs, and nothing of it is changed from here. Call them if it cannot wait.")


ADDED_BEFORE = N_(
    "A session was added from this page before, with other words. Open your plan to change that one, or to add another."
)
PROGRESS = ("status", "cancel_reason", "started_at", "ended_at", "rested_on", "added_by_patient")


@dataclass(frozen=True, slots=True)
class PlanAccess:
    """
    Access to one patient's plan, checked once for a request and passed on.

    `link` is the care link of a clinician; patients need none for their own plan.
    """

    patient: UUID
    link: Link | None = None


async def access_to(actor: Actor, patient: UUID | None) -> PlanAccess:
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
    return PlanAccess(patient, await links.link_with(actor, patient))


async def plan_of(actor: Actor, access: PlanAccess) -> Opened[Session]:
    """Return a patient's sessions in the order of their times."""
    return await session_rows.load(actor, access.patient)


async def sessions_of(actor: Actor, patient: UUID) -> Opened[Session]:
    """Return a patient's sessions in the order of their times; for themselves and their clinicians."""
    return await plan_of(actor, await access_to(actor, patient))


async def of_patients(actor: Actor, patients: Sequence[UUID]) -> dict[UUID, Opened[Session]]:
    """Return the sessions of a clinician's own patients, in one statement; each must come from a care link."""
    actor.must_be(Role.CLINICIAN)
    rows = await read(SessionRow, sessions_tables.KapSession.filter(patient_id__in=list(patients)))
    of_each: dict[UUID, list[SessionRow | DamagedRow]] = {patient: [] for patient in patients}
    for row in rows:
        of_each[known(row, "patient_id")].append(row)  # readable, since the query matched it
    return {patient: session_rows.in_order(actor, found) for patient, found in of_each.items()}


async def session(actor: Actor, wanted: UUID) -> Session:
    """Return one session, to its patient and their clinicians."""
    for row in typed(SessionRow, await fetch(session_rows.ONE, wanted)):
        await access_to(actor, known(row, "patient_id"))
        return session_rows.opened(actor, sound(row))
    raise NotFound


async def session_in_plan(actor: Actor, wanted: UUID) -> tuple[Session, Opened[Session], PlanAccess]:
    """Return one session, the plan that it belongs to, and access to that; for the same people."""
    rows = typed(SessionRow, await fetch(session_rows.PLAN_WITH, wanted))
    for row in rows:
        if known(row, "id") == wanted:
            access = await access_to(actor, known(row, "patient_id"))
            return session_rows.opened(actor, sound(row)), session_rows.in_order(actor, rows), access
    raise NotFound


async def plan_course(
    actor: Actor, patient: UUID, title: str, plan: CoursePlan, *, course: UUID | None = None
) -> UUID:
    """
    Plan a whole course at once; return its id.

    Args:
        course: A random id made with the form, so that a form that is sent twice plans one course.

    Raises:
        Refused: If the plan is not valid.
    """
    actor.must_be(Role.CLINICIAN)
    await access_to(actor, patient)
    plan = plan.cleaned()
    if problems := check_plan(plan):
        raise Refused(problems)
    planned = expand(plan)
    course, ids = course or uuid4(), [uuid4() for _ in planned]
    sealed = seal_document(
        actor.house.server, CourseDetails(clean_line(title)), course_context(patient, course)
    )
    with suppress(IntegrityError):  # its course is planned already
        async with transaction():
            await sessions_tables.Course.create(
                id=course, patient_id=patient, sealed=sealed, created_at=actor.now
            )
            for ident, details in zip(ids, linked(planned, [one.hex for one in ids]), strict=True):
                await session_rows.insert(actor, patient, ident, details, course)
            await audit_log.note(actor, Act.SESSION_PLANNED, patient=patient, about=course)
    return course


async def add(actor: Actor, patient: UUID, details: SessionDetails, *, ident: UUID | None = None) -> UUID:
    """
    Add a single session, once for each *ident*; return its id. A patient can add their own.

    Raises:
        Refused: If it is not valid, or another session was added with this ident before.
    """
    await access_to(actor, patient)
    details = clean_details(details)
    details = msgspec.structs.replace(details, added_by_patient=actor.role is Role.PATIENT)
    await _check(actor, patient, details)
    ident = ident or uuid4()
    try:
        async with transaction():
            await session_rows.insert(actor, patient, ident, details, None)
            await audit_log.note(actor, Act.SESSION_PLANNED, patient=patient, about=ident)
    except IntegrityError:
        # The form was sent before: its answer may have been lost, and its fields changed since.
        there = await session(actor, ident)
        planned = msgspec.structs.replace(
            there.details, **{name: getattr(details, name) for name in PROGRESS}
        )
        if (there.patient, planned) != (patient, details):
            raise Refused({"date": ADDED_BEFORE}) from None
    return ident


async def change(actor: Actor, wanted: UUID, base: int, details: SessionDetails) -> None:
    """
    Reschedule a session or change its details; its progress stays as it is.

    Patients change the sessions that they added themselves. What a clinician planned is agreed on with them:
    of such a session a patient changes the sitter only, and the rest of *details* is ignored.

    Raises:
        StaleRevision: If somebody changed it since it was read.
        Refused: If a field is not valid.
    """
    current = await session(actor, wanted)
    if not may_change(actor, current):
        details = msgspec.structs.replace(current.details, sitter=details.sitter)
    progress = {name: getattr(current.details, name) for name in PROGRESS}
    details = clean_details(msgspec.structs.replace(details, **progress))
    await _check(actor, current.patient, details, current)
    await session_rows.write(actor, current, base, details)


def may_change(actor: Actor, one: Session) -> bool:
    """Return whether *actor* may change all of a session, not only its sitter and status."""
    return actor.role is Role.CLINICIAN or one.details.added_by_patient


async def move(actor: Actor, wanted: UUID, status: Status, reason: str = "") -> None:
    """
    Move a session to its next status, and record when.

    Args:
        reason: Why it is cancelled; both sides can read it.

    Raises:
        Refused: If that status cannot follow, or the reason is too long.
    """
    current = await session(actor, wanted)
    before = current.details
    theirs = actor.role is Role.CLINICIAN and schedule.is_theirs_today(before, actor.now)
    if theirs and (status is not Status.CANCELLED or status not in moves_of(before)):
        raise Refused({"status": THEIR_DAY})
    if status not in moves_of(before):
        raise Refused({"status": NO_SUCH_MOVE})
    moment = actor.now.isoformat(timespec="seconds")
    changes: dict[str, object] = {
        "status": status,
        "cancel_reason": reason if status is Status.CANCELLED else "",
    }
    if status is Status.IN_SESSION:
        changes["started_at"] = moment
    if status in (Status.RECOVERING, Status.STOPPED_EARLY):
        changes["ended_at"] = moment
    if status is Status.CLOSED and before.kind is SessionKind.DOSING and before.started_at is None:
        # Nobody reported it at the time. Its start still counts for the hold on its day.
        changes["started_at"] = before.starts_at.isoformat(timespec="seconds")
    details = clean_details(msgspec.structs.replace(before, **changes))
    if problems := check_session(details):
        raise Refused(problems)
    await session_rows.write(actor, current, current.revision, details)


async def confirm_rested(actor: Actor) -> None:
    """
    Record that the patient has slept and feels rested after every dosing session with a hold.

    Raises:
        HeldUntilRested: If it is still the same day.
    """
    mine = await my_sessions(actor)
    for one in mine:
        waiting = hold([one.details], actor.now)
        if waiting is None:
            continue
        if actor.now < waiting.may_confirm_from:
            raise HeldUntilRested(waiting.sentence)
        rested = actor.now.astimezone(parse_zone(one.details.zone)).date().isoformat()
        changes: dict[str, object] = {"rested_on": rested}
        # Whoever has slept is no longer in a session, even if nobody reported its end.
        if one.details.status in (Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY):
            changes["status"] = Status.INTEGRATING
        await session_rows.write(actor, one, one.revision, msgspec.structs.replace(one.details, **changes))


async def _check(
    actor: Actor, patient: UUID, details: SessionDetails, current: Session | None = None
) -> None:
    problems = check_session(details)
    plan = await session_rows.load(actor, patient)
    if details.about is not None:
        dosing = {one.id.hex for one in plan if one.details.kind is SessionKind.DOSING}
        if details.about not in dosing or details.kind is SessionKind.DOSING:
            problems["about"] = N_("Choose one of the dosing sessions.")
    if current is not None:
        before = current.details
        if before.started_at and (before.local, before.zone) != (details.local, details.zone):
            problems["local"] = N_("This session has begun. Its day and time stay as they were.")
        tied = before.started_at or any(one.details.about == current.id.hex for one in plan)
        if before.kind is SessionKind.DOSING and details.kind is not before.kind and tied:
            problems["kind"] = N_(
                "Other sessions or a day of rest belong to this dosing session. Its kind stays."
            )
    if problems:
        raise Refused(problems)
