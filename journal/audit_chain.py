"""
The chain that holds the audit log together: each event carries a MAC over itself and over the head before it.

The head's own MAC stands in one row and in no event. Whoever cuts the end off without the server key cannot make
a head that fits what is left, and the next event then shows it. docs/crypto-format.md section 13.

The key of the chain is its own, random and sealed under the server key: so heads that are kept elsewhere fit after
the server key was changed as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from tortoise.exceptions import IntegrityError

from crypto import Context, CryptoError, MacKey, join_fields
from journal.errors import Damaged
from journal.house import House
from journal.store import change, fetch, joined

VERSION = b"\x01"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NOTHING = bytes(32)
"""The MAC of the event before the first."""

LOCK = "UPDATE audit_head SET sequence = sequence + $1 WHERE id = 1"
BEGIN = "INSERT INTO audit_head (id, sequence, mac) VALUES (1, $1, $2) ON CONFLICT DO NOTHING"
HEAD = """
    SELECT sequence, mac, (SELECT sealed FROM audit_key WHERE id = 1) FROM audit_head WHERE id = 1
"""
KEY = "SELECT sealed FROM audit_key WHERE id = 1"
NEW_KEY = "INSERT INTO audit_key (id, sealed, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING"
KEY_CONTEXT = Context("audit-key", bytes(16), bytes(16))
INSERT = """
    INSERT INTO audit_event (id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac) VALUES
"""
COLUMNS = 9
AT_ONCE = 100  # rows: some SQLite takes no more than 999 values
MOVE = "UPDATE audit_head SET mac = $1 WHERE id = 1"


@dataclass(frozen=True, slots=True)
class Line:
    """One event, without its place in the chain."""

    at: datetime
    actor: UUID | None
    patient: UUID | None
    recipient: UUID | None
    about: UUID | None
    action: str
    outcome: str


def mac_of(chain: MacKey, head: bytes, sequence: int, line: Line) -> bytes:
    """
    Authenticate one event and everything before it.

    Args:
        head: What `head_of` gives for the event before, 32 bytes.
        sequence: The event's number; the first is 1.
        line: The event. Its time counts in whole microseconds, UTC.

    Returns:
        32 bytes, HMAC-SHA256.
    """
    ids = [one.bytes if one else b"" for one in (line.actor, line.patient, line.recipient, line.about)]
    moment = (line.at - EPOCH) // MICROSECOND
    message = join_fields(
        VERSION,
        head,
        sequence.to_bytes(8, "big"),
        moment.to_bytes(8, "big", signed=True),
        *ids,
        line.action.encode(),
        line.outcome.encode(),
    )
    return chain.mac("audit", message)


def head_of(chain: MacKey, sequence: int, mac: bytes) -> bytes:
    """
    Give the head of a log that ends with event *sequence*, whose MAC is *mac*.

    Returns:
        32 bytes, HMAC-SHA256. Only the head's row and the next event's MAC may be made from it.
    """
    return chain.mac("audit-head", join_fields(VERSION, sequence.to_bytes(8, "big"), mac))


async def append(house: House, lines: Sequence[Line]) -> None:
    """
    Write events at the end of the log, in the transaction that is open.

    This takes the lock that every other event waits for until the transaction ends. So it is to be the last that
    a transaction does: then nobody waits long, and no two transactions wait for each other.

    Raises:
        Damaged: If somebody moved the head, so that there is something where the next event belongs.
    """
    if not lines:
        return
    async with joined():
        if not await change(LOCK, len(lines)):
            await _begin(house)
            await change(LOCK, len(lines))
        last, head, chain = await _head(house, len(lines))
        rows: list[tuple[object, ...]] = []
        for sequence, line in enumerate(lines, last - len(lines) + 1):
            mac = mac_of(chain, head, sequence, line)
            ids = (line.actor, line.patient, line.recipient, line.about)
            moment = line.at.astimezone(UTC)
            rows.append((sequence, moment, *ids, line.action, line.outcome, mac.hex()))
            head = head_of(chain, sequence, mac)
        try:
            for start in range(0, len(rows), AT_ONCE):
                await _insert(rows[start : start + AT_ONCE])
        except IntegrityError as error:
            raise Damaged from error
        await change(MOVE, head.hex())


async def _begin(house: House) -> None:
    """Write the head of an empty log. A log whose head was taken away gets one that does not fit, for all to see."""
    ((events, last),) = await fetch("SELECT COUNT(*), MAX(id) FROM audit_event")
    head = b"" if events else head_of(await _key(house), 0, NOTHING)
    await change(BEGIN, last if isinstance(last, int) else 0, head.hex())


async def _insert(rows: Sequence[tuple[object, ...]]) -> None:
    places = (range(first, first + COLUMNS) for first in range(1, COLUMNS * len(rows), COLUMNS))
    values = ", ".join(f"({', '.join(f'${place}' for place in row)})" for row in places)
    await change(INSERT + values, *(value for row in rows for value in row))


async def _head(house: House, least: int) -> tuple[int, bytes, MacKey]:
    found = await fetch(HEAD)
    # Whoever can write to the database can put anything there.
    if len(found) != 1 or not isinstance(found[0][0], int) or found[0][0] < least:
        raise Damaged
    sequence, mac, sealed = found[0]
    return sequence, _bytes(mac), await _key(house) if sealed is None else opened_key(house, sealed)


async def _key(house: House) -> MacKey:
    """Give the key of the log; a log whose key was taken away goes on with another, which fits nothing before it."""
    drawn = house.server.seal(token_bytes(32), context=KEY_CONTEXT)
    await change(NEW_KEY, drawn, house.clock())
    return opened_key(house, (await fetch(KEY))[0][0])


def opened_key(house: House, sealed: bytes) -> MacKey:
    """Open the key of the log as it is stored; raises `Damaged` when it does not open."""
    try:
        return MacKey(house.server.open(bytes(sealed), context=KEY_CONTEXT))
    except CryptoError as error:
        raise Damaged from error


def _bytes(stored: str) -> bytes:
    """Read a MAC as stored; what is none fits nothing."""
    try:
        return bytes.fromhex(stored)
    except (TypeError, ValueError):
        return b""
