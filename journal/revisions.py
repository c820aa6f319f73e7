"""Earlier versions of an entry: kept after a pause, before a restore, and when two pages wrote at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from journal import tables
from journal.actors import Actor, Role
from journal.documents import EntryDocument, RevisionDocument, open_document, revision_context, seal_document
from journal.errors import Damaged, NotFound
from journal.store import key_of

COLUMNS = ("id", "sealed", "created_at", "entry_id")


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


async def keep(actor: Actor, entry: UUID, revision: int, document: EntryDocument, *, at: datetime) -> None:
    """Keep *document*, which was the text of *entry* until now."""
    await _write(actor, entry, RevisionDocument(entry.hex, Reason.EARLIER.value, revision, document), at)


async def keep_conflict(actor: Actor, entry: UUID, base: int, document: EntryDocument, sitting: str) -> None:
    """Keep the text of a page that lost the race; a page that goes on writing replaces its own earlier attempt."""
    kept = RevisionDocument(entry.hex, Reason.CONFLICT.value, base, document, sitting)
    for earlier in await revisions(actor, entry):
        if sitting and earlier.reason is Reason.CONFLICT and earlier.sitting == sitting:
            sealed = seal_document(actor.vault, kept, revision_context(actor.id, earlier.id))
            await tables.EntryRevision.filter(id=earlier.id).update(sealed=sealed, created_at=actor.now)
            return
    await _write(actor, entry, kept, actor.now)


async def revisions(actor: Actor, entry: UUID) -> tuple[Revision, ...]:
    """Give the earlier versions of one's own entry, newest first."""
    actor.must_be(Role.PATIENT)
    rows = (
        await tables.EntryRevision.filter(entry_id=entry, entry__owner_id=actor.id)
        .order_by("-created_at")
        .values_list(*COLUMNS)
    )
    return tuple(_opened(actor, row) for row in rows)


async def revision(actor: Actor, entry: UUID, wanted: UUID) -> Revision:
    """Give one earlier version of one's own entry."""
    actor.must_be(Role.PATIENT)
    rows = await tables.EntryRevision.filter(id=wanted, entry_id=entry, entry__owner_id=actor.id).values_list(
        *COLUMNS
    )
    if not rows:
        raise NotFound
    return _opened(actor, rows[0])


async def _write(actor: Actor, entry: UUID, kept: RevisionDocument, at: datetime) -> None:
    ident = uuid4()
    await tables.EntryRevision.create(
        id=ident,
        entry_id=entry,
        sealed=seal_document(actor.vault, kept, revision_context(actor.id, ident)),
        created_at=at,
    )


def _opened(actor: Actor, row: tuple[Any, ...]) -> Revision:
    ident, sealed, created, entry = row
    where = revision_context(actor.id, key_of(ident))
    kept = open_document(actor.vault, bytes(sealed), where, RevisionDocument)
    if kept.entry_id != key_of(entry).hex:  # the row was hung under another entry
        raise Damaged
    return Revision(
        key_of(ident),
        key_of(entry),
        created,
        Reason(kept.reason),
        kept.revision,
        kept.sitting,
        kept.document,
    )
