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

import msgspec

from crypto import CryptoError, RecordRoot, RecordSet, RecordState, Sealer
from journal.store.database import fetch_raw_in_thread
from journal.store.rows import Row, Timestamp, get_column, parse_rows
from journal.store.statements import parse_id
from journal.vault.contents import EPOCH, ContentsLine, format_line_id, root_context, to_microseconds
from journal.vault.contents_rows import Pages, parse_pages

NO_ID = UUID(int=0)
MAX_REVISION = (
    2**31 - 1
)  # as `rows.NonNegative`: a row that says more is damaged, and has a line that says none
MAX_STATE_REVISION = 1 << 30  # no state takes so many: its row says something else than was written
TAG_SIZE = 16  # bytes of an envelope that stand for all of it: its authentication tag
SELECT_SNAPSHOT = """
    SELECT 0, id, revision, substr(sealed, length(sealed) - 15), created_at FROM entry
    WHERE owner_id = $1 AND deleted_at IS NULL
    UNION ALL SELECT 2, id, revision, sealed, NULL FROM record_state WHERE owner_id = $2
    UNION ALL SELECT 3, owner_id, number, sealed, NULL FROM contents WHERE owner_id = $3
"""
UNION_EARLIER = """
    UNION ALL SELECT 1, v.id, 0, substr(v.sealed, length(v.sealed) - 15), NULL
    FROM entry_revision v JOIN entry e ON e.id = v.entry_id WHERE e.owner_id = $4 AND e.deleted_at IS NULL
"""
"""One statement each time, since rows and state belong together only as they are at one moment."""

Member = tuple[UUID, int, bytes]
"""A record's id, revision and envelope, or the envelope's end."""
Members = tuple[list[tuple[bytes, int, bytes]], ...]
State = RecordState | RecordRoot
PAGE_PART = 3  # in a snapshot, beside the parts
OLDER_STATE_SIZE = 140  # bytes of a state without a table: a root is never so long
EMPTY_SET = RecordSet()


class CreatedRow(Row, frozen=True):
    """When an entry was begun."""

    created_at: Timestamp


class Part(IntEnum):
    """What is remembered apart from each other, in the order in which it stands in the state."""

    ENTRIES = 0
    EARLIER = 1
    SHARED = 2


ENTRIES, SHARED = int(Part.ENTRIES), int(Part.SHARED)  # a member takes longer to compare than a row to sort


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    What storage holds of an account's records at one moment; `state_row` is the row of the state with its revision.
    """

    members: Members
    state_row: tuple[int, bytes] | None
    pages: Pages


def open_state(vault: Sealer, owner: UUID, row: tuple[int, bytes] | None) -> State | None:
    """Open the record state; return None when it does not open."""
    if row is None:
        return None
    try:
        plain = vault.open(row[1], context=root_context(owner, row[0]))
        return (
            RecordState.decode(plain, len(Part))
            if len(plain) == OLDER_STATE_SIZE
            else RecordRoot.decode(plain)
        )
    except CryptoError:
        return None


def get_sums(state: State) -> RecordState:
    """Return the sums of every part; a table of contents has none over its entries."""
    if isinstance(state, RecordState):
        return state
    return replace(state.beside, sets=(EMPTY_SET, *state.beside.sets))


async def load_snapshot(owner: UUID, *, earlier: bool) -> Snapshot:
    """Load a snapshot of an account: records, the state's row and all pages; a thread sorts the rows."""
    rows = await fetch_raw_in_thread(*build_snapshot_query(owner, earlier=earlier))
    return await asyncio.to_thread(build_snapshot, owner, rows)


def build_snapshot_query(owner: UUID, *, earlier: bool) -> tuple[Any, ...]:
    """Return the statement for a snapshot, with its values; the earlier versions only when asked."""
    return (SELECT_SNAPSHOT + UNION_EARLIER, *(owner,) * 4) if earlier else (SELECT_SNAPSHOT, *(owner,) * 3)


def build_snapshot(owner: UUID, rows: Iterable[Sequence[Any]]) -> Snapshot:
    """
    Sort rows of part, id, revision and envelope.

    A page has its number in the place of a revision.
    """
    members: Members = ([], [], [])
    kept, pages = None, []
    for row in rows:
        part, ident, revision, sealed = row[:4]
        key = parse_row_id(ident)
        if part == PAGE_PART:
            pages.append((revision, sealed))
        elif part == SHARED and key == owner:
            kept = _parse_state_row((revision, sealed))
        else:
            members[part].append(build_member(key, revision, sealed))
    return Snapshot(members, kept, parse_pages(pages))


def are_listed(rows: Sequence[Sequence[Any]], lines: Sequence[ContentsLine]) -> bool:
    """Return whether the entries of *rows*, as in a snapshot, are those of these lines, each in the state listed."""
    # As they are written, which takes half the time, and where that differs by their meaning.
    return _are_spelled_alike(rows, lines) or (
        # Sorted lists, not sets: an entry with two lines is a difference.
        sorted((line.created, *line.row_key) for line in lines) == sorted(build_dated_members(rows))
    )


def _are_spelled_alike(rows: Sequence[Sequence[Any]], lines: Sequence[ContentsLine]) -> bool:
    try:
        begun = map(to_microseconds, msgspec.convert([row[4] for row in rows], list[Timestamp]))
    except msgspec.ValidationError:
        return False
    there = {(at, str(row[1]), type(row[2]), row[2], row[3]) for at, row in zip(begun, rows, strict=True)}
    return len(there) == len(rows) == len(lines) and there == {
        (line.created, format_line_id(line.id), int, line.revision, bytes.fromhex(line.tag)) for line in lines
    }


def build_dated_members(rows: Sequence[Sequence[Any]]) -> list[tuple[int, bytes, int, bytes]]:
    """Return when each entry was begun with its member, from rows of part, id, revision, envelope and that moment."""
    moments = parse_rows(CreatedRow, [row[4:] for row in rows])
    return [
        (
            to_microseconds(get_column(moment, "created_at") or EPOCH),
            *build_member(parse_row_id(row[1]), row[2], row[3]),
        )
        for moment, row in zip(moments, rows, strict=True)
    ]


def is_part_intact(state: State, part: Part, seen: Snapshot) -> bool:
    """Return whether what stands on no page is as it was left."""
    members = seen.members[part]
    if isinstance(state, RecordState):
        return state.hash_members(members) == state.sets[part]
    return state.beside.hash_members(members) == (EMPTY_SET, *state.beside.sets)[part]


def parse_row_id(ident: Any) -> UUID:
    """Return a row's id, or the nil id where it is none."""
    try:
        return parse_id(ident)
    except ValueError:
        return NO_ID


def build_member(ident: UUID, revision: Any, sealed: Any) -> tuple[bytes, int, bytes]:
    """Return the member of a sum for a row, also for one of other types than were written."""
    number = revision if isinstance(revision, int) and 0 <= revision <= MAX_REVISION else 0
    envelope = sealed if isinstance(sealed, bytes) else b""
    return ident.bytes, number, envelope[-TAG_SIZE:].rjust(TAG_SIZE, b"\0")


def parse_state_row(row: Sequence[Any] | None) -> tuple[int, bytes] | None:
    """Return revision and envelope of a state's row, as far as they are of their types."""
    return _parse_state_row(row) if row else None


def _parse_state_row(row: Sequence[Any]) -> tuple[int, bytes]:
    _, revision, _ = build_member(NO_ID, row[0], b"")
    return revision, row[1] if isinstance(row[1], bytes) else b""
