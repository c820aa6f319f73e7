"""
The bytes of the audit log: what authenticates an event before it has a place, and what chains it to those before it.

An event is authenticated by itself as it is written, and chained a moment later: each chained event carries a MAC over
itself and over the head before it. The head's own MAC stands in one row and in no event. Whoever cuts the end off
without the server key cannot make a head that fits what is left, and the next event then shows it.
docs/crypto-format.md section 13.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import randbits
from uuid import UUID

from crypto import MacKey, join_fields

VERSION = b"\x01"
VERSION_WITH_ID = b"\x02"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INITIAL_MAC = bytes(32)
"""The MAC of the event before the first."""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event, without its place in the chain. Those that were chained by their own act have no `id`."""

    at: datetime
    actor: UUID | None
    patient: UUID | None
    recipient: UUID | None
    about: UUID | None
    action: str
    outcome: str
    id: UUID | None = None


def generate_event_id() -> UUID:
    """
    Return a new id for an event; ids sort by the time they were made.

    RFC 9562 version 7: milliseconds, then their fraction in 12 bits (section 6.2, method 3), then 62 random bits.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | randbits(62))


def compute_event_mac(chain: MacKey, record: EventRecord) -> bytes:
    """
    Return the MAC of an event that has no place in the chain yet; its id makes it unique.

    Returns:
        32 bytes, HMAC-SHA256.
    """
    return chain.mac(
        "audit-event", join_fields(VERSION, record.id.bytes if record.id else b"", *_encode_fields(record))
    )


def compute_chain_mac(chain: MacKey, head: bytes, sequence: int, record: EventRecord) -> bytes:
    """
    Return the MAC of one event and of everything before it.

    Args:
        head: What `compute_head` returns for the event before, 32 bytes.
        sequence: The event's number; the first is 1.
        record: The event. Its time counts in whole microseconds, UTC.

    Returns:
        32 bytes, HMAC-SHA256.
    """
    start = (VERSION,) if record.id is None else (VERSION_WITH_ID, record.id.bytes)
    message = join_fields(*start, head, sequence.to_bytes(8, "big"), *_encode_fields(record))
    return chain.mac("audit", message)


def compute_head(chain: MacKey, sequence: int, mac: bytes) -> bytes:
    """
    Return the head of a log that ends with event *sequence*, whose MAC is *mac*.

    Returns:
        32 bytes, HMAC-SHA256. Only the head's row and the next event's MAC may be made from it.
    """
    return chain.mac("audit-head", join_fields(VERSION, sequence.to_bytes(8, "big"), mac))


def compute_verified_tag(chain: MacKey, sequence: int, mac: bytes) -> bytes:
    """
    Return the MAC that says that the log was verified up to event *sequence*, whose MAC is *mac*.

    Returns:
        32 bytes, HMAC-SHA256.
    """
    return chain.mac("audit-verified", join_fields(VERSION, sequence.to_bytes(8, "big"), mac))


def _encode_fields(record: EventRecord) -> tuple[bytes, ...]:
    moment = (record.at - EPOCH) // MICROSECOND
    ids = [
        one.bytes if one else b"" for one in (record.actor, record.patient, record.recipient, record.about)
    ]
    return moment.to_bytes(8, "big", signed=True), *ids, record.action.encode(), record.outcome.encode()
