"""
Search all of one's own entries by opening every one of them.

Used where there is no table of contents, or something is not as it was left; else `page_search` does it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID

import regex

from journal.actor import Actor
from journal.errors import Damaged
from journal.folding import fold, split_needles
from journal.roles import Role
from journal.store.database import fetch_raw
from journal.store.rows import DamagedRow, JoinedValue, NonNegative, Row, parse_rows, require_undamaged
from journal.vault.documents import EntryDocument, build_entry_opener, decode_entry
from journal.vault.entry_rows import SELECT_ENTRIES, Entry, EntryRow, build_placeholder
from journal.vault.record_snapshot import TAG_SIZE

SELECT_FIRST = SELECT_ENTRIES + " AND deleted_at IS NULL ORDER BY created_at DESC LIMIT $2"
SELECT_NEXT = (
    SELECT_ENTRIES + " AND deleted_at IS NULL AND created_at <= $2 ORDER BY created_at DESC LIMIT $3"
)


class SealedRow(Row, frozen=True):
    """The columns of `SELECT_FIRST` that are read of every row; its times, only of a match."""

    id: UUID
    revision: NonNegative
    sealed: bytes
    created_at: JoinedValue
    updated_at: JoinedValue
    deleted_at: JoinedValue


BATCH_SIZE = 500  # entries take a few milliseconds, and others get their turn before the next
INLINE_BYTES = 250_000  # bytes of entries that are read whole: the same, in any script

_ASCII = bytes(range(128))
# Characters that fold to a letter or digit of ASCII, or to nothing: wide letters, ligatures, soft hyphens. Those on
# every phone's keyboard that fold to neither are left out.
_HIDDEN_ASCII = regex.compile(
    r"[[\p{Default_Ignorable_Code_Point}\p{NFKC_QC=No}ßẞİı\u0307]--[\u00a0\u2011\u2026\u202f]]",
    regex.VERSION1,
)
# The most frequent of these, and what they fold to: the ß of every German text, the two that make up emoji.
_FREQUENT_FOLDS = (("ß".encode(), b"ss"), ("\ufe0f".encode(), b""), ("\u200d".encode(), b""))


async def search_by_opening(actor: Actor, words: str, *, batch_size: int = BATCH_SIZE) -> tuple[Entry, ...]:
    """
    Return the entries that contain all of *words*, however they are spelled, newest first.

    Each record is opened and its JSON scanned as it stands; only those that may match are decoded. One that
    does not open may contain them, so it is included as damaged.

    Args:
        batch_size: How many entries to read before others get their turn.
    """
    actor.require_role(Role.PATIENT)
    needles = split_needles(words)
    if not needles:
        return ()
    can_match, folded = build_matcher(needles), 0
    found, plain_of = [], build_entry_opener(actor.vault, actor.id)
    async for rows in _load_batches(actor, batch_size):
        for raw, row in zip(rows, parse_rows(SealedRow, rows), strict=True):
            try:
                one = require_undamaged(row)
                plain = plain_of(one.sealed, one.id, one.revision)
            except Damaged:
                found.append(build_placeholder(parse_rows(EntryRow, [raw])[0]))
                continue
            if not can_match(plain):
                continue
            document = decode_entry(plain)
            if has_needles(document, needles):
                found.append(_build_entry(parse_rows(EntryRow, [raw])[0], document))
            if (folded := folded + len(plain)) > INLINE_BYTES:
                folded = 0
                await asyncio.sleep(0)
    return tuple(found)


def _build_entry(row: EntryRow | DamagedRow, document: EntryDocument) -> Entry:
    if isinstance(row, DamagedRow):
        return build_placeholder(row)
    return Entry(row.id, row.revision, document, row.created_at, row.updated_at, None, row.sealed[-TAG_SIZE:])


def has_needles(document: EntryDocument, needles: Sequence[str]) -> bool:
    """Return whether every one of the folded *needles* is in an entry."""
    text = fold(document.text())
    return all(needle in text for needle in needles)


def build_matcher(needles: Sequence[str]) -> Callable[[bytes], bool]:
    """
    Return a quick test whether an entry's JSON may contain all of the folded *needles*.

    It never rejects one that does. It searches for runs of ASCII letters and digits, which no JSON escapes: they are in
    the bytes but for their case, unless one of a few characters hides them.
    """
    runs = (max(re.findall("[a-z0-9]+", needle), key=len, default="") for needle in needles)
    wanted = [run.encode() for run in dict.fromkeys(runs) if run]
    only_ascii = all(needle.isascii() for needle in needles)

    def can_match(plain: bytes) -> bool:
        if not plain.isascii():
            for sign, folded in _FREQUENT_FOLDS:
                plain = plain.replace(sign, folded)
            if not wanted or _HIDDEN_ASCII.search(plain.translate(None, _ASCII).decode()):
                return True
        elif not only_ascii:
            return False
        plain = plain.lower()
        for run in wanted:  # noqa: SIM110  (a generator is too slow for ten thousand entries)
            if run not in plain:
                return False
        return True

    return can_match


async def _load_batches(actor: Actor, batch_size: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Read all entries, newest first, in batches."""
    until: Any = None
    seen: set[Any] = set()  # entries of the last batch's last moment: they come once more
    rows = await fetch_raw(SELECT_FIRST, actor.id, batch_size)
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
        rows = await fetch_raw(SELECT_NEXT, actor.id, until, batch_size + len(seen))
