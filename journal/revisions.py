"""Earlier versions of an entry: kept after a pause, before a restore, and when two pages wrote at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from journal import freshness, tables
from journal.actors import Actor, Role
from journal.documents import EntryDocument, RevisionDocument, open_document, revision_context, seal_document
from journal.errors import Damaged, NotFound
from journal.freshness import Member, Move, Part
from journal.store import Statement, change_all, key_of, transaction

COLUMNS = ("id", "sealed", "created_at", "entry_id")
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


def kept(
    actor: Actor, entry: UUID, revision: int, document: EntryDocument, *, at: datetime
) -> tuple[Member, Statement]:
    """Say how to keep *document*, which was the text of *entry* until now."""
    return _written(actor, entry, RevisionDocument(entry.hex, Reason.EARLIER.value, revision, document), at)


async def keep_conflict(actor: Actor, entry: UUID, base: int, document: EntryDocument, sitting: str) -> None:
    """
    Keep the text of a page that lost the race; a page that goes on writing replaces its own earlier attempt.

    Raises:
        NotFound: If the entry was deleted meanwhile: then nothing of it is kept.
    """
    lost = RevisionDocument(entry.hex, Reason.CONFLICT.value, base, document, sitting)
    async with transaction():
        await freshness.lock(actor)
        if not await tables.Entry.exists(id=entry, owner_id=actor.id, deleted_at=None):
            raise NotFound
        there = await _rows(actor, entry)
        for row in there:
            earlier = _opened(actor, row)
            if sitting and earlier.reason is Reason.CONFLICT and earlier.sitting == sitting:
                sealed = seal_document(actor.vault, lost, revision_context(actor.id, earlier.id))
                now = {"sealed": sealed, "created_at": actor.now}
                await tables.EntryRevision.filter(id=earlier.id).update(**now)
                before, after = (earlier.id, 0, row[1]), (earlier.id, 0, sealed)
                await freshness.move(actor, Move(Part.EARLIER, [before], [after]))
                return
        version, statement = _written(actor, entry, lost, actor.now)
        await change_all(statement)
        await freshness.move(actor, Move(Part.EARLIER, come=[version]))


async def members(actor: Actor, entry: UUID) -> list[Member]:
    """Give the earlier versions of one's own entry as the account's state knows them."""
    return [(key_of(row[0]), 0, row[1]) for row in await _rows(actor, entry)]


async def revisions(actor: Actor, entry: UUID) -> tuple[Revision, ...]:
    """Give the earlier versions of one's own entry, newest first."""
    actor.must_be(Role.PATIENT)
    return tuple(_opened(actor, row) for row in await _rows(actor, entry))


async def revision(actor: Actor, entry: UUID, wanted: UUID) -> Revision:
    """Give one earlier version of one's own entry."""
    actor.must_be(Role.PATIENT)
    rows = await tables.EntryRevision.filter(id=wanted, entry_id=entry, entry__owner_id=actor.id).values_list(
        *COLUMNS
    )
    if not rows:
        raise NotFound
    return _opened(actor, rows[0])


async def _rows(actor: Actor, entry: UUID) -> list[tuple[Any, ...]]:
    mine = tables.EntryRevision.filter(entry_id=entry, entry__owner_id=actor.id)
    return list(await mine.order_by("-created_at").values_list(*COLUMNS))


def _written(actor: Actor, entry: UUID, kept: RevisionDocument, at: datetime) -> tuple[Member, Statement]:
    ident = uuid4()
    sealed = seal_document(actor.vault, kept, revision_context(actor.id, ident))
    return (ident, 0, sealed), (WRITE, (ident, entry, sealed, at))


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
