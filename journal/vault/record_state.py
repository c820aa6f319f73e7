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
from typing import Any, Protocol, TypeVar
from uuid import UUID

from tortoise.queryset import QuerySet

from crypto import RecordRoot, RecordState
from journal.accounts.current_keys import require_keys
from journal.actor import Actor
from journal.errors import Damaged, JournalError
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import Statement, change, change_all, fetch, fetch_aside, is_sqlite, transaction
from journal.store.rows import Moment, Named, read, whole
from journal.vault import contents_rows, tables
from journal.vault.contents import Line, bare_line, open_page, root_context
from journal.vault.contents_rows import Pages
from journal.vault.record_snapshot import (
    END,
    Member,
    Members,
    Part,
    Snapshot,
    State,
    everything,
    holds_beside,
    id_of,
    kept_of,
    member_of,
    opened_state,
    snapshot_of,
    sums_of,
)

TRIES = 3
FEW = 300  # rows compared in less time than a thread takes to start
KEPT = "SELECT revision, sealed FROM record_state WHERE id = $1"
STEP = "UPDATE record_state SET revision = $1, sealed = $2 WHERE id = $3 AND revision = $4"
LOCK = "UPDATE record_state SET revision = revision WHERE id = $1"


class Dated(Named, frozen=True):
    """A record's id and creation time."""

    created_at: Moment


class NotAsLeft(JournalError):
    """The journal is not as its owner left it."""

    message = N_(
        "Your journal is not as you left it, so nothing was shared. Open your journal: it says what that means."
    )


@dataclass(frozen=True, slots=True)
class Move:
    """The records that one act removes from a part and adds to it: lines of entries, or members of another part."""

    part: Part
    gone: Sequence[Line | Member] = ()
    come: Sequence[Line | Member] = ()

    @property
    def lines(self) -> tuple[list[Line], list[Line]]:
        """Return the removed lines and the added ones."""
        gone = [one for one in self.gone if isinstance(one, Line)]
        return gone, [one for one in self.come if isinstance(one, Line)]

    @property
    def members(self) -> Members:
        """Return the removed members and the added ones."""
        return tuple(
            [member_of(*(one.member if isinstance(one, Line) else one)) for one in some]
            for some in (self.gone, self.come)
        )


