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

from crypto import RecordRoot
from journal.actor import Actor
from journal.entries import entries
from journal.entries.belonging import Belonging
from journal.errors import Damaged
from journal.roles import Role
from journal.sessions.rows import Session
from journal.store.database import Statement, fetch
from journal.store.statements import Subquery
from journal.vault import baseline, contents_rows, record_snapshot, record_state
from journal.vault.contents import Draft, Line, address_of, micros, moment, open_page, ties_of
from journal.vault.entry_rows import UNOPENED, Entry
from journal.vault.record_snapshot import Part

WINDOW = """
    SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $1
    UNION ALL SELECT 3, owner_id, number, sealed FROM
        (SELECT owner_id, number, sealed FROM contents WHERE owner_id = $2 ORDER BY oldest_at DESC LIMIT 3) page
    UNION ALL SELECT 0, id, revision, sealed FROM
        (SELECT id, revision, substr(sealed, length(sealed) - 15) AS sealed FROM entry
         WHERE owner_id = $3 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $4) there
"""
BEFORE = """
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
IDS = """
    SELECT id FROM entry WHERE owner_id = $2 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $3
"""
IDS_BEFORE = """
    SELECT id FROM entry WHERE owner_id = $2 AND deleted_at IS NULL AND created_at < $3
    ORDER BY created_at DESC, id DESC LIMIT $4
"""
"""Its ids alone, for a statement about the same entries: owner, if so the moment, and how many."""

ONE = """
    SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $1
    UNION ALL SELECT 3, owner_id, number, sealed FROM
        (SELECT owner_id, number, sealed FROM contents WHERE owner_id = $2 AND oldest_at <= $3
         ORDER BY oldest_at DESC LIMIT 2) page
"""
"""The state, and the page that has the line of an entry of that time."""

FEW_PAGES = 10  # that are opened in less time than another thread takes to wake


class Listed(msgspec.Struct, frozen=True):
    """
    An entry in a list: no more of it than its title.

    `id` is as addresses write it. One that does not open is `damaged`, and its title says so; it may have no address
    and no date (`entries.Entry`).
    """

    id: str
    kind: str
    title: str
    session_id: str | None
    created_at: datetime
    updated_at: datetime
    damaged: bool = False
    has_address: bool = True
    is_dated: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries, the newest first, and whether the journal is as it was left."""

    as_left: bool
    entries: Sequence[Listed]


async def may_be_trusted(actor: Actor) -> bool:
    """Compare everything, when that is due; tells whether the table of contents can be gone by."""
    compared = actor.house.compared
    if not compared.is_due(actor.session, actor.now):
        return True
    look = await record_state.look(actor)
    if not look.as_left:
        return False
    if not look.has_table:
        await baseline.lay_out(actor)
    compared.note(actor.session, actor.now)
    return True


async def latest(actor: Actor, *, before: datetime | None = None, limit: int = 30) -> Listing:
    """Return the latest *limit* entries, newest first; *before* a time for the next page."""
    actor.must_be(Role.PATIENT)
    if await may_be_trusted(actor):
        sql, values = select(actor.id, before, limit)
        lines = lines_of(actor, await fetch(sql, *values), before, limit)
        if lines is not None:
            return Listing(True, lines)
    return await compared(actor, before, limit)


async def compared(actor: Actor, before: datetime | None, limit: int) -> Listing:
    """Return the same after comparing all that storage holds, and opening the entries."""
    as_left, found = await record_state.looked(
        actor, partial(entries.timeline, actor, before=before, limit=limit)
    )
    return Listing(as_left, tuple(map(listed, found)))


async def entry(actor: Actor, wanted: UUID) -> tuple[bool, Entry]:
    """
    Open one of the actor's own entries, and tell whether the journal is as it was left, as far as this page shows it.

    What another page saves in between is no difference: then both are asked once more. When it was last changed is
    what its line says: its row is no proof of that.
    """
    if await may_be_trusted(actor):
        for _ in range(2):
            found = await entries.entry(actor, wanted)
            line = await _line_of(actor, found)
            if line is not None:
                return True, msgspec.structs.replace(found, updated_at=moment(line.updated))
    as_left, (found,) = await record_state.looked(actor, partial(_alone, actor, wanted))
    return as_left, found


async def _alone(actor: Actor, wanted: UUID) -> tuple[Entry]:
    return (await entries.entry(actor, wanted),)


async def _line_of(actor: Actor, found: Entry) -> Line | None:
    """Return the line of an entry that was read, or None when it is not what the root and its page say."""
    line = found.line
    rows = await fetch(ONE, actor.id, actor.id, line.created)
    seen = record_snapshot.snapshot_of(actor.id, rows)
    root = record_snapshot.opened_state(actor.vault, actor.id, seen.kept)
    if not isinstance(root, RecordRoot) or not record_snapshot.holds_beside(root, Part.SHARED, seen):
        return None
    draft = Draft(root)
    try:
        for mark in draft.needed([line], [line]):
            draft.read(mark, open_page(actor.vault, actor.id, mark, seen.pages.get(mark.number, b"")))
    except Damaged:
        return None
    there = draft.find(line.key)
    return there if there is not None and there.member == line.member else None


