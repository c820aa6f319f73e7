"""
A patient reads what their sitter noted, after rest, and keeps or deletes each.

What is kept becomes a line of an entry of its own kind about that session, so it is proven, searched, shared, taken
away and erased as every entry is. Before rest, only the times of the notes are shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from crypto import CryptoError, PrivateIdentity, open_sitter_note
from journal.actor import Actor
from journal.catalogue.fields import Answers, EntryKind
from journal.dosing_day.lines import add_line
from journal.entries import only_entry
from journal.errors import Damaged, HeldUntilRested, InvalidInput
from journal.i18n import N_
from journal.roles import Role
from journal.sealing import decode_document
from journal.sessions.holds import get_hold
from journal.sessions.rows import Plan, Session
from journal.sitter import links, tables
from journal.sitter.copies import note_key_context
from journal.sitter.ends import is_over
from journal.sitter.lines import NoteKind
from journal.sitter.notes import Note
from journal.store.database import flush_deleted, transaction
from journal.store.rows import (
    DamagedRow,
    OpenedRows,
    Row,
    Timestamp,
    fetch_rows,
    filter_undamaged,
    get_column,
)
from journal.vault import record_state
from journal.vault.entry_rows import Entry

FIELDS = {
    NoteKind.CHECK: "sitter.checks",
    NoteKind.READING: "sitter.readings",
    NoteKind.MEDICINE: "sitter.medicine",
    NoteKind.EVENT: "sitter.events",
    NoteKind.SAID: "sitter.said",
}
"""Which section of the entry holds the notes of a kind."""
MAX_KEPT = 600  # lines of one session: notes of two full links
INLINE_NOTES = 20  # opened where the request is: a few milliseconds

NONE_CHOSEN = N_("Choose the notes first. Nothing was changed.")
TOO_MANY = N_("What is kept of this session has no room for as many notes. Nothing was changed.")
SAVED_MEANWHILE = N_(
    "What is kept of this session was changed in the meantime. Nothing was kept; look again."
)
NOT_YET = N_("You can read these after you have said that you rested. Nothing was changed.")


class SitterNoteRow(Row, frozen=True):
    """A row of a note."""

    id: UUID
    link_id: UUID
    sealed: bytes
    created_at: Timestamp


class NoteKeyRow(Row, frozen=True):
    """The wrapped key of a link's notes."""

    id: UUID
    note_key: bytes


class TimeRow(Row, frozen=True):
    """When a note was saved."""

    id: UUID
    created_at: Timestamp


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A note that its patient opened."""

    id: UUID
    note: Note


def is_readable(actor: Actor, one: Session, plan: Plan) -> bool:
    """Return whether notes are shown: the session is over for its sitter, and nothing is held."""
    return is_over(one.details, actor.now) and get_hold(actor, plan) is None


async def load_times(actor: Actor, session: UUID) -> tuple[datetime, ...]:
    """Return when the notes of a patient's session were saved, as far as they are neither kept nor deleted."""
    actor.require_role(Role.PATIENT)
    mine = tables.SitterNote.filter(patient_id=actor.id, link__session_id=session)
    rows = filter_undamaged(await fetch_rows(TimeRow, mine.order_by("created_at", "id")))
    return tuple(one.created_at for one in rows)


async def load_notes(actor: Actor, session: UUID | None = None) -> OpenedRows[ReadNote]:
    """
    Open the notes of a patient's session, or of all, that are neither kept nor deleted, in the order of their times.

    The caller looks whether they may be read by now.
    """
    actor.require_role(Role.PATIENT)
    mine = tables.SitterNote.filter(patient_id=actor.id)
    if session is not None:
        mine = mine.filter(link__session_id=session)
    rows = await fetch_rows(SitterNoteRow, mine.order_by("created_at", "id"))
    if not rows:
        return OpenedRows()
    theirs = tables.SitterLink.filter(patient_id=actor.id)
    keys = {row.id: row.note_key for row in filter_undamaged(await fetch_rows(NoteKeyRow, theirs))}
    if len(rows) > INLINE_NOTES:
        found = await asyncio.to_thread(_open_notes, actor, rows, keys)
    else:
        found = _open_notes(actor, rows, keys)
    here = [one for one in found if session in (None, one.note.session)]
    moved = [
        one.id for one in found if session not in (None, one.note.session)
    ]  # its link's row is another session's
    return OpenedRows(sorted(here, key=lambda one: one.note.at), (*found.damaged, *moved))


