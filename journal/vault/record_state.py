"""
Detect that storage returned an older state of an account's records, or withheld some of them.

Every record is sealed with its own revision, but an old row put back whole still opens. So each patient's account
remembers its records: in one sealed row, the root, how many earlier versions and shared copies there are with a keyed
sum over them, and every page of a table of contents that has a line for each entry (`journal/vault/contents.py`).
Every write updates root and page in the same transaction, and every read compares.

An account of an earlier version has a sum over its entries in the place of pages, until its table is created.

Deleted records leave both at once, so that they can be purged without anybody's key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar
from uuid import UUID

from tortoise.queryset import QuerySet

from crypto import RecordRoot, RecordState
from journal.accounts.current_keys import require_keys
from journal.actor import Actor
from journal.errors import Damaged, JournalError
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import (
    Statement,
    execute,
    execute_all,
    fetch_raw,
    fetch_raw_in_thread,
    is_sqlite,
    transaction,
)
from journal.store.rows import IdRow, Timestamp, fetch_rows, filter_undamaged
from journal.vault import contents_rows, tables
from journal.vault.contents import ContentsLine, build_bare_line, open_page, root_context
from journal.vault.contents_rows import Pages
from journal.vault.record_snapshot import (
    ENTRIES,
    TAG_SIZE,
    Member,
    Members,
    Part,
    State,
    are_listed,
    build_dated_members,
    build_member,
    build_snapshot,
    build_snapshot_query,
    get_sums,
    is_part_intact,
    open_state,
    parse_row_id,
    parse_state_row,
)

ATTEMPTS = 3
SEEN_TAG_SIZE = 7  # bytes of an envelope's end that a browser keeps
INLINE_LIMIT = 300  # rows compared in less time than a thread takes to start
SELECT_RECORD_STATE = "SELECT revision, sealed FROM record_state WHERE id = $1"
UPDATE_STATE = "UPDATE record_state SET revision = $1, sealed = $2 WHERE id = $3 AND revision = $4"
LOCK_STATE = "UPDATE record_state SET revision = revision WHERE id = $1"


class CreatedRecordRow(IdRow, frozen=True):
    """A record's id and creation time."""

    created_at: Timestamp


class RollbackDetected(JournalError):
    """The journal is not as its owner left it."""

    message = N_(
        "Your journal is not as you left it, so nothing was shared. Open your journal: it says what that means."
    )


@dataclass(frozen=True, slots=True)
class RecordChange:
    """The records that one act removes from a part and adds to it: lines of entries, or members of another part."""

    part: Part
    removed: Sequence[ContentsLine | Member] = ()
    added: Sequence[ContentsLine | Member] = ()

    @property
    def lines(self) -> tuple[list[ContentsLine], list[ContentsLine]]:
        """Return the removed lines and the added ones."""
        gone = [one for one in self.removed if isinstance(one, ContentsLine)]
        return gone, [one for one in self.added if isinstance(one, ContentsLine)]

    @property
    def members(self) -> Members:
        """Return the removed members and the added ones."""
        return tuple(
            [build_member(*(one.member if isinstance(one, ContentsLine) else one)) for one in some]
            for some in (self.removed, self.added)
        )


