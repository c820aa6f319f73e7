"""
The rows behind the sessions: opened when they are read, sealed when they are written.

Dates stand only in the sealed column, so a patient's sessions are sorted here; there are dozens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from crypto import Context
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.errors import Damaged, NotFound, StaleRevision
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sealing import SealingKey, open_document, seal_document
from journal.sessions import tables
from journal.sessions.session import Phase, SessionDetails, SessionKind, Status, count_move
from journal.sessions.session_words import (
    NO_WORDS,
    SessionWords,
    add_words,
    leave_words,
    take_words,
    words_context,
)
from journal.store.database import Statement, ensure_transaction, fetch_raw
from journal.store.rows import DamagedRow, NonNegative, OpenedRows, Row, fetch_rows, open_rows, parse_rows
from journal.store.statements import Subquery, parse_id


class CourseDetails(msgspec.Struct, frozen=True):
    """
    What stands of a course under the server key. `imported`: as for a session.

    `is_titled`: its title and the language of that are sealed apart, as `CourseWords`. Here they stand of a course from
    before there were keys of plans, or once somebody who may read them opened them.
    """

    title: str = ""
    language: str = ""
    imported: str = ""
    is_titled: bool = False


class CourseWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The title of a course, and its language; the key of the patient's plan."""

    title: str
    language: str = ""


SELECT_PATIENT_SESSIONS = (
    "SELECT id, patient_id, course_id, revision, sealed FROM kap_session WHERE patient_id = $1"
)

SELECT_SESSION = "SELECT id, patient_id, course_id, revision, sealed FROM kap_session WHERE id = $1"
SELECT_PLAN_OF_SESSION = """
    SELECT id, patient_id, course_id, revision, sealed FROM kap_session
    WHERE patient_id = (SELECT patient_id FROM kap_session WHERE id = $1)
"""


class SessionRow(Row, frozen=True):
    """A row of a session, as the statements above ask for it."""

    id: UUID
    patient_id: UUID
    course_id: UUID | None
    revision: NonNegative
    sealed: bytes


class Session(msgspec.Struct, frozen=True):
    """
    One session of a patient, opened; `starts_at` and `ends_at` are as planned, in UTC.

    `is_closed`: it has words, and they do not open for who asked for them.
    """

    id: UUID
    patient: UUID
    course: UUID | None
    revision: int
    details: SessionDetails
    starts_at: datetime
    ends_at: datetime
    is_closed: bool = False

    @property
    def kind(self) -> SessionKind:
        """Return its kind."""
        return self.details.kind

    @property
    def status(self) -> Status:
        """Return its status."""
        return self.details.status

    @property
    def phase(self) -> Phase | None:
        """Return where in a course it stands, if that is known."""
        return self.details.phase

    @property
    def is_imported(self) -> bool:
        """Return whether its patient imported it from elsewhere."""
        return bool(self.details.imported)

    @property
    def about(self) -> UUID | None:
        """Return the id of the dosing session that it is about, if any."""
        return parse_id(self.details.about) if self.details.about else None

    @property
    def began_at(self) -> datetime | None:
        """Return when its patient said that it began, or None."""
        return self.details.began_at

    @property
    def begins_at(self) -> datetime:
        """Return when it began, or is planned to."""
        return self.began_at or self.starts_at


class Plan(OpenedRows[Session]):
    """
    All sessions of a patient, in the order of their times.

    `cache_key` stands for the values of the rows: whatever is computed from the plan is cached under it. `imported` are
    sessions that their patient imported from elsewhere: they are over, no clinician sees them, and nothing follows
    from them.
    """

    cache_key: object
    imported: tuple[Session, ...] = ()

    @property
    def everything(self) -> tuple[Session, ...]:
        """Return all sessions with those that were imported, in the order of their times."""
        return tuple(sorted((*self, *self.imported), key=_get_order)) if self.imported else tuple(self)


async def load_plan(installation: Installation, patient: UUID) -> Plan:
    """Return all sessions of a patient. The caller has authorised it."""
    sql, values = build_plan_query(patient)
    return parse_plan(installation, await fetch_raw(sql, *values))


def build_plan_query(patient: UUID | Subquery) -> Statement:
    """Return the statement for `parse_plan`."""
    return SELECT_PATIENT_SESSIONS, (patient,)


