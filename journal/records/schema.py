"""
The shapes of the JSON files in an export, as docs/export-format.md describes them; a test compares the two.

Times are UTC. `question`, `labels` and `label` hold Hearthside's words, in English; the rest is a person's.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from journal.accounts.profiles import ContactDetails
from journal.audit.acts import Act
from journal.care_notes.notes import NoteKind as CareNoteKind
from journal.catalogue.fields import Answer
from journal.clinic.call_contacts import CallRole
from journal.records.messages import AgreementRecord, NoticeRecord, ReceivedNoticeRecord, ReplyRecord
from journal.records.talks import TalkItemRecord
from journal.roles import Role
from journal.sessions.moments import Offsets
from journal.sessions.session import Phase, Route, SessionKind, Setting, Status
from journal.sitter.lines import NoteKind
from journal.vault.documents import Reason

FORMAT = "hearthside-records"
SCHEMA_VERSION = 1


class RemindersRecord(msgspec.Struct, frozen=True):
    """Of what somebody wants to be reminded, and from when until when, on their own clock, never."""

    kinds: list[str]
    quiet_from: str
    quiet_until: str


class Account(msgspec.Struct, frozen=True):
    """Who took the records away."""

    id: UUID
    role: Role
    name: str
    email: str
    time_zone: str
    practice: str
    contact: ContactDetails
    reminders: RemindersRecord


class Answered(msgspec.Struct, frozen=True):
    """One answered question; `question` is empty when today's forms no longer ask it."""

    id: str
    question: str
    kind: str
    value: Answer
    labels: list[str]


class Version(msgspec.Struct, frozen=True):
    """An earlier version of an entry."""

    id: UUID
    kept_at: datetime
    reason: Reason
    revision: int
    title: str
    note: str
    session_id: UUID | None
    answers: list[Answered]
    language: str = ""


class EntryRecord(msgspec.Struct, frozen=True):
    """An entry as it reads now, with its earlier versions, newest first."""

    id: UUID
    kind: str
    title: str
    note: str
    session_id: UUID | None
    belongs_to: UUID | None
    created_at: datetime
    updated_at: datetime
    revision: int
    answers: list[Answered]
    earlier: list[Version]
    language: str = ""
    zone: str = ""
    title_language: str = ""
    imported: bool = False


class CourseRecord(msgspec.Struct, frozen=True):
    """A series of sessions."""

    id: UUID
    title: str
    language: str


class SessionRecord(msgspec.Struct, frozen=True):
    """One session; `local` is the planned time on the wall in `zone`, `starts_at` the same moment in UTC."""

    id: UUID
    course_id: UUID | None
    about: UUID | None
    kind: SessionKind
    status: Status
    starts_at: datetime
    local: str
    zone: str
    minutes: int
    setting: Setting
    route: Route | None
    phase: Phase | None
    sequence_no: int | None
    added_by_patient: bool
    dose_text: str
    prescriber_name: str
    sitter: str
    note: str
    cancel_reason: str
    started_at: datetime | None
    ended_at: datetime | None
    rested_on: str | None
    ask_after: str | None
    acute_hours: int | None
    join: str
    moves: int
    moved_at: datetime | None
    dose_language: str
    note_language: str
    reason_language: str
    imported: bool = False


class HoursRecord(msgspec.Struct, frozen=True):
    """Weekly hours on the clock of their own place; an end that is not after the start is on the next day."""

    days: list[int]
    start: str
    end: str


class CallRecord(msgspec.Struct, frozen=True):
    """Somebody whom the patient can call, as the care team wrote it."""

    id: UUID
    role: CallRole
    name: str
    number: str
    purpose: str
    zone: str
    hours: list[HoursRecord]
    outside: str
    check_date: str | None
    written_by: str
    written_at: datetime
    writer_id: UUID | None
    language: str


class InstructionsRecord(msgspec.Struct, frozen=True):
    """One version of what the care team wrote for the dosing days of a course; the highest counts."""

    id: UUID
    course_id: UUID | None
    version: int
    fasting: str
    medicines: str
    bring: str
    sitter_text: str
    acute_hours: int
    check_minutes: int
    part_minutes: int | None
    phq9_days: int | None
    gad7_days: int | None
    pcl5_month_days: int | None
    pcl5_week_days: int | None
    offsets: Offsets
    written_by: str
    written_at: datetime
    signer_id: UUID
    hidden_at: datetime | None
    language: str


class SitterNoteRecord(msgspec.Struct, frozen=True):
    """What a sitter noted and its patient neither kept nor deleted; what was kept is an entry."""

    id: UUID
    session_id: UUID
    kind: NoteKind
    line: str
    noted_at: datetime
    language: str


