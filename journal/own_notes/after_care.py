"""
What becomes of a clinician's own notes once care has ended: they stand for 90 days, and then their writer is asked.

Nothing is deleted without their answer. Until they answer, and after they chose to keep them, the notes can be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.care import tables
from journal.care.lifecycle import OWN_NOTES_KEPT
from journal.errors import NotFound
from journal.own_notes.notes import OwnNoteRow, open_notes
from journal.roles import Role
from journal.store.database import fetch_raw, flush_deleted, transaction
from journal.store.rows import get_column, parse_rows

SELECT_LEFT = """
    SELECT id, patient, revision, sealed, written_at, ask_from FROM own_note AS note
    WHERE owner_id = $1
    AND NOT EXISTS (SELECT 1 FROM care_link
        WHERE clinician_id = note.owner_id AND patient_id = note.patient AND ended_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM own_note AS later
        WHERE later.owner_id = note.owner_id AND later.patient = note.patient
        AND (later.written_at > note.written_at OR (later.written_at = note.written_at AND later.id > note.id)))
    ORDER BY written_at DESC, id
"""
"""The latest note about each patient whose care has ended."""


@dataclass(frozen=True, slots=True)
class NotesLeft:
    """
    Somebody whose care has ended, and about whom there are notes; `name` is empty where it does not open.

    `patient` is None where a row does not say whom it is about. `is_asked` what becomes of them, from `ask_from` on.
    """

    patient: UUID | None
    name: str
    ask_from: datetime | None
    is_asked: bool


def is_asked(ask_from: datetime | None, now: datetime) -> bool:
    """Return whether it is time to ask what becomes of notes."""
    return ask_from is not None and ask_from <= now


async def list_left(actor: Actor) -> tuple[NotesLeft, ...]:
    """Return about whom the actor has notes after care, those with the latest note first, in one statement."""
    actor.require_role(Role.CLINICIAN)
    found = []
    for row in parse_rows(OwnNoteRow, await fetch_raw(SELECT_LEFT, actor.id)):
        name = next((one.about for one in open_notes(actor, [row])), "")
        at = get_column(row, "ask_from")
        found.append(NotesLeft(get_column(row, "patient"), name, at, is_asked(at, actor.now)))
    return tuple(found)


async def keep_notes(actor: Actor, patient: UUID) -> None:
    """
    Keep the notes about a patient for another 90 days, once it is time to ask; before that nothing happens.

    Raises:
        NotFound: While care lasts, or if there are none.
    """
    actor.require_role(Role.CLINICIAN)
    mine = tables.OwnNote.filter(owner_id=actor.id, patient=patient)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        lasting = tables.CareLink.filter(clinician_id=actor.id, patient_id=patient, ended_at=None)
        if await lasting.exists() or not await mine.exists():
            raise NotFound
        await mine.filter(ask_from__lte=actor.now).update(ask_from=actor.now + OWN_NOTES_KEPT)


async def delete_notes(actor: Actor, patient: UUID) -> None:
    """Delete every note of the actor's about a patient, in care or after it; raises `NotFound` if there are none."""
    actor.require_role(Role.CLINICIAN)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        if not await tables.OwnNote.filter(owner_id=actor.id, patient=patient).delete():
            raise NotFound
    await flush_deleted()
