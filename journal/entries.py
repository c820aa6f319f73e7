"""
Write and read one's own entries.

A save names the revision that it was made from. When somebody saved in between, the text that lost is kept as
an earlier version and the writer is told: neither is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from tortoise.exceptions import IntegrityError

from journal import audit, revisions, sessions, tables
from journal.actors import Actor, Role
from journal.audit import Act
from journal.documents import EntryDocument, decode_entry, entry_bytes_opener, entry_context, seal_document
from journal.errors import NotFound, StaleRevision
from journal.store import change, fetch, key_of, scrub, time_of, transaction
from journal.words import N_

UNDO_WINDOW = timedelta(days=7)
SITTING = timedelta(minutes=10)  # a pause longer than this begins a new version
A_PARAGRAPH = 200  # characters
COLUMNS = ("id", "revision", "sealed", "created_at", "updated_at", "deleted_at")
OWN = "SELECT id, revision, sealed, created_at, updated_at, deleted_at FROM entry WHERE owner_id = $1"
REPLACE = """
    UPDATE entry SET revision = $1, sealed = $2, updated_at = $3
    WHERE id = $4 AND owner_id = $5 AND revision = $6 AND deleted_at IS NULL
"""
EVER = datetime.max.replace(tzinfo=UTC)


class Entry(msgspec.Struct, frozen=True):
    """One entry, opened."""

    id: UUID
    revision: int
    document: EntryDocument
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


async def entry(actor: Actor, wanted: UUID, *, deleted: bool = False) -> Entry:
    """Give one of the actor's own entries; a deleted one only when asked for."""
    actor.must_be(Role.PATIENT)
    rows = await fetch(OWN + " AND id = $2", actor.id, wanted)
    if not rows or (rows[0][5] is not None and not deleted):
        raise NotFound
    return _opened(actor, rows[0])


async def timeline(actor: Actor, *, before: datetime | None = None, limit: int = 30) -> tuple[Entry, ...]:
    """Give the latest *limit* entries, newest first; *before* a time for the next page."""
    actor.must_be(Role.PATIENT)
    page = " AND deleted_at IS NULL AND created_at < $2 ORDER BY created_at DESC LIMIT $3"
    rows = await fetch(OWN + page, actor.id, before or EVER, limit)
    return _all_opened(actor, rows)


async def every(actor: Actor) -> tuple[Entry, ...]:
    """Give all entries, oldest first."""
    actor.must_be(Role.PATIENT)
    rows = await fetch(OWN + " AND deleted_at IS NULL ORDER BY created_at", actor.id)
    return _all_opened(actor, rows)


async def several(actor: Actor, wanted: Iterable[UUID]) -> dict[UUID, Entry]:
    """Give those of the actor's own entries by their ids that are there."""
    actor.must_be(Role.PATIENT)
    query = tables.Entry.filter(owner_id=actor.id, deleted_at=None, id__in=list(wanted))
    found = [_opened(actor, row) for row in await query.values_list(*COLUMNS)]
    return {one.id: one for one in found}


async def deleted(actor: Actor) -> tuple[Entry, ...]:
    """Give the entries whose deletion can still be undone, newest first."""
    actor.must_be(Role.PATIENT)
    rows = await fetch(OWN + " AND deleted_at IS NOT NULL ORDER BY deleted_at DESC", actor.id)
    return _all_opened(actor, rows)


async def save(actor: Actor, wanted: UUID, base: int, document: EntryDocument, *, sitting: str = "") -> Entry:
    """
    Save an entry; on disk when this returns.

    Args:
        wanted: Its id; a new random one for a new entry.
        base: The revision that the text was made from; 0 for a new entry.
        document: All of it.
        sitting: A random name of the page that writes. A page never loses a race against itself, when the
            answer to its own last save did not reach it; one that lost to another keeps one text, not many.

    Raises:
        StaleRevision: If another page saved first; *document* is kept among the earlier versions.
        NotFound: If it is somebody else's, or deleted.
    """
    actor.must_be(Role.PATIENT)
    document = msgspec.structs.replace(document, sitting=sitting)
    if base == 0:
        try:
            return await _create(actor, wanted, document)
        except IntegrityError:
            pass  # the page sent its first save twice, or another page has its id: decided below
    current = await entry(actor, wanted)
    if _reads_the_same(current.document, document):
        return current
    unanswered = current.revision != base and sitting != "" and current.document.sitting == sitting
    if current.revision == base or unanswered:
        # A save that was overtaken on the way may arrive late: then the words it finds are kept beside it.
        saved = await _replace(actor, current, document, keep=unanswered)
        if saved is not None:
            return saved
    await revisions.keep_conflict(actor, wanted, base, document, sitting)
    raise StaleRevision


