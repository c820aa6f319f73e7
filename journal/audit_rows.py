"""
Read the events of the audit log as strangers' data, in their order.

SQLite keeps what it is given, and whoever can write to the database can spell an id so that our queries pass it
over. Such an event is not read as if it were spelled well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from tortoise.exceptions import OperationalError

from journal.audit_chain import Line
from journal.store import fetch, key_of, time_of

EVENTS = """
    SELECT id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac
    FROM audit_event WHERE id >= $1 ORDER BY id LIMIT $2
"""
BEFORE_ALL = -(2**63)
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """An event as stored; `line` is None where a column holds what Hearthside never writes."""

    sequence: Any
    line: Line | None
    mac: Any

    @property
    def mac_bytes(self) -> bytes:
        """Give the MAC, or nothing where none stands."""
        try:
            return bytes.fromhex(self.mac) if isinstance(self.mac, str) else b""
        except ValueError:
            return b""


class UnreadableError(Exception):
    """A row cannot be read at all."""


async def events(first: int = BEFORE_ALL, most: int = 2**63) -> AsyncIterator[Row]:
    """Give events by their numbers, from *first* on and at most so many; raises `UnreadableError`."""
    while most > 0:
        try:
            rows = await fetch(EVENTS, first, min(most, AT_ONCE))
        except OperationalError:
            try:
                rows = await fetch(EVENTS, first, 1)  # what cannot be read hides none of those before it
            except OperationalError as error:
                raise UnreadableError from error
        for row in rows:
            yield Row(row[0], _line(row), row[8])
        if not rows or not isinstance(rows[-1][0], int) or rows[-1][0] == 2**63 - 1:
            return
        first, most = rows[-1][0] + 1, most - len(rows)


def _line(row: Sequence[Any]) -> Line | None:
    """Read an event; a value that is not spelled as Hearthside spells it could hide the event from a query."""
    _, at, *ids, action, outcome, mac = row
    try:
        moment = time_of(at)
        actor, patient, recipient, about = keys = [None if one is None else key_of(one) for one in ids]
        if moment.utcoffset() is None or not all(isinstance(one, str) for one in (action, outcome, mac)):
            return None
        spelled = [moment.astimezone(UTC).isoformat(" "), *(key and str(key) for key in keys)]
        if any(isinstance(raw, str) and raw != text for raw, text in zip((at, *ids), spelled, strict=True)):
            return None
        return Line(moment.astimezone(UTC), actor, patient, recipient, about, action, outcome)
    except (TypeError, ValueError, OverflowError):
        return None
