"""Earlier versions of an entry: kept after a pause, before a restore, and when two pages wrote at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.ages import age
from journal.errors import Damaged, NotFound
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import Statement, change_all, transaction
from journal.store.rows import DamagedRow, Opened, open_each, read, read_one, whole
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument, RevisionDocument, revision_context
from journal.vault.entry_rows import RevisionRow
from journal.vault.record_snapshot import Member, Part
from journal.vault.record_state import Move

SITTING = timedelta(minutes=10)  # a pause longer than this begins a new version
A_PARAGRAPH = 200  # characters
WRITE = "INSERT INTO entry_revision (id, entry_id, sealed, created_at) VALUES ($1, $2, $3, $4)"


class Reason(StrEnum):
    """Why an earlier version was kept."""

    EARLIER = "earlier"
    CONFLICT = "conflict"


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


def is_apart(actor: Actor, at: datetime, before: EntryDocument, after: EntryDocument) -> bool:
    """
    Return whether *after* begins a new version in place of what was written at *at*.

    It does after a pause, and when so much was removed at once that it may be an accident.
    """
    length = len(before.text())
    shrinks = length >= A_PARAGRAPH and len(after.text()) < length / 2
    return shrinks or age(at, actor.now) >= SITTING


def kept(
    actor: Actor, entry: UUID, revision: int, document: EntryDocument, *, at: datetime
) -> tuple[Member, Statement]:
    """Return how to keep *document*, the text of *entry* until now."""
    return _written(actor, entry, RevisionDocument(entry.hex, Reason.EARLIER.value, revision, document), at)


async def keep_conflict(actor: Actor, entry: UUID, base: int, document: EntryDocument, sitting: str) -> UUID:
    """
    Save the text of a page that lost a conflict; it replaces the same page's own attempt of just before.

    Returns:
        The id of the version.

    Raises:
        NotFound: If the entry was deleted meanwhile: then nothing of it is kept.
    """
    lost = RevisionDocument(entry.hex, Reason.CONFLICT.value, base, document, sitting)
    async with transaction():
        await record_state.lock(actor)
        if not await vault_tables.Entry.exists(id=entry, owner_id=actor.id, deleted_at=None):
            raise NotFound
        for row in whole(await _rows(actor, entry)):
            try:
                earlier = _opened(actor, row)
            except Damaged:
                continue  # it is not this page's own
            own = sitting and earlier.reason is Reason.CONFLICT and earlier.sitting == sitting
            if own and not is_apart(actor, earlier.created_at, earlier.document, document):
                sealed = seal_document(actor.vault, lost, revision_context(actor.id, earlier.id))
                now = {"sealed": sealed, "created_at": actor.now}
                await vault_tables.EntryRevision.filter(id=earlier.id).update(**now)
                before, after = (earlier.id, 0, row.sealed), (earlier.id, 0, sealed)
                await record_state.move(actor, Move(Part.EARLIER, [before], [after]))
                return earlier.id
        version, statement = _written(actor, entry, lost, actor.now)
        await change_all(statement)
        await record_state.move(actor, Move(Part.EARLIER, come=[version]))
        return version[0]


async def members(actor: Actor, entry: UUID) -> list[Member]:
    """Return the earlier versions of one's own entry as the record state lists them."""
    return [(row.id, 0, row.sealed) for row in whole(await _rows(actor, entry))]


async def revisions(actor: Actor, entry: UUID) -> Opened[Revision]:
    """Return the earlier versions of one's own entry, newest first."""
    actor.must_be(Role.PATIENT)
    return open_each(await _rows(actor, entry), partial(_opened, actor))


async def revision(actor: Actor, entry: UUID, wanted: UUID) -> Revision:
    """Return one earlier version of one's own entry."""
    actor.must_be(Role.PATIENT)
    mine = vault_tables.EntryRevision.filter(id=wanted, entry_id=entry, entry__owner_id=actor.id)
    row = await read_one(RevisionRow, mine)
    if row is None:
        raise NotFound
    return _opened(actor, row)


async def _rows(actor: Actor, entry: UUID) -> list[RevisionRow | DamagedRow]:
    mine = vault_tables.EntryRevision.filter(entry_id=entry, entry__owner_id=actor.id)
    return await read(RevisionRow, mine.order_by("-created_at"))


def _written(actor: Actor, entry: UUID, kept: RevisionDocument, at: datetime) -> tuple[Member, Statement]:
    ident = uuid4()
    sealed = seal_document(actor.vault, kept, revision_context(actor.id, ident))
    return (ident, 0, sealed), (WRITE, (ident, entry, sealed, at))


def _opened(actor: Actor, row: RevisionRow) -> Revision:
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
