"""
Collect what a person may export: a patient everything of their own, a clinician what was shared with them.

An entry that does not open does not block the others: it is listed as unreadable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care.links import Link
from journal.entries.belonging import Belonging
from journal.errors import Damaged, NotFound, TrustBroken
from journal.records.mapping import (
    copy_record,
    entry_record,
    event_records,
    link_record,
    session_record,
    share_record,
    version,
)
from journal.records.schema import (
    NOT_AS_LEFT,
    Account,
    CourseRecord,
    EntryRecord,
    EventRecord,
    PatientRecord,
    Plan,
    Sharing,
    Unreadable,
    Version,
)
from journal.roles import Role
from journal.sealing import open_document
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import CourseDetails, Session, course_context, my_sessions
from journal.sharing import reading
from journal.sharing import shares as sharing_shares
from journal.store.database import fetch_aside, transaction
from journal.store.rows import Row, known, read, sound, typed
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument, RevisionDocument, entry_context, revision_context
from journal.vault.entry_rows import NOWHERE, OWN, EntryRow, RevisionRow

ENTRIES = OWN + " AND deleted_at IS NULL ORDER BY created_at, id"
TURNS = 5  # one more for each save between two of its statements: saves come seconds apart
EARLIER = """
    SELECT v.id, v.sealed, v.created_at, v.entry_id FROM entry_revision v JOIN entry e ON e.id = v.entry_id
    WHERE e.owner_id = $1 AND e.deleted_at IS NULL ORDER BY v.created_at DESC, v.id
"""


class CourseRow(Row, frozen=True):
    """A row of a course."""

    id: UUID
    sealed: bytes


@dataclass(frozen=True, slots=True)
class PatientRecords:
    """All records of one patient; entries and events oldest first."""

    account: Account
    made_at: datetime
    entries: tuple[EntryRecord, ...]
    plan: Plan
    sharing: Sharing
    log: tuple[EventRecord, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def documents(self) -> Mapping[str, Any]:
        """Return the JSON documents of the archive by file name."""
        return {
            "data/account.json": self.account,
            "data/entries.json": self.entries,
            "data/log.json": self.log,
            "data/sessions.json": self.plan,
            "data/sharing.json": self.sharing,
        }


@dataclass(frozen=True, slots=True)
class ClinicianRecords:
    """What patients shared with one clinician, in the order in which care began."""

    account: Account
    made_at: datetime
    patients: tuple[PatientRecord, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def documents(self) -> Mapping[str, Any]:
        """Return the JSON documents of the archive by file name, which holds no patient's name."""
        numbered = {f"data/patient-{number}.json": one for number, one in enumerate(self.patients, 1)}
        return {"data/account.json": self.account, **numbered}


Records = PatientRecords | ClinicianRecords


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to export, for the page that offers it."""

    entries: int
    sessions: int


async def extent(actor: Actor) -> Extent:
    """Count the patient's own entries and sessions."""
    actor.must_be(Role.PATIENT)
    return Extent(
        await vault_tables.Entry.filter(owner_id=actor.id, deleted_at=None).count(),
        await sessions_tables.KapSession.filter(patient_id=actor.id).count(),
    )


async def of_patient(actor: Actor, practice: str) -> PatientRecords:
    """Open all records of the patient, and log the export."""
    actor.must_be(Role.PATIENT)
    missing: list[Unreadable] = []
    planned = await my_sessions(actor)
    as_left, entries, unread = await _entries_and_look(actor, planned)
    if not as_left:
        missing.append(Unreadable(NOT_AS_LEFT, NOWHERE))
    missing += [Unreadable("session", one or NOWHERE) for one in planned.damaged]
    missing += unread
    links = await care_links.my_links(actor, ended=True)
    given = await sharing_shares.given(actor)
    missing += [Unreadable("share", one.id) for one in given if one.damaged]
    openings = await audit_events.openings(actor.id, [one.id for one in given])
    shares = [share_record(one, openings.get(one.id, ())) for one in given if not one.damaged]
    plan = [session_record(one) for one in planned]
    courses = await _courses(actor, actor.id, missing)
    await audit_log.note(actor, Act.RECORDS_TAKEN, patient=actor.id)
    events = await audit_events.every_event(actor.id)
    missing += [Unreadable("event", NOWHERE) for _ in events.damaged]
    names = {link.clinician: link.peer_name for link in links} | {actor.id: actor.name}
    return PatientRecords(
        _account(actor, practice),
        actor.now,
        tuple(entries),
        Plan(courses, plan),
        Sharing([link_record(link) for link in links], shares),
        tuple(event_records(events, names)),
        tuple(missing),
    )


