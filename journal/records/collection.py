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

from journal.accounts.profiles import Profile, load_profile
from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care.links import Link
from journal.care_notes import notes as care_notes
from journal.care_notes.notes import CareNote
from journal.clinic import call_contacts, instructions
from journal.clinic.text_reading import open_texts
from journal.coming_talk import items as talk_items
from journal.coming_talk.items import Item
from journal.entries.assignment import SessionAssignment
from journal.errors import Damaged, NotFound, TrustBroken
from journal.i18n import get_known_language
from journal.notices import agreements as notice_agreements
from journal.notices import history as notice_history
from journal.plan_words.courses import load_courses
from journal.plan_words.reading import open_words
from journal.records import messages
from journal.records.mapping import (
    build_call_record,
    build_care_note_records,
    build_copy_record,
    build_entry_record,
    build_event_records,
    build_instructions_record,
    build_link_record,
    build_plan_records,
    build_share_record,
    build_sitter_note_record,
    build_version,
)
from journal.records.own import OwnRecords, collect_own
from journal.records.schema import (
    NOT_INTACT,
    Account,
    CallRecord,
    CourseRecord,
    EntryRecord,
    EventRecord,
    InstructionsRecord,
    PatientRecord,
    Plan,
    RemindersRecord,
    Sharing,
    Unreadable,
    Version,
)
from journal.records.talks import build_talk_item_records
from journal.replies.conversation import read_all
from journal.replies.rows import SentReply
from journal.roles import Role
from journal.sealing import open_document
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import Session, load_my_sessions
from journal.sharing import reading
from journal.sharing import shares as sharing_shares
from journal.sitter import reading as sitter_reading
from journal.store.database import fetch_raw_in_thread, transaction
from journal.store.rows import OpenedRows, get_column, parse_rows, require_undamaged
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import Beside, EntryDocument, RevisionDocument, entry_context, revision_context
from journal.vault.entry_rows import SELECT_ENTRIES, UNKNOWN_ID, EntryRow, RevisionRow

SELECT_OWN_ENTRIES = SELECT_ENTRIES + " AND deleted_at IS NULL ORDER BY created_at, id"
ATTEMPTS = 5  # one more for each save between two of its statements: saves come seconds apart
SELECT_EARLIER_VERSIONS = """
    SELECT v.id, v.sealed, v.created_at, v.entry_id FROM entry_revision v JOIN entry e ON e.id = v.entry_id
    WHERE e.owner_id = $1 AND e.deleted_at IS NULL ORDER BY v.created_at DESC, v.id
"""


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
    own: OwnRecords
    unreadable: tuple[Unreadable, ...]

    @property
    def documents(self) -> Mapping[str, Any]:
        """Return the JSON documents of the archive by file name, which holds no patient's name."""
        numbered = {f"data/patient-{number}.json": one for number, one in enumerate(self.patients, 1)}
        return {"data/account.json": self.account, **self.own.documents, **numbered}


Records = PatientRecords | ClinicianRecords


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to export, for the page that offers it."""

    entries: int
    sessions: int


async def load_extent(actor: Actor) -> Extent:
    """Count the patient's own entries and sessions."""
    actor.require_role(Role.PATIENT)
    return Extent(
        await vault_tables.Entry.filter(owner_id=actor.id, deleted_at=None).count(),
        await sessions_tables.KapSession.filter(patient_id=actor.id).count(),
    )


async def collect_patient_records(actor: Actor, practice: str) -> PatientRecords:
    """Open all records of the patient, and log the export."""
    actor.require_role(Role.PATIENT)
    missing: list[Unreadable] = []
    profile = await load_profile(actor.installation, actor.id)
    planned = await load_my_sessions(actor)
    sessions = planned.everything
    is_intact, entries, remembered, unread = await _load_verified_entries(actor, sessions)
    if not is_intact:
        missing.append(Unreadable(NOT_INTACT, UNKNOWN_ID))
    missing += [Unreadable("session", one or UNKNOWN_ID) for one in planned.damaged]
    missing += unread
    links = await care_links.load_my_links(actor, ended=True)
    given = await sharing_shares.list_shares(actor)
    missing += [Unreadable("share", one.id) for one in given if one.damaged]
    openings = await audit_events.load_share_openings(actor.id, [one.id for one in given])
    shares = [build_share_record(one, openings.get(one.id, ())) for one in given if not one.damaged]
    courses = await _load_courses(actor, None, missing)
    contacts, texts = await _load_clinic(actor, None, missing)
    noted = await sitter_reading.load_notes(actor)
    missing += [Unreadable("sitter note", one or UNKNOWN_ID) for one in noted.damaged]
    written = await care_notes.load_my_notes(actor, links)
    missing += [Unreadable("care note", one or UNKNOWN_ID) for _, found in written for one in found.damaged]
    notes = build_care_note_records(note for _, found in written for note in found)
    things = await talk_items.load_my_items(actor, links)
    missing += [Unreadable("talk item", one or UNKNOWN_ID) for one in things.damaged]
    agreed = await notice_agreements.list_agreements(actor)
    missing += [Unreadable("notice agreement", one.link.id) for one in agreed if one.is_damaged]
    told = await notice_history.list_notices(actor, links, remembered)
    await audit_log.record_event(actor, Act.RECORDS_TAKEN, patient=actor.id)
    events = await audit_events.list_all_patient_events(actor.id)
    missing += [Unreadable("event", UNKNOWN_ID) for _ in events.damaged]
    names = {link.clinician: link.peer_name for link in links} | {actor.id: actor.name}
    return PatientRecords(
        _build_account(actor, practice, profile),
        actor.now,
        tuple(entries),
        Plan(
            courses,
            build_plan_records(await open_words(actor, None, sessions), missing),
            contacts,
            texts,
            [build_sitter_note_record(one) for one in noted],
            notes,
            build_talk_item_records(things),
        ),
        Sharing(
            [build_link_record(link) for link in links],
            shares,
            messages.build_agreement_records(agreed),
            [messages.build_notice_record(one) for one in told],
        ),
        tuple(build_event_records(events, names)),
        tuple(missing),
    )


