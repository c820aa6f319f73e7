"""Delete an entry, restore it within a week, or erase it for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import share_list
from journal.care import tables as care_tables
from journal.entries import revisions
from journal.errors import NotFound
from journal.held_acts import Asked, HeldAct
from journal.roles import Role
from journal.sessions.holds import refuse_while_held
from journal.store.database import flush_deleted, transaction
from journal.store.rows import (
    JoinedValue,
    NonNegative,
    Row,
    Timestamp,
    as_bytes,
    fetch_rows,
    filter_undamaged,
)
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import ContentsLine, open_entry_line
from journal.vault.record_snapshot import Member, Part
from journal.vault.record_state import RecordChange


class ShareRow(Row, frozen=True):
    """A copy of an entry, and its care link."""

    id: UUID
    link_id: UUID


class EntryStateRow(Row, frozen=True):
    """An entry as the record state lists it."""

    id: UUID
    revision: NonNegative
    sealed: JoinedValue
    created_at: Timestamp
    updated_at: Timestamp


async def delete_entry(
    actor: Actor, wanted: UUID, *, before: Callable[[], Awaitable[None]] | None = None
) -> None:
    """
    Delete an entry and every shared copy of it; the entry itself can be restored for a week.

    Args:
        before: Keeps what is not to be lost, before anything is deleted.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, Asked(HeldAct.DELETE, wanted))
        if before is not None:
            await before()
        gone = await _load_members(actor, wanted, deleted=False)
        changed = await vault_tables.Entry.filter(id=wanted, owner_id=actor.id, deleted_at=None).update(
            deleted_at=actor.now
        )
        if not changed:
            raise NotFound
        await record_state.update_state(actor, *(RecordChange(part, removed=rows) for part, rows in gone))
        for copy in filter_undamaged(await fetch_rows(ShareRow, care_tables.Share.filter(entry_id=wanted))):
            await share_list.remove_copies(actor, copy.link_id, [copy.id], stopped=wanted)
        await care_tables.Share.filter(entry_id=wanted).delete()
        await audit_log.record_event(actor, Act.ENTRY_DELETED, patient=actor.id, about=wanted)
    await flush_deleted()


async def restore_entry(actor: Actor, wanted: UUID) -> None:
    """Restore a deleted entry; nothing of it is shared again."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        back = await _load_members(actor, wanted, deleted=True)
        changed = await vault_tables.Entry.filter(
            id=wanted, owner_id=actor.id, deleted_at__isnull=False
        ).update(deleted_at=None)
        if not changed:
            raise NotFound
        await record_state.update_state(actor, *(RecordChange(part, added=rows) for part, rows in back))
        await audit_log.record_event(actor, Act.ENTRY_RESTORED, patient=actor.id, about=wanted)


async def _load_members(
    actor: Actor, wanted: UUID, *, deleted: bool
) -> list[tuple[Part, list[ContentsLine | Member]]]:
    """Return an entry and its earlier versions as the record state lists them."""
    rows = vault_tables.Entry.filter(id=wanted, owner_id=actor.id, deleted_at__isnull=not deleted)
    now: list[ContentsLine | Member] = [
        open_entry_line(
            actor.vault, actor.id, row.id, row.revision, as_bytes(row.sealed), row.created_at, row.updated_at
        )
        for row in filter_undamaged(await fetch_rows(EntryStateRow, rows))
    ]
    return [(Part.ENTRIES, now), (Part.EARLIER, [*await revisions.load_members(actor, wanted)])]


async def discard_entry(actor: Actor, wanted: UUID, revision: int) -> bool:
    """
    Remove an entry that was noted for its owner, and that nobody wrote, for good and with its earlier versions.

    Returns:
        Whether it was removed; not if another page changed it since it was read at *revision*.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        gone = await _load_members(actor, wanted, deleted=False)
        mine = vault_tables.Entry.filter(id=wanted, owner_id=actor.id, deleted_at=None)
        if not await mine.filter(revision=revision).delete():
            return False
        await record_state.update_state(actor, *(RecordChange(part, removed=rows) for part, rows in gone))
    await flush_deleted()
    return True


async def erase_entry(actor: Actor, wanted: UUID) -> None:
    """
    Erase a deleted entry for good, before its week is over.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, Asked(HeldAct.ERASE, wanted))
        if not await vault_tables.Entry.filter(
            id=wanted, owner_id=actor.id, deleted_at__isnull=False
        ).delete():
            raise NotFound
        await audit_log.record_event(actor, Act.ENTRY_ERASED, patient=actor.id, about=wanted)
    await flush_deleted()
