"""
Notice when storage gives back an older state of an account's records, or keeps some of them back.

Every record is sealed with its own revision, but an old row put back whole still opens. So each patient's account
remembers, in one sealed row, how many records there are and a keyed sum over all of them (`crypto.RecordState`).
Every write takes that row one step on in the same transaction, and every reading compares.

What was deleted leaves the sum at once, so that it can be purged without anybody's key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from tortoise.queryset import QuerySet

from crypto import Context, CryptoError, RecordState, Sealer
from journal import access, tables
from journal.actors import Actor, Role
from journal.errors import JournalError
from journal.rows import Named, read, whole
from journal.store import Statement, change, change_all, fetch, is_sqlite, key_of, transaction
from journal.words import N_

TRIES = 3
NO_ID = UUID(int=0)
END = 16  # bytes of an envelope that stand for all of it: its authentication tag
KEPT = "SELECT revision, sealed FROM record_state WHERE id = $1"
STEP = "UPDATE record_state SET revision = $1, sealed = $2 WHERE id = $3 AND revision = $4"
LOCK = "UPDATE record_state SET revision = revision WHERE id = $1"
SNAPSHOT = """
    SELECT 0, id, revision, substr(sealed, length(sealed) - 15) FROM entry
    WHERE owner_id = $1 AND deleted_at IS NULL
    UNION ALL SELECT 2, id, revision, sealed FROM record_state WHERE owner_id = $2
"""
AND_EARLIER = """
    UNION ALL SELECT 1, v.id, 0, substr(v.sealed, length(v.sealed) - 15)
    FROM entry_revision v JOIN entry e ON e.id = v.entry_id WHERE e.owner_id = $3 AND e.deleted_at IS NULL
"""
"""One statement each time, since rows and state belong together only as they are at one moment."""

Member = tuple[UUID, int, bytes]
"""A record's id, revision and envelope, or the envelope's end."""


Members = tuple[list[tuple[bytes, int, bytes]], ...]


class NotAsLeft(JournalError):
    """The journal is not as its owner left it."""

    message = N_(
        "Your journal is not as you left it, so nothing was shared. Open your journal: it says what that means."
    )


class Part(IntEnum):
    """What is remembered apart from each other, in the order in which it stands in the state."""

    ENTRIES = 0
    EARLIER = 1
    SHARED = 2


@dataclass(frozen=True, slots=True)
class Move:
    """What leaves and what comes to one part by one act."""

    part: Part
    gone: Sequence[Member] = ()
    come: Sequence[Member] = ()


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
    """

    entries: bool
    earlier: bool
    sharing: bool
    remembered: int | None
    there: int
    ends: Mapping[UUID, tuple[int, bytes]]

    @property
    def as_left(self) -> bool:
        """Tell whether all that was compared is as it was left."""
        return self.entries and self.earlier and self.sharing

    def holds(self, row: _Row) -> bool:
        """Tell whether an entry that was read belongs to what was compared."""
        return self.ends.get(row.id) == (row.revision, row.end)


async def look(actor: Actor, *, earlier: bool = False) -> Look:
    """Compare the entries and what is shared of them, and the earlier versions when asked, with what was left."""
    actor.must_be(Role.PATIENT)
    members, kept = await snapshot(actor.id, earlier=earlier)
    state = _opened(actor.vault, actor.id, kept)
    ends = {UUID(bytes=ident): (revision, end) for ident, revision, end in members[Part.ENTRIES]}
    there = len(members[Part.ENTRIES])
    if state is None:
        return Look(False, False, False, None, there, ends)
    same = [state.over(members[part]) == state.sets[part] for part in Part]
    remembered = state.sets[Part.ENTRIES].count
    return Look(same[0], same[1] or not earlier, same[2], remembered, there, ends)


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
    return False, rows


async def require_as_left(actor: Actor) -> None:
    """Raise `NotAsLeft` unless everything is: what storage made of a journal is not given to anybody."""
    if not (await look(actor)).as_left:
        raise NotAsLeft


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
        done = await change_all(*await _step(actor, moves), *statements) is None
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
        await access.require_keys(actor)
    else:  # in the order in which whoever changes keys takes these locks
        await access.require_keys(actor)
        await change(LOCK, actor.id)


async def move(actor: Actor, *moves: Move) -> None:
    """Take the state one step on, in a transaction that began with `lock`."""
    await change_all(*await _step(actor, moves))


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
    there = {row.id for row in whole(await read(Named, lasting))}
    gone = [(ident, revision, before) for ident, revision, before, _ in rows if ident in there]
    come = [(ident, revision, now) for ident, revision, _, now in rows if ident in there]
    await move(actor, Move(part, gone, come))


async def _step(actor: Actor, moves: Iterable[Move]) -> tuple[Statement, ...]:
    rows = await fetch(KEPT, actor.id)
    kept = _kept(rows[0]) if rows else None
    state = _opened(actor.vault, actor.id, kept)
    if state is None or kept is None:
        return ()  # nothing is overwritten: writing goes on, and every reading says what is amiss
    for one in moves:
        gone, come = ([_member(*row) for row in rows] for rows in (one.gone, one.come))
        state = state.changed(one.part, gone=gone, come=come)
    revision = kept[0] + 1
    sealed = actor.vault.seal(state.encode(), context=state_context(actor.id, revision))
    return ((STEP, (revision, sealed, actor.id, kept[0])),)


async def snapshot(owner: UUID, *, earlier: bool) -> tuple[Members, tuple[int, bytes] | None]:
    """Read what stands for each record, part by part, and the row of the state with its revision."""
    members: Members = ([], [], [])
    kept = None
    sql, values = (SNAPSHOT + AND_EARLIER, (owner,) * 3) if earlier else (SNAPSHOT, (owner,) * 2)
    for part, ident, revision, sealed in await fetch(sql, *values):
        key = _key(ident)
        if part == Part.SHARED and key == owner:
            kept = _kept((revision, sealed))
        else:
            members[part].append(_member(key, revision, sealed))
    return members, kept


def _key(ident: Any) -> UUID:
    """Return a row's id for a sum, also where storage made it something else than an id."""
    try:
        return key_of(ident)
    except ValueError:
        return NO_ID


def _member(ident: UUID, revision: Any, sealed: Any) -> tuple[bytes, int, bytes]:
    """Give a row its place in a sum, also one that storage made of something else than a number and bytes."""
    number = revision if isinstance(revision, int) and 0 <= revision < 1 << 63 else 0
    envelope = sealed if isinstance(sealed, bytes) else b""
    return ident.bytes, number, envelope[-END:].rjust(END, b"\0")


def _kept(row: Sequence[Any]) -> tuple[int, bytes]:
    _, revision, _ = _member(NO_ID, row[0], b"")
    return revision, row[1] if isinstance(row[1], bytes) else b""


def _opened(vault: Sealer, owner: UUID, kept: tuple[int, bytes] | None) -> RecordState | None:
    if kept is None:
        return None
    try:
        return RecordState.decode(vault.open(kept[1], context=state_context(owner, kept[0])), len(Part))
    except CryptoError:
        return None


def state_context(owner: UUID, revision: int) -> Context:
    """Say where what an account remembers of its records stands."""
    return Context("record-state", owner.bytes, owner.bytes, revision)
