"""
Check the audit log from its first event to its last, and against heads that were kept elsewhere.

It stops at the first thing that is wrong and says what. It runs beside a service that goes on writing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from crypto import MacKey
from journal.audit import Act
from journal.audit_chain import KEY, NOTHING, head_of, mac_of, opened_key
from journal.audit_rows import Row, UnreadableError, events
from journal.errors import Damaged
from journal.house import House
from journal.rows import Named, typed, whole
from journal.store import fetch

ENDS = """
    SELECT sequence, mac, (SELECT MAX(id) FROM audit_event), (SELECT COUNT(*) FROM audit_event)
    FROM audit_head WHERE id = 1
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
    UNREADABLE = "unreadable"
    HEAD_GONE = "head-gone"
    HEAD_WRONG = "head-wrong"
    KEY_GONE = "key-gone"
    NO_BEGINNING = "no-beginning"
    CUT = "cut"
    REWRITTEN = "rewritten"


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


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: the present head when nothing is wrong, and otherwise the break."""

    head: Head
    broken: Break | None = None


async def check(house: House, kept: Sequence[Head] = ()) -> Report:
    """
    Check the whole log.

    Args:
        kept: Heads that were written down earlier and kept where nobody who can reach the database can reach.

    Raises:
        OperationalError: If there is no log to read.
    """
    accounts = {one.id for one in whole(typed(Named, await fetch("SELECT id FROM account")))}
    try:
        chain = await _key(house)
        ends = await _ends(chain)
        walk = _Walk(chain, {one.sequence for one in kept})
        await walk.to(ends[0], ends[1])
        _check_end(chain, walk, ends)
        if accounts - walk.opened:
            raise _Wrong(Kind.NO_BEGINNING, 0, len(accounts - walk.opened))
        for one in sorted(kept, key=lambda head: head.sequence):
            if one.sequence > walk.last:
                raise _Wrong(Kind.CUT, walk.last, one.sequence)
            if walk.macs[one.sequence] != one.mac:
                raise _Wrong(Kind.REWRITTEN, one.sequence)
    except _Wrong as wrong:
        return Report(Head(0, ""), wrong.broken)
    return Report(Head(walk.last, walk.mac.hex()))


async def present_head() -> Head:
    """Give the head as the log has it now, unchecked: what an administrator keeps elsewhere."""
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
            return opened_key(house, found[0][0])
    except Damaged as error:
        raise _Wrong(Kind.FOREIGN, 1) from error
    ((count,),) = await fetch("SELECT COUNT(*) FROM audit_event")
    if count:
        raise _Wrong(Kind.KEY_GONE, 0)
    return MacKey(bytes(32))


async def _ends(chain: MacKey) -> Sequence[Any]:
    found = await fetch(ENDS)
    if not found:
        ((count,),) = await fetch("SELECT COUNT(*) FROM audit_event")
        if count:
            raise _Wrong(Kind.HEAD_GONE, 0)
        return 0, head_of(chain, 0, NOTHING).hex(), None, 0
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

    async def to(self, end: int, head: str) -> None:
        """Go on to event *end*, or to what is behind it."""
        try:
            async for row in events():
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
    last, head, highest, count = ends
    if walk.last < last:
        raise _Wrong(Kind.MISSING, walk.last + 1, last)
    if head != head_of(chain, last, walk.mac).hex():
        raise _Wrong(Kind.HEAD_WRONG, last)
    # All four were read in one statement: what a service wrote since then is not among them.
    if count != last or highest not in (last, None):
        raise _Wrong(Kind.ADDED, last + 1)


async def _explained(chain: MacKey, before: bytes, row: Row, last: int, head: str) -> _Wrong:
    """Say what happened at the first event that does not fit: is it changed, elsewhere, or another's?"""
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
    """Tell whether *row* is event *place*, after the event whose MAC is *before*."""
    if row.line is None or place < 1:
        return False
    return bool(row.mac == mac_of(chain, head_of(chain, place - 1, before), place, row.line).hex())
