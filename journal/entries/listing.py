"""
Entries as lists show them: read from the table of contents, without opening one.

A list asks for the root, the pages that it needs and the ends of the rows that it shows in one statement, and compares
them. Where they differ, and for an account that has no table yet, everything is compared and the entries are opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import zip_longest
from typing import Any
from uuid import UUID

import msgspec

from crypto import PageMark, RecordRoot
from journal.actor import Actor
from journal.entries import entries
from journal.entries.assignment import SessionAssignment
from journal.errors import Damaged
from journal.roles import Role
from journal.sessions.rows import Session
from journal.store.database import Statement, fetch_raw
from journal.store.rows import JoinedValue, Row, Timestamp, filter_undamaged, parse_rows
from journal.store.statements import Subquery
from journal.vault import baseline, contents_rows, record_snapshot, record_state
from journal.vault.contents import (
    ContentsDraft,
    ContentsLine,
    format_line_id,
    from_microseconds,
    open_page,
    session_bloom_bits,
    to_microseconds,
)
from journal.vault.entry_rows import CANNOT_BE_OPENED, Entry
from journal.vault.record_snapshot import Part

SELECT_LATEST = """
    SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $1
    UNION ALL SELECT 3, owner_id, number, sealed FROM
        (SELECT owner_id, number, sealed FROM contents WHERE owner_id = $2 ORDER BY oldest_at DESC LIMIT 3) page
    UNION ALL SELECT 0, id, revision, sealed FROM
        (SELECT id, revision, substr(sealed, length(sealed) - 15) AS sealed FROM entry
         WHERE owner_id = $3 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $4) there
"""
SELECT_BEFORE = """
    SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $1
    UNION ALL SELECT 3, owner_id, number, sealed FROM
        (SELECT owner_id, number, sealed FROM contents WHERE owner_id = $2 AND oldest_at < $3
         ORDER BY oldest_at DESC LIMIT 3) page
    UNION ALL SELECT 0, id, revision, sealed FROM
        (SELECT id, revision, substr(sealed, length(sealed) - 15) AS sealed FROM entry
         WHERE owner_id = $4 AND deleted_at IS NULL AND created_at < $5
         ORDER BY created_at DESC, id DESC LIMIT $6) there
"""
"""A list from the present or from a moment back, in one statement: state, pages and entries as at one moment."""
SELECT_BEGUN = "SELECT id, created_at FROM entry WHERE owner_id = $1 AND deleted_at IS NULL"
SELECT_IDS = """
    SELECT id FROM entry WHERE owner_id = $2 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $3
"""
SELECT_IDS_BEFORE = """
    SELECT id FROM entry WHERE owner_id = $2 AND deleted_at IS NULL AND created_at < $3
    ORDER BY created_at DESC, id DESC LIMIT $4
"""
"""Its ids alone, for a statement about the same entries: owner, if so the moment, and how many."""

SELECT_PAGES_AROUND = """
    SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $1
    UNION ALL SELECT 3, owner_id, number, sealed FROM
        (SELECT owner_id, number, sealed FROM contents WHERE owner_id = $2 AND oldest_at <= $3
         ORDER BY oldest_at DESC LIMIT 2) page
"""
"""The state, and the page that has the line of an entry of that time."""

SELECT_ENDS = """
    SELECT id, revision, substr(sealed, length(sealed) - 15) FROM entry
    WHERE owner_id = $1 AND deleted_at IS NULL AND id IN ({places})
