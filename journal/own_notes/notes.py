"""
A clinician's own notes about one patient, sealed under their vault key: for preparing a talk, and no clinical record.

Nobody else has a key to them: not the patient, not a colleague, not whoever takes over. Nothing is logged of them:
patients read their own log and administrators read the whole. Once care has ended they can be read and deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from tortoise.queryset import QuerySet

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.care import tables
from journal.care.links import Link, load_link_with, require_cared_for
from journal.errors import Damaged, InvalidInput, JournalError, NotFound, StaleRevision
from journal.i18n import N_, get_known_language
from journal.own_notes.documents import MAX_LENGTH, MAX_NOTES, PAGE_LENGTH, NoteDocument, note_context
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import flush_deleted, transaction
from journal.store.rows import (
    DamagedRow,
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    fetch_row,
    fetch_rows,
    get_column,
    open_rows,
)
from journal.user_input import clean_text

NOTHING_WRITTEN = N_("Nothing is written yet. Write something, or leave this page.")
TOO_LONG = N_("This is longer than a note can hold: 20,000 letters. Nothing was saved; please shorten it.")
NO_ROOM = N_("There are 300 notes about this patient. Delete one that you do not need; nothing was saved.")


class CareEnded(JournalError):
    """Care ended, or ends at this moment: nothing new is written about the patient."""

    message = N_("Care has ended. Nothing was saved.")


class OwnNoteRow(Row, frozen=True):
    """A row of a note."""

    id: UUID
    patient: UUID
    revision: NonNegative
    sealed: bytes
    written_at: Timestamp
    ask_from: Timestamp | None


@dataclass(frozen=True, slots=True)
class OwnNote:
    """
    One note, opened; `edited_at` is None for one that was never edited, `about` the patient's name as it was.

    `language` is that of its words, where it is known.
    """

    id: UUID
    patient: UUID
    revision: int
    text: str
    about: str
    written_at: datetime
    edited_at: datetime | None
    language: str


@dataclass(frozen=True, slots=True)
class NotesAbout:
    """
    A page of the notes about a patient, newest first.

    Without `link` care has ended; then `ask_from` is when its writer is asked what becomes of the notes.
    """

    link: Link | None
    name: str
    notes: OpenedRows[OwnNote]
    has_more: bool = False
    ask_from: datetime | None = None


async def load_notes(actor: Actor, patient: UUID, page: int = 1) -> NotesAbout:
    """
    Return a page of the actor's notes about a patient, in care or after it.

    Raises:
        NotFound: If the patient is not in their care, and they have no note about them.
    """
    link = await _find_link(actor, patient)
    mine = _query_mine(actor, patient).order_by("-written_at", "-id")
    rows = await fetch_rows(OwnNoteRow, mine.offset((page - 1) * PAGE_LENGTH).limit(PAGE_LENGTH + 1))
    if link is None and not rows:
        raise NotFound
    shown = rows[:PAGE_LENGTH]
    notes = open_notes(actor, shown)
    name = link.peer_name if link else next((one.about for one in notes), "")
    asked = [at for row in shown if (at := get_column(row, "ask_from")) is not None]
    return NotesAbout(link, name, notes, len(rows) > PAGE_LENGTH, None if link else min(asked, default=None))


async def load_all(actor: Actor) -> OpenedRows[OwnNote]:
    """Return all notes of the actor's, by patient, the oldest first."""
    actor.require_role(Role.CLINICIAN)
    mine = tables.OwnNote.filter(owner_id=actor.id).order_by("patient", "written_at", "id")
    return open_notes(actor, await fetch_rows(OwnNoteRow, mine))


async def has_notes(actor: Actor) -> bool:
    """Return whether the actor has a note about anybody."""
    actor.require_role(Role.CLINICIAN)
    return await tables.OwnNote.filter(owner_id=actor.id).exists()


async def load_note(actor: Actor, patient: UUID, note: UUID) -> OwnNote:
    """Return one of the actor's notes; raises `NotFound`, and `Damaged` for one that does not open."""
    actor.require_role(Role.CLINICIAN)
    row = await fetch_row(OwnNoteRow, _query_mine(actor, patient).filter(id=note))
    if row is None:
        raise NotFound
    return _open(actor, row)