async def collect_shared_records(actor: Actor, practice: str, patient: UUID | None) -> ClinicianRecords:
    """
    Open what *patient*, or everybody in the clinician's care, shared with them; each copy counts as opened.

    Without *patient* the clinician's own notes are among them, those about people in whose care they no longer are too.

    Raises:
        NotFound: If there is nobody and no note, or the patient is not in their care.
        TrustBroken: If the keys of the one patient asked for are not the pinned ones.
    """
    links = (
        await care_links.load_my_links(actor)
        if patient is None
        else (await care_links.load_link_with(actor, patient),)
    )
    actor.require_role(Role.CLINICIAN)
    missing: list[Unreadable] = []
    own = await collect_own(actor, missing, with_notes=patient is None)
    if not links:
        if not own.notes:
            raise NotFound
        await audit_log.record_event(actor, Act.RECORDS_TAKEN)  # others log it for each patient
    patients = []
    for link in links:
        try:
            patients.append(await _collect_shared_by(actor, link, missing))
        except (Damaged, TrustBroken):
            if patient is not None:
                raise
            missing.append(Unreadable("patient", link.patient))
    account = _build_account(actor, practice, await load_profile(actor.installation, actor.id))
    return ClinicianRecords(account, actor.now, tuple(patients), own, tuple(missing))


async def _collect_shared_by(actor: Actor, link: Link, missing: list[Unreadable]) -> PatientRecord:
    folder = await reading.load_folder(actor, link.patient)
    missing += [Unreadable("share", copy or UNKNOWN_ID) for copy in folder.damaged]
    missing += [Unreadable("session", one or UNKNOWN_ID) for one in folder.sessions.damaged]
    assignment = SessionAssignment(folder.sessions)
    copies = [build_copy_record(one, assignment) for one in (*folder.shared, *folder.closed)]
    courses = await _load_courses(actor, link, missing)
    contacts, texts = await _load_clinic(actor, link, missing)
    written = OpenedRows[CareNote]() if link.paused_at else await care_notes.load_notes(actor, link)
    missing += [Unreadable("care note", one or UNKNOWN_ID) for one in written.damaged]
    replies = OpenedRows[SentReply]() if folder.paused else await read_all(actor, link)
    missing += [Unreadable("reply", one or UNKNOWN_ID) for one in replies.damaged]
    things = OpenedRows[Item]() if link.paused_at else await talk_items.load_items(actor, link)
    missing += [Unreadable("talk item", one or UNKNOWN_ID) for one in things.damaged]
    agreed = [] if link.paused_at else [await notice_agreements.load_agreement(actor, link.patient, link)]
    missing += [Unreadable("notice agreement", link.id) for one in agreed if one.is_damaged]
    told = await notice_history.list_received(actor, link)
    missing += [Unreadable("notice", one.id) for one in told if one.is_damaged]
    async with transaction():
        await reading.mark_opened(actor, link.patient, [one.id for one in folder.shared])
        await audit_log.record_event(actor, Act.RECORDS_TAKEN, patient=link.patient, about=link.id)
    events = await audit_events.list_all_patient_events(link.patient, by=actor.id)
    missing += [Unreadable("event", UNKNOWN_ID) for _ in events.damaged]
    return PatientRecord(
        link.patient,
        link.id,
        link.peer_name,
        link.peer_contact,
        link.since,
        link.state,
        courses,
        build_plan_records(await open_words(actor, link, folder.sessions), missing),
        contacts,
        texts,
        build_care_note_records(written),
        build_talk_item_records(things),
        messages.build_agreement_records(agreed),
        [messages.build_received_notice_record(one) for one in told],
        copies,
        [messages.build_reply_record(one) for one in replies],
        build_event_records(events, {actor.id: actor.name}),
    )


