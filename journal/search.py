"""Find words in all of one's own entries, by opening them: there is no index for anybody to steal."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from journal.actors import Actor, Role
from journal.documents import EntryDocument, decode_entry, entry_bytes_opener
from journal.entries import OWN, Entry, EntryRow, unopened
from journal.errors import Damaged
from journal.freshness import END
from journal.rows import Counted, DamagedRow, Joined, Row, sound, typed
from journal.store import fetch

FIRST = OWN + " AND deleted_at IS NULL ORDER BY created_at DESC LIMIT $2"
NEXT = OWN + " AND deleted_at IS NULL AND created_at <= $2 ORDER BY created_at DESC LIMIT $3"


class SealedRow(Row, frozen=True):
    """A row of `OWN` as far as every one is read; the times, only of what is found."""

    id: UUID
    revision: Counted
    sealed: bytes
    created_at: Joined
    updated_at: Joined
    deleted_at: Joined


AT_ONCE = 500  # entries take a few milliseconds, and others get their turn before the next


async def search(actor: Actor, words: str, *, at_once: int = AT_ONCE) -> tuple[Entry, ...]:
    """
    Give the entries that contain every one of *words*, whatever the case, newest first.

    Each record is opened and its JSON scanned as it stands; only those that may match are decoded. One that
    does not open may hold the words as well, and is among them as such.

    Args:
        at_once: How many entries to read before others get their turn.
    """
    actor.must_be(Role.PATIENT)
    needles = [unicodedata.normalize("NFC", word).casefold() for word in words.split()]
    if not needles:
        return ()
    escaped = [msgspec.json.encode(needle)[1:-1].decode() for needle in needles]
    found, plain_of = [], entry_bytes_opener(actor.vault, actor.id)
    async for rows in _stretches(actor, at_once):
        for raw, row in zip(rows, typed(SealedRow, rows), strict=True):
            try:
                one = sound(row)
                plain = plain_of(one.sealed, one.id, one.revision)
            except Damaged:
                found.append(unopened(typed(EntryRow, [raw])[0]))
                continue
            folded = plain.decode().casefold()
            for needle in escaped:
                if needle not in folded:
                    break
            else:
                document = decode_entry(plain)
                text = document.text().casefold()
                if all(needle in text for needle in needles):
                    found.append(_found(typed(EntryRow, [raw])[0], document))
    return tuple(found)


def _found(row: EntryRow | DamagedRow, document: EntryDocument) -> Entry:
    if isinstance(row, DamagedRow):
        return unopened(row)
    return Entry(row.id, row.revision, document, row.created_at, row.updated_at, None, row.sealed[-END:])


async def _stretches(actor: Actor, at_once: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Read all entries, newest first, a stretch at a time."""
    until: Any = None
    seen: set[Any] = set()  # the last stretch's entries of the moment at which it ended: they come once more
    rows = await fetch(FIRST, actor.id, at_once)
    while rows:
        fresh = [row for row in rows if row[0] not in seen]
        if not fresh:
            return
        yield fresh
        last = fresh[-1][3]
        if last != until:
            seen = set()
        seen |= {row[0] for row in fresh if row[3] == last}
        until = last
        await asyncio.sleep(0)
        rows = await fetch(NEXT, actor.id, until, at_once + len(seen))