async def save_note(actor: Actor, patient: UUID, note: UUID, text: str, base: int = 0) -> UUID:
    """
    Write a note, or edit one; return its id.

    Args:
        note: Its id, which the page of a new note drew. Two different new notes of one page are both kept.
        base: The revision that was edited; 0 for a new note.

    Raises:
        InvalidInput: If nothing is written, or it is too long, or there is no room.
        StaleRevision: If another page saved or deleted it meanwhile.
        CareEnded: If care ended, where there is a note of the actor's.
        NotFound: If the patient is not in their care.
    """
    words = _check(text)
    link = await _find_link(actor, patient)
    if link is None:
        raise CareEnded if await _query_mine(actor, patient).exists() else NotFound
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        try:
            await require_cared_for(link)
        except StaleRevision as error:
            raise CareEnded from error
        there = await _find_note(actor, patient, note)
        if there is not None and there.text == words:
            return there.id  # sent twice
        if base:
            return await _edit(actor, link, there, words, base)
        is_taken = await tables.OwnNote.filter(id=note).exists()  # by whomever: nobody learns of it
        return await _create(actor, link, uuid4() if is_taken else note, words)


async def delete_note(actor: Actor, patient: UUID, note: UUID) -> None:
    """Delete one of the actor's notes, also one that does not open, and after care has ended; raises `NotFound`."""
    actor.require_role(Role.CLINICIAN)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        if not await _query_mine(actor, patient).filter(id=note).delete():
            raise NotFound
    await flush_deleted()


def open_notes(actor: Actor, rows: Iterable[OwnNoteRow | DamagedRow]) -> OpenedRows[OwnNote]:
    """Return notes of rows of the actor's, in their order."""
    return open_rows(rows, lambda row: _open(actor, row))


async def _find_link(actor: Actor, patient: UUID) -> Link | None:
    try:
        return await load_link_with(actor, patient)
    except NotFound:
        actor.require_role(Role.CLINICIAN)
        return None


async def _find_note(actor: Actor, patient: UUID, note: UUID) -> OwnNote | None:
    """Return a note as it is in this transaction; one that does not open any more counts as gone."""
    try:
        return await load_note(actor, patient, note)
    except (Damaged, NotFound):
        return None


def _query_mine(actor: Actor, patient: UUID) -> QuerySet[tables.OwnNote]:
    return tables.OwnNote.filter(owner_id=actor.id, patient=patient)


def _check(text: str) -> str:
    words = clean_text(text).strip()
    if not words:
        raise InvalidInput({"note": NOTHING_WRITTEN})
    if len(words) > MAX_LENGTH:
        raise InvalidInput({"note": TOO_LONG})
    return words


async def _create(actor: Actor, link: Link, note: UUID, words: str) -> UUID:
    if await _query_mine(actor, link.patient).count() >= MAX_NOTES:
        raise InvalidInput({"note": NO_ROOM})
    document = NoteDocument(
        link.patient.hex, link.peer_name, words, actor.now.isoformat(), language=actor.language
    )
    await tables.OwnNote.create(
        id=note,
        owner_id=actor.id,
        patient=link.patient,
        revision=1,
        sealed=seal_document(actor.vault, document, note_context(actor.id, note, 1)),
        written_at=actor.now,
    )
    return note


async def _edit(actor: Actor, link: Link, there: OwnNote | None, words: str, base: int) -> UUID:
    if there is None or there.revision != base:
        raise StaleRevision
    revision = base + 1
    document = NoteDocument(
        link.patient.hex,
        link.peer_name,
        words,
        there.written_at.isoformat(),
        actor.now.isoformat(),
        actor.language,
    )
    sealed = seal_document(actor.vault, document, note_context(actor.id, there.id, revision))
    mine = _query_mine(actor, link.patient).filter(id=there.id, revision=base)
    if not await mine.update(revision=revision, sealed=sealed):
        raise StaleRevision
    return there.id


def _open(actor: Actor, row: OwnNoteRow) -> OwnNote:
    if row.revision == 0:
        raise Damaged
    document = open_document(
        actor.vault, row.sealed, note_context(actor.id, row.id, row.revision), NoteDocument
    )
    written, edited = _parse_time(document.written_at), document.edited_at
    if document.patient != row.patient.hex or written != row.written_at:
        raise Damaged
    return OwnNote(
        row.id,
        row.patient,
        row.revision,
        document.text,
        document.about,
        written,
        _parse_time(edited) if edited else None,
        get_known_language(document.language),
    )


def _parse_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Damaged from error
