"""Map domain objects to export records: each answer with its question, each id in one form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from journal.audit.query import Event
from journal.care.links import Link
from journal.care_notes.clinic import SESSION, Moment, build_readings
from journal.care_notes.notes import CareNote, NoteVersion
from journal.care_notes.reviews import label_version
from journal.catalogue.fields import Answer, Answers, EntryKind, Field, FieldKind
from journal.catalogue.forms import FORMS
from journal.clinic.call_contacts import CallContact
from journal.clinic.instructions import Instructions
from journal.dosing_day.lines import summarize_readings
from journal.entries.assignment import SessionAssignment
from journal.i18n import N_, get_known_language
from journal.records.schema import (
    Answered,
    CallRecord,
    CareNoteRecord,
    CopyRecord,
    EntryRecord,
    EventRecord,
    HoursRecord,
    InstructionsRecord,
    LinkRecord,
    Section,
    SessionRecord,
    ShareRecord,
    SitterNoteRecord,
    Unreadable,
    Version,
)
from journal.sessions.rows import Session
from journal.sharing.copies import NOTE, TITLE
from journal.sharing.reading import IncomingShare
from journal.sharing.shares import OutgoingShare
from journal.sitter.reading import ReadNote
from journal.vault.documents import EntryDocument, Reason

UNKNOWN_KIND = "unknown"
"""The kind of an answer whose question no form asks any more; it is exported all the same."""


def build_entry_record(
    ident: UUID,
    revision: int,
    document: EntryDocument,
    created_at: datetime,
    updated_at: datetime,
    earlier: list[Version],
    assignment: SessionAssignment[Session],
) -> EntryRecord:
    """Return an entry as it reads now, and the session that it belongs to."""
    at = assignment.find_session(document.kind, document.session_id, created_at)
    return EntryRecord(
        ident,
        document.kind,
        document.title,
        document.note,
        _parse_session_id(document.session_id),
        at.id if at else None,
        created_at,
        updated_at,
        revision,
        build_answers(document.kind, document.answers),
        earlier,
        get_known_language(document.language),
        document.beside.origin.zone if document.beside and document.beside.origin else "",
        get_known_language(document.title_language),
        document.is_imported,
    )


def build_version(
    ident: UUID, reason: str, revision: int, document: EntryDocument, kept_at: datetime
) -> Version:
    """Return an earlier version of an entry."""
    return Version(
        ident,
        kept_at,
        Reason(reason),
        revision,
        document.title,
        document.note,
        _parse_session_id(document.session_id),
        build_answers(document.kind, document.answers),
        get_known_language(document.language),
    )


def build_answers(kind: str, answers: Answers) -> list[Answered]:
    """Return answers with their questions: in the form's order, then those that the form no longer asks."""
    fields = _get_fields(kind)
    known = [_build_answer(field, answers[field.id]) for field in fields.values() if field.id in answers]
    gone = [Answered(key, "", UNKNOWN_KIND, value, []) for key, value in answers.items() if key not in fields]
    return known + gone


def build_plan_records(sessions: Iterable[Session], missing: list[Unreadable]) -> list[SessionRecord]:
    """Return sessions as exported, and note whose words do not open: a clinician's while sharing is paused."""
    plan = list(sessions)
    missing += [Unreadable("words of a session", one.id) for one in plan if one.is_closed]
    return [build_session_record(one) for one in plan]


def build_session_record(one: Session) -> SessionRecord:
    """Return a session as exported."""
    details = one.details
    return SessionRecord(
        one.id,
        one.course,
        _parse_session_id(details.about),
        details.kind,
        details.status,
        one.starts_at,
        details.local,
        details.zone,
        details.minutes,
        details.setting,
        details.route,
        details.phase,
        details.sequence_no,
        details.added_by_patient,
        details.dose_text,
        details.prescriber_name,
        details.sitter,
        details.note,
        details.cancel_reason,
        _parse_moment(details.started_at),
        _parse_moment(details.ended_at),
        details.rested_on,
        details.ask_after,
        details.acute_hours,
        details.join,
        details.moves,
        _parse_moment(details.moved_at),
        get_known_language(details.find_language("dose_text")),
        get_known_language(details.find_language("note")),
        get_known_language(details.find_language("cancel_reason")),
        one.is_imported,
    )


def build_link_record(link: Link) -> LinkRecord:
    """Return one clinician of the care team."""
    return LinkRecord(
        link.id,
        link.clinician,
        link.peer_name,
        link.peer_profession,
        link.state,
        link.since,
        link.paused_at,
        link.ended_at,
    )


def build_share_record(share: OutgoingShare, openings: Iterable[datetime]) -> ShareRecord:
    """Return a copy that a clinician can read, when they opened it, and when it was talked about."""
    document, fields = share.document, _get_fields(share.document.kind)
    labels = {TITLE: N_("Title"), NOTE: N_("Content note")} | {
        field.id: field.label for field in fields.values()
    }
    return ShareRecord(
        share.id,
        share.entry,
        share.link.id,
        share.link.peer_name,
        [Section(part, labels.get(part, ""), part in share.outdated) for part in document.fields],
        document.entry_revision,
        datetime.fromisoformat(document.shared_at),
        list(openings),
        share.changed,
        share.talked_at,
        document.attention,
        share.end.last_day.isoformat() if share.end else "",
        share.may_file,
        [one.at for one in share.filings],
    )


