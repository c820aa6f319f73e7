"""
Read the audit log as one: events that are chained, and after them those that are pending.

Both are read in one statement, so an event that is chained meanwhile is neither missed nor shown twice. One that
storage damaged hides no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec

from journal.audit.acts import Act
from journal.store.database import fetch_raw
from journal.store.rows import DamagedRow, Row, Timestamp, parse_rows

EventNumber = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""The number of an event."""

FIRST_PENDING_NUMBER = 10**17
"""Pending events have no number yet. Here they are counted from this one on, which no chained event reaches."""

SELECT_EVENTS = """
    SELECT * FROM (
        SELECT id, at, actor_id, action, object_id, recipient_id, patient_id
        FROM audit_event WHERE {condition} {end}
    ) AS chained
    UNION ALL
    SELECT * FROM (
        SELECT {base} + ROW_NUMBER() OVER (ORDER BY id) AS id,
               at, actor_id, action, object_id, recipient_id, patient_id
        FROM audit_pending
    ) AS pending WHERE {condition}
    {end}
"""


class EventRow(Row, frozen=True):
    """A row of an event, chained or pending."""

    id: EventNumber
    at: Timestamp
    actor_id: UUID | None
    action: Act
    object_id: UUID | None
    recipient_id: UUID | None
    patient_id: UUID | None


EventRows = list[EventRow | DamagedRow]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log; `id` is its number. `recipient_id` was given something that a patient's record holds."""

    at: datetime
    actor_id: UUID | None
    action: Act
    object_id: UUID | None
    recipient_id: UUID | None
    id: int


@dataclass(frozen=True, slots=True)
class PatientEvent:
    """An event with the patient whose record it is about, for a log of everybody's."""

    event: Event
    patient_id: UUID | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition for events: SQL with `{}` for each value."""

    sql: str = "1 = 1"
    values: tuple[object, ...] = ()

    def with_clause(self, sql: str, *values: object) -> Self:
        """Return this condition AND *sql*."""
        return type(self)(f"{self.sql} AND ({sql})", (*self.values, *values))

    def older_than(self, event: int | None) -> Self:
        """Return this condition, limited to events older than *event* unless that is None."""
        return self if event is None else self.with_clause("id < {}", event)


def build_in_clause(column: str, values: Sequence[object]) -> str:
    """Return SQL for any of *values*, for `Condition.with_clause`."""
    return f"{column} IN ({', '.join(['{}'] * len(values))})" if values else "1 = 0"


async def fetch_newest(condition: Condition, limit: int | None = None) -> EventRows:
    """Return the latest events, newest first; damaged ones do not count towards *limit*."""
    if limit is None:
        return await _fetch_events(condition, "DESC", None)
    most = limit
    while True:
        rows = await _fetch_events(condition, "DESC", most)
        damaged = sum(isinstance(row, DamagedRow) for row in rows)
        if len(rows) < most or most == limit + damaged:
            return rows
        most = limit + damaged


async def fetch_oldest(condition: Condition) -> EventRows:
    """Return all events that meet *condition*, oldest first."""
    return await _fetch_events(condition, "ASC", None)


async def _fetch_events(condition: Condition, order: str, limit: int | None) -> EventRows:
    end = f"ORDER BY id {order}" + ("" if limit is None else " LIMIT {}")
    bound = (*condition.values, *(() if limit is None else (limit,)))
    places = [f"${place}" for place in range(1, 2 * len(bound) + 1)]
    template = SELECT_EVENTS.format(condition=condition.sql, end=end, base=FIRST_PENDING_NUMBER)
    return parse_rows(EventRow, await fetch_raw(template.format(*places), *bound, *bound))