async def about(
    actor: Actor, plan: Sequence[Session], wanted: Collection[UUID]
) -> tuple[bool, tuple[Entry, ...]]:
    """
    Open the actor's own entries that belong to one of these sessions, the latest first, and no others.

    Returns:
        Whether the journal is as it was left, as far as these entries show it, and they.
    """
    actor.must_be(Role.PATIENT)
    belonging = Belonging(plan)
    if await may_be_trusted(actor):
        lines = await _lines_about(actor, belonging, wanted)
        if lines is not None:
            found = await entries.chosen(actor, [UUID(line.id) for line in lines])
            same = partial(_are_those_of, found, lines)
            if await asyncio.to_thread(same) if len(lines) > entries.FEW else same():
                return True, found[::-1]
    as_left, every = await record_state.looked(actor, partial(entries.every, actor))
    return as_left, tuple(
        one
        for one in reversed(every)
        if _belongs(belonging, wanted, one.document.kind, one.document.session_id, one.created_at)
    )


async def _lines_about(
    actor: Actor, belonging: Belonging[Session], wanted: Collection[UUID]
) -> list[Line] | None:
    """Find the lines of entries that belong to sessions on the few pages that may have some; None without a table."""
    row, _ = await contents_rows.read_state(actor.id, ())
    root = record_snapshot.opened_state(actor.vault, actor.id, record_snapshot.kept_of(row))
    if not isinstance(root, RecordRoot):
        return None
    ties = [ties_of(one.hex) for one in wanted]
    since, until = map(micros, belonging.stretch(wanted))
    marks = [
        mark
        for mark, newer in zip_longest(root.pages, root.pages[1:])
        if any(mark.ties & bits == bits for bits in ties)
        or (mark.oldest < until and (newer is None or newer.oldest >= since))
    ]
    pages = await contents_rows.read_pages(actor.id, marks)

    def work() -> list[Line]:
        return [
            line
            for mark in marks
            for line in open_page(actor.vault, actor.id, mark, pages.get(mark.number, b""))
            if _belongs(belonging, wanted, line.form, line.session, moment(line.created))
        ]

    try:
        return await asyncio.to_thread(work) if len(marks) > FEW_PAGES else work()
    except Damaged:
        return None


def _are_those_of(found: Sequence[Entry], lines: Sequence[Line]) -> bool:
    there = (one.line for one in found)
    return sorted((one.created, one.member) for one in there) == sorted(
        (one.created, one.member) for one in lines
    )


def _belongs(
    belonging: Belonging[Session], wanted: Collection[UUID], kind: str, tied: str | None, written_at: datetime
) -> bool:
    post = belonging.session_of(kind, tied, written_at)
    return post is not None and post.id in wanted


def listed(one: Entry) -> Listed:
    """Return an opened entry as a list shows it."""
    document = one.document
    return Listed(
        str(one.id),
        document.kind,
        document.title,
        document.session_id,
        one.created_at,
        one.updated_at,
        one.damaged,
        one.has_address,
        one.is_dated,
    )


def select(owner: UUID | Subquery, before: datetime | None, limit: int) -> Statement:
    """Return the statement for `lines_of`."""
    if before is None:
        return WINDOW, (owner, owner, owner, limit)
    return BEFORE, (owner, owner, micros(before), owner, before, limit)


def lines_of(
    actor: Actor, rows: Sequence[Sequence[Any]], before: datetime | None, limit: int
) -> tuple[Listed, ...] | None:
    """Return the entries of a list, the newest first; None when storage holds anything else, or no table at all."""
    there = [row for row in rows if row[0] == Part.ENTRIES]
    seen = record_snapshot.snapshot_of(actor.id, (row for row in rows if row[0] != Part.ENTRIES))
    root = record_snapshot.opened_state(actor.vault, actor.id, seen.kept)
    if not isinstance(root, RecordRoot) or not record_snapshot.holds_beside(root, Part.SHARED, seen):
        return None
    lines: list[Line] = []
    for mark in reversed(root.pages):
        if before is not None and mark.oldest >= micros(before):
            continue
        if len(lines) >= limit:
            break
        try:
            page = open_page(actor.vault, actor.id, mark, seen.pages.get(mark.number, b""))
        except Damaged:
            return None
        lines += (one for one in reversed(page) if before is None or one.created < micros(before))
    lines = lines[:limit]
    listed_lines = tuple(map(_listed_line, lines))
    # A row in another spelling, or of other types, is compared by its meaning with everything else.
    marks = [
        (one.id, line.revision, bytes.fromhex(line.tag))
        for one, line in zip(listed_lines, lines, strict=True)
    ]
    if marks != [(str(ident), revision, end) for _, ident, revision, end in there]:
        return None
    return listed_lines if all(type(row[2]) is int for row in there) else None


def _listed_line(line: Line) -> Listed:
    title = line.title if line.form else UNOPENED
    created, updated = moment(line.created), moment(line.updated)
    return Listed(address_of(line.id), line.form, title, line.session, created, updated, not line.form)