def parse_plan(installation: Installation, raw: Sequence[Sequence[Any]]) -> Plan:
    """Return all sessions of a patient by their rows; the very same rows are opened once."""
    values = [value for row in raw for value in row]
    key = (Plan, *values, *map(type, values))
    found: Plan | None = installation.server_keys.document_cache.get(key)
    if found is None:
        every = _open_all_sessions(installation, parse_rows(SessionRow, raw))
        found = Plan([one for one in every if not one.is_imported], every.damaged)
        found.imported = tuple(one for one in every if one.is_imported)
        found.cache_key = object()  # short, since a key of all values takes longer to hash than a page has
        if not found.damaged:
            installation.server_keys.document_cache.put(key, found)
    return found


def open_sessions(installation: Installation, rows: Iterable[SessionRow | DamagedRow]) -> OpenedRows[Session]:
    """Open rows of the plan and sort what opens by time; what was imported is no part of it."""
    found = _open_all_sessions(installation, rows)
    return OpenedRows([one for one in found if not one.is_imported], found.damaged)


def _open_all_sessions(
    installation: Installation, rows: Iterable[SessionRow | DamagedRow]
) -> OpenedRows[Session]:
    found = open_rows(rows, partial(open_session, installation))
    return OpenedRows(sorted(found, key=_get_order), found.damaged)


def _get_order(one: Session) -> tuple[datetime, UUID]:
    return one.starts_at, one.id


async def load_sessions(installation: Installation, wanted: Collection[UUID]) -> OpenedRows[Session]:
    """Return the sessions with these ids, whosever they are. The caller has authorised it."""
    rows = await fetch_rows(SessionRow, tables.KapSession.filter(id__in=list(wanted))) if wanted else ()
    return open_sessions(installation, rows)


async def load_sessions_of(installation: Installation, patients: Collection[UUID]) -> OpenedRows[Session]:
    """Return the sessions of these patients. The caller has authorised it."""
    theirs = tables.KapSession.filter(patient_id__in=list(patients))
    return open_sessions(installation, await fetch_rows(SessionRow, theirs) if patients else ())


async def insert_session(
    actor: Actor,
    patient: UUID,
    ident: UUID,
    details: SessionDetails,
    course: UUID | None,
    key: SealingKey | None = None,
) -> None:
    """
    Store a new session.

    Args:
        key: That of the patient's plan, where there are words in *details*.
    """
    counted = details if details.imported else count_move(None, details, actor.now)
    details, words = _seal_words(key, patient, ident, 1, counted, take_words(details))
    await tables.KapSession.create(
        id=ident,
        patient_id=patient,
        course_id=course,
        revision=1,
        sealed=seal_document(actor.installation.server_keys, details, session_context(patient, ident, 1)),
        words=words,
        created_at=actor.now,
    )


def _seal_words(
    key: SealingKey | None,
    patient: UUID,
    ident: UUID,
    revision: int,
    details: SessionDetails,
    words: SessionWords,
) -> tuple[SessionDetails, bytes | None]:
    """Return details that say which words are theirs, and these sealed; None where there are none."""
    bare = leave_words(details)
    if words == NO_WORDS:
        return msgspec.structs.replace(bare, words_at=0), None
    if key is None:
        raise Damaged
    sealed = seal_document(key, words, words_context(patient, ident, revision))
    return msgspec.structs.replace(bare, words_at=revision), sealed


async def save_session(
    actor: Actor,
    current: Session,
    base: int,
    details: SessionDetails,
    words: SessionWords | None = None,
    key: SealingKey | None = None,
) -> None:
    """
    Store a new revision of a session.

    Args:
        current: As it is stored: words that were opened for its reader are not in it.
        details: What stands under the server key. Words in it are passed over.
        words: What takes the place of its words; None leaves them as they are.
        key: That of the patient's plan, where there are words to be sealed.

    Raises:
        StaleRevision: If *base* is not the stored revision, or not the one that was read as *current*.
    """
    before, revision = current.details, base + 1
    details = add_words(count_move(before, details, actor.now), take_words(before))
    details = msgspec.structs.replace(details, words_at=before.words_at)
    if details == before and words is None:
        return
    columns: dict[str, object] = {}
    if words is not None:
        details, columns["words"] = _seal_words(key, current.patient, current.id, revision, details, words)
    place = session_context(current.patient, current.id, revision)
    sealed = seal_document(actor.installation.server_keys, details, place)
    async with ensure_transaction():
        # What *details* keep of a session's progress was read with *current*, and whether its words stand in them.
        same = tables.KapSession.filter(id=current.id, revision=base, words__isnull=before.words_at == 0)
        changed = base == current.revision and await same.update(revision=revision, sealed=sealed, **columns)
        if not changed:
            raise StaleRevision(
                N_("Somebody changed this session in the meantime. Look at it again before saving.")
            )
        await audit_log.record_event(actor, Act.SESSION_CHANGED, patient=current.patient, about=current.id)


