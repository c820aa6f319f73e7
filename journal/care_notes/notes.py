"""
Notes of a clinician for one patient: written in versions, sealed under their care link's key, read by both.

Another clinician has no key to them. Whoever wrote one adds a version and changes none. With the link they end: what
a patient wants to have for longer, they keep in their journal.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid4

import msgspec

from crypto import Context, Sealer
from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links, tables
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.care.links import Link, require_cared_for
from journal.care_notes.clinic import CLINIC_FIELDS, SESSION, check_clinic, load_clinic_session, name_session
from journal.care_notes.limits import LIMITS, check_limits, find_outside
from journal.care_notes.reviews import ASK_FIELDS, REVIEW_FIELDS, check_ask, check_review
from journal.care_notes.signing import PURPOSES, sign_note, verify_note
from journal.dosing_day.lines import Reading
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_, Labelled, get_known_language
from journal.measures.lines import get_noon
from journal.roles import Profession
from journal.sealing import open_document, seal_document
from journal.sessions.rows import Session
from journal.store.database import transaction
from journal.store.rows import (
    DamagedRow,
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    fetch_rows,
    get_column,
    open_rows,
)
from journal.user_input import clean_line, clean_text, parse_day

MAX_VERSIONS = 100
MAX_NOTES = 500
"""Versions of all notes of one care link."""
UNREADABLE = "unreadable"
LENGTHS: Mapping[str, int] = MappingProxyType(
    {"words": 2000, "dose": 200, "interval": 200, "focus": 500, "why": 2000, "name": 60, "total": 12}
)
PLAN_WRITERS = frozenset({Profession.PRESCRIBER.value, Profession.THERAPIST.value})

TOO_LONG = N_("This is longer than this field can hold. Please shorten it.")
NOTHING_PLANNED = N_("Write at least one of dose, interval and focus.")
NO_FROM = N_("Please give the day from which this holds, such as 2026-11-22.")
NO_NAME = N_("Please name the scale, in up to 60 letters.")
NO_DAY = N_("Please give the day, such as 2026-11-22, and none that is still to come.")
NO_TOTAL = N_("Please write the total as a number, such as 14.")
NOT_THEIRS = N_("A plan note is written by a prescriber or a therapist.")
NO_ROOM = N_("There is no room for more notes with this patient.")
CHANGED_MEANWHILE = N_("A newer version was written in the meantime. Look at it before saving.")


class NoteKind(Labelled):
    """What a note is about."""

    PLAN = "plan", N_("Plan note")
    TOTAL = "total", N_("Total of a scale")
    LIMITS = "limits", N_("Limits before starting")
    CLINIC = "clinic", N_("Readings in the clinic")
    ASK = "ask", N_("Evaluation asked for")
    REVIEW = "review", N_("Review of the evaluation")


FIELDS: Mapping[NoteKind, tuple[str, ...]] = MappingProxyType(
    {
        NoteKind.PLAN: ("dose", "interval", "focus", "from_day", "why"),
        NoteKind.TOTAL: ("name", "day", "total"),
        NoteKind.LIMITS: LIMITS,
        NoteKind.CLINIC: CLINIC_FIELDS,
        NoteKind.ASK: ASK_FIELDS,
        NoteKind.REVIEW: REVIEW_FIELDS,
    }
)
"""What each kind holds, in the order in which it is asked for and shown."""
ONLY_ONE = frozenset({NoteKind.LIMITS, NoteKind.ASK, NoteKind.REVIEW})
"""The kinds of which there is one note for a care link, in versions."""
TEXTS = frozenset({"why", "focus", "words"})
"""Fields of several lines."""


class NoteDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    One version as it is sealed; `fields` by their names, `written_at` UTC, ISO 8601.

    Limits, what a clinic noted at a session, and a review carry the `signature` of who wrote them. Versions of before,
    and what they sign, lack the `language` of the page.
    """

    kind: str
    fields: dict[str, str]
    written_by: str
    profession: str
    written_at: str
    signature: bytes = b""
    language: str | msgspec.UnsetType = msgspec.UNSET


class NoteVersion(msgspec.Struct, frozen=True):
    """One version of a note, opened."""

    id: UUID
    note: UUID
    link: UUID
    version: int
    details: NoteDetails

    @property
    def kind(self) -> NoteKind:
        """Return what it is about."""
        return NoteKind(self.details.kind)

    @property
    def language(self) -> str:
        """Return the language of its words, where it is known."""
        return get_known_language(self.details.language or "")

    @property
    def noon(self) -> datetime | None:
        """Return the day that it is of, or from which it holds, as a moment, to be written."""
        return get_noon(parse_day(self.details.fields.get("from_day") or self.details.fields.get("day", "")))

    @property
    def written_at(self) -> datetime:
        """Return when it was written."""
        return datetime.fromisoformat(self.details.written_at)


@dataclass(frozen=True, slots=True)
class CareNote:
    """A note with its earlier versions, the latest of them first. Without `is_whole` a version is not there."""

    current: NoteVersion
    earlier: tuple[NoteVersion, ...]

    @property
    def is_whole(self) -> bool:
        """Return whether every version is there, from the first on."""
        return self.current.version == len(self.earlier) + 1