async def load_kept(actor: Actor, session: UUID) -> Entry | None:
    """Return the entry of what was kept of a session; the latest where a restored one stands beside it."""
    return await only_entry.load_only_entry(actor, EntryKind.SITTER, session)


async def keep_notes(actor: Actor, session: UUID, chosen: Collection[UUID]) -> None:
    """
    Keep notes as lines of the session's entry; their rows are deleted afterwards. Keeping one twice adds nothing.

    Raises:
        HeldUntilRested: If they may not be read yet.
        InvalidInput: If none was chosen that opens, or the entry has no room for them.
        StaleRevision: If other pages saved all the time.
    """
    await _require_readable(actor, session)
    found = [one for one in await load_notes(actor, session) if one.id in chosen]
    if not found:
        raise InvalidInput({"notes": NONE_CHOSEN})

    def add(one: ReadNote, before: Answers) -> Answers:
        name = FIELDS[one.note.kind]
        answers = {**before, name: add_line(before.get(name), one.note.line)}
        if sum(len(lines) for lines in answers.values() if isinstance(lines, list)) > MAX_KEPT:
            raise InvalidInput({"notes": TOO_MANY})
        return answers

    languages = {one.note.language for one in found}
    # Their words are the sitter's: where all are in one language, it is the entry's.
    writer = replace(actor, language=languages.pop()) if len(languages) == 1 else actor
    # By its id, so that one whose row is still there after a crash is not kept twice, and equal ones are.
    changes = {only_entry.name_change(one.id.hex): partial(add, one) for one in found}
    await only_entry.add_once(writer, EntryKind.SITTER, changes, SAVED_MEANWHILE, session=session)
    await _delete_rows(actor, session, {one.id for one in found})


async def delete_notes(actor: Actor, session: UUID, chosen: Collection[UUID]) -> None:
    """
    Delete notes that were not kept, also those that do not open, for good.

    Raises:
        HeldUntilRested: If they may not be read yet.
        InvalidInput: If none was chosen.
    """
    if not chosen:
        raise InvalidInput({"notes": NONE_CHOSEN})
    await _delete_rows(actor, session, chosen)


async def _delete_rows(actor: Actor, session: UUID, chosen: Collection[UUID]) -> None:
    async with transaction():
        await record_state.lock_state(actor)
        await _require_readable(actor, session)
        mine = tables.SitterNote.filter(patient_id=actor.id, link__session_id=session)
        there = {row.id for row in filter_undamaged(await fetch_rows(TimeRow, mine))}
        await tables.SitterNote.filter(id__in=list(there.intersection(chosen)), patient_id=actor.id).delete()
    await flush_deleted()


async def _require_readable(actor: Actor, session: UUID) -> None:
    one, plan = await links.load_session(actor, session)
    if not is_readable(actor, one, plan):
        raise HeldUntilRested(NOT_YET)


def _open_notes(
    actor: Actor, rows: Sequence[SitterNoteRow | DamagedRow], keys: dict[UUID, bytes]
) -> OpenedRows[ReadNote]:
    former, opened, damaged = actor.open_former_identity(), [], []
    private = [
        actor.open_identity(),
        *([former] if former else []),
    ]  # those of before, until it is sealed anew
    note_keys: dict[UUID, bytes | None] = {}
    for row in rows:
        try:
            if isinstance(row, DamagedRow):
                raise Damaged
            if row.link_id not in note_keys:
                note_keys[row.link_id] = _open_note_key(actor, row.link_id, keys.get(row.link_id))
            opened.append(_open_note(actor, row, note_keys[row.link_id], private))
        except Damaged:
            damaged.append(get_column(row, "id"))
    return OpenedRows(opened, damaged)


def _open_note_key(actor: Actor, link: UUID, wrapped: bytes | None) -> bytes | None:
    """Open the key of a link's notes; None where it is not what was saved."""
    try:
        return actor.keyring.unwrap(wrapped or b"", context=note_key_context(actor.id, link))
    except CryptoError:
        return None


def _open_note(
    actor: Actor, row: SitterNoteRow, note_key: bytes | None, private: Sequence[PrivateIdentity]
) -> ReadNote:
    if note_key is None:
        raise Damaged
    ids = {"patient": actor.id.bytes, "link": row.link_id.bytes, "note": row.id.bytes}
    for keys in private:
        try:
            words = open_sitter_note(note_key, row.sealed, **ids, private=keys)
            return ReadNote(row.id, decode_document(words, Note))
        except (CryptoError, Damaged):
            continue
    raise Damaged