class _StoredEntry(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def revision(self) -> int: ...
    @property
    def tag(self) -> bytes: ...


R = TypeVar("R", bound=_StoredEntry)


@dataclass(frozen=True)
class RecordComparison:
    """
    How the stored records compare with the record state; `remembered_count` and `stored_count` count entries.

    `remembered_count` is None when the state itself is gone, or is not what was saved. `has_table`: there is a table of
    contents, and no sum in its place. `entry_rows` are what was compared, as in a snapshot, and `earlier_members` the
    earlier versions, if asked for.
    """

    entries_intact: bool
    earlier_intact: bool
    sharing_intact: bool
    remembered_count: int | None
    stored_count: int
    entry_rows: Sequence[Sequence[Any]]
    has_table: bool = False
    earlier_members: Sequence[tuple[bytes, int, bytes]] = ()

    @property
    def is_intact(self) -> bool:
        """Return whether everything that was compared is intact."""
        return self.entries_intact and self.earlier_intact and self.sharing_intact

    @cached_property
    def stored_states(self) -> Mapping[bytes, tuple[int, bytes]]:
        """Return revision and tag of each entry that was compared, by its id."""
        members = (build_member(parse_row_id(row[1]), *row[2:4]) for row in self.entry_rows)
        return {ident: (revision, tag) for ident, revision, tag in members}

    def has_entry(self, row: _StoredEntry) -> bool:
        """Return whether an entry was compared in the very state in which it was read."""
        return self.stored_states.get(row.id.bytes) == (row.revision, row.tag)

    def is_complete(self, rows: Sequence[Sequence[Any]], versions: Iterable[Sequence[Any]]) -> bool:
        """
        Return whether exactly the records that were read were compared.

        Args:
            rows: Of entries, which begin with id, revision, envelope and when each was begun.
            versions: Of earlier versions, which begin with id and envelope; they were asked for as well.
        """
        earlier = [build_member(parse_row_id(row[0]), 0, row[1]) for row in versions]
        read = build_dated_members([(ENTRIES, *row[:4]) for row in rows])
        return sorted(read) == sorted(build_dated_members(self.entry_rows)) and sorted(earlier) == sorted(
            self.earlier_members
        )


async def compare_records(actor: Actor, *, earlier: bool = False) -> RecordComparison:
    """
    Compare the stored entries and shares, and the earlier versions when asked, with the record state.

    After a difference, every later page of the same sign-in compares everything, whichever page found it.
    """
    actor.require_role(Role.PATIENT)
    sql, *values = build_snapshot_query(actor.id, earlier=earlier)
    rows = await fetch_raw(f"{sql} LIMIT {INLINE_LIMIT + 1}", *values)
    if len(rows) <= INLINE_LIMIT:
        found = _compare_rows(actor, rows, earlier=earlier)
    else:
        rows = await fetch_raw_in_thread(sql, *values)
        found = await asyncio.to_thread(_compare_rows, actor, rows, earlier=earlier)
    if not found.is_intact:
        actor.installation.comparison_schedule.forget(actor.session)
    return found


def _compare_rows(actor: Actor, rows: Sequence[Sequence[Any]], *, earlier: bool) -> RecordComparison:
    """Compare rows with the record state."""
    entries, others = [row for row in rows if row[0] == ENTRIES], [row for row in rows if row[0] != ENTRIES]
    seen = build_snapshot(actor.id, others)
    state = open_state(actor.vault, actor.id, seen.state_row)
    if state is None:
        return RecordComparison(False, False, False, None, len(entries), entries)
    if isinstance(state, RecordState):
        intact = is_part_intact(state, Part.ENTRIES, build_snapshot(actor.id, entries))
        remembered = state.sets[Part.ENTRIES].count
    else:
        lines = _open_all_lines(actor, state, seen.pages)
        intact = lines is not None and are_listed(entries, lines)
        remembered = state.count
    return RecordComparison(
        intact,
        not earlier or is_part_intact(state, Part.EARLIER, seen),
        is_part_intact(state, Part.SHARED, seen),
        remembered,
        len(entries),
        entries,
        isinstance(state, RecordRoot),
        seen.members[Part.EARLIER],
    )


def _open_all_lines(actor: Actor, root: RecordRoot, pages: Pages) -> list[ContentsLine] | None:
    """Return every line of the table of contents, or None when a page is not intact."""
    lines: list[ContentsLine] = []
    for mark in root.pages:
        try:
            lines += open_page(actor.vault, actor.id, mark, pages.get(mark.number, b""))
        except Damaged:
            return None
    return lines


async def read_verified(actor: Actor, read: Callable[[], Awaitable[Sequence[R]]]) -> tuple[bool, Sequence[R]]:
    """
    Return the entries that *read* returns, and whether the journal is intact and has them.

    What another page saves in between is no difference: then both are read once more.
    """
    for _ in range(2):
        seen, rows = await compare_records(actor), await read()
        if not seen.is_intact:
            break
        if all(map(seen.has_entry, rows)):
            return True, rows
    actor.installation.comparison_schedule.forget(actor.session)
    return False, rows


async def require_intact(actor: Actor) -> RecordComparison:
    """
    Raise `RollbackDetected` unless all records are intact: nothing that storage altered is shared.

    Check each shared entry with `RecordComparison.has_entry` as well.
    """
    seen = await compare_records(actor)
    if not seen.is_intact:
        raise RollbackDetected
    return seen


async def commit_changes(actor: Actor, changes: Sequence[RecordChange], *statements: Statement) -> bool:
    """
    Run *statements* and the state's update as one; return False, with nothing changed, when one matched no row.

    Two writes at once are rare, so the update is worked out before the transaction, and again after a conflict; after
    `ATTEMPTS` conflicts the state is locked first.
    """
    for _ in range(ATTEMPTS):
        step = await _build_step(actor, changes)
        if not step:
            break
        failed = await execute_all(*step, *statements)
        if failed is None:
            _note_saved(actor, step)
            return True
        if failed >= len(step):
            return False
    async with transaction() as held:
        await lock_state(actor)
        step = await _build_locked_step(actor, changes)
        done = await execute_all(*step, *statements) is None
        if not done:
            await held.rollback()
    if done:
        _note_saved(actor, step)
    return done


async def lock_state(actor: Actor) -> None:
    """
    Lock the actor's record state; first in a transaction that calls `update_state`.

    Raises:
        ConcurrentChange: If the actor's keys are not the account's any more: what they seal would never open again.
    """
    if is_sqlite():  # whose transaction holds the lock from its first writing statement on
        await execute(LOCK_STATE, actor.id)
        await require_keys(actor)
    else:  # in the order in which whoever changes keys takes these locks
        await require_keys(actor)
        await execute(LOCK_STATE, actor.id)


async def update_state(actor: Actor, *changes: RecordChange) -> None:
    """Update the state, in a transaction that began with `lock_state`."""
    step = await _build_locked_step(actor, changes)
    await execute_all(*step)
    _note_saved(actor, step)


def _note_saved(actor: Actor, step: Sequence[Statement]) -> None:
    """Note how far the account has come, for the browser that wrote: it counts once the request went well."""
    sql, values = step[0]
    if sql == UPDATE_STATE:
        revision, sealed, *_ = values
        if isinstance(revision, int) and isinstance(sealed, bytes):
            actor.saved_states.append((revision, sealed[-SEEN_TAG_SIZE:]))


async def update_resealed_records(
    actor: Actor, part: Part, rows: Sequence[tuple[UUID, int, bytes, bytes]]
) -> None:
    """
    Update the state after records were sealed anew, unchanged; in a transaction that began with `lock_state`.

    Args:
        rows: Id, revision, envelope before and envelope now.
    """
    wanted = [row[0] for row in rows]
    if part is Part.ENTRIES:
        lasting: QuerySet[Any] = tables.Entry.filter(id__in=wanted, deleted_at=None)
    else:
        lasting = tables.EntryRevision.filter(id__in=wanted, entry__deleted_at=None)
    there = {row.id: row.created_at for row in filter_undamaged(await fetch_rows(CreatedRecordRow, lasting))}
    gone: list[ContentsLine | Member] = []
    come: list[ContentsLine | Member] = []
    for ident, revision, before, now in rows:
        if ident not in there:
            continue
        for some, sealed in ((gone, before), (come, now)):
            if part is Part.ENTRIES:
                some.append(build_bare_line(ident, revision, sealed, there[ident]))
            else:
                some.append((ident, revision, sealed))
    await update_state(actor, RecordChange(part, gone, come))


async def update_resealed_pages(actor: Actor, pages: Mapping[int, tuple[bytes, bytes]]) -> None:
    """Update the root after pages were sealed anew; *pages* has the envelopes before and now by page number."""
    row, _ = await contents_rows.load_state(actor.id, ())
    kept = parse_state_row(row)
    root = open_state(actor.vault, actor.id, kept)
    if kept is None or not isinstance(root, RecordRoot):
        return
    marks = []
    for mark in root.pages:
        before, now = pages.get(mark.number, (b"", b""))
        marks.append(mark._replace(tag=now[-TAG_SIZE:]) if before[-TAG_SIZE:] == mark.tag else mark)
    await execute_all(_build_state_update(actor, kept, replace(root, pages=tuple(marks))))


def _build_state_update(actor: Actor, row: tuple[int, bytes], state: State) -> Statement:
    """Return the statement that replaces the state that was read, if nobody else did."""
    revision = row[0] + 1
    sealed = actor.vault.seal(state.encode(), context=root_context(actor.id, revision))
    return UPDATE_STATE, (revision, sealed, actor.id, row[0])


async def _build_locked_step(actor: Actor, changes: Sequence[RecordChange]) -> tuple[Statement, ...]:
    """Return the update; without one, delete the texts of pages, which may have words of removed entries."""
    return await _build_step(actor, changes) or (contents_rows.build_texts_deletion(actor.id),)


async def _build_step(actor: Actor, changes: Sequence[RecordChange]) -> tuple[Statement, ...]:
    gone = [line for one in changes for line in one.lines[0]]
    come = [line for one in changes for line in one.lines[1]]
    row, pages = await contents_rows.load_state(actor.id, {line.created for line in (*gone, *come)})
    kept = parse_state_row(row)
    state = open_state(actor.vault, actor.id, kept)
    if state is None or kept is None:
        return ()  # nothing is overwritten: writing goes on, and every read reports the difference
    after = get_sums(state)
    for one in changes:
        if one.part is not Part.ENTRIES or isinstance(state, RecordState):
            less, more = one.members
            after = after.change_set(one.part, removed=less, added=more)
    next_state: State = after
    statements: list[Statement] = []
    if isinstance(state, RecordRoot):
        root = replace(state, beside=replace(after, sets=after.sets[Part.EARLIER :]))
        try:
            next_state, statements = await contents_rows.update_contents(
                actor.vault, actor.id, root, pages, gone, come
            )
        except Damaged:
            return ()
    return (_build_state_update(actor, kept, next_state), *statements)