class NoteRow(Row, frozen=True):
    """A row of a version."""

    id: UUID
    link_id: UUID
    note: UUID
    version: NonNegative
    sealed: bytes
    created_at: Timestamp


async def load_notes(actor: Actor, link: Link) -> OpenedRows[CareNote]:
    """
    Return the notes of a care link that is one of the actor's, those written last first.

    Raises:
        SharingPaused, TrustBroken: As `open_shared_key` does.
    """
    return await _open_all(actor, link, await fetch_rows(NoteRow, tables.CareNote.filter(link_id=link.id)))


async def load_my_notes(actor: Actor, mine: Iterable[Link]) -> tuple[tuple[Link, OpenedRows[CareNote]], ...]:
    """Return the notes that a patient's clinicians wrote, by care link; of one whose keys changed, none."""
    lasting, found = [link for link in mine if link.ended_at is None], []
    rows = await fetch_rows(NoteRow, tables.CareNote.filter(link_id__in=[link.id for link in lasting]))
    for link in lasting:
        try:
            notes = await _open_all(
                actor, link, [row for row in rows if get_column(row, "link_id") == link.id]
            )
        except (SharingPaused, TrustBroken, Damaged):
            continue
        if notes or notes.damaged:
            found.append((link, notes))
    return tuple(found)


async def load_note(actor: Actor, link: Link, wanted: UUID) -> CareNote:
    """Return one note of a care link; raises `NotFound` if there is none that opens."""
    for one in await load_notes(actor, link):
        if one.current.note == wanted:
            return one
    raise NotFound


async def write_note(
    actor: Actor,
    patient: UUID,
    kind: NoteKind,
    typed: Mapping[str, str],
    note: UUID,
    base: int = 0,
    *,
    check: Callable[[], Awaitable[None]] | None = None,
) -> UUID:
    """
    Add a version of a note for a patient in the actor's care; return the note's id. Sent twice, it is added once.

    Args:
        typed: What `FIELDS` names for its kind; for limits also `checked`, which is not kept. What a clinic noted names
            its session.
        note: Its id; a new random one for a new note.
        base: The version that the writer saw; 0 for a new note.
        check: Looks at what it is about once more in the transaction that writes it; may raise.

    Raises:
        InvalidInput: With a sentence for each field that needs another look.
        NotFound: Without a care link with that patient, or if it is no note of it.
        SharingPaused, TrustBroken: While the care link's key cannot be opened.
        StaleRevision: If a newer version was written since *base*, or care ended.
    """
    link = await links.load_link_with(actor, patient)
    fields = await _validate(actor, patient, kind, typed, is_new=base == 0)
    key = await open_shared_key(actor, link)
    version = base + 1
    at, spoken = actor.now.isoformat(timespec="seconds"), actor.language or msgspec.UNSET
    details = NoteDetails(kind.value, fields, actor.name, actor.profession, at, language=spoken)
    if kind.value in PURPOSES:
        signature = sign_note(actor, link, note, version, kind.value, details)
        details = msgspec.structs.replace(details, signature=signature)
    sealed = seal_document(key, details, care_note_context(link.id, note, version))
    async with transaction():
        await lock_account(patient)
        await require_cared_for(link)
        await require_keys(actor)
        every = await load_notes(actor, link)
        current = next((one.current for one in every if one.current.note == note), None)
        if current and current.version == version and current.details.fields == fields:
            return note  # the page was sent twice
        if (current.version if current else 0) != base or (current and current.kind is not kind):
            raise StaleRevision(CHANGED_MEANWHILE)
        if current is None and find_only(every, kind, fields.get(SESSION, "")):
            raise StaleRevision(CHANGED_MEANWHILE)  # there is one note of them, in versions
        if kind is NoteKind.CLINIC:
            await _validate(actor, patient, kind, typed, is_new=base == 0)
            if current and current.details.fields[SESSION] != fields[SESSION]:
                raise NotFound
        if check is not None:
            await check()
        if current is None and await tables.CareNote.filter(note=note).exists():
            raise NotFound
        if version > MAX_VERSIONS or await tables.CareNote.filter(link_id=link.id).count() >= MAX_NOTES:
            raise InvalidInput({FIELDS[kind][0]: NO_ROOM})
        ident = uuid4()
        await tables.CareNote.create(
            id=ident, link_id=link.id, note=note, version=version, sealed=sealed, created_at=actor.now
        )
        await audit_log.record_event(actor, Act.NOTE_WRITTEN, patient=patient, about=note)
    return note