class _Row(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def revision(self) -> int: ...
    @property
    def end(self) -> bytes: ...


R = TypeVar("R", bound=_Row)


@dataclass(frozen=True, slots=True)
class Look:
    """
    How the stored records compare with the record state; `remembered` and `there` count entries.

    `remembered` is None when the state itself is gone, or is not what was saved. `has_table`: there is a table of
    contents, and no sum in its place. `dated` are the entries with their creation times, `versions` the earlier
    versions, if asked for.
    """

    entries: bool
    earlier: bool
    sharing: bool
    remembered: int | None
    there: int
    ends: Mapping[UUID, tuple[int, bytes]]
    has_table: bool = False
    dated: Sequence[tuple[int, bytes, int, bytes]] = ()
    versions: Sequence[tuple[bytes, int, bytes]] = ()

    @property
    def as_left(self) -> bool:
        """Return whether everything that was compared is intact."""
        return self.entries and self.earlier and self.sharing

    def holds(self, row: _Row) -> bool:
        """Return whether an entry was compared in the very state in which it was read."""
        return self.ends.get(row.id) == (row.revision, row.end)

    def is_all(self, rows: Sequence[Sequence[Any]], versions: Iterable[Sequence[Any]]) -> bool:
        """
        Return whether exactly the records that were read were compared.

        Args:
            rows: Of entries, which begin with id, revision, envelope and when each was begun.
            versions: Of earlier versions, which begin with id and envelope; they were asked for as well.
        """
        entries = [member_of(id_of(row[0]), row[1], row[2]) for row in rows]
        earlier = [member_of(id_of(row[0]), 0, row[1]) for row in versions]
        read = Snapshot((entries, earlier, []), None, {}, [(row[3],) for row in rows])
        return sorted(read.dated) == sorted(self.dated) and sorted(earlier) == sorted(self.versions)


async def look(actor: Actor, *, earlier: bool = False) -> Look:
    """
    Compare the stored entries and shares, and the earlier versions when asked, with the record state.

    After a difference, every later page of the same sign-in compares everything, whichever page found it.
    """
    actor.must_be(Role.PATIENT)
    sql, *values = everything(actor.id, earlier=earlier)
    rows = await fetch(f"{sql} LIMIT {FEW + 1}", *values)
    if len(rows) <= FEW:
        found = _compared(actor, rows, earlier=earlier)
    else:
        rows = await fetch_aside(sql, *values)
        found = await asyncio.to_thread(_compared, actor, rows, earlier=earlier)
    if not found.as_left:
        actor.house.compared.forget(actor.session)
    return found


def _compared(actor: Actor, rows: Sequence[Sequence[Any]], *, earlier: bool) -> Look:
    """Compare rows with the record state."""
    seen = snapshot_of(actor.id, rows)
    state = opened_state(actor.vault, actor.id, seen.kept)
    ends = {UUID(bytes=ident): (revision, end) for ident, revision, end in seen.members[Part.ENTRIES]}
    there = len(seen.members[Part.ENTRIES])
    if state is None:
        return Look(False, False, False, None, there, ends)
    dated = seen.dated
    same = {part: holds_beside(state, part, seen) for part in (Part.EARLIER, Part.SHARED)}
    if isinstance(state, RecordState):
        entries = holds_beside(state, Part.ENTRIES, seen)
        remembered = state.sets[Part.ENTRIES].count
    else:
        lines = _all_lines(actor, state, seen.pages)
        # Sorted lists, not sets: an entry with two lines is a difference.
        entries = lines is not None and sorted(map(_dated, lines)) == sorted(dated)
        remembered = state.count
    has_table = isinstance(state, RecordRoot)
    kept = same[Part.EARLIER] or not earlier
    versions = seen.members[Part.EARLIER]
    return Look(entries, kept, same[Part.SHARED], remembered, there, ends, has_table, dated, versions)


def _dated(line: Line) -> tuple[int, bytes, int, bytes]:
    return line.created, *member_of(*line.member)


def _all_lines(actor: Actor, root: RecordRoot, pages: Pages) -> list[Line] | None:
    """Return every line of the table of contents, or None when a page is not intact."""
    lines: list[Line] = []
    for mark in root.pages:
        try:
            lines += open_page(actor.vault, actor.id, mark, pages.get(mark.number, b""))
        except Damaged:
            return None
    return lines


async def looked(actor: Actor, read: Callable[[], Awaitable[Sequence[R]]]) -> tuple[bool, Sequence[R]]:
    """
    Return the entries that *read* returns, and whether the journal is intact and has them.

    What another page saves in between is no difference: then both are read once more.
    """
    for _ in range(2):
        seen, rows = await look(actor), await read()
        if not seen.as_left:
            break
        if all(map(seen.holds, rows)):
            return True, rows
    actor.house.compared.forget(actor.session)
    return False, rows


async def require_as_left(actor: Actor) -> Look:
    """
    Raise `NotAsLeft` unless all records are intact: nothing that storage altered is shared.

    Check each shared entry with `Look.holds` as well.
    """
    seen = await look(actor)
    if not seen.as_left:
        raise NotAsLeft
    return seen


async def together(actor: Actor, changes: Sequence[Move], *statements: Statement) -> bool:
    """
    Run *statements* and the state's update as one; return False, with nothing changed, when one matched no row.

    Two writes at once are rare, so the update is worked out before the transaction, and again after a conflict; after
    `TRIES` conflicts the state is locked first.
    """
    for _ in range(TRIES):
        step = await _step(actor, changes)
        if not step:
            break
        failed = await change_all(*step, *statements)
        if failed is None:
            return True
        if failed >= len(step):
            return False
    async with transaction() as held:
        await lock(actor)
        done = await change_all(*await _locked_step(actor, changes), *statements) is None
        if not done:
            await held.rollback()
    return done


async def lock(actor: Actor) -> None:
    """
    Lock the actor's record state; first in a transaction that calls `move`.

    Raises:
        ChangedMeanwhile: If the actor's keys are not the account's any more: what they seal would never open again.
    """
    if is_sqlite():  # whose transaction holds the lock from its first writing statement on
        await change(LOCK, actor.id)
        await require_keys(actor)
    else:  # in the order in which whoever changes keys takes these locks
        await require_keys(actor)
        await change(LOCK, actor.id)


async def move(actor: Actor, *changes: Move) -> None:
    """Update the state, in a transaction that began with `lock`."""
    await change_all(*await _locked_step(actor, changes))


async def resealed(actor: Actor, part: Part, rows: Sequence[tuple[UUID, int, bytes, bytes]]) -> None:
    """
    Update the state after records were sealed anew, unchanged; in a transaction that began with `lock`.

    Args:
        rows: Id, revision, envelope before and envelope now.
    """
    wanted = [row[0] for row in rows]
    if part is Part.ENTRIES:
        lasting: QuerySet[Any] = tables.Entry.filter(id__in=wanted, deleted_at=None)
    else:
        lasting = tables.EntryRevision.filter(id__in=wanted, entry__deleted_at=None)
    there = {row.id: row.created_at for row in whole(await read(Dated, lasting))}
    gone: list[Line | Member] = []
    come: list[Line | Member] = []
    for ident, revision, before, now in rows:
        if ident not in there:
            continue
        for some, sealed in ((gone, before), (come, now)):
            if part is Part.ENTRIES:
                some.append(bare_line(ident, revision, sealed, there[ident]))
            else:
                some.append((ident, revision, sealed))
    await move(actor, Move(part, gone, come))


async def pages_resealed(actor: Actor, pages: Mapping[int, tuple[bytes, bytes]]) -> None:
    """Update the root after pages were sealed anew; *pages* has the envelopes before and now by page number."""
    row, _ = await contents_rows.read_state(actor.id, ())
    kept = kept_of(row)
    root = opened_state(actor.vault, actor.id, kept)
    if kept is None or not isinstance(root, RecordRoot):
        return
    marks = []
    for mark in root.pages:
        before, now = pages.get(mark.number, (b"", b""))
        marks.append(mark._replace(tag=now[-END:]) if before[-END:] == mark.tag else mark)
    await change_all(_stepped(actor, kept, replace(root, pages=tuple(marks))))


def _stepped(actor: Actor, kept: tuple[int, bytes], state: State) -> Statement:
    """Return the statement that replaces the state that was read, if nobody else did."""
    revision = kept[0] + 1
    sealed = actor.vault.seal(state.encode(), context=root_context(actor.id, revision))
    return STEP, (revision, sealed, actor.id, kept[0])


async def _locked_step(actor: Actor, changes: Sequence[Move]) -> tuple[Statement, ...]:
    """Return the update; without one, delete the texts of pages, which may have words of removed entries."""
    return await _step(actor, changes) or (contents_rows.without_texts(actor.id),)


async def _step(actor: Actor, changes: Sequence[Move]) -> tuple[Statement, ...]:
    gone = [line for one in changes for line in one.lines[0]]
    come = [line for one in changes for line in one.lines[1]]
    row, pages = await contents_rows.read_state(actor.id, {line.created for line in (*gone, *come)})
    kept = kept_of(row)
    state = opened_state(actor.vault, actor.id, kept)
    if state is None or kept is None:
        return ()  # nothing is overwritten: writing goes on, and every read reports the difference
    after = sums_of(state)
    for one in changes:
        if one.part is not Part.ENTRIES or isinstance(state, RecordState):
            less, more = one.members
            after = after.changed(one.part, gone=less, come=more)
    next_state: State = after
    statements: list[Statement] = []
    if isinstance(state, RecordRoot):
        root = replace(state, beside=replace(after, sets=after.sets[Part.EARLIER :]))
        try:
            next_state, statements = await contents_rows.changed(
                actor.vault, actor.id, root, pages, gone, come
            )
        except Damaged:
            return ()
    return (_stepped(actor, kept, next_state), *statements)
