"""
Check the audit log: the chain from its first event to its last, against heads that were kept elsewhere, and what is
pending.

It stops at the first thing that is wrong and says what. It runs beside a service that goes on writing. How far the
chain was found whole can be remembered, so that the next check goes on from there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise.exceptions import BaseORMException

from crypto import MacKey
from journal.audit.acts import Act
from journal.audit.chain import NOTHING, Line, head_of, mac_of, verified_tag
from journal.audit.key import KEY, load_key, open_key
from journal.audit.rows import AT_ONCE, BEFORE_ALL, PendingRow, Row, UnreadableError, events, pending
from journal.errors import Damaged
from journal.installation.installation import House
from journal.store.database import change, fetch
from journal.store.rows import Named, typed
from journal.store.rows import whole as undamaged
from journal.store.statements import key_of

ENDS = """
    SELECT sequence, mac, (SELECT COUNT(*) FROM audit_event),
           (SELECT MIN(id) FROM audit_event), (SELECT MAX(id) FROM audit_event)
    FROM audit_head WHERE id = 1
"""
TWICE = """
    SELECT MAX(id), MIN(id) FROM audit_event WHERE event_id IS NOT NULL
    GROUP BY event_id HAVING COUNT(*) > 1 ORDER BY 1 LIMIT 1
