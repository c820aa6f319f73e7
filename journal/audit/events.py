"""
The events of the audit log for the pages that list them: one that storage damaged hides no other.

Whether the log as a whole is what was written, `verification.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from journal.audit.acts import Act
from journal.audit.query import Condition, Event, EventRow, Rows, Whole, newest, oldest, one_of
from journal.store.rows import DamagedRow, Opened, whole


async def events_about(patient: UUID, *, limit: int = 500, before: int | None = None) -> Opened[Event]:
    """Return the latest events about *patient*'s record, newest first; *before* an event's number for the next."""
    return _events(await newest(_about(patient).before(before), limit))


async def of_everybody(
    *, limit: int, before: int | None = None, person: UUID | None = None, room: str = ""
) -> Opened[Whole]:
    """
    Return the latest events of the whole log, newest first; *before* an event's number for the next.

    Args:
        person: Only what this person did, or what was done about or for them.
        room: Only the classes whose names begin with it, such as "share".
    """
    wanted = Condition().before(before)
    if person is not None:
        columns = ("actor_id", "patient_id", "recipient_id", "object_id")
        wanted = wanted.also(" OR ".join(f"{column} = {{}}" for column in columns), *[person] * len(columns))
    if room:
        acts = [act.value for act in Act if act.value.startswith(f"{room}.")]
        wanted = wanted.also(one_of("action", acts), *acts)
    rows = await newest(wanted, limit)
    return Opened([Whole(_event(row), row.patient_id) for row in whole(rows)], _damaged(rows))


async def openings(patient: UUID, shares: Iterable[UUID]) -> dict[UUID, tuple[datetime, ...]]:
    """Return when each of *shares* was opened, oldest first; those that nobody opened are left out."""
    asked = list(shares)
    opened = _about(patient).also("action = {}", Act.SHARE_OPENED.value)
    found: dict[UUID, tuple[datetime, ...]] = {}
    for row in whole(await oldest(opened.also(one_of("object_id", asked), *asked))):
        if row.object_id is not None:
            found[row.object_id] = (*found.get(row.object_id, ()), row.at)
    return found


async def every_event(patient: UUID, *, by: UUID | None = None) -> Opened[Event]:
    """Return all events about *patient*'s record, oldest first; with *by*, the acts of that person alone."""
    wanted = _about(patient)
    if by is not None:
        wanted = wanted.also("actor_id = {}", by)
    return _events(await oldest(wanted))


async def given_away(
    patient: UUID,
    given: Iterable[Act],
    taken: Iterable[Act],
    *,
    since: datetime,
    limit: int | None = None,
    before: int | None = None,
) -> Opened[Event]:
    """Return the acts of *given*, and those of *taken* that were not the patient's own, newest first."""
    by_anybody, by_others = [act.value for act in given], [act.value for act in taken]
    wanted = _about(patient).also(
        f"{one_of('action', by_anybody)} OR ({one_of('action', by_others)} AND actor_id <> {{}})",
        *by_anybody,
        *by_others,
        patient,
    )
    return _events(await newest(wanted.also("at >= {}", since).before(before), limit))


def _about(patient: UUID) -> Condition:
    return Condition("patient_id = {}", (patient,))


def _events(rows: Rows) -> Opened[Event]:
    return Opened(map(_event, whole(rows)), _damaged(rows))


def _event(row: EventRow) -> Event:
    return Event(row.at, row.actor_id, row.action, row.object_id, row.recipient_id, row.id)


def _damaged(rows: Rows) -> tuple[None, ...]:
    """Return None for each: an event goes by its number, which is not an id that leads anywhere."""
    return tuple(None for row in rows if isinstance(row, DamagedRow))
