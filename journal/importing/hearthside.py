"""
Read an archive of Hearthside (docs/export-format.md), also of another installation, and one that was packed anew.

Everything gets new ids, in the lines of answers too, since those of the archive may be somebody's here. What others
wrote or agreed on, and whatever would share, ask or wait by itself, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from journal.catalogue.answers import ADDED_KINDS
from journal.catalogue.fields import Answer, Answers, EntryKind, Field, FieldKind
from journal.catalogue.forms import FORMS
from journal.i18n import get_known_language
from journal.importing.folder import Folder
from journal.importing.items import (
    EARLIEST_YEAR,
    MAX_ENTRIES,
    MAX_SESSIONS,
    MAX_VERSIONS,
    Findings,
    ImportedCourse,
    ImportedEntry,
    ImportedSession,
    ImportedVersion,
    LeftOut,
    Refusal,
    Refused,
    Source,
    compute_digest,
    make_id,
)
from journal.importing.texts import TITLE_LENGTH, Clock, as_list, as_object, as_text, decode_json
from journal.sessions.session import (
    LANGUAGE_FIELDS,
    SessionDetails,
    SessionKind,
    Status,
    check_session,
    clean_details,
)
from journal.stamps import AUTHOR, mark_imported
from journal.time_zones import is_zone
from journal.user_input import clean_line, clean_text, parse_day
from journal.vault.documents import Reason

MANIFEST, ENTRIES, PLAN, SHARING = (
    "manifest.json",
    "data/entries.json",
    "data/sessions.json",
    "data/sharing.json",
)
FORMAT, PACKET_FORMAT, VERSION = "hearthside-records", "hearthside-packet", 1
NOT_IMPORTED = frozenset({EntryKind.STANDING, EntryKind.WAITING, EntryKind.NOTICES, EntryKind.REPLIES})
"""Kinds that share or ask by themselves, or hold what others wrote about copies that are no more."""
MAX_LINES = 5000
MAX_LINE = 20_000
MAX_REVISION = 2**30
MAX_CODE_LENGTH = 300
ANSWER_ID = re.compile(r"[a-z0-9_.-]{1,80}")
ID = re.compile(r"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b")
UNKNOWN = "unknown"


def find_manifest(folder: Folder) -> str | None:
    """Return the name of the manifest of an archive; all files of one may stand in one folder."""
    names = [name for name in folder.names if name.rpartition("/")[2] == MANIFEST and name.count("/") <= 1]
    return names[0] if len(names) == 1 else None


def read_archive(folder: Folder, manifest: str, clock: Clock) -> Findings:
    """Return the entries with their earlier versions, and the sessions that are over."""
    base = manifest.removesuffix(MANIFEST)
    told = as_object(decode_json(folder.read(manifest)))
    _require_records(told)
    hashes = {
        as_text(as_object(one).get("name")): one.get("sha256") for one in as_list(told.get("files")) if one
    }

    def read(name: str) -> Any:
        if base + name not in folder.names:
            if name in hashes:
                raise Refused(Refusal.DAMAGED)
            return None
        content = folder.read(base + name)
        if hashes.get(name) != sha256(content).hexdigest():
            raise Refused(Refusal.CHANGED)
        return decode_json(content)

    entries, plan, sharing = as_list(read(ENTRIES)), as_object(read(PLAN)), as_object(read(SHARING))
    reader = _Reader(clock, entries, plan)
    reader.read_plan(plan)
    for one in entries:
        reader.read_entry(one)
    found = reader.found
    found.leave_out(LeftOut.SHARING, sum(len(as_list(sharing.get(name))) for name in ("care_team", "shares")))
    found.leave_out(
        LeftOut.CLINICIANS,
        sum(
            len(as_list(plan.get(name))) for name in ("contacts", "instructions", "care_notes", "talk_items")
        ),
    )
    found.leave_out(LeftOut.UNKEPT, len(as_list(plan.get("sitter_notes"))))
    return found


def _require_records(told: Mapping[str, Any]) -> None:
    if told.get("format") == PACKET_FORMAT:
        raise Refused(Refusal.PACKET)
    if told.get("format") != FORMAT:
        raise Refused(Refusal.UNKNOWN)
    if told.get("schema_version") != VERSION:
        raise Refused(Refusal.NEWER)
    if told.get("role") != "patient":
        raise Refused(Refusal.CLINICIAN)


class _Reader:
    """Reads records one by one; `ids` are the new ids of what the archive holds, by its own in hexadecimal digits."""

    def __init__(self, clock: Clock, entries: list[Any], plan: Mapping[str, Any]) -> None:
        sessions, courses = as_list(plan.get("sessions")), as_list(plan.get("courses"))
        if len(entries) > MAX_ENTRIES or len(sessions) > MAX_SESSIONS or len(courses) > MAX_SESSIONS:
            raise Refused(Refusal.TOO_MANY)
        self.clock = clock
        self.found = Findings(Source.HEARTHSIDE)
        self.ids: dict[str, str] = {}
        for one in (*courses, *sessions, *entries):
            ident = _read_id(as_object(one).get("id"))
            if ident and ident not in self.ids:
                self.ids[ident] = make_id()
        self.kept_sessions: set[str] = set()
        self.seen: set[str] = set()

    def read_plan(self, plan: Mapping[str, Any]) -> None:
        """Read the sessions that are over, and the courses that they belong to."""
        told = map(as_object, as_list(plan.get("courses")))
        courses = {ident: one for one in told if (ident := _read_id(one.get("id")))}
        for one in as_list(plan.get("sessions")):
            self._read_session(as_object(one), courses)
        there = {one.id for one in self.found.sessions}
        self.found.sessions = [
            one
            if one.details.about in there
            else msgspec.structs.replace(one, details=msgspec.structs.replace(one.details, about=None))
            for one in self.found.sessions
        ]
        wanted = {one.course for one in self.found.sessions}
        for ident, course in courses.items():
            if self.ids[ident] in wanted:
                title, language = clean_line(as_text(course.get("title"))), as_text(course.get("language"))
                self.found.courses.append(
                    ImportedCourse(self.ids[ident], title[:TITLE_LENGTH], get_known_language(language))
                )

    def _read_session(self, one: dict[str, Any], courses: Mapping[str, Any]) -> None:
        ident = _read_id(one.get("id"))
        details = self._read_details(one)
        if not ident or ident in self.seen or details is None:
            self.found.leave_out(LeftOut.BROKEN)
            return
        self.seen.add(ident)
        if details.ends_at > self.clock.now:
            self.found.leave_out(LeftOut.COMING)
            return
        course = _read_id(one.get("course_id"))
        self.kept_sessions.add(ident)
        self.found.sessions.append(
            ImportedSession(self.ids[ident], details, self.ids[course] if course in courses else None)
        )

    def _read_details(self, one: dict[str, Any]) -> SessionDetails | None:
        """Return what is known of a session; None for one that could not be planned here."""
        about = self.ids.get(_read_id(one.get("about")))
        told = {
            name: one[name] for name in SessionDetails.__struct_fields__ if name in one and name != "imported"
        }
        moments = {name: _format_moment(one.get(name)) for name in ("started_at", "ended_at", "moved_at")}
        days = {name: _format_day(one.get(name)) for name in ("rested_on", "ask_after")}
        languages = {
            name: get_known_language(as_text(one.get(name)))
            for name in ("language", *LANGUAGE_FIELDS.values())
        }
        try:
            details = msgspec.convert(told | moments | days | languages | {"about": about}, SessionDetails)
        except msgspec.ValidationError:
            return None
        numbers = (details.moves, details.acute_hours or 0, details.sequence_no or 0)
        if not all(0 <= number <= MAX_REVISION for number in numbers) or max(numbers[1:]) > 1000:
            return None
        details = clean_details(details)
        if check_session(details) or (details.kind is not SessionKind.DOSING and _is_dosing_only(details)):
            return None
        return details

    def read_entry(self, record: object) -> None:
        """Read an entry with its earlier versions."""
        one = as_object(record)
        ident, created, updated = (
            _read_id(one.get("id")),
            _read_moment(one.get("created_at"), self.clock.now),
            _read_moment(one.get("updated_at"), self.clock.now),
        )
        if not ident or ident in self.seen or created is None or updated is None:
            self.found.leave_out(LeftOut.BROKEN)
            return
        kind = next((kind for kind in EntryKind if kind == one.get("kind")), None)
        if kind is None or kind in NOT_IMPORTED:
            self.found.leave_out(LeftOut.NEWER if kind is None else LeftOut.SHARING)
            return
        self.seen.add(ident)
        title, note, answers = self._read_words(kind, one)
        versions = self._read_versions(kind, as_list(one.get("earlier")))
        if not (title or note or answers or versions):
            self.found.leave_out(LeftOut.EMPTY)
            return
        zone = as_text(one.get("zone"))
        self.found.add(
            ImportedEntry(
                self.ids[ident],
                kind.value,
                created,
                max(created, updated),
                compute_digest(kind.value, title, note, answers, created),
                title,
                note,
                self._find_session(one),
                answers,
                _read_revision(one.get("revision")),
                get_known_language(as_text(one.get("language"))),
                zone if is_zone(zone) else "",
                versions,
            )
        )

    def _read_versions(self, kind: EntryKind, earlier: list[Any]) -> tuple[ImportedVersion, ...]:
        """Return the earlier versions of an entry; whoever wiped its words may want one back."""
        self.found.leave_out(LeftOut.BROKEN, max(0, len(earlier) - MAX_VERSIONS))
        versions = (self._read_version(kind, as_object(old)) for old in earlier[:MAX_VERSIONS])
        return tuple(old for old in versions if old is not None)

    def _read_version(self, kind: EntryKind, one: dict[str, Any]) -> ImportedVersion | None:
        kept = _read_moment(one.get("kept_at"), self.clock.now)
        if kept is None or one.get("reason") not in {reason.value for reason in Reason}:
            self.found.leave_out(LeftOut.BROKEN)
            return None
        title, note, answers = self._read_words(kind, one)
        return ImportedVersion(
            kept,
            str(one["reason"]),
            _read_revision(one.get("revision"), 0),
            title,
            note,
            self._find_session(one),
            answers,
            get_known_language(as_text(one.get("language"))),
        )

    def _find_session(self, one: Mapping[str, Any]) -> str | None:
        ident = _read_id(one.get("session_id"))
        return self.ids[ident] if ident in self.kept_sessions else None

    def _read_words(self, kind: EntryKind, one: Mapping[str, Any]) -> tuple[str, str, Answers]:
        title, note = clean_line(as_text(one.get("title"))), clean_text(as_text(one.get("note"))).strip()
        fields = {field.id: field for field in FORMS[kind].fields}
        answers: dict[str, Answer] = {}
        for told in as_list(one.get("answers")):
            ident, value = as_text(as_object(told).get("id")), as_object(told).get("value")
            taken = _read_answer(fields.get(ident), value) if ANSWER_ID.fullmatch(ident) else None
            if taken is None or ident in answers:
                self.found.leave_out(LeftOut.NEWER)
                continue
            answers[ident] = self._renew_ids(fields.get(ident), taken)
        if kind is EntryKind.PLAN_NOTE and AUTHOR in answers:
            answers[AUTHOR] = mark_imported(str(answers[AUTHOR]))
        return title[:TITLE_LENGTH], note[:TITLE_LENGTH], answers

    def _renew_ids(self, field: Field | None, answer: Answer) -> Answer:
        """Return an answer with the new ids of what its lines are about; words of a person's stay as they are."""
        if not isinstance(answer, list) or (field is not None and field.kind not in ADDED_KINDS):
            return answer
        return [ID.sub(self._renew_id, line) for line in answer]

    def _renew_id(self, told: re.Match[str]) -> str:
        new = self.ids.get(told[0].replace("-", ""))
        if new is None:
            return told[0]
        return str(UUID(new)) if "-" in told[0] else new