def build_copy_record(shared: IncomingShare, assignment: SessionAssignment[Session]) -> CopyRecord:
    """Return a shared copy for the clinician who reads it, and the session that it belongs to."""
    document = shared.document
    at = assignment.find_session(document.kind, document.session_id, shared.written_at)
    return CopyRecord(
        shared.id,
        document.kind,
        document.title,
        document.note,
        _parse_session_id(document.session_id),
        at.id if at else None,
        shared.written_at,
        shared.shared_at,
        shared.talked_at,
        build_answers(document.kind, document.answers),
        document.attention,
        shared.is_closed,
        get_known_language(document.language),
        shared.end.last_day.isoformat() if shared.end else "",
        shared.may_file,
        shared.filed.at if shared.filed else None,
        document.imported,
    )


def build_event_records(events: Iterable[Event], names: Mapping[UUID, str]) -> list[EventRecord]:
    """Return events, with the names of the people who are known."""
    return [
        EventRecord(
            one.at,
            one.action,
            one.actor_id,
            names.get(one.actor_id, "") if one.actor_id else "",
            one.object_id,
        )
        for one in events
    ]


def _build_answer(field: Field, value: Answer) -> Answered:
    is_choice = field.kind in (FieldKind.CHOICE, FieldKind.CHOICES)
    labels = field.get_option_labels(value) if is_choice else label_version(field.id, value)
    return Answered(field.id, field.label, field.kind.value, value, list(labels))


def _get_fields(kind: str) -> Mapping[str, Field]:
    if kind not in FORMS:
        return {}
    return {field.id: field for field in FORMS[EntryKind(kind)].fields}


def _parse_session_id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _parse_moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def build_call_record(one: CallContact) -> CallRecord:
    """Return somebody to call."""
    details = one.details
    return CallRecord(
        one.id,
        details.role,
        details.name,
        details.number,
        details.purpose,
        details.zone,
        [HoursRecord(list(hours.days), hours.start, hours.end) for hours in details.windows],
        details.outside,
        details.check_date,
        details.written_by,
        one.written_at,
        details.writer,
        get_known_language(details.language),
    )


def build_sitter_note_record(one: ReadNote) -> SitterNoteRecord:
    """Return what a sitter noted, as far as it was neither kept nor deleted."""
    note = one.note
    return SitterNoteRecord(
        one.id, note.session, note.kind, note.line, note.at, get_known_language(note.language)
    )


def build_care_note_records(found: Iterable[CareNote]) -> list[CareNoteRecord]:
    """Return every version of notes, those written first first."""
    versions = [one for note in found for one in (note.current, *note.earlier)]
    return [_build_care_note_record(one) for one in sorted(versions, key=lambda one: one.details.written_at)]


def _build_care_note_record(one: NoteVersion) -> CareNoteRecord:
    fields, details = one.details.fields, one.details
    taken = build_readings(fields)
    before, middle, end = (
        summarize_readings([taken[moment].line]) if moment in taken else "" for moment in Moment
    )
    return CareNoteRecord(
        one.note,
        one.version,
        one.link,
        one.kind,
        fields.get("dose", ""),
        fields.get("interval", ""),
        fields.get("focus", ""),
        fields.get("from_day", ""),
        fields.get("why", ""),
        fields.get("name", ""),
        fields.get("day", ""),
        fields.get("total", ""),
        fields.get("systolic", ""),
        fields.get("diastolic", ""),
        fields.get("pulse", ""),
        fields.get("oxygen", ""),
        UUID(fields[SESSION]) if fields.get(SESSION) else None,
        before,
        middle,
        end,
        fields.get("drowsy_from", ""),
        fields.get("drowsy_until", ""),
        fields.get("away_from", ""),
        fields.get("away_until", ""),
        fields.get("ready", ""),
        fields.get("asked", ""),
        fields.get("outcome", ""),
        fields.get("words", ""),
        UUID(fields["share"]) if "share" in fields else None,
        fields.get("read_version", ""),
        details.written_by,
        details.profession,
        one.written_at,
        one.language,
    )


def build_instructions_record(one: Instructions) -> InstructionsRecord:
    """Return a version of what the care team wrote."""
    details = one.details
    return InstructionsRecord(
        one.id,
        one.course,
        one.version,
        details.fasting,
        details.medicines,
        details.bring,
        details.sitter_text,
        details.acute_hours,
        details.check_minutes,
        details.part_minutes,
        details.phq9_days,
        details.gad7_days,
        details.pcl5_month_days,
        details.pcl5_week_days,
        details.offsets,
        details.written_by,
        one.written_at,
        one.signer,
        one.hidden_at,
        get_known_language(details.language),
    )
