"""
The plan: courses and single sessions, seen and changed by the patient and by the clinicians of their care links.

Dates stand only in sealed columns, so a patient's sessions are opened and put in order here; there are dozens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from journal import audit, links, planning, tables
from journal.actors import Actor, Role
from journal.audit import Act
from journal.documents import CourseDetails, course_context, open_document, seal_document, session_context
from journal.errors import HeldUntilRested, NotFound, Refused, StaleRevision
from journal.holds import Hold, hold
from journal.planning import CoursePlan, SessionDetails, SessionKind, Status
from journal.store import key_of, transaction
from journal.words import N_

COLUMNS = ("id", "patient_id", "course_id", "revision", "sealed")


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a patient, opened; `starts_at` is UTC."""

    id: UUID
    patient: UUID
    course: UUID | None
    revision: int
    details: SessionDetails
    starts_at: datetime


async def sessions_of(actor: Actor, patient: UUID) -> tuple[Session, ...]:
    """Give a patient's sessions in the order of their times; for themselves and their clinicians."""
    await _authorise(actor, patient)
    return await _load(actor, patient)


async def my_sessions(actor: Actor) -> tuple[Session, ...]:
    """Give the patient's own sessions in the order of their times."""
    actor.must_be(Role.PATIENT)
    return await _load(actor, actor.id)


async def of_patients(actor: Actor, patients: Sequence[UUID]) -> dict[UUID, tuple[Session, ...]]:
    """Give the sessions of a clinician's own patients, in one statement; each must come from a care link."""
    actor.must_be(Role.CLINICIAN)
    rows = await tables.KapSession.filter(patient_id__in=list(patients)).values_list(*COLUMNS)
    opened = sorted((_opened(actor, row) for row in rows), key=lambda one: (one.starts_at, one.id))
    return {patient: tuple(one for one in opened if one.patient == patient) for patient in patients}


async def session(actor: Actor, wanted: UUID) -> Session:
    """Give one session, to its patient and their clinicians."""
    rows = await tables.KapSession.filter(id=wanted).values_list(*COLUMNS)
    if not rows:
        raise NotFound
    await _authorise(actor, key_of(rows[0][1]))
    return _opened(actor, rows[0])


async def plan_course(actor: Actor, patient: UUID, title: str, plan: CoursePlan) -> UUID:
    """
    Write a whole series at once; gives the course's id.

    Raises:
        Refused: If the plan needs another look.
    """
    actor.must_be(Role.CLINICIAN)
    await _authorise(actor, patient)
    if problems := planning.check_plan(plan):
        raise Refused(problems)
    planned = planning.expand(plan)
    course, ids = uuid4(), [uuid4() for _ in planned]
    async with transaction():
        await tables.Course.create(
            id=course,
            patient_id=patient,
            sealed=seal_document(actor.house.server, CourseDetails(title.strip()), course_context(patient, course)),
            created_at=actor.now,
        )
        for ident, one in zip(ids, planned, strict=True):
            about = None if one.about is None else ids[one.about].hex
            await _insert(actor, patient, ident, msgspec.structs.replace(one.details, about=about), course)
        await audit.note(actor.id, Act.SESSION_PLANNED, actor.now, patient=patient, about=course)
    return course


async def add(actor: Actor, patient: UUID, details: SessionDetails) -> UUID:
    """Add a single session; a patient can add their own. Gives its id."""
    await _authorise(actor, patient)
    await _check(actor, patient, details)
    ident = uuid4()
    async with transaction():
        await _insert(actor, patient, ident, details, None)
        await audit.note(actor.id, Act.SESSION_PLANNED, actor.now, patient=patient, about=ident)
    return ident


async def change(actor: Actor, wanted: UUID, base: int, details: SessionDetails) -> None:
    """
    Move a session or change what is known of it.

    Raises:
        StaleRevision: If somebody changed it since it was read.
        Refused: If a field needs another look, or the status cannot follow on the present one.
    """
    current = await session(actor, wanted)
    await _check(actor, current.patient, details)
    before, after = current.details.status, details.status
    if after is not before and after not in planning.ALLOWED_MOVES[before]:
        raise Refused({"status": N_("A session cannot go from there to here. Choose another status.")})
    await _write(actor, current, base, details)


