"""
The rows behind the sessions: opened when they are read, sealed when they are written.

Dates stand only in the sealed column, so a patient's sessions are sorted here; there are dozens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from crypto import Context
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.errors import StaleRevision
from journal.i18n import N_
from journal.installation.remembered import Key
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.sessions import tables
from journal.sessions.session import SessionDetails, SessionKind, Status
from journal.store.database import Statement, fetch, transaction
from journal.store.rows import Counted, DamagedRow, Opened, Row, open_each, typed
from journal.store.statements import Subquery


class CourseDetails(msgspec.Struct, frozen=True):
    """The title of a course; server key."""

    title: str


OF_PATIENT = "SELECT id, patient_id, course_id, revision, sealed FROM kap_session WHERE patient_id = $1"

ONE = "SELECT id, patient_id, course_id, revision, sealed FROM kap_session WHERE id = $1"
PLAN_WITH = """
    SELECT id, patient_id, course_id, revision, sealed FROM kap_session
    WHERE patient_id = (SELECT patient_id FROM kap_session WHERE id = $1)
"""


class SessionRow(Row, frozen=True):
    """A row of a session, as the statements above ask for it."""

    id: UUID
    patient_id: UUID
    course_id: UUID | None
    revision: Counted
    sealed: bytes


class Session(msgspec.Struct, frozen=True):
    """One session of a patient, opened; `starts_at` is UTC."""

    id: UUID
    patient: UUID
    course: UUID | None
    revision: int
    details: SessionDetails
    starts_at: datetime

    @property
    def kind(self) -> SessionKind:
        """Return its kind."""
        return self.details.kind

    @property
    def status(self) -> Status:
        """Return its status."""
        return self.details.status

    @property
    def ends_at(self) -> datetime:
        """Return the planned end."""
        return self.starts_at + timedelta(minutes=self.details.minutes)

    @property
    def began_at(self) -> datetime | None:
        """Return when its patient said that it began, or None."""
        return self.details.began_at

    @property
    def begins_at(self) -> datetime:
        """Return when it began, or is planned to."""
        return self.began_at or self.starts_at


class Plan(Opened[Session]):
    """
    All sessions of a patient, in the order of their times.

    `follows_from` is every value of the rows, with its type: the cache key of whatever is computed from the plan.
    """

    follows_from: Key


async def load(actor: Actor, patient: UUID) -> Plan:
    """Return all sessions of a patient. The caller has authorised it."""
    sql, values = select_plan(patient)
    return plan_of(actor, await fetch(sql, *values))


def select_plan(patient: UUID | Subquery) -> Statement:
    """Return the statement for `plan_of`."""
    return OF_PATIENT, (patient,)


def plan_of(actor: Actor, raw: Sequence[Sequence[Any]]) -> Plan:
    """Return all sessions of a patient by their rows; the very same rows are opened once."""
    values = [value for row in raw for value in row]
    key = (Plan, *values, *map(type, values))
    found: Plan | None = actor.house.server.opened.get(key)
    if found is None:
        sessions = in_order(actor, typed(SessionRow, raw))
        found = Plan(sessions, sessions.damaged)
        found.follows_from = key
        if not found.damaged:
            actor.house.server.opened.keep(key, found)
    return found


def in_order(actor: Actor, rows: Iterable[SessionRow | DamagedRow]) -> Opened[Session]:
    """Open rows and sort what opens by time."""
    found = open_each(rows, partial(opened, actor))
    return Opened(sorted(found, key=lambda one: (one.starts_at, one.id)), found.damaged)


async def insert(
    actor: Actor, patient: UUID, ident: UUID, details: SessionDetails, course: UUID | None
) -> None:
    """Store a new session."""
    await tables.KapSession.create(
        id=ident,
        patient_id=patient,
        course_id=course,
        revision=1,
        sealed=seal_document(actor.house.server, details, session_context(patient, ident, 1)),
        created_at=actor.now,
    )


async def write(actor: Actor, current: Session, base: int, details: SessionDetails) -> None:
    """
    Store a new revision of a session.

    Raises:
        StaleRevision: If *base* is not the stored revision.
    """
    if details == current.details:
        return
    revision = base + 1
    sealed = seal_document(
        actor.house.server, details, session_context(current.patient, current.id, revision)
    )
    async with transaction():
        changed = await tables.KapSession.filter(id=current.id, revision=base).update(
            revision=revision, sealed=sealed
        )
        if not changed:
            raise StaleRevision(
                N_("Somebody changed this session in the meantime. Look at it again before saving.")
            )
        await audit_log.note(actor, Act.SESSION_CHANGED, patient=current.patient, about=current.id)


def opened(actor: Actor, row: SessionRow) -> Session:
    """Open one row, once while it is unchanged; raises `Damaged`."""
    memory = actor.house.server.opened
    key = (Session, row.id, row.patient_id, row.course_id, row.revision, row.sealed)
    found: Session | None = memory.get(key)
    if found is None:
        found = memory.keep(key, _opened(actor, row))
    return found


def _opened(actor: Actor, row: SessionRow) -> Session:
    where = session_context(row.patient_id, row.id, row.revision)
    details = open_document(actor.house.server, row.sealed, where, SessionDetails)
    return Session(row.id, row.patient_id, row.course_id, row.revision, details, details.starts_at)


def session_context(patient: UUID, session: UUID, revision: int) -> Context:
    """Return the context of a session's details."""
    return Context("session", patient.bytes, session.bytes, revision)


def course_context(patient: UUID, course: UUID) -> Context:
    """Return the context of a course's details."""
    return Context("course", patient.bytes, course.bytes)


async def my_sessions(actor: Actor) -> Plan:
    """Return the patient's own sessions in the order of their times."""
    actor.must_be(Role.PATIENT)
    return await load(actor, actor.id)
