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
from journal.audit.chain import (
    INITIAL_MAC,
    EventRecord,
    compute_chain_mac,
    compute_head,
    compute_verified_tag,
)
from journal.audit.key import SELECT_KEY, load_key, open_key
from journal.audit.rows import (
    BATCH_SIZE,
    MIN_SEQUENCE,
    ChainedRow,
    PendingRow,
    UnreadableError,
    fetch_pending,
    iter_chained,
)
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.store.database import execute, fetch_raw
from journal.store.rows import IdRow, filter_undamaged, parse_rows
from journal.store.statements import parse_id

SELECT_ENDS = """
    SELECT sequence, mac, (SELECT COUNT(*) FROM audit_event),
           (SELECT MIN(id) FROM audit_event), (SELECT MAX(id) FROM audit_event)
    FROM audit_head WHERE id = 1
"""
SELECT_DUPLICATES = """
    SELECT MAX(id), MIN(id) FROM audit_event WHERE event_id IS NOT NULL
    GROUP BY event_id HAVING COUNT(*) > 1 ORDER BY 1 LIMIT 1
"""
COUNT_EVENTS = "SELECT (SELECT COUNT(*) FROM audit_event) + (SELECT COUNT(*) FROM audit_pending)"
SELECT_OPENED_ACCOUNTS = "SELECT actor_id FROM audit_event WHERE action = $1 AND id <= $2"
SELECT_VERIFIED = "SELECT sequence, mac, tag FROM audit_verified WHERE id = 1"
UPSERT_VERIFIED = """
    INSERT INTO audit_verified (id, sequence, mac, tag) VALUES (1, $1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, mac = excluded.mac, tag = excluded.tag
"""
HEAD_PATTERN = re.compile(r"hearthside-audit 1 ([0-9]{1,18}) ([0-9a-f]{64})")


class Fault(StrEnum):
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
class ChainBreak:
    """The first thing that is wrong: at which event, and for some kinds a second number."""

    kind: Fault
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
    def parse(cls, line: str) -> Head | None:
        """Read such a line; None when it is none."""
        found = HEAD_PATTERN.fullmatch(line.strip())
        return cls(int(found[1]), found[2]) if found else None


EMPTY_HEAD = Head(0, INITIAL_MAC.hex())


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """
    What was found: the present head when nothing is wrong, and otherwise the break.

    `since` is the event after which the chain was looked at; `pending` are the events that have no place in it yet, in
    the order in which they will get one.
    """

    head: Head
    chain_break: ChainBreak | None = None
    since: int = 0
    pending: tuple[EventRecord, ...] = ()

    @property
    def oldest_pending(self) -> datetime | None:
        """Return when the first of the pending events was written."""
        return min((line.at for line in self.pending), default=None)


async def verify_log(
    installation: Installation, kept_heads: Sequence[Head] = (), *, is_incremental: bool = False
) -> VerificationReport:
    """
    Verify the log.

    Args:
        kept_heads: Heads that were written down earlier and kept where nobody who can reach the database can reach.
        is_incremental: Go on from where the chain was last found whole, or from the oldest of the *kept_heads* heads
            where that is earlier. Where anything is wrong, all of it is looked at once more, for the first thing that
            is.

    Raises:
        OperationalError: If there is no log to read.
    """
    start = await _find_start(installation, kept_heads) if is_incremental else EMPTY_HEAD
    report = await _verify_from(installation, kept_heads, start)
    if report.chain_break is None or start == EMPTY_HEAD:
        return report
    whole = await _verify_from(installation, kept_heads, EMPTY_HEAD)
    return whole if whole.chain_break else report


async def save_verified(installation: Installation, head: Head) -> None:
    """Save, authenticated, that the log was verified up to *head*, if the database can be written."""
    if head.sequence:
        tag = compute_verified_tag(await load_key(installation), head.sequence, bytes.fromhex(head.mac))
        with suppress(BaseORMException):
            await execute(UPSERT_VERIFIED, head.sequence, head.mac, tag.hex())


async def _find_start(installation: Installation, kept_heads: Sequence[Head]) -> Head:
    """Return where to begin; a stored row with a wrong tag is ignored."""
    try:
        ((sealed,),), ((sequence, mac, tag),) = await fetch_raw(SELECT_KEY), await fetch_raw(SELECT_VERIFIED)
        if tag != compute_verified_tag(open_key(installation, sealed), sequence, bytes.fromhex(mac)).hex():
            return EMPTY_HEAD
    except (Damaged, TypeError, ValueError, AttributeError, OverflowError):
        return EMPTY_HEAD
    return min([Head(sequence, mac), *kept_heads], key=lambda head: head.sequence)