async def shared(actor: Actor, practice: str, patient: UUID | None) -> ClinicianRecords:
    """
    Open what *patient*, or everybody in the clinician's care, shared with them; each copy counts as opened.

    Raises:
        NotFound: If there is nobody, or the patient is not in their care.
        TrustBroken: If the keys of the one patient asked for are not the pinned ones.
    """
    links = (
        await care_links.my_links(actor) if patient is None else (await care_links.link_with(actor, patient),)
    )
    actor.must_be(Role.CLINICIAN)
    if not links:
        raise NotFound
    missing: list[Unreadable] = []
    patients = []
    for link in links:
        try:
            patients.append(await _shared_by(actor, link, missing))
        except (Damaged, TrustBroken):
            if patient is not None:
                raise
            missing.append(Unreadable("patient", link.patient))
    return ClinicianRecords(_account(actor, practice), actor.now, tuple(patients), tuple(missing))


async def _shared_by(actor: Actor, link: Link, missing: list[Unreadable]) -> PatientRecord:
    folder = await reading.folder(actor, link.patient)
    missing += [Unreadable("share", copy or NOWHERE) for copy in folder.damaged]
    missing += [Unreadable("session", one or NOWHERE) for one in folder.sessions.damaged]
    belonging = Belonging(folder.sessions)
    copies = [copy_record(one, belonging) for one in folder.shared]
    courses = await _courses(actor, link.patient, missing)
    async with transaction():
        await reading.mark_opened(actor, link.patient, [one.id for one in folder.shared])
        await audit_log.note(actor, Act.RECORDS_TAKEN, patient=link.patient, about=link.id)
    events = await audit_events.every_event(link.patient, by=actor.id)
    missing += [Unreadable("event", NOWHERE) for _ in events.damaged]
    return PatientRecord(
        link.patient,
        link.id,
        link.peer_name,
        link.since,
        link.state,
        courses,
        [session_record(one) for one in folder.sessions],
        copies,
        event_records(events, {actor.id: actor.name}),
    )


async def _entries_and_look(
    actor: Actor, planned: tuple[Session, ...]
) -> tuple[bool, list[EntryRecord], list[Unreadable]]:
    """
    Return whether the journal, and these rows, are as they were left, and all entries with their earlier versions.

    After a save by another page meanwhile, all is read again, a few times. A thread opens them, since there may be
    thousands.
    """
    for _ in range(TURNS):
        seen = await record_state.look(actor, earlier=True)
        earlier, rows = await fetch_aside(EARLIER, actor.id), await fetch_aside(ENTRIES, actor.id)
        as_left = seen.as_left and await asyncio.to_thread(seen.is_all, rows, earlier)
        if as_left or not seen.as_left:
            break
    missing: list[Unreadable] = []
    found = await asyncio.to_thread(_entries, actor, planned, rows, earlier, missing)
    return as_left, found, missing


def _entries(
    actor: Actor,
    planned: tuple[Session, ...],
    rows: Sequence[Sequence[Any]],
    earlier: Sequence[Sequence[Any]],
    missing: list[Unreadable],
) -> list[EntryRecord]:
    belonging, found, versions = Belonging(planned), [], _earlier(actor, earlier, missing)
    for row in typed(EntryRow, rows):
        try:
            one = sound(row)
            where = entry_context(actor.id, one.id, one.revision)
            document = open_document(actor.vault, one.sealed, where, EntryDocument)
        except Damaged:
            missing.append(Unreadable("entry", known(row, "id") or NOWHERE))
            continue
        moments = one.created_at, one.updated_at
        found.append(
            entry_record(one.id, one.revision, document, *moments, versions.get(one.id, []), belonging)
        )
    return found


def _earlier(
    actor: Actor, rows: Sequence[Sequence[Any]], missing: list[Unreadable]
) -> dict[UUID, list[Version]]:
    found: dict[UUID, list[Version]] = {}
    for row in typed(RevisionRow, rows):
        try:
            one = sound(row)
            where = revision_context(actor.id, one.id)
            kept = open_document(actor.vault, one.sealed, where, RevisionDocument)
            if kept.entry_id != one.entry_id.hex:  # the row was moved to another entry
                raise Damaged
        except Damaged:
            missing.append(Unreadable("earlier version", known(row, "id") or NOWHERE))
            continue
        record = version(one.id, kept.reason, kept.revision, kept.document, one.created_at)
        found.setdefault(one.entry_id, []).append(record)
    return found


async def _courses(actor: Actor, patient: UUID, missing: list[Unreadable]) -> list[CourseRecord]:
    found = []
    for row in await read(
        CourseRow, sessions_tables.Course.filter(patient_id=patient).order_by("created_at")
    ):
        try:
            one = sound(row)
            where = course_context(patient, one.id)
            details = open_document(actor.house.server, one.sealed, where, CourseDetails)
        except Damaged:
            missing.append(Unreadable("course", known(row, "id") or NOWHERE))
            continue
        found.append(CourseRecord(one.id, details.title))
    return found


def _account(actor: Actor, practice: str) -> Account:
    return Account(actor.id, actor.role, actor.name, actor.email, actor.time_zone, practice)
