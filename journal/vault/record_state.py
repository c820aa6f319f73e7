"""
Notice when storage gives back an older state of an account's records, or keeps some of them back.

Every record is sealed with its own revision, but an old row put back whole still opens. So each patient's account
remembers its records: in one sealed row, the root, how many earlier versions and shared copies there are with a keyed
sum over them, and every page of a table of contents that has a line for each entry (`journal/vault/contents.py`).
Every write takes root and page one step on in the same transaction, and every reading compares.

An account of an earlier version has a sum over its entries in the place of pages, until its table is laid out.

What was deleted leaves them at once, so that it can be purged without anybody's key.
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
FEW = 300  # rows that are compared in less time than another thread takes to wake
KEPT = "SELECT revision, sealed FROM record_state WHERE id = $1"
STEP = "UPDATE record_state SET revision = $1, sealed = $2 WHERE id = $3 AND revision = $4"
LOCK = "UPDATE record_state SET revision = revision WHERE id = $1"


class Dated(Named, frozen=True):
    """A record's id, and when it was begun."""

    created_at: Moment


class NotAsLeft(JournalError):
    """The journal is not as its owner left it."""

    message = N_(
        "Your journal is not as you left it, so nothing was shared. Open your journal: it says what that means."
    )


@dataclass(frozen=True, slots=True)
class Move:
    """What leaves and what comes to one part by one act: lines of entries, or members of another part."""

    part: Part
    gone: Sequence[Line | Member] = ()
    come: Sequence[Line | Member] = ()

    @property
    def lines(self) -> tuple[list[Line], list[Line]]:
        """Return the lines that go and those that come."""
        gone = [one for one in self.gone if isinstance(one, Line)]
        return gone, [one for one in self.come if isinstance(one, Line)]

    @property
    def members(self) -> Members:
        """Return what goes from a sum and what comes to it."""
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
    How what is there compares with what was left; `remembered` and `there` count entries.

    `remembered` is None when nothing is remembered any more: the state itself is gone, or is not what was saved.
    `has_table` tells whether there is a table of contents, and no sum in its place. `dated` are the entries with when
    each was begun, `versions` the earlier versions, where these were asked for.
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
        """Return whether all that was compared is as it was left."""
        return self.entries and self.earlier and self.sharing

    def holds(self, row: _Row) -> bool:
        """Return whether an entry that was read belongs to what was compared."""
        return self.ends.get(row.id) == (row.revision, row.end)

    def is_all(self, rows: Sequence[Sequence[Any]], versions: Iterable[Sequence[Any]]) -> bool:
        """
        Return whether what was read is what was compared, all of it.

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
    Compare the entries and what is shared of them, and the earlier versions when asked, with what was left.

    Where something is amiss, every later page of the same sign-in compares everything, whichever page came upon it.
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
    """Compare rows with what was left."""
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
        # Each as often as it stands there: an entry with two lines is not what was left.
        entries = lines is not None and sorted(map(_dated, lines)) == sorted(dated)
        remembered = state.count
    has_table = isinstance(state, RecordRoot)
    kept = same[Part.EARLIER] or not earlier
    versions = seen.members[Part.EARLIER]
    return Look(entries, kept, same[Part.SHARED], remembered, there, ends, has_table, dated, versions)


def _dated(line: Line) -> tuple[int, bytes, int, bytes]:
    return line.created, *member_of(*line.member)


def _all_lines(actor: Actor, root: RecordRoot, pages: Pages) -> list[Line] | None:
    """Return every line that the root stands for, or None when a page is not as it was left."""
    lines: list[Line] = []
    for mark in root.pages:
        try:
            lines += open_page(actor.vault, actor.id, mark, pages.get(mark.number, b""))
        except Damaged:
            return None
    return lines


async def looked(actor: Actor, read: Callable[[], Awaitable[Sequence[R]]]) -> tuple[bool, Sequence[R]]:
    """
    Read entries, and tell whether the journal is as it was left and they belong to it.

    What another page saves in between is no difference: then both are asked once more.
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
    Raise `NotAsLeft` unless everything is: what storage made of a journal is not given to anybody.

    What is given has to belong to what was compared: `Look.holds`.
    """
    seen = await look(actor)
    if not seen.as_left:
        raise NotAsLeft
    return seen


async def together(actor: Actor, moves: Sequence[Move], *statements: Statement) -> bool:
    """
    Run *statements* and the step of the state as one; False, and nothing is changed, when one found nothing.

    Most often nobody else writes at the same moment, so the step is worked out before the transaction. Where
    somebody does, and again, their turn is waited for.
    """
    for _ in range(TRIES):
        step = await _step(actor, moves)
        if not step:
            break
        failed = await change_all(*step, *statements)
        if failed is None:
            return True
        if failed >= len(step):
            return False
    async with transaction() as held:
        await lock(actor)
        done = await change_all(*await _locked_step(actor, moves), *statements) is None
        if not done:
            await held.rollback()
    return done


async def lock(actor: Actor) -> None:
    """
    Let no other act of the actor's come between; first in a transaction that calls `move`.

    Raises:
        ChangedMeanwhile: If the actor's keys are not the account's any more: what they seal would never open again.
    """
    if is_sqlite():  # whose transaction holds the lock from its first writing statement on
        await change(LOCK, actor.id)
        await require_keys(actor)
    else:  # in the order in which whoever changes keys takes these locks
        await require_keys(actor)
        await change(LOCK, actor.id)


async def move(actor: Actor, *moves: Move) -> None:
    """Take the state one step on, in a transaction that began with `lock`."""
    await change_all(*await _locked_step(actor, moves))


async def resealed(actor: Actor, part: Part, rows: Sequence[tuple[UUID, int, bytes, bytes]]) -> None:
    """
    Take the state on after records were sealed anew and read as before; in a transaction that began with `lock`.

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
    """Take the root on after pages were sealed anew; *pages* has by their numbers the envelopes before and now."""
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
    """Return the statement that puts a state in the place of the one that was read, if nobody else did."""
    revision = kept[0] + 1
    sealed = actor.vault.seal(state.encode(), context=root_context(actor.id, revision))
    return STEP, (revision, sealed, actor.id, kept[0])


async def _locked_step(actor: Actor, moves: Sequence[Move]) -> tuple[Statement, ...]:
    """Return the step; where none can be taken, the texts of pages go, which may have words of what goes."""
    return await _step(actor, moves) or (contents_rows.without_texts(actor.id),)


async def _step(actor: Actor, moves: Sequence[Move]) -> tuple[Statement, ...]:
    gone = [line for one in moves for line in one.lines[0]]
    come = [line for one in moves for line in one.lines[1]]
    row, pages = await contents_rows.read_state(actor.id, {line.created for line in (*gone, *come)})
    kept = kept_of(row)
    state = opened_state(actor.vault, actor.id, kept)
    if state is None or kept is None:
        return ()  # nothing is overwritten: writing goes on, and every reading says what is amiss
    after = sums_of(state)
    for one in moves:
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