async def _verify_from(
    installation: Installation, kept_heads: Sequence[Head], start: Head
) -> VerificationReport:
    accounts = {
        one.id for one in filter_undamaged(parse_rows(IdRow, await fetch_raw("SELECT id FROM account")))
    }
    try:
        chain = await _open_chain_key(installation)
        # First what is pending and then the end: what is chained in between is seen twice, and never missed.
        waiting = await _fetch_all_pending()
        ends = await _load_ends(chain)
        walk = _ChainWalk(
            chain, {one.sequence for one in kept_heads}, start.sequence, bytes.fromhex(start.mac)
        )
        await walk.start_after(start, ends[0])
        await walk.walk_to(ends[0], ends[1])
        _verify_end(chain, walk, ends)
        for again, first in await fetch_raw(SELECT_DUPLICATES):
            raise _BreakFound(Fault.TWICE, again, first)
        opened = walk.opened | await _fetch_opened_accounts(start.sequence) | _find_openings(waiting)
        if accounts - opened:
            raise _BreakFound(Fault.NO_BEGINNING, 0, len(accounts - opened))
        for one in sorted(kept_heads, key=lambda head: head.sequence):
            if one.sequence > walk.last:
                raise _BreakFound(Fault.CUT, walk.last, one.sequence)
            if walk.macs[one.sequence] != one.mac:
                raise _BreakFound(Fault.REWRITTEN, one.sequence)
        _verify_pending(chain, waiting)
    except _BreakFound as wrong:
        return VerificationReport(Head(0, ""), wrong.chain_break)
    return VerificationReport(
        Head(walk.last, walk.mac.hex()),
        None,
        start.sequence,
        tuple(row.record for row in waiting if row.record),
    )


async def _fetch_all_pending() -> list[PendingRow]:
    found = await fetch_pending(BATCH_SIZE)
    while len(found) % BATCH_SIZE == 0 and (more := await fetch_pending(BATCH_SIZE, len(found))):
        found += more
    return found


async def _fetch_opened_accounts(until: int) -> set[UUID]:
    """Return whose accounts were opened as far as the chain was looked at before."""
    if not until:
        return set()
    found = set()
    for row in await fetch_raw(SELECT_OPENED_ACCOUNTS, Act.ACCOUNT_OPENED.value, until):
        with suppress(ValueError):  # it may have been changed since it was looked at
            found.add(parse_id(row[0]))
    return found


def _find_openings(waiting: Sequence[PendingRow]) -> set[UUID]:
    lines = [row.record for row in waiting if row.record]
    return {line.actor for line in lines if line.actor and line.action == Act.ACCOUNT_OPENED}


def _verify_pending(chain: MacKey, waiting: Sequence[PendingRow]) -> None:
    for row in waiting:
        if row.find_authentic_record(chain) is None:
            raise _BreakFound(Fault.PENDING_AGAIN if row.is_chained else Fault.PENDING_CHANGED, 0)


async def find_verified_event(chain: MacKey, number: int) -> EventRecord | None:
    """Return one event if its MAC fits the event before it, else None."""
    try:
        rows = {row.sequence: row async for row in iter_chained(max(number - 1, 1), 2)}
    except UnreadableError:
        return None
    row, before = rows.get(number), rows.get(number - 1)
    mac = INITIAL_MAC if number == 1 else before.mac_bytes if before else b""
    return row.record if row and _is_in_place(chain, mac, row, number) else None


async def load_head() -> Head:
    """Return the head as the chain has it now, unchecked: what an administrator keeps elsewhere."""
    found = await fetch_raw("SELECT id, mac FROM audit_event ORDER BY id DESC LIMIT 1")
    return Head(int(found[0][0]), str(found[0][1])) if found else Head(0, INITIAL_MAC.hex())


class _BreakFound(Exception):
    def __init__(self, kind: Fault, event: int, other: int = 0) -> None:
        super().__init__()
        self.chain_break = ChainBreak(kind, event, other)


async def _open_chain_key(installation: Installation) -> MacKey:
    """Open the key of the chain. In an empty log, which has none yet, any key will do."""
    found = await fetch_raw(SELECT_KEY)
    try:
        if found:
            return open_key(installation, found[0][0])
    except Damaged as error:
        raise _BreakFound(Fault.FOREIGN, 1) from error
    ((count,),) = await fetch_raw(COUNT_EVENTS)
    if count:
        raise _BreakFound(Fault.KEY_GONE, 0)
    return MacKey(bytes(32))


