"""Earlier versions of an entry: kept after a pause, before a restore, and when two pages wrote at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.ages import compute_age
from journal.errors import Damaged, NotFound
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import Statement, execute_all, transaction
from journal.store.rows import DamagedRow, OpenedRows, fetch_row, fetch_rows, filter_undamaged, open_rows
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument, Reason, RevisionDocument, revision_context
from journal.vault.entry_rows import RevisionRow
from journal.vault.record_snapshot import Member, Part
from journal.vault.record_state import RecordChange

VERSION_PAUSE = timedelta(minutes=10)  # a pause longer than this begins a new version
PARAGRAPH_LENGTH = 200  # characters
INSERT_REVISION = "INSERT INTO entry_revision (id, entry_id, sealed, created_at) VALUES ($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class Revision:
    """One earlier version, opened."""

    id: UUID
    entry: UUID
    created_at: datetime
    reason: Reason
    base: int
    sitting: str
    document: EntryDocument


def is_new_version(actor: Actor, at: datetime, before: EntryDocument, after: EntryDocument) -> bool:
    """
    Return whether *after* begins a new version in place of what was written at *at*.

    It does after a pause, and when so much was removed at once that it may be an accident.
    """
    length = len(before.text())
    shrinks = length >= PARAGRAPH_LENGTH and len(after.text()) < length / 2
    return shrinks or compute_age(at, actor.now) >= VERSION_PAUSE


def build_revision(
    actor: Actor, entry: UUID, revision: int, document: EntryDocument, *, at: datetime
) -> tuple[Member, Statement]:
    """Return how to keep *document*, the text of *entry* until now."""
    return _build_revision(
        actor, entry, RevisionDocument(entry.hex, Reason.EARLIER.value, revision, document), at
    )


async def save_conflict(actor: Actor, entry: UUID, base: int, document: EntryDocument, sitting: str) -> UUID:
    """
    Save the text of a page that lost a conflict; it replaces the same page's own attempt of just before.

    Returns:
        The id of the version.

    Raises:
        NotFound: If the entry was deleted meanwhile: then nothing of it is kept.
    """
    lost = RevisionDocument(entry.hex, Reason.CONFLICT.value, base, document, sitting)
    async with transaction():
        await record_state.lock_state(actor)
        if not await vault_tables.Entry.exists(id=entry, owner_id=actor.id, deleted_at=None):
            raise NotFound
        for row in filter_undamaged(await _load_rows(actor, entry)):
            try:
                earlier = _open_revision(actor, row)
            except Damaged:
                continue  # it is not this page's own
            own = sitting and earlier.reason is Reason.CONFLICT and earlier.sitting == sitting
            if own and not is_new_version(actor, earlier.created_at, earlier.document, document):
                sealed = seal_document(actor.vault, lost, revision_context(actor.id, earlier.id))
                now = {"sealed": sealed, "created_at": actor.now}
                await vault_tables.EntryRevision.filter(id=earlier.id).update(**now)
                before, after = (earlier.id, 0, row.sealed), (earlier.id, 0, sealed)
                await record_state.update_state(actor, RecordChange(Part.EARLIER, [before], [after]))
                return earlier.id
        version, statement = _build_revision(actor, entry, lost, actor.now)
        await execute_all(statement)
        await record_state.update_state(actor, RecordChange(Part.EARLIER, added=[version]))
        return version[0]


async def load_members(actor: Actor, entry: UUID) -> list[Member]:
    """Return the earlier versions of one's own entry as the record state lists them."""
    return [(row.id, 0, row.sealed) for row in filter_undamaged(await _load_rows(actor, entry))]


async def list_revisions(actor: Actor, entry: UUID) -> OpenedRows[Revision]:
    """Return the earlier versions of one's own entry, newest first."""
    actor.require_role(Role.PATIENT)
    return open_rows(await _load_rows(actor, entry), partial(_open_revision, actor))


async def load_revision(actor: Actor, entry: UUID, wanted: UUID) -> Revision:
    """Return one earlier version of one's own entry."""
    actor.require_role(Role.PATIENT)
    mine = vault_tables.EntryRevision.filter(id=wanted, entry_id=entry, entry__owner_id=actor.id)
    row = await fetch_row(RevisionRow, mine)
    if row is None:
        raise NotFound
    return _open_revision(actor, row)


async def _load_rows(actor: Actor, entry: UUID) -> list[RevisionRow | DamagedRow]:
    mine = vault_tables.EntryRevision.filter(entry_id=entry, entry__owner_id=actor.id)
    return await fetch_rows(RevisionRow, mine.order_by("-created_at"))


def _build_revision(
    actor: Actor, entry: UUID, kept: RevisionDocument, at: datetime
) -> tuple[Member, Statement]:
    ident = uuid4()
    sealed = seal_document(actor.vault, kept, revision_context(actor.id, ident))
    return (ident, 0, sealed), (INSERT_REVISION, (ident, entry, sealed, at))


def _open_revision(actor: Actor, row: RevisionRow) -> Revision:
    where = revision_context(actor.id, row.id)
    kept = open_document(actor.vault, row.sealed, where, RevisionDocument)
    if kept.entry_id != row.entry_id.hex:  # the row was moved to another entry
        raise Damaged
    return Revision(
        row.id,
        row.entry_id,
        row.created_at,
        Reason(kept.reason),
        kept.revision,
        kept.sitting,
        kept.document,
    )