class CareNoteRecord(msgspec.Struct, frozen=True):
    """One version of what a clinician wrote for a patient; what does not belong to its kind is empty."""

    note_id: UUID
    version: int
    link_id: UUID
    kind: CareNoteKind
    dose: str
    interval: str
    focus: str
    from_date: str
    why: str
    scale: str
    scale_date: str
    total: str
    systolic_most: str
    diastolic_most: str
    pulse_most: str
    oxygen_least: str
    session_id: UUID | None
    before: str
    middle: str
    end: str
    drowsy_from: str
    drowsy_until: str
    away_from: str
    away_until: str
    ready: str
    asked: str
    outcome: str
    words: str
    read_share_id: UUID | None
    read_version: str
    written_by: str
    profession: str
    written_at: datetime
    language: str


class Plan(msgspec.Struct, frozen=True):
    """Courses and sessions, in the order of their times, what the care team wrote for them, and what sitters noted."""

    courses: list[CourseRecord]
    sessions: list[SessionRecord]
    contacts: list[CallRecord]
    instructions: list[InstructionsRecord]
    sitter_notes: list[SitterNoteRecord]
    care_notes: list[CareNoteRecord]
    talk_items: list[TalkItemRecord]


class LinkRecord(msgspec.Struct, frozen=True):
    """One clinician of the care team, also after care has ended."""

    id: UUID
    clinician_id: UUID
    name: str
    profession: str
    state: str
    since: datetime
    paused_at: datetime | None
    ended_at: datetime | None


class Section(msgspec.Struct, frozen=True):
    """One part of an entry that was shared; `changed`: it reads differently in the entry now."""

    id: str
    label: str
    changed: bool


class ShareRecord(msgspec.Struct, frozen=True):
    """
    One copy that a clinician can read at the time of the export; `attention` is what is asked of them.

    `until` is its last day, empty where none was chosen; `filed` are the times that they filed it, where it `may_file`.
    """

    id: UUID
    entry_id: UUID
    link_id: UUID
    name: str
    sections: list[Section]
    entry_revision: int
    shared_at: datetime
    openings: list[datetime]
    changed: bool
    talked_at: datetime | None
    attention: str = ""
    until: str = ""
    may_file: bool = False
    filed: list[datetime] = []


class Sharing(msgspec.Struct, frozen=True):
    """The care team, what its members can read, and what is agreed on about notices and became of each."""

    care_team: list[LinkRecord]
    shares: list[ShareRecord]
    agreements: list[AgreementRecord]
    notices: list[NoticeRecord]


class EventRecord(msgspec.Struct, frozen=True):
    """Who did what, and when; `name` is empty when nobody signed in did it or the person is not known."""

    at: datetime
    action: Act
    actor_id: UUID | None
    name: str
    object_id: UUID | None


class CopyRecord(msgspec.Struct, frozen=True):
    """
    A shared copy, as its clinician reads it; `attention` is what its patient asks, if anything.

    One that is kept closed, and was not opened, has its title alone.
    """

    id: UUID
    kind: str
    title: str
    note: str
    session_id: UUID | None
    belongs_to: UUID | None
    written_at: datetime
    shared_at: datetime
    talked_at: datetime | None
    answers: list[Answered]
    attention: str = ""
    is_closed: bool = False
    language: str = ""
    until: str = ""
    may_file: bool = False
    filed_at: datetime | None = None
    imported: bool = False


class PatientRecord(msgspec.Struct, frozen=True):
    """One patient in a clinician's export."""

    id: UUID
    link_id: UUID
    name: str
    contact: ContactDetails
    since: datetime
    state: str
    courses: list[CourseRecord]
    sessions: list[SessionRecord]
    contacts: list[CallRecord]
    instructions: list[InstructionsRecord]
    care_notes: list[CareNoteRecord]
    talk_items: list[TalkItemRecord]
    agreements: list[AgreementRecord]
    notices: list[ReceivedNoticeRecord]
    shared: list[CopyRecord]
    replies: list[ReplyRecord]
    log: list[EventRecord]


NOT_INTACT = "journal"


class Unreadable(msgspec.Struct, frozen=True):
    """
    Something that did not open: it is missing from the other files.

    `NOT_INTACT`: the journal is not as its owner left it: entries may be missing, or older than they were.
    """

    what: str
    id: UUID


class FileRecord(msgspec.Struct, frozen=True):
    """One file of the archive."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What the archive is, and a hash of each of its other files."""

    format: str
    schema_version: int
    app_version: str
    created_at: datetime
    time_zone: str
    account_id: UUID
    role: Role
    unreadable: list[Unreadable]
    files: list[FileRecord]
