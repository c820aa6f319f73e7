"""
Read the events of the audit log, chained and pending, as untrusted data.

SQLite keeps what it is given, and whoever can write to the database can spell an id so that our queries pass it
over. Such an event is not read as if it were spelled well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from tortoise.exceptions import OperationalError

from crypto import MacKey
from journal.audit.chain import EventRecord, compute_event_mac
from journal.store.database import fetch_raw
from journal.store.statements import parse_id, parse_time

SELECT_CHAINED = """
    SELECT id, event_id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac
    FROM audit_event WHERE id >= $1 ORDER BY id LIMIT $2
"""
# In one statement: an event that is chained meanwhile is never seen in both places or in neither.
SELECT_PENDING = """
    SELECT EXISTS (SELECT 1 FROM audit_event WHERE audit_event.event_id = audit_pending.id),
           id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac
    FROM audit_pending ORDER BY id LIMIT $1 OFFSET $2
"""
SELECT_PENDING_OF = """
    SELECT EXISTS (SELECT 1 FROM audit_event WHERE audit_event.event_id = audit_pending.id),
           id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac
    FROM audit_pending WHERE patient_id = $1 AND action IN ({places}) ORDER BY id
"""
MIN_SEQUENCE = -(2**63)
BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True)
class ChainedRow:
    """A chained event as stored; `record` is None where a column holds what Hearthside never writes."""

    sequence: Any
    record: EventRecord | None
    mac: Any

    @property
    def mac_bytes(self) -> bytes:
        """Return the MAC, or nothing where there is none."""
        try:
            return bytes.fromhex(self.mac) if isinstance(self.mac, str) else b""
        except ValueError:
            return b""


@dataclass(frozen=True, slots=True)
class PendingRow:
    """A pending event as stored, and whether an event of its id is chained already; `record` as for `ChainedRow`."""

    record: EventRecord | None
    mac: Any
    is_chained: bool = False

    def find_authentic_record(self, chain: MacKey) -> EventRecord | None:
        """Return the event if its MAC is valid and it is not chained yet, else None."""
        line = self.record
        return (
            line
            if line and not self.is_chained and self.mac == compute_event_mac(chain, line).hex()
            else None
        )


class UnreadableError(Exception):
    """A row cannot be read at all."""


async def iter_chained(first: int = MIN_SEQUENCE, limit: int = 2**63) -> AsyncIterator[ChainedRow]:
    """Yield chained events by their numbers, from *first* on and at most so many; raises `UnreadableError`."""
    while limit > 0:
        try:
            rows = await fetch_raw(SELECT_CHAINED, first, min(limit, BATCH_SIZE))
        except OperationalError:
            try:
                rows = await fetch_raw(
                    SELECT_CHAINED, first, 1
                )  # what cannot be read hides none of those before it
            except OperationalError as error:
                raise UnreadableError from error
        for row in rows:
            yield ChainedRow(row[0], _parse_record(row[1:]), row[-1])
        if not rows or not isinstance(rows[-1][0], int) or rows[-1][0] == 2**63 - 1:
            return
        first, limit = rows[-1][0] + 1, limit - len(rows)


async def fetch_pending(limit: int, offset: int = 0) -> list[PendingRow]:
    """Return at most so many pending events in the order of their ids; what cannot be read hides none of the others."""
    try:
        return [_parse_pending(row) for row in await fetch_raw(SELECT_PENDING, limit, offset)]
    except OperationalError:
        ((total,),) = await fetch_raw("SELECT COUNT(*) FROM audit_pending")
        return [await _fetch_pending_at(place) for place in range(offset, min(offset + limit, total))]


async def fetch_pending_of(patient: UUID, actions: Sequence[str]) -> list[PendingRow]:
    """Return the pending events about a patient's record with these actions, in the order of their ids."""
    places = ", ".join(f"${place}" for place in range(2, len(actions) + 2))
    try:
        found = await fetch_raw(SELECT_PENDING_OF.format(places=places), patient, *actions)
    except OperationalError:  # what cannot be read at all is proven by nothing
        return []
    return [_parse_pending(row) for row in found]


async def _fetch_pending_at(place: int) -> PendingRow:
    try:
        return _parse_pending((await fetch_raw(SELECT_PENDING, 1, place))[0])
    except (OperationalError, IndexError):
        return PendingRow(None, None)


def _parse_pending(row: Sequence[Any]) -> PendingRow:
    line = _parse_record(row[1:])
    return PendingRow(None if line is None or line.id is None else line, row[-1], bool(row[0]))


def _parse_record(row: Sequence[Any]) -> EventRecord | None:
    """Read an event; a value that is not spelled as Hearthside spells it could hide the event from a query."""
    ident, at, *ids, action, outcome, mac = row
    try:
        moment = parse_time(at)
        own, actor, patient, recipient, about = keys = [
            None if one is None else parse_id(one) for one in (ident, *ids)
        ]
        if moment.utcoffset() is None or not all(isinstance(one, str) for one in (action, outcome, mac)):
            return None
        spelled = [*(key and str(key) for key in keys), moment.astimezone(UTC).isoformat(" ")]
        if any(
            isinstance(raw, str) and raw != text for raw, text in zip((ident, *ids, at), spelled, strict=True)
        ):
            return None
        return EventRecord(moment.astimezone(UTC), actor, patient, recipient, about, action, outcome, own)
    except (TypeError, ValueError, OverflowError):
        return None
