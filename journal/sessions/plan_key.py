"""
The key of a patient's plan, under which what is written of their sessions is sealed.

The patient draws it and keeps it under their vault key; each care link has a copy under its own key. So the people who
see the plan read its words, and the server does not.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from crypto import NO_RECORD, Context, CryptoError, Keyring, Sealer, new_link_key, wrap_key
from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.errors import Damaged
from journal.sealing import SealingKey
from journal.sessions import tables
from journal.store.database import ensure_transaction
from journal.store.rows import Row, Timestamp, fetch_row


class PlanKeyRow(Row, frozen=True):
    """A patient's own copy of the key of their plan."""

    wrapped: bytes
    due_at: Timestamp | None
    carried_at: Timestamp | None


def own_key_context(patient: UUID) -> Context:
    """Return the context of the patient's own copy."""
    return Context("plan-key", patient.bytes, NO_RECORD)


def key_copy_context(link: UUID) -> Context:
    """Return the context of the copy of a care link."""
    return Context("plan-key-copy", link.bytes, link.bytes)


async def load_row(patient: UUID) -> PlanKeyRow | None:
    """Return the row of a patient's key, or None before there is one; a damaged one is one that opens nothing."""
    try:
        return await fetch_row(PlanKeyRow, tables.PlanKey.filter(id=patient))
    except Damaged:
        return PlanKeyRow(b"", None, None)


async def take_away(patient: UUID) -> bytes | None:
    """Delete the row of a patient's key, whose other keys are lost; return what was wrapped under those."""
    row = await load_row(patient)
    await tables.PlanKey.filter(id=patient).delete()
    return None if row is None else row.wrapped


async def load_or_draw(actor: Actor) -> bytes | None:
    """Return the key of the patient's own plan, drawn where there is none; None where it does not open."""
    async with ensure_transaction():
        await lock_account(actor.id)
        row = await load_row(actor.id)
        if row is not None:
            return open_own(actor, row.wrapped)
        return await draw(actor)


async def draw(actor: Actor) -> bytes:
    """Draw a key, in the place of the one before if there is one, in the transaction that has locked the account."""
    key = new_link_key()
    wrapped = wrap_key(actor.keyring.vault, key, context=own_key_context(actor.id))
    mine = tables.PlanKey.filter(id=actor.id)
    if not await mine.update(wrapped=wrapped, due_at=None):
        await tables.PlanKey.create(id=actor.id, patient_id=actor.id, wrapped=wrapped)
    return key


def open_own(actor: Actor, wrapped: bytes) -> bytes | None:
    """Open the patient's own copy; None where it does not open."""
    return open_wrapped(actor.keyring, actor.id, wrapped)


def open_wrapped(keyring: Keyring, patient: UUID, wrapped: bytes) -> bytes | None:
    """Open what a patient wrapped under the keys of then or of now; None where it does not open."""
    try:
        return keyring.unwrap(wrapped, context=own_key_context(patient))
    except CryptoError:
        return None


def seal_copy(key: bytes | None, link: UUID, link_key: SealingKey) -> bytes | None:
    """Seal a copy for a care link under its key; None where there is no key."""
    return None if key is None else link_key.seal(key, context=key_copy_context(link))


def open_copy(sealed: bytes | None, link: UUID, link_key: SealingKey) -> Sealer | None:
    """Open the copy of a care link; None where there is none, or it does not open."""
    try:
        return Sealer(link_key.open(sealed, context=key_copy_context(link))) if sealed else None
    except CryptoError:
        return None


async def is_settled(patient: UUID) -> bool:
    """Return whether a patient has a key that is not due, and all words from before it are sealed under it."""
    row = await load_row(patient)
    return row is not None and row.due_at is None and row.carried_at is not None


async def mark_carried(actor: Actor) -> None:
    """Store that all words from before there were such keys are sealed, in the transaction that sealed the last."""
    await tables.PlanKey.filter(id=actor.id, carried_at=None).update(carried_at=actor.now)


async def mark_due(patient: UUID, now: datetime) -> None:
    """Store that the key is to be drawn anew, since somebody has it who is not to read what comes."""
    await tables.PlanKey.filter(id=patient, due_at=None).update(due_at=now)