"""

ENTRIES = int(Part.ENTRIES)  # an enumeration's member takes longer to compare than a row to read
INLINE_PAGE_LIMIT = 10  # that are opened in less time than another thread takes to wake


class BegunRow(Row, frozen=True):
    """When an entry was begun; its id as it is written."""

    id: JoinedValue
    created_at: Timestamp


class EntrySummary(msgspec.Struct, frozen=True, gc=False):
    """
    An entry in a list: no more of it than its title.

    `id` is as addresses write it; `created` and `updated` are in microseconds since 1970. One that does not open is
    `damaged`, and its title says so; it may have no address and no date (`entries.Entry`). `language` is that of its
    title, where it is known.
    """

    id: str
    kind: str
    title: str
    session_id: str | None
    created: int
    updated: int
    damaged: bool = False
    has_address: bool = True
    is_dated: bool = True
    language: str = ""

    @property
    def created_at(self) -> datetime:
        """Return when it was begun."""
        return from_microseconds(self.created)

    @property
    def updated_at(self) -> datetime:
        """Return when it was last changed."""
        return from_microseconds(self.updated)


@dataclass(frozen=True, slots=True)
class EntryList:
    """Entries, the newest first, and whether the journal is as it was left."""

    is_intact: bool
    entries: Sequence[EntrySummary]


async def can_use_contents(actor: Actor) -> bool:
    """Return whether the table of contents can be used; compare everything first, when that is due."""
    compared = actor.installation.comparison_schedule
    if not compared.is_due(actor.session, actor.now):
        return True
    look = await record_state.compare_records(actor)
    if not look.is_intact:
        return False
    if not look.has_table:
        await baseline.create_contents(actor)
    compared.record(actor.session, actor.now)
    return True


async def compare_whole_list(
    actor: Actor, rows: Sequence[Sequence[Any]], limit: int
) -> tuple[EntrySummary, ...] | None:
    """
    Return the entries of a list that holds the whole journal, as `parse_list` does, where a comparison is due.

    All pages and rows are compared for the list as it is, so only the times when entries were begun are asked for. None
    when no comparison is due, when the list does not hold everything, and when anything differs: then
    `can_use_contents` compares.
    """
    compared = actor.installation.comparison_schedule
    if not compared.is_due(actor.session, actor.now):
        return None
    if len([row for row in rows if row[0] == ENTRIES]) >= limit:
        return None
    found = parse_list(actor, rows, None, limit)
    if found is None:
        return None
    begun = parse_rows(BegunRow, await fetch_raw(SELECT_BEGUN, actor.id))
    there = {str(row.id): to_microseconds(row.created_at) for row in filter_undamaged(begun)}
    if len(begun) != len(found) or there != {one.id: one.created for one in found}:
        return None
    compared.record(actor.session, actor.now)
    return found


async def list_latest(actor: Actor, *, before: datetime | None = None, limit: int = 30) -> EntryList:
    """Return the latest *limit* entries, newest first; *before* a time for the next page."""
    actor.require_role(Role.PATIENT)
    if await can_use_contents(actor):
        sql, values = build_query(actor.id, before, limit)
        lines = parse_list(actor, await fetch_raw(sql, *values), before, limit)
        if lines is not None:
            return EntryList(True, lines)
    return await list_compared(actor, before, limit)


async def list_compared(actor: Actor, before: datetime | None, limit: int) -> EntryList:
    """Return the same after comparing all that storage holds, and opening the entries."""
    is_intact, found = await record_state.read_verified(
        actor, partial(entries.load_timeline, actor, before=before, limit=limit)
    )
    return EntryList(is_intact, tuple(map(build_summary, found)))


async def load_verified_entry(actor: Actor, wanted: UUID) -> tuple[bool, Entry]:
    """
    Open one of the actor's own entries; return whether it is as it was left, and the entry.

    What another page saves in between is no difference: then both are asked once more. When it was last changed is
    what its line says: its row is no proof of that.
    """
    if await can_use_contents(actor):
        for _ in range(2):
            found = await entries.load_entry(actor, wanted)
            line = await _find_line(actor, found)
            if line is not None:
                return True, msgspec.structs.replace(found, updated_at=from_microseconds(line.updated))
    is_intact, (found,) = await record_state.read_verified(actor, partial(_load_alone, actor, wanted))
    return is_intact, found


async def _load_alone(actor: Actor, wanted: UUID) -> tuple[Entry]:
    return (await entries.load_entry(actor, wanted),)


async def _find_line(actor: Actor, found: Entry) -> ContentsLine | None:
    """Return the line of an entry that was read, or None when it is not what the root and its page say."""
    line = found.line
    rows = await fetch_raw(SELECT_PAGES_AROUND, actor.id, actor.id, line.created)
    seen = record_snapshot.build_snapshot(actor.id, rows)
    root = record_snapshot.open_state(actor.vault, actor.id, seen.state_row)
    if not isinstance(root, RecordRoot) or not record_snapshot.is_part_intact(root, Part.SHARED, seen):
        return None
    draft = ContentsDraft(root)
    try:
        for mark in draft.list_needed_pages([line], [line]):
            draft.add_page_lines(
                mark, open_page(actor.vault, actor.id, mark, seen.pages.get(mark.number, b""))
            )
    except Damaged:
        return None
    there = draft.find_line(line.sort_key)
    return there if there is not None and there.row_key == line.row_key else None


async def load_entries_of_sessions(
    actor: Actor, plan: Sequence[Session], wanted: Collection[UUID]
) -> tuple[bool, tuple[Entry, ...]]:
    """
    Open the actor's own entries that belong to one of these sessions, the latest first, and no others.

    Returns:
        Whether the journal is as it was left, as far as these entries show it, and they.
    """
    actor.require_role(Role.PATIENT)
    assignment = SessionAssignment(plan)
    if await can_use_contents(actor):
        lines = await _find_session_lines(actor, assignment, wanted)
        if lines is not None:
            found = await entries.load_entries(actor, [format_line_id(line.id) for line in lines])
            same = partial(is_match, found, lines)
            if await asyncio.to_thread(same) if len(lines) > entries.INLINE_LIMIT else same():
                return True, found[::-1]
    is_intact, every = await record_state.read_verified(actor, partial(entries.load_all_entries, actor))
    return is_intact, tuple(
        one
        for one in reversed(every)
        if _is_in_sessions(
            assignment, wanted, one.document.kind, one.document.session_id, to_microseconds(one.created_at)
        )
    )


async def _find_session_lines(
    actor: Actor, assignment: SessionAssignment[Session], wanted: Collection[UUID]
) -> list[ContentsLine] | None:
    """Return the lines of entries that belong to sessions, from the pages that may have some; None without a table."""
    row, _ = await contents_rows.load_state(actor.id, ())
    root = record_snapshot.open_state(actor.vault, actor.id, record_snapshot.parse_state_row(row))
    if not isinstance(root, RecordRoot):
        return None
    marks = select_session_pages(root.pages, assignment, wanted)
    pages = await contents_rows.load_pages(actor.id, marks)

    def open_lines() -> list[ContentsLine]:
        return [
            line
            for mark in marks
            for line in open_page(actor.vault, actor.id, mark, pages.get(mark.number, b""))
            if _is_in_sessions(assignment, wanted, line.form, line.session, line.created)
        ]

    try:
        return await asyncio.to_thread(open_lines) if len(marks) > INLINE_PAGE_LIMIT else open_lines()
    except Damaged:
        return None


def select_session_pages(
    marks: Sequence[PageMark], assignment: SessionAssignment[Session], wanted: Collection[UUID]
) -> list[PageMark]:
    """Return the pages that may have lines of entries that belong to sessions; *marks* are all, in their order."""
    ties = [session_bloom_bits(one.hex) for one in wanted]
    since, until = map(to_microseconds, assignment.find_period(wanted))
    return [
        mark
        for mark, newer in zip_longest(marks, marks[1:])
        if any(mark.ties & bits == bits for bits in ties)
        or (mark.oldest < until and (newer is None or newer.oldest >= since))
    ]


def is_match(found: Sequence[Entry], lines: Sequence[ContentsLine]) -> bool:
    """Return whether opened entries are those of these lines, each in the state that its line says."""
    there = (one.line for one in found)
    return sorted((one.created, one.row_key) for one in there) == sorted(
        (one.created, one.row_key) for one in lines
    )


def _is_in_sessions(
    assignment: SessionAssignment[Session],
    wanted: Collection[UUID],
    kind: str,
    session_id: str | None,
    written: int,
) -> bool:
    post = assignment.find_session_of(kind, session_id, written)
    return post is not None and post.id in wanted


async def is_stored(actor: Actor, lines: Sequence[ContentsLine]) -> bool:
    """Return whether the rows of these lines are there, each in the state that its line says."""
    if not lines:
        return True
    places = ", ".join(f"${place}" for place in range(2, len(lines) + 2))
    rows = await fetch_raw(SELECT_ENDS.format(places=places), actor.id, *(UUID(line.id) for line in lines))
    # A row in another spelling, or of other types, is compared by its meaning with everything else.
    there = {str(ident): (type(revision), revision, end) for ident, revision, end in rows}
    return there == {format_line_id(line.id): (int, line.revision, bytes.fromhex(line.tag)) for line in lines}


def build_summary(one: Entry) -> EntrySummary:
    """Return an opened entry as a list shows it."""
    document = one.document
    return EntrySummary(
        str(one.id),
        document.kind,
        document.title,
        document.session_id,
        to_microseconds(one.created_at),
        to_microseconds(one.updated_at),
        one.damaged,
        one.has_address,
        one.is_dated,
        document.title_language,
    )


def build_query(owner: UUID | Subquery, before: datetime | None, limit: int) -> Statement:
    """Return the statement for `parse_list`."""
    if before is None:
        return SELECT_LATEST, (owner, owner, owner, limit)
    return SELECT_BEFORE, (owner, owner, to_microseconds(before), owner, before, limit)


def parse_list(
    actor: Actor, rows: Sequence[Sequence[Any]], before: datetime | None, limit: int
) -> tuple[EntrySummary, ...] | None:
    """Return the entries of a list, the newest first; None when storage holds anything else, or no table at all."""
    until = None if before is None else to_microseconds(before)
    there, others = [row for row in rows if row[0] == ENTRIES], [row for row in rows if row[0] != ENTRIES]
    seen = record_snapshot.build_snapshot(actor.id, others)
    root = record_snapshot.open_state(actor.vault, actor.id, seen.state_row)
    if not isinstance(root, RecordRoot) or not record_snapshot.is_part_intact(root, Part.SHARED, seen):
        return None
    lines: list[ContentsLine] = []
    for mark in reversed(root.pages):
        if until is not None and mark.oldest >= until:
            continue
        if len(lines) >= limit:
            break
        try:
            page = open_page(actor.vault, actor.id, mark, seen.pages.get(mark.number, b""))
        except Damaged:
            return None
        lines += page[::-1] if until is None else [one for one in reversed(page) if one.created < until]
    lines = lines[:limit]
    listed_lines = tuple(map(build_line_summary, lines))
    # A row in another spelling, or of other types, is compared by its meaning with everything else.
    if (
        [one.id for one in listed_lines] != [str(row[1]) for row in there]
        or [line.revision for line in lines] != [row[2] for row in there]
        or [bytes.fromhex(line.tag) for line in lines] != [row[3] for row in there]
    ):
        return None
    return listed_lines if {type(row[2]) for row in there} <= {int} else None


def build_line_summary(line: ContentsLine) -> EntrySummary:
    """Return a line of the table of contents as a list shows it."""
    ident = format_line_id(line.id)
    if not line.form:
        return EntrySummary(
            ident, "", CANNOT_BE_OPENED, line.session, line.created, line.updated, damaged=True
        )
    return EntrySummary(
        ident, line.form, line.title, line.session, line.created, line.updated, language=line.language
    )
