"""
What storage holds of an account's records at one moment, and what the account remembers of them.

Nothing here trusts a row: one that is of a wrong type has a place in no sum, and is no state and no page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any
from uuid import UUID

from crypto import CryptoError, RecordRoot, RecordSet, RecordState, Sealer
from journal.store.database import fetch_aside
from journal.store.rows import Moment, Row, known, typed
from journal.store.statements import key_of
from journal.vault.contents import EPOCH, micros, root_context
from journal.vault.contents_rows import Pages, pages_of

NO_ID = UUID(int=0)
MOST_REVISIONS = (
    2**31 - 1
)  # as `rows.Counted`: a row that says more is damaged, and has a line that says none
MOST_STEPS = 1 << 30  # no state takes so many: its row says something else than was written
END = 16  # bytes of an envelope that stand for all of it: its authentication tag
SNAPSHOT = """
    SELECT 0, id, revision, substr(sealed, length(sealed) - 15), created_at FROM entry
    WHERE owner_id = $1 AND deleted_at IS NULL
    UNION ALL SELECT 2, id, revision, sealed, NULL FROM record_state WHERE owner_id = $2
    UNION ALL SELECT 3, owner_id, number, sealed, NULL FROM contents WHERE owner_id = $3
"""
AND_EARLIER = """
    UNION ALL SELECT 1, v.id, 0, substr(v.sealed, length(v.sealed) - 15), NULL
    FROM entry_revision v JOIN entry e ON e.id = v.entry_id WHERE e.owner_id = $4 AND e.deleted_at IS NULL
"""
"""One statement each time, since rows and state belong together only as they are at one moment."""

Member = tuple[UUID, int, bytes]
"""A record's id, revision and envelope, or the envelope's end."""
Members = tuple[list[tuple[bytes, int, bytes]], ...]
State = RecordState | RecordRoot
PAGE = 3  # in a snapshot, beside the parts
BEFORE = 140  # bytes of a state without a table: a root is never so long
NO_SUM = RecordSet()


class Begun(Row, frozen=True):
    """When an entry was begun."""

    created_at: Moment


class Part(IntEnum):
    """What is remembered apart from each other, in the order in which it stands in the state."""

    ENTRIES = 0
    EARLIER = 1
    SHARED = 2


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    What storage holds of an account's records at one moment.

    `kept` is the row of the state with its revision; `begun` says when each entry was begun, where that was asked.
    """

    members: Members
    kept: tuple[int, bytes] | None
    pages: Pages
    begun: Sequence[Any] = ()

    @property
    def dated(self) -> list[tuple[int, bytes, int, bytes]]:
        """Return what stands for each entry, with when it was begun: what a line has to say of it."""
        moments = (micros(known(row, "created_at") or EPOCH) for row in typed(Begun, self.begun))
        return [(begun, *member) for begun, member in zip(moments, self.members[Part.ENTRIES], strict=True)]


def opened_state(vault: Sealer, owner: UUID, kept: tuple[int, bytes] | None) -> State | None:
    """Return what an account remembers, or None when it is not what was saved."""
    if kept is None:
        return None
    try:
        plain = vault.open(kept[1], context=root_context(owner, kept[0]))
        return RecordState.decode(plain, len(Part)) if len(plain) == BEFORE else RecordRoot.decode(plain)
    except CryptoError:
        return None


def sums_of(state: State) -> RecordState:
    """Return the sums of every part; a table of contents has none over its entries."""
    if isinstance(state, RecordState):
        return state
    return replace(state.beside, sets=(NO_SUM, *state.beside.sets))


async def snapshot(owner: UUID, *, earlier: bool) -> Snapshot:
    """Read what stands for each record, part by part, the row of the state and all pages; a thread sorts them."""
    rows = await fetch_aside(*everything(owner, earlier=earlier))
    return await asyncio.to_thread(snapshot_of, owner, rows)


def everything(owner: UUID, *, earlier: bool) -> tuple[Any, ...]:
    """Return the statement for a snapshot, with its values; the earlier versions only when asked."""
    return (SNAPSHOT + AND_EARLIER, *(owner,) * 4) if earlier else (SNAPSHOT, *(owner,) * 3)


def snapshot_of(owner: UUID, rows: Iterable[Sequence[Any]]) -> Snapshot:
    """
    Sort rows of part, id, revision and envelope, and when an entry was begun where that was asked.

    A page has its number in the place of a revision.
    """
    members: Members = ([], [], [])
    kept, pages, begun = None, [], []
    for part, ident, revision, sealed, *more in rows:
        key = id_of(ident)
        if part == PAGE:
            pages.append((revision, sealed))
        elif part == Part.SHARED and key == owner:
            kept = _kept((revision, sealed))
        else:
            members[part].append(member_of(key, revision, sealed))
            if part == Part.ENTRIES:
                begun.append(more)
    return Snapshot(members, kept, pages_of(pages), begun)


def holds_beside(state: State, part: Part, seen: Snapshot) -> bool:
    """Return whether what stands on no page is as it was left."""
    sums = sums_of(state)
    return sums.over(seen.members[part]) == sums.sets[part]


def id_of(ident: Any) -> UUID:
    """Return a row's id for a sum, also where storage made it something else than an id."""
    try:
        return key_of(ident)
    except ValueError:
        return NO_ID


def member_of(ident: UUID, revision: Any, sealed: Any) -> tuple[bytes, int, bytes]:
    """Return what stands for a row in a sum, also one that storage made of something else than a number and bytes."""
    number = revision if isinstance(revision, int) and 0 <= revision <= MOST_REVISIONS else 0
    envelope = sealed if isinstance(sealed, bytes) else b""
    return ident.bytes, number, envelope[-END:].rjust(END, b"\0")


def kept_of(row: Sequence[Any] | None) -> tuple[int, bytes] | None:
    """Return what stands in the row of a state, as far as it is of its types."""
    return _kept(row) if row else None


def _kept(row: Sequence[Any]) -> tuple[int, bytes]:
    _, revision, _ = member_of(NO_ID, row[0], b"")
    return revision, row[1] if isinstance(row[1], bytes) else b""