async def move(actor: Actor, wanted: UUID, status: Status) -> None:
    """Move a session to its next status, with the moments that go with it."""
    current = await session(actor, wanted)
    if status not in planning.ALLOWED_MOVES[current.details.status]:
        raise Refused({"status": N_("A session cannot go from there to here. Choose another status.")})
    moment = actor.now.isoformat(timespec="seconds")
    changes: dict[str, object] = {"status": status}
    if status is Status.IN_SESSION:
        changes["started_at"] = moment
    if status in (Status.RECOVERING, Status.STOPPED_EARLY):
        changes["ended_at"] = moment
    await _write(actor, current, current.revision, msgspec.structs.replace(current.details, **changes))


async def held(actor: Actor) -> Hold | None:
    """Tell whether irreversible acts wait until the patient has rested after a dosing session."""
    return hold([one.details for one in await my_sessions(actor)], actor.now)


async def refuse_while_held(actor: Actor) -> None:
    """Raise `HeldUntilRested` while acts that cannot be taken back have to wait."""
    if actor.role is Role.PATIENT and (waiting := await held(actor)) is not None:
        raise HeldUntilRested(waiting.sentence)


async def confirm_rested(actor: Actor) -> None:
    """
    Write that the patient has slept and feels rested after every dosing session that holds something back.

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
        rested = actor.now.astimezone(planning.parse_zone(one.details.zone)).date().isoformat()
        changes: dict[str, object] = {"rested_on": rested}
        if Status.INTEGRATING in planning.ALLOWED_MOVES[one.details.status]:
            changes["status"] = Status.INTEGRATING
        await _write(actor, one, one.revision, msgspec.structs.replace(one.details, **changes))


async def _authorise(actor: Actor, patient: UUID) -> None:
    if actor.role is Role.PATIENT:
        if actor.id != patient:
            raise NotFound
    else:
        await links.link_with(actor, patient)


async def _check(actor: Actor, patient: UUID, details: SessionDetails) -> None:
    problems = planning.check_session(details)
    if details.about is not None:
        dosing = {one.id.hex for one in await _load(actor, patient) if one.details.kind is SessionKind.DOSING}
        if details.about not in dosing:
            problems["about"] = N_("Choose one of the dosing sessions.")
    if problems:
        raise Refused(problems)


async def _load(actor: Actor, patient: UUID) -> tuple[Session, ...]:
    rows = await tables.KapSession.filter(patient_id=patient).values_list(*COLUMNS)
    return tuple(sorted((_opened(actor, row) for row in rows), key=lambda one: (one.starts_at, one.id)))


async def _insert(actor: Actor, patient: UUID, ident: UUID, details: SessionDetails, course: UUID | None) -> None:
    await tables.KapSession.create(
        id=ident,
        patient_id=patient,
        course_id=course,
        revision=1,
        sealed=seal_document(actor.house.server, details, session_context(patient, ident, 1)),
        created_at=actor.now,
    )


async def _write(actor: Actor, current: Session, base: int, details: SessionDetails) -> None:
    if details == current.details:
        return
    revision = base + 1
    sealed = seal_document(actor.house.server, details, session_context(current.patient, current.id, revision))
    async with transaction():
        changed = await tables.KapSession.filter(id=current.id, revision=base).update(revision=revision, sealed=sealed)
        if not changed:
            raise StaleRevision(N_("Somebody changed this session in the meantime. Look at it again before saving."))
        await audit.note(actor.id, Act.SESSION_CHANGED, actor.now, patient=current.patient, about=current.id)


def _opened(actor: Actor, row: tuple[object, ...]) -> Session:
    ident, patient, course, revision, sealed = row
    key, owner = key_of(ident), key_of(patient)
    details = open_document(
        actor.house.server,
        bytes(sealed),  # type: ignore[call-overload]
        session_context(owner, key, revision),  # type: ignore[arg-type]
        SessionDetails,
    )
    return Session(key, owner, key_of(course) if course else None, revision, details, details.starts_at)  # type: ignore[arg-type]
