"""Erase for good what was deleted and can no longer be restored. Needs nobody's key."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from journal.account_reset import retained_records
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import idle_lock
from journal.entries.entries import UNDO_WINDOW
from journal.installation.installation import House
from journal.mail import outbox
from journal.operations import heartbeat
from journal.passkeys import challenges
from journal.practice import account_deletion
from journal.rate_limiting import limits
from journal.store.database import scrub, transaction
from journal.store.rows import Row, read, whole
from journal.vault import tables as vault_tables


class OldRow(Row, frozen=True):
    """An entry to be erased, and its owner."""

    id: UUID
    owner_id: UUID


async def purge(house: House, now: datetime) -> int:
    """
    Erase what was deleted longer ago than the undo window, and what has expired; return how many entries.

    Sessions are locked and end in any case; nothing else is deleted while purging is held. This process also forgets
    its opened rows: another may have deleted some of them.
    """
    house.forget_opened()
    await idle_lock.lock_unused(house, now)
    if await heartbeat.held_since() is not None:
        return 0
    await limits.purge()
    await challenges.forget_expired(now)
    await outbox.forget(now)
    await account_deletion.forget(house, now)
    await retained_records.purge(now)
    old, erased = vault_tables.Entry.filter(deleted_at__lt=now - UNDO_WINDOW), 0
    for row in whole(await read(OldRow, old)):
        async with transaction():
            if not await old.filter(id=row.id).delete():
                continue  # restored, or erased, a moment ago
            await audit_log.note_unsigned(house, None, Act.ENTRY_ERASED, patient=row.owner_id, about=row.id)
            erased += 1
    if erased:
        await scrub()
    return erased