async def _load_verified_entries(
    actor: Actor, planned: tuple[Session, ...]
) -> tuple[bool, list[EntryRecord], dict[UUID, Beside], list[Unreadable]]:
    """
    Return whether the journal, and these rows, are as they were left, all entries with their earlier versions, and what
    is kept beside the words of each.

    After a save by another page meanwhile, all is read again, a few times. A thread opens them, since there may be
    thousands.
    """
    for _ in range(ATTEMPTS):
        seen = await record_state.compare_records(actor, earlier=True)
        earlier, rows = (
            await fetch_raw_in_thread(SELECT_EARLIER_VERSIONS, actor.id),
            await fetch_raw_in_thread(SELECT_OWN_ENTRIES, actor.id),
        )
        is_intact = seen.is_intact and await asyncio.to_thread(seen.is_complete, rows, earlier)
        if is_intact or not seen.is_intact:
            break
    missing: list[Unreadable] = []
    remembered: dict[UUID, Beside] = {}
    found = await asyncio.to_thread(_open_entries, actor, planned, rows, earlier, remembered, missing)
    return is_intact, found, remembered, missing


def _open_entries(
    actor: Actor,
    planned: tuple[Session, ...],
    rows: Sequence[Sequence[Any]],
    earlier: Sequence[Sequence[Any]],
    remembered: dict[UUID, Beside],
    missing: list[Unreadable],
) -> list[EntryRecord]:
    assignment, found, versions = (
        SessionAssignment(planned),
        [],
        _open_earlier_versions(actor, earlier, missing),
    )
    for row in parse_rows(EntryRow, rows):
        try:
            one = require_undamaged(row)
            where = entry_context(actor.id, one.id, one.revision)
            document = open_document(actor.vault, one.sealed, where, EntryDocument)
        except Damaged:
            missing.append(Unreadable("entry", get_column(row, "id") or UNKNOWN_ID))
            continue
        if document.beside is not None:
            remembered[one.id] = document.beside
        moments = one.created_at, one.updated_at
        found.append(
            build_entry_record(one.id, one.revision, document, *moments, versions.get(one.id, []), assignment)
        )
    return found


def _open_earlier_versions(
    actor: Actor, rows: Sequence[Sequence[Any]], missing: list[Unreadable]
) -> dict[UUID, list[Version]]:
    found: dict[UUID, list[Version]] = {}
    for row in parse_rows(RevisionRow, rows):
        try:
            one = require_undamaged(row)
            where = revision_context(actor.id, one.id)
            kept = open_document(actor.vault, one.sealed, where, RevisionDocument)
            if kept.entry_id != one.entry_id.hex:  # the row was moved to another entry
                raise Damaged
        except Damaged:
            missing.append(Unreadable("earlier version", get_column(row, "id") or UNKNOWN_ID))
            continue
        record = build_version(one.id, kept.reason, kept.revision, kept.document, one.created_at)
        found.setdefault(one.entry_id, []).append(record)
    return found


async def _load_courses(actor: Actor, link: Link | None, missing: list[Unreadable]) -> list[CourseRecord]:
    courses = await load_courses(actor, link)
    missing += [Unreadable("course", one or UNKNOWN_ID) for one in courses.damaged]
    shown = [
        one for one in courses if link is None or not one.details.imported
    ]  # that is the patient's alone
    missing += [Unreadable("title of a course", one.id) for one in shown if one.is_closed]
    return [
        CourseRecord(one.id, one.details.title, get_known_language(one.details.language)) for one in shown
    ]


async def _load_clinic(
    actor: Actor, link: Link | None, missing: list[Unreadable]
) -> tuple[list[CallRecord], list[InstructionsRecord]]:
    """Return whom a patient can call, and every version of what their care team wrote, the oldest first."""
    patient = link.patient if link else actor.id
    contacts = await call_contacts.load_contacts(actor.installation, patient)
    texts = await instructions.load_versions(actor.installation, patient)
    missing += [Unreadable("contact", one or UNKNOWN_ID) for one in contacts.damaged]
    missing += [Unreadable("instructions", one or UNKNOWN_ID) for one in texts.damaged]
    opened = await open_texts(actor, link, texts)
    missing += [Unreadable("words of instructions", one.id) for one in opened if one.is_closed]
    ordered = sorted(opened, key=lambda one: (one.course is None, one.course or UNKNOWN_ID, one.version))
    return [build_call_record(one) for one in contacts], [build_instructions_record(one) for one in ordered]


def _build_account(actor: Actor, practice: str, one: Profile) -> Account:
    chosen = RemindersRecord(list(one.reminders.kinds), one.reminders.quiet_from, one.reminders.quiet_until)
    return Account(
        actor.id, actor.role, actor.name, actor.email, actor.time_zone, practice, one.contact, chosen
    )