async def restore(actor: Actor, wanted: UUID, version: UUID) -> Entry:
    """
    Make an earlier version the present text; the text until now becomes an earlier version.

    Raises:
        StaleRevision: If another page saved at the same moment; nothing was changed.
    """
    earlier = await revisions.revision(actor, wanted, version)
    current = await entry(actor, wanted)
    if _reads_the_same(current.document, earlier.document):
        return current
    document = msgspec.structs.replace(earlier.document, sitting="")
    restored = await _replace(actor, current, document, keep=True)
    if restored is None:
        raise StaleRevision(N_("Another page saved at the same moment. Nothing was changed; look again."))
    return restored


async def delete(actor: Actor, wanted: UUID) -> None:
    """
    Take an entry away, and every shared copy of it at once; the entry itself can be brought back for a week.

    Raises:
        HeldUntilRested: If it is shared, too soon after a dosing session: a copy is gone for good.
    """
    actor.must_be(Role.PATIENT)
    if await tables.Share.filter(entry_id=wanted, entry__owner_id=actor.id).exists():
        await sessions.refuse_while_held(actor)
    async with transaction():
        changed = await tables.Entry.filter(id=wanted, owner_id=actor.id, deleted_at=None).update(
            deleted_at=actor.now
        )
        if not changed:
            raise NotFound
        await tables.Share.filter(entry_id=wanted).delete()
        await audit.note(actor, Act.ENTRY_DELETED, patient=actor.id, about=wanted)
    await scrub()


async def undelete(actor: Actor, wanted: UUID) -> None:
    """Bring a deleted entry back. What was shared of it is not shared again."""
    actor.must_be(Role.PATIENT)
    async with transaction():
        changed = await tables.Entry.filter(id=wanted, owner_id=actor.id, deleted_at__isnull=False).update(
            deleted_at=None
        )
        if not changed:
            raise NotFound
        await audit.note(actor, Act.ENTRY_RESTORED, patient=actor.id, about=wanted)


async def erase(actor: Actor, wanted: UUID) -> None:
    """
    Erase a deleted entry for good, before its week is over.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
    """
    actor.must_be(Role.PATIENT)
    await sessions.refuse_while_held(actor)
    async with transaction():
        if not await tables.Entry.filter(id=wanted, owner_id=actor.id, deleted_at__isnull=False).delete():
            raise NotFound
        await audit.note(actor, Act.ENTRY_ERASED, patient=actor.id, about=wanted)
    await scrub()


async def _create(actor: Actor, wanted: UUID, document: EntryDocument) -> Entry:
    sealed = seal_document(actor.vault, document, entry_context(actor.id, wanted, 1))
    await tables.Entry.create(
        id=wanted, owner_id=actor.id, revision=1, sealed=sealed, created_at=actor.now, updated_at=actor.now
    )
    return Entry(wanted, 1, document, actor.now, actor.now, None)


async def _replace(
    actor: Actor, current: Entry, document: EntryDocument, *, keep: bool = False
) -> Entry | None:
    revision = current.revision + 1
    sealed = seal_document(actor.vault, document, entry_context(actor.id, current.id, revision))
    written = (revision, sealed, actor.now, current.id, actor.id, current.revision)
    if not (keep or actor.now - current.updated_at >= SITTING or _shrinks(current.document, document)):
        changed = await change(REPLACE, *written)
    else:
        async with transaction():
            changed = await change(REPLACE, *written)
            if changed:
                await revisions.keep(
                    actor, current.id, current.revision, current.document, at=current.updated_at
                )
    return Entry(current.id, revision, document, current.created_at, actor.now, None) if changed else None


def _reads_the_same(one: EntryDocument, other: EntryDocument) -> bool:
    return one == msgspec.structs.replace(other, sitting=one.sitting)


def _shrinks(before: EntryDocument, after: EntryDocument) -> bool:
    """Tell whether so much went at once that it may have been a slip of the hand."""
    length = len(before.text())
    return length >= A_PARAGRAPH and len(after.text()) < length / 2


def opened(actor: Actor, row: tables.Entry) -> Entry:
    """Open one of the actor's own entries that came along with another row."""
    return _opened(actor, tuple(getattr(row, column) for column in COLUMNS))


def _all_opened(actor: Actor, rows: Iterable[Sequence[Any]]) -> tuple[Entry, ...]:
    found, plain_of = [], entry_bytes_opener(actor.vault, actor.id)
    for ident, revision, sealed, created, updated, gone in rows:
        key, times = key_of(ident), (time_of(created), time_of(updated), time_of(gone) if gone else None)
        found.append(Entry(key, revision, decode_entry(plain_of(bytes(sealed), key, revision)), *times))
    return tuple(found)


def _opened(actor: Actor, row: Sequence[Any]) -> Entry:
    return _all_opened(actor, (row,))[0]
