"""Erase for good what was deleted and can no longer be restored. Needs nobody's key."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from journal.account_reset import retained_records
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import idle_lock
from journal.calendar import feeds
from journal.entries.entries import UNDO_WINDOW
from journal.importing import runs as import_runs
from journal.installation.installation import Installation
from journal.mail import outbox
from journal.operations import heartbeat
from journal.packets import endings as packet_endings
from journal.passkeys import challenges
from journal.practice import account_deletion
from journal.rate_limiting import limits
from journal.sitter import links as sitter_links
from journal.store.database import flush_deleted, transaction
from journal.store.rows import Row, fetch_rows, filter_undamaged
from journal.vault import tables as vault_tables


class ExpiredEntryRow(Row, frozen=True):
    """An entry to be erased, and its owner."""

    id: UUID
    owner_id: UUID


async def purge_deleted(installation: Installation, now: datetime) -> int:
    """
    Erase what was deleted longer ago than the undo window, and what has expired; return how many entries.

    Sessions are locked and end in any case; nothing else is deleted while purging is held. This process also forgets
    its opened rows: another may have deleted some of them.
    """
    installation.clear_caches()
    await idle_lock.lock_unused_sessions(installation, now)
    if await heartbeat.load_held_since() is not None:
        return 0
    await limits.purge_expired()
    await challenges.delete_expired_challenges(now)
    await outbox.delete_expired(now)
    await account_deletion.delete_due_accounts(installation, now)
    await retained_records.purge_expired(now)
    await sitter_links.end_passed_links(installation, now)
    await feeds.delete_expired(now)
    await packet_endings.delete_expired(now)
    await import_runs.delete_expired(now)
    old, erased = vault_tables.Entry.filter(deleted_at__lt=now - UNDO_WINDOW), 0
    for row in filter_undamaged(await fetch_rows(ExpiredEntryRow, old)):
        async with transaction():
            if not await old.filter(id=row.id).delete():
                continue  # restored, or erased, a moment ago
            await audit_log.record_unauthenticated_event(
                installation, None, Act.ENTRY_ERASED, patient=row.owner_id, about=row.id
            )
            erased += 1
    if erased:
        await flush_deleted()
    return erased