async def load_outside(actor: Actor, readings: Iterable[Reading]) -> tuple[str, ...]:
    """
    Return the values of a patient's readings that lie outside the limits of any of their prescribers.

    With them stands `UNREADABLE`, where something that a prescriber wrote cannot be opened: it may be limits.
    """
    read = tuple(readings)
    if not read:
        return ()
    theirs = [
        link
        for link in await links.load_my_links(actor)
        if link.peer_profession == Profession.PRESCRIBER.value
    ]
    written = tables.CareNote.filter(link_id__in=[one.id for one in theirs])
    rows = await fetch_rows(NoteRow, written) if theirs else []
    found: dict[str, None] = {}
    for link in theirs:
        try:
            opened = await _open_all(
                actor, link, [row for row in rows if get_column(row, "link_id") == link.id]
            )
        except (SharingPaused, TrustBroken, Damaged):
            found[UNREADABLE] = None
            continue
        limits = find_limits(opened)
        fields = limits.current.details.fields if limits else {}
        found |= dict.fromkeys([*find_outside(read, fields), *([UNREADABLE] if opened.damaged else [])])
    return tuple(found)


def find_limits(found: Iterable[CareNote]) -> CareNote | None:
    """Return the limits among the notes of a care link, if any were ever entered."""
    return find_only(found, NoteKind.LIMITS)


def find_only(found: Iterable[CareNote], kind: NoteKind, session: str = "") -> CareNote | None:
    """Return the one note of a kind in `ONLY_ONE` that a care link has, or what was noted at a session."""
    if kind in ONLY_ONE:
        return next((one for one in found if one.current.kind is kind), None)
    noted = (one for one in found if kind is NoteKind.CLINIC and one.current.kind is kind)
    return next((one for one in noted if one.current.details.fields.get(SESSION) == session), None)


def care_note_context(link: UUID, note: UUID, version: int) -> Context:
    """Return the context of one version of a note."""
    return Context("care-note", link.bytes, note.bytes, version)


async def _open_all(actor: Actor, link: Link, rows: Sequence[NoteRow | DamagedRow]) -> OpenedRows[CareNote]:
    if not rows:
        return OpenedRows()
    key = await open_shared_key(actor, link)
    found = open_rows(rows, lambda row: _open(actor, key, link, row))
    return OpenedRows(_group(found), found.damaged)


def _open(actor: Actor, key: Sealer, link: Link, row: NoteRow) -> NoteVersion:
    where = care_note_context(link.id, row.note, row.version)
    details = open_document(key, row.sealed, where, NoteDetails)
    if details.kind not in {one.value for one in NoteKind}:
        raise Damaged
    if details.kind in PURPOSES:
        verify_note(actor, link, row.note, row.version, details.kind, details)
    return NoteVersion(row.id, row.note, link.id, row.version, details)


def _group(found: Iterable[NoteVersion]) -> list[CareNote]:
    grouped: dict[UUID, list[NoteVersion]] = {}
    for one in sorted(found, key=lambda one: one.version, reverse=True):
        grouped.setdefault(one.note, []).append(one)
    notes = [CareNote(latest, tuple(earlier)) for latest, *earlier in grouped.values()]
    return sorted(notes, key=lambda one: one.current.details.written_at, reverse=True)


async def _validate(
    actor: Actor, patient: UUID, kind: NoteKind, typed: Mapping[str, str], *, is_new: bool
) -> dict[str, str]:
    fields = {
        name: clean_text(typed[name]).strip() if name in TEXTS else clean_line(typed[name])
        for name in FIELDS[kind]
    }
    problems = {
        name: TOO_LONG for name, most in LENGTHS.items() if name in fields and len(fields[name]) > most
    }
    if kind is NoteKind.ASK:
        problems |= check_ask(actor, fields)
    elif kind is NoteKind.REVIEW:
        problems |= check_review(actor, fields)
    elif kind is NoteKind.LIMITS:
        problems |= check_limits(actor, fields, is_checked=bool(typed.get("checked")), is_new=is_new)
    elif kind is NoteKind.CLINIC:
        session = await _find_session(actor, patient, fields[SESSION])
        problems |= check_clinic(actor, fields, session)
        fields = name_session(fields, session) if session else fields
    else:
        check = _check_plan if kind is NoteKind.PLAN else _check_total
        problems = check(actor, fields) | problems
    if problems:
        raise InvalidInput(problems)
    return fields


async def _find_session(actor: Actor, patient: UUID, wanted: str) -> Session | None:
    try:
        return await load_clinic_session(actor, patient, wanted)
    except NotFound:
        return None


def _check_plan(actor: Actor, fields: Mapping[str, str]) -> dict[str, str]:
    problems = {}
    if actor.profession not in PLAN_WRITERS:
        problems["dose"] = NOT_THEIRS
    elif not (fields["dose"] or fields["interval"] or fields["focus"]):
        problems["dose"] = NOTHING_PLANNED
    if parse_day(fields["from_day"]) is None:
        problems["from_day"] = NO_FROM
    return problems


def _check_total(actor: Actor, fields: Mapping[str, str]) -> dict[str, str]:
    day, problems = parse_day(fields["day"]), {}
    if not fields["name"]:
        problems["name"] = NO_NAME
    if day is None or day > actor.now.astimezone(actor.zone).date():
        problems["day"] = NO_DAY
    if re.fullmatch("[0-9]{1,4}(?:[.,][0-9]{1,2})?", fields["total"]) is None:
        problems["total"] = NO_TOTAL
    return problems