def open_session(installation: Installation, row: SessionRow) -> Session:
    """Open one row, once while it is unchanged; raises `Damaged`."""
    memory = installation.server_keys.document_cache
    course = row.course_id.int if row.course_id else None
    key = (Session, row.id.int, row.patient_id.int, course, row.revision, row.sealed)  # ids take long to hash
    found: Session | None = memory.get(key)
    if found is None:
        found = memory.put(key, _open_session(installation, row))
    return found


def open_planned_session(installation: Installation, row: SessionRow) -> Session:
    """Open a session of the plan; raises `NotFound` for one that was imported, which has no page of its own."""
    found = open_session(installation, row)
    if found.is_imported:
        raise NotFound
    return found


def _open_session(installation: Installation, row: SessionRow) -> Session:
    where = session_context(row.patient_id, row.id, row.revision)
    details = open_document(installation.server_keys, row.sealed, where, SessionDetails)
    begin = details.starts_at
    end = begin + timedelta(minutes=details.minutes)
    return Session(row.id, row.patient_id, row.course_id, row.revision, details, begin, end)


def session_context(patient: UUID, session: UUID, revision: int) -> Context:
    """Return the context of a session's details."""
    return Context("session", patient.bytes, session.bytes, revision)


def course_context(patient: UUID, course: UUID) -> Context:
    """Return the context of a course's details."""
    return Context("course", patient.bytes, course.bytes)


def course_words_context(patient: UUID, course: UUID) -> Context:
    """Return the context of a course's title."""
    return Context("course-words", patient.bytes, course.bytes)


async def insert_course(
    actor: Actor,
    patient: UUID,
    course: UUID,
    called: CourseDetails,
    key: SealingKey | None,
    created_at: datetime | None = None,
) -> None:
    """
    Store a new course.

    Args:
        key: That of the patient's plan, where the course has a title.
    """
    sealed, words = seal_course(actor, patient, course, called, key)
    await tables.Course.create(
        id=course, patient_id=patient, sealed=sealed, words=words, created_at=created_at or actor.now
    )


def seal_course(
    actor: Actor, patient: UUID, course: UUID, called: CourseDetails, key: SealingKey | None
) -> tuple[bytes, bytes | None]:
    """Return a course as it stands under the server key, and its title under *key*; None where it has none."""
    words = None
    if called.title:
        if key is None:
            raise Damaged
        told = CourseWords(called.title, called.language)
        words = seal_document(key, told, course_words_context(patient, course))
    bare = CourseDetails(imported=called.imported, is_titled=words is not None)
    return seal_document(actor.installation.server_keys, bare, course_context(patient, course)), words


def open_course(installation: Installation, patient: UUID, course: UUID, sealed: bytes) -> CourseDetails:
    """Open what the server key opens of a course; raises `Damaged`."""
    return open_document(installation.server_keys, sealed, course_context(patient, course), CourseDetails)


def open_title(
    key: SealingKey | None, patient: UUID, course: UUID, called: CourseDetails, words: bytes | None
) -> CourseDetails:
    """Return a course with its title; raises `Damaged` where that does not open."""
    if not called.is_titled:
        return called
    if key is None or words is None:
        raise Damaged
    told = open_document(key, words, course_words_context(patient, course), CourseWords)
    return msgspec.structs.replace(called, title=told.title, language=told.language)


async def load_my_sessions(actor: Actor) -> Plan:
    """Return the patient's own sessions in the order of their times."""
    actor.require_role(Role.PATIENT)
    return await load_plan(actor.installation, actor.id)