async def _load_ends(chain: MacKey) -> Sequence[Any]:
    found = await fetch_raw(SELECT_ENDS)
    if not found:
        ((count,),) = await fetch_raw("SELECT COUNT(*) FROM audit_event")
        if count:
            raise _BreakFound(Fault.HEAD_GONE, 0)
        return 0, compute_head(chain, 0, INITIAL_MAC).hex(), 0, None, None
    if not isinstance(found[0][0], int) or found[0][0] < 0:
        raise _BreakFound(Fault.HEAD_WRONG, 0)
    return found[0]


@dataclass(slots=True)
class _ChainWalk:
    """How far the log was found whole: its last event so far and that one's MAC, and those of the kept heads."""

    chain: MacKey
    wanted: Set[int]
    last: int = 0
    mac: bytes = INITIAL_MAC
    macs: dict[int, str] = field(default_factory=lambda: {0: INITIAL_MAC.hex()})
    opened: set[UUID] = field(default_factory=set)

    async def start_after(self, start: Head, end: int) -> None:
        """Verify that the event after which this begins is unchanged."""
        if start.sequence > end:
            raise _BreakFound(Fault.SHORTER, end, start.sequence)
        self.macs[start.sequence] = start.mac
        if start.sequence and [row.mac async for row in iter_chained(start.sequence, 1)] != [start.mac]:
            raise _BreakFound(Fault.REWRITTEN, start.sequence)

    async def walk_to(self, end: int, head: str) -> None:
        """Verify the events up to *end*."""
        try:
            async for row in iter_chained(self.last + 1 if self.last else MIN_SEQUENCE):
                expected = self.last + 1
                if not isinstance(row.sequence, int) or row.sequence < expected:
                    raise _BreakFound(Fault.ADDED, expected)
                if row.sequence > end:
                    return
                if row.sequence > expected:
                    raise _BreakFound(Fault.MISSING, expected, row.sequence - 1)
                if not _is_in_place(self.chain, self.mac, row, expected):
                    raise await _explain_break(self.chain, self.mac, row, end, head)
                self._accept(row)
        except UnreadableError as error:
            raise _BreakFound(Fault.UNREADABLE, self.last + 1) from error

    def _accept(self, row: ChainedRow) -> None:
        self.last, self.mac = row.sequence, bytes.fromhex(row.mac)
        if self.last in self.wanted:
            self.macs[self.last] = row.mac
        if row.record and row.record.actor and row.record.action == Act.ACCOUNT_OPENED:
            self.opened.add(row.record.actor)


def _verify_end(chain: MacKey, walk: _ChainWalk, ends: Sequence[Any]) -> None:
    last, head, count, lowest, highest = ends
    if walk.last < last:
        raise _BreakFound(Fault.MISSING, walk.last + 1, last)
    if head != compute_head(chain, last, walk.mac).hex():
        raise _BreakFound(Fault.HEAD_WRONG, last)
    # All of it was read in one statement: what a service wrote since then is not among it.
    if count != last or lowest not in (1, None) or highest not in (last, None):
        raise _BreakFound(Fault.ADDED, last + 1)


async def _explain_break(chain: MacKey, before: bytes, row: ChainedRow, last: int, head: str) -> _BreakFound:
    """Return what happened to the first event that does not fit: changed, moved or not ours."""
    place = row.sequence
    macs = [row.mac_bytes]
    if row.record is not None:  # perhaps only the MAC was changed
        macs.append(compute_chain_mac(chain, compute_head(chain, place - 1, before), place, row.record))
    after = [one async for one in iter_chained(place + 1, 1)] if place < last else []
    for mac in macs:
        if any(one.sequence == place + 1 and _is_in_place(chain, mac, one, place + 1) for one in after) or (
            place == last and head == compute_head(chain, place, mac).hex()
        ):
            return _BreakFound(Fault.CHANGED, place)
    neighbour = b""
    async for one in iter_chained():
        if one.sequence != place and _is_in_place(chain, before, one, place):
            # Between two that changed places, the one before the second is itself or has not moved.
            left = one.mac_bytes if one.sequence == place + 1 else neighbour
            swapped = isinstance(one.sequence, int) and _is_in_place(chain, left, row, one.sequence)
            where = one.sequence if isinstance(one.sequence, int) else 0
            return _BreakFound(Fault.SWAPPED if swapped else Fault.MOVED, place, where)
        neighbour = one.mac_bytes
    return _BreakFound(Fault.FOREIGN, place)


def _is_in_place(chain: MacKey, before: bytes, row: ChainedRow, place: int) -> bool:
    """Return whether *row* is event *place*, after the event whose MAC is *before*."""
    if row.record is None or place < 1:
        return False
    return bool(
        row.mac == compute_chain_mac(chain, compute_head(chain, place - 1, before), place, row.record).hex()
    )
