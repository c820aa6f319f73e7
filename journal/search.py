"""Find words in all of one's own entries, by opening them: there is no index for anybody to steal."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from journal.actors import Actor, Role
from journal.documents import decode_entry, entry_bytes_opener
from journal.entries import EVER, Entry, unopened
from journal.errors import Damaged
from journal.freshness import END
from journal.store import fetch, key_of, time_of

STRETCH = """
    SELECT id, revision, sealed, created_at, updated_at FROM entry
    WHERE owner_id = $1 AND deleted_at IS NULL AND created_at <= $2
    ORDER BY created_at DESC LIMIT $3
"""
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
        for ident, revision, sealed, created, updated in rows:
            key = key_of(ident)
            try:
                plain = plain_of(sealed, key, revision)
            except Damaged:
                found.append(unopened(key, revision, sealed, time_of(created), time_of(updated)))
                continue
            folded = plain.decode().casefold()
            for needle in escaped:
                if needle not in folded:
                    break
            else:
                document = decode_entry(plain)
                text = document.text().casefold()
                if all(needle in text for needle in needles):
                    times = time_of(created), time_of(updated), None
                    found.append(Entry(key, revision, document, *times, sealed[-END:]))
    return tuple(found)


async def _stretches(actor: Actor, at_once: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Read all entries, newest first, a stretch at a time."""
    until: Any = EVER
    seen: set[Any] = set()  # the last stretch's entries of the moment at which it ended: they come once more
    while rows := await fetch(STRETCH, actor.id, until, at_once + len(seen)):
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