def _read_answer(field: Field | None, value: object) -> Answer | None:
    """Return an answer as a form stores it, or None for what no form would."""
    kind = field.kind if field else None
    most = field.max_answer_length if field else MAX_LINE
    if isinstance(value, list):
        is_list = kind is None or kind in ADDED_KINDS | {FieldKind.CHOICES, FieldKind.EMOTIONS}
        fits = len(value) <= MAX_LINES and all(isinstance(one, str) and len(one) <= MAX_LINE for one in value)
        return [clean_text(one) for one in value] if is_list and fits and value else None
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = (field.range or (1, 0)) if field else (-MAX_REVISION, MAX_REVISION)
        return value if low <= value <= high else None
    if not isinstance(value, str) or not value:
        return None
    if kind is FieldKind.DATE:
        day = parse_day(value)
        return day.isoformat() if day else None
    if kind is FieldKind.CHOICE:
        most = MAX_CODE_LENGTH
    elif kind not in (None, FieldKind.LINE, FieldKind.TEXT):
        return None
    text = clean_text(value) if kind in (None, FieldKind.TEXT) else clean_line(value)
    return text if 0 < len(text) <= most else None


def _is_dosing_only(details: SessionDetails) -> bool:
    """Return whether a talk says what only a dosing session can be."""
    return details.status not in (Status.PLANNED, Status.CLOSED, Status.CANCELLED)


def _read_id(value: object) -> str:
    """Return an id in hexadecimal digits, or nothing."""
    try:
        return UUID(value).hex if isinstance(value, str) and len(value) <= 40 else ""
    except ValueError:
        return ""


def _read_moment(value: object, now: datetime) -> datetime | None:
    """Return a moment of the past, in UTC; None for any other."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
        if moment is None or moment.tzinfo is None:
            return None
        told = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(told, now) if told.year >= EARLIEST_YEAR else None


def _format_moment(value: object) -> str | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
        return moment.astimezone(UTC).isoformat() if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _format_day(value: object) -> str | None:
    day = parse_day(value) if isinstance(value, str) else None
    return day.isoformat() if day else None


def _read_revision(value: object, least: int = 1) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_REVISION
    return int(value) if is_number else least  # type: ignore[call-overload]
