"""
The events of the audit log for the pages that list them: one that storage damaged hides no other.

Whether the log as a whole is what was written, `audit_check.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from journal.audit import Act, Event, Whole
from journal.rows import DamagedRow, Moment, Opened, Row, read, whole
from journal.tables import AuditEvent

Sequence = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class EventRow(Row, frozen=True):
    """A row of an event."""

    at: Moment
    actor_id: UUID | None
    action: Act
    object_id: UUID | None
    recipient_id: UUID | None
    id: Sequence
    patient_id: UUID | None


class OpeningRow(Row, frozen=True):
    """When a share was opened."""

    object_id: UUID
    at: Moment


async def events_about(patient: UUID, *, limit: int = 500, before: int | None = None) -> Opened[Event]:
    """Give the latest events about *patient*'s record, newest first; *before* an event's id for the next."""
    return _events(await _latest(AuditEvent.filter(patient_id=patient), limit, before))


async def of_everybody(
    *, limit: int, before: int | None = None, person: UUID | None = None, room: str = ""
) -> Opened[Whole]:
    """
    Give the latest events of the whole log, newest first; *before* an event's id for the next.

    Args:
        person: Only what this person did, or what was done about or for them.
        room: Only the classes whose names begin with it, such as "share".
    """
    query = AuditEvent.all()
    if person is not None:
        concerned = Q(actor_id=person) | Q(patient_id=person) | Q(recipient_id=person) | Q(object_id=person)
        query = query.filter(concerned)
    if room:
        query = query.filter(action__in=[act.value for act in Act if act.value.startswith(f"{room}.")])
    rows = await _latest(query, limit, before)
    return Opened([Whole(_event(row), row.patient_id) for row in whole(rows)], _damaged(rows))


async def openings(patient: UUID, shares: Iterable[UUID]) -> dict[UUID, tuple[datetime, ...]]:
    """Give when each of *shares* was opened, oldest first; those that nobody opened are left out."""
    query = AuditEvent.filter(patient_id=patient, action=Act.SHARE_OPENED.value, object_id__in=list(shares))
    found: dict[UUID, tuple[datetime, ...]] = {}
    for row in whole(await read(OpeningRow, query.order_by("id"))):
        found[row.object_id] = (*found.get(row.object_id, ()), row.at)
    return found


async def every_event(patient: UUID, *, by: UUID | None = None) -> Opened[Event]:
    """Give all events about *patient*'s record, oldest first; with *by*, the acts of that person alone."""
    query = AuditEvent.filter(patient_id=patient)
    if by is not None:
        query = query.filter(actor_id=by)
    return _events(await read(EventRow, query.order_by("id")))


async def given_away(
    patient: UUID,
    given: Iterable[Act],
    taken: Iterable[Act],
    *,
    since: datetime,
    limit: int | None = None,
    before: int | None = None,
) -> Opened[Event]:
    """Give the acts of *given*, and those of *taken* that were not the patient's own, newest first."""
    others = Q(action__in=[act.value for act in taken]) & ~Q(actor_id=patient)
    query = AuditEvent.filter(Q(action__in=[act.value for act in given]) | others, patient_id=patient)
    return _events(await _latest(query.filter(at__gte=since), limit, before))


async def _latest(
    query: QuerySet[AuditEvent], limit: int | None, before: int | None
) -> list[EventRow | DamagedRow]:
    """Read the latest events; those that are damaged come besides, and push none off the page."""
    if before is not None:
        query = query.filter(id__lt=before)
    query = query.order_by("-id")
    if limit is None:
        return await read(EventRow, query)
    most = limit
    while True:
        rows = await read(EventRow, query.limit(most))
        damaged = len(_damaged(rows))
        if len(rows) < most or most == limit + damaged:
            return rows
        most = limit + damaged


def _events(rows: Iterable[EventRow | DamagedRow]) -> Opened[Event]:
    rows = list(rows)
    return Opened(map(_event, whole(rows)), _damaged(rows))


def _event(row: EventRow) -> Event:
    return Event(row.at, row.actor_id, row.action, row.object_id, row.recipient_id, row.id)


def _damaged(rows: Iterable[EventRow | DamagedRow]) -> tuple[None, ...]:
    """Give None for each: an event goes by its number, which is not an id that leads anywhere."""
    return tuple(None for row in rows if isinstance(row, DamagedRow))
