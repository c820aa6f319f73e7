"""Seal a copy in the place of an earlier one, and verify that nothing changed since it was seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from tortoise.queryset import QuerySet

from crypto import Sealer
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import share_list
from journal.care import tables as care_tables
from journal.care.documents import Attention, ShareDocument, share_context
from journal.care.links import Link, require_active
from journal.care.share_list import KEPT, KeptEnd, ShareEnd
from journal.errors import StaleRevision
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.sealing import open_document, seal_document
from journal.sessions.holds import refuse_while_held
from journal.sharing import ends
from journal.store.database import ensure_transaction, transaction
from journal.store.rows import DamagedRow, NonNegative, Row, Timestamp, fetch_rows, filter_undamaged
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.entry_rows import Entry

ENTRY_CHANGED = N_("This entry has changed. Look at it again as it is now; nothing new is shared.")
COPY_CHANGED = N_("What you share was changed in another window. Look at it again; nothing was changed here.")


class RevisedRow(Row, frozen=True):
    """A copy that is about to be replaced."""

    id: UUID
    revision: NonNegative


async def _find_replaced_share(
    actor: Actor, link: Link, there: QuerySet[care_tables.Share]
) -> RevisedRow | None:
    """Return the copy that a new one replaces; delete a damaged one, since no revision can follow it."""
    for row in await fetch_rows(RevisedRow, there):
        if not isinstance(row, DamagedRow):
            return row
        await there.delete()
        await share_list.remove_copies(actor, link.id, [row.id] if row.id else [])
    return None


class SealedCopyRow(RevisedRow, frozen=True):
    """A copy as it is stored, and when it was opened."""

    sealed: bytes
    opened_at: Timestamp | None


class AlreadyOpened(StaleRevision):
    """What is asked of a reader was to be changed, and they opened the copy meanwhile: `opened_at` is when."""

    message = N_("It was opened meanwhile, so nothing was changed.")

    def __init__(self, opened_at: datetime) -> None:
        super().__init__()
        self.opened_at = opened_at


async def save_copy(
    actor: Actor,
    link: Link,
    entry: Entry,
    document: ShareDocument,
    key: Sealer,
    *,
    while_held: bool = False,
    end: ShareEnd | KeptEnd | None = KEPT,
    may_file: bool | KeptEnd = KEPT,
) -> UUID:
    """
    Seal a copy of an entry as it was read, in the place of an earlier one; raises as `shares.share_entry` does.

    Args:
        while_held: For readings that their patient ticked beforehand, and for nothing else.
        end: Until when it can be read. Unless its patient chose that anew, the copy keeps the end that it has, and one
            that is over is not begun again but where they chose the copy itself anew.
        may_file: Whether its reader may file it; kept in the same way.
    """
    async with ensure_transaction():
        await record_state.lock_state(actor)
        await require_active(link)
        await require_unchanged(actor, [(entry.id, entry.revision)])
        asked = Asked(HeldAct.SHARE, entry.id, link.id, tuple(document.fields))
        if not while_held:  # and what goes along by a tick answers no request
            await refuse_while_held(actor, asked, is_noted=False)
        there = care_tables.Share.filter(link_id=link.id, entry_id=entry.id)
        row = await _find_replaced_share(actor, link, there)
        ident, revision = (row.id, row.revision + 1) if row else (uuid4(), 1)
        sealed = seal_document(key, document, share_context(link.id, ident, revision))
        if row:
            await care_tables.Share.filter(id=ident, revision=row.revision).update(
                revision=revision, sealed=sealed, updated_at=actor.now, opened_at=None, ended_at=None
            )
        else:
            await care_tables.Share.create(
                id=ident,
                link_id=link.id,
                entry_id=entry.id,
                revision=revision,
                sealed=sealed,
                created_at=actor.now,
                updated_at=actor.now,
            )
        copy = (ident, revision, sealed)
        chosen = await share_list.add_copy(actor, link.id, copy, entry.id, end, may_file)
        if (
            row is None or end is not KEPT
        ):  # a new row has no end yet, also where the copy keeps an earlier one's
            await care_tables.Share.filter(id=ident).update(
                **ends.build_columns(actor.installation, link.id, ident, chosen)
            )
        to, act = link.clinician, Act.SHARE_UPDATED if row else Act.SHARED
        await audit_log.record_event(actor, act, patient=actor.id, about=ident, recipient=to)
        if may_file is True:
            act = Act.SHARE_FILING_CHANGED
            await audit_log.record_event(actor, act, patient=actor.id, about=ident, recipient=to)
    return ident


async def require_unchanged(actor: Actor, seen: Iterable[tuple[UUID, int]]) -> None:
    """
    Verify entries in the transaction that shares copies of them; `record_state.lock_state` keeps them as they are.

    Raises:
        StaleRevision: If one was changed or deleted since the revision that was *seen*.
    """
    wanted = dict(seen)
    mine = vault_tables.Entry.filter(id__in=list(wanted), owner_id=actor.id, deleted_at=None)
    there = {one.id: one.revision for one in filter_undamaged(await fetch_rows(RevisedRow, mine))}
    if there != wanted:
        raise StaleRevision(ENTRY_CHANGED)


async def change_attention(
    actor: Actor, link: Link, wanted: UUID, seen: ShareDocument, attention: Attention, key: Sealer
) -> None:
    """
    Change what a patient asks of whoever reads a copy, while it is not opened; its words and its dates stay.

    In a hold it changes towards less reading alone: that takes nothing back, and what was read cannot be unread.

    Args:
        seen: The copy as it was read.

    Raises:
        AlreadyOpened: If it was opened meanwhile; nothing changes.
        HeldUntilRested: Too soon after a dosing session, for more than was asked before.
        StaleRevision: If the copy was changed or taken away since, or sharing was paused.
    """
    before = seen.asks or Attention.NO_ANSWER
    async with transaction():
        await record_state.lock_state(actor)
        await require_active(link)
        if attention.reach > before.reach:
            await refuse_while_held(actor, is_noted=False)
        there = care_tables.Share.filter(id=wanted, link_id=link.id)
        row = next(iter(filter_undamaged(await fetch_rows(SealedCopyRow, there))), None)
        if row is None:
            raise StaleRevision(COPY_CHANGED)
        if (
            open_document(key, row.sealed, share_context(link.id, wanted, row.revision), ShareDocument)
            != seen
        ):
            raise StaleRevision(COPY_CHANGED)
        document, revision = msgspec.structs.replace(seen, attention=attention.value), row.revision + 1
        sealed = seal_document(key, document, share_context(link.id, wanted, revision))
        unopened = there.filter(revision=row.revision, opened_at=None, ended_at=None)
        if row.opened_at is not None or not await unopened.update(revision=revision, sealed=sealed):
            raise AlreadyOpened(row.opened_at or actor.now)
        await share_list.add_copy(actor, link.id, (wanted, revision, sealed), UUID(seen.entry_id))
        act, to = Act.SHARE_ATTENTION_CHANGED, link.clinician
        await audit_log.record_event(actor, act, patient=actor.id, about=wanted, recipient=to)