"""
ANY_EVENT = "SELECT (SELECT COUNT(*) FROM audit_event) + (SELECT COUNT(*) FROM audit_pending)"
OPENED = "SELECT actor_id FROM audit_event WHERE action = $1 AND id <= $2"
VERIFIED = "SELECT sequence, mac, tag FROM audit_verified WHERE id = 1"
REMEMBER = """
    INSERT INTO audit_verified (id, sequence, mac, tag) VALUES (1, $1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, mac = excluded.mac, tag = excluded.tag
"""
HEAD = re.compile(r"hearthside-audit 1 ([0-9]{1,18}) ([0-9a-f]{64})")


class Kind(StrEnum):
    """What can be wrong with a log."""

    MISSING = "missing"
    CHANGED = "changed"
    SWAPPED = "swapped"
    MOVED = "moved"
    FOREIGN = "foreign"
    ADDED = "added"
    TWICE = "twice"
    UNREADABLE = "unreadable"
    HEAD_GONE = "head-gone"
    HEAD_WRONG = "head-wrong"
    KEY_GONE = "key-gone"
    NO_BEGINNING = "no-beginning"
    CUT = "cut"
    REWRITTEN = "rewritten"
    SHORTER = "shorter"
    PENDING_CHANGED = "pending-changed"
    PENDING_AGAIN = "pending-again"


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is wrong: at which event, and for some kinds a second number."""

    kind: Kind
    event: int
    other: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ended: the number of its last event and that event's MAC, 64 hexadecimal digits."""

    sequence: int
    mac: str

    def __str__(self) -> str:
        """Write it as the one line that is kept elsewhere."""
        return f"hearthside-audit 1 {self.sequence} {self.mac}"

    @classmethod
    def read(cls, line: str) -> Head | None:
        """Read such a line; None when it is none."""
        found = HEAD.fullmatch(line.strip())
        return cls(int(found[1]), found[2]) if found else None


BEGINNING = Head(0, NOTHING.hex())


@dataclass(frozen=True, slots=True)
class Report:
    """
    What was found: the present head when nothing is wrong, and otherwise the break.

    `since` is the event after which the chain was looked at; `pending` are the events that have no place in it yet, in
    the order in which they will get one.
    """

    head: Head
    broken: Break | None = None
    since: int = 0
    pending: tuple[Line, ...] = ()

    @property
    def oldest(self) -> datetime | None:
        """Return when the first of the pending events was written."""
        return min((line.at for line in self.pending), default=None)


async def check(house: House, kept: Sequence[Head] = (), *, onward: bool = False) -> Report:
    """
    Verify the log.

    Args:
        kept: Heads that were written down earlier and kept where nobody who can reach the database can reach.
        onward: Go on from where the chain was last found whole, or from the oldest of the *kept* heads where that is
            earlier. Where anything is wrong, all of it is looked at once more, for the first thing that is.

    Raises:
        OperationalError: If there is no log to read.
    """
    start = await _start(house, kept) if onward else BEGINNING
    report = await _check(house, kept, start)
    if report.broken is None or start == BEGINNING:
        return report
    whole = await _check(house, kept, BEGINNING)
    return whole if whole.broken else report


async def remember(house: House, head: Head) -> None:
    """Save, authenticated, that the log was verified up to *head*, if the database can be written."""
    if head.sequence:
        tag = verified_tag(await load_key(house), head.sequence, bytes.fromhex(head.mac))
        with suppress(BaseORMException):
            await change(REMEMBER, head.sequence, head.mac, tag.hex())


async def _start(house: House, kept: Sequence[Head]) -> Head:
    """Return where to begin; a stored row with a wrong tag is ignored."""
    try:
        ((sealed,),), ((sequence, mac, tag),) = await fetch(KEY), await fetch(VERIFIED)
        if tag != verified_tag(open_key(house, sealed), sequence, bytes.fromhex(mac)).hex():
            return BEGINNING
    except (Damaged, TypeError, ValueError, AttributeError, OverflowError):
        return BEGINNING
    return min([Head(sequence, mac), *kept], key=lambda head: head.sequence)


async def _check(house: House, kept: Sequence[Head], start: Head) -> Report:
    accounts = {one.id for one in undamaged(typed(Named, await fetch("SELECT id FROM account")))}
    try:
        chain = await _key(house)
        # First what is pending and then the end: what is chained in between is seen twice, and never missed.
        waiting = await _pending()
        ends = await _ends(chain)
        walk = _Walk(chain, {one.sequence for one in kept}, start.sequence, bytes.fromhex(start.mac))
        await walk.begin(start, ends[0])
        await walk.to(ends[0], ends[1])
        _check_end(chain, walk, ends)
        for again, first in await fetch(TWICE):
            raise _Wrong(Kind.TWICE, again, first)
        opened = walk.opened | await _opened(start.sequence) | _openings(waiting)
        if accounts - opened:
            raise _Wrong(Kind.NO_BEGINNING, 0, len(accounts - opened))
        for one in sorted(kept, key=lambda head: head.sequence):
            if one.sequence > walk.last:
                raise _Wrong(Kind.CUT, walk.last, one.sequence)
            if walk.macs[one.sequence] != one.mac:
                raise _Wrong(Kind.REWRITTEN, one.sequence)
        _check_pending(chain, waiting)
    except _Wrong as wrong:
        return Report(Head(0, ""), wrong.broken)
    return Report(
        Head(walk.last, walk.mac.hex()), None, start.sequence, tuple(row.line for row in waiting if row.line)
    )


async def _pending() -> list[PendingRow]:
    found = await pending(AT_ONCE)
    while len(found) % AT_ONCE == 0 and (more := await pending(AT_ONCE, len(found))):
        found += more
    return found


async def _opened(until: int) -> set[UUID]:
    """Return whose accounts were opened as far as the chain was looked at before."""
    if not until:
        return set()
    found = set()
    for row in await fetch(OPENED, Act.ACCOUNT_OPENED.value, until):
        with suppress(ValueError):  # it may have been changed since it was looked at
            found.add(key_of(row[0]))
    return found


def _openings(waiting: Sequence[PendingRow]) -> set[UUID]:
    lines = [row.line for row in waiting if row.line]
    return {line.actor for line in lines if line.actor and line.action == Act.ACCOUNT_OPENED}


def _check_pending(chain: MacKey, waiting: Sequence[PendingRow]) -> None:
    for row in waiting:
        if row.as_written(chain) is None:
            raise _Wrong(Kind.PENDING_AGAIN if row.chained else Kind.PENDING_CHANGED, 0)


async def proven_event(chain: MacKey, number: int) -> Line | None:
    """Return one event if its MAC fits the event before it, else None."""
    try:
        rows = {row.sequence: row async for row in events(max(number - 1, 1), 2)}
    except UnreadableError:
        return None
    row, before = rows.get(number), rows.get(number - 1)
    mac = NOTHING if number == 1 else before.mac_bytes if before else b""
    return row.line if row and _fits(chain, mac, row, number) else None


async def present_head() -> Head:
    """Return the head as the chain has it now, unchecked: what an administrator keeps elsewhere."""
    found = await fetch("SELECT id, mac FROM audit_event ORDER BY id DESC LIMIT 1")
    return Head(int(found[0][0]), str(found[0][1])) if found else Head(0, NOTHING.hex())


class _Wrong(Exception):
    def __init__(self, kind: Kind, event: int, other: int = 0) -> None:
        super().__init__()
        self.broken = Break(kind, event, other)


async def _key(house: House) -> MacKey:
    """Open the key of the chain. In an empty log, which has none yet, any key will do."""
    found = await fetch(KEY)
    try:
        if found:
            return open_key(house, found[0][0])
    except Damaged as error:
        raise _Wrong(Kind.FOREIGN, 1) from error
    ((count,),) = await fetch(ANY_EVENT)
    if count:
        raise _Wrong(Kind.KEY_GONE, 0)
    return MacKey(bytes(32))


async def _ends(chain: MacKey) -> Sequence[Any]:
    found = await fetch(ENDS)
    if not found:
        ((count,),) = await fetch("SELECT COUNT(*) FROM audit_event")
        if count:
            raise _Wrong(Kind.HEAD_GONE, 0)
        return 0, head_of(chain, 0, NOTHING).hex(), 0, None, None
    if not isinstance(found[0][0], int) or found[0][0] < 0:
        raise _Wrong(Kind.HEAD_WRONG, 0)
    return found[0]


@dataclass(slots=True)
class _Walk:
    """How far the log was found whole: its last event so far and that one's MAC, and those of the kept heads."""

    chain: MacKey
    wanted: Set[int]
    last: int = 0
    mac: bytes = NOTHING
    macs: dict[int, str] = field(default_factory=lambda: {0: NOTHING.hex()})
    opened: set[UUID] = field(default_factory=set)

    async def begin(self, start: Head, end: int) -> None:
        """Verify that the event after which this begins is unchanged."""
        if start.sequence > end:
            raise _Wrong(Kind.SHORTER, end, start.sequence)
        self.macs[start.sequence] = start.mac
        if start.sequence and [row.mac async for row in events(start.sequence, 1)] != [start.mac]:
            raise _Wrong(Kind.REWRITTEN, start.sequence)

    async def to(self, end: int, head: str) -> None:
        """Verify the events up to *end*."""
        try:
            async for row in events(self.last + 1 if self.last else BEFORE_ALL):
                expected = self.last + 1
                if not isinstance(row.sequence, int) or row.sequence < expected:
                    raise _Wrong(Kind.ADDED, expected)
                if row.sequence > end:
                    return
                if row.sequence > expected:
                    raise _Wrong(Kind.MISSING, expected, row.sequence - 1)
                if not _fits(self.chain, self.mac, row, expected):
                    raise await _explained(self.chain, self.mac, row, end, head)
                self._pass(row)
        except UnreadableError as error:
            raise _Wrong(Kind.UNREADABLE, self.last + 1) from error

    def _pass(self, row: Row) -> None:
        self.last, self.mac = row.sequence, bytes.fromhex(row.mac)
        if self.last in self.wanted:
            self.macs[self.last] = row.mac
        if row.line and row.line.actor and row.line.action == Act.ACCOUNT_OPENED:
            self.opened.add(row.line.actor)


def _check_end(chain: MacKey, walk: _Walk, ends: Sequence[Any]) -> None:
    last, head, count, lowest, highest = ends
    if walk.last < last:
        raise _Wrong(Kind.MISSING, walk.last + 1, last)
    if head != head_of(chain, last, walk.mac).hex():
        raise _Wrong(Kind.HEAD_WRONG, last)
    # All of it was read in one statement: what a service wrote since then is not among it.
    if count != last or lowest not in (1, None) or highest not in (last, None):
        raise _Wrong(Kind.ADDED, last + 1)


async def _explained(chain: MacKey, before: bytes, row: Row, last: int, head: str) -> _Wrong:
    """Return what happened to the first event that does not fit: changed, moved or not ours."""
    place = row.sequence
    macs = [row.mac_bytes]
    if row.line is not None:  # perhaps only the MAC was changed
        macs.append(mac_of(chain, head_of(chain, place - 1, before), place, row.line))
    after = [one async for one in events(place + 1, 1)] if place < last else []
    for mac in macs:
        if any(one.sequence == place + 1 and _fits(chain, mac, one, place + 1) for one in after) or (
            place == last and head == head_of(chain, place, mac).hex()
        ):
            return _Wrong(Kind.CHANGED, place)
    neighbour = b""
    async for one in events():
        if one.sequence != place and _fits(chain, before, one, place):
            # Between two that changed places, the one before the second is itself or has not moved.
            left = one.mac_bytes if one.sequence == place + 1 else neighbour
            swapped = isinstance(one.sequence, int) and _fits(chain, left, row, one.sequence)
            where = one.sequence if isinstance(one.sequence, int) else 0
            return _Wrong(Kind.SWAPPED if swapped else Kind.MOVED, place, where)
        neighbour = one.mac_bytes
    return _Wrong(Kind.FOREIGN, place)


def _fits(chain: MacKey, before: bytes, row: Row, place: int) -> bool:
    """Return whether *row* is event *place*, after the event whose MAC is *before*."""
    if row.line is None or place < 1:
        return False
    return bool(row.mac == mac_of(chain, head_of(chain, place - 1, before), place, row.line).hex())
