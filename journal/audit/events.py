"""
The events of the audit log for the pages that list them: one that storage damaged hides no other.

Whether the log as a whole is what was written, `verification.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from journal.audit.acts import Act
from journal.audit.query import (
    Condition,
    Event,
    EventRow,
    EventRows,
    PatientEvent,
    build_in_clause,
    fetch_newest,
    fetch_oldest,
)
from journal.store.rows import DamagedRow, OpenedRows, filter_undamaged


async def list_patient_events(
    patient: UUID, *, limit: int = 500, before: int | None = None
) -> OpenedRows[Event]:
    """Return the latest events about *patient*'s record, newest first; *before* an event's number for the next."""
    return _build_events(await fetch_newest(_match_patient(patient).older_than(before), limit))


async def list_events(
    *, limit: int, before: int | None = None, person: UUID | None = None, category: str = ""
) -> OpenedRows[PatientEvent]:
    """
    Return the latest events of the whole log, newest first; *before* an event's number for the next.

    Args:
        person: Only what this person did, or what was done about or for them.
        category: Only the classes whose names begin with it, such as "share".
    """
    wanted = Condition().older_than(before)
    if person is not None:
        columns = ("actor_id", "patient_id", "recipient_id", "object_id")
        wanted = wanted.with_clause(
            " OR ".join(f"{column} = {{}}" for column in columns), *[person] * len(columns)
        )
    if category:
        acts = [act.value for act in Act if act.value.startswith(f"{category}.")]
        wanted = wanted.with_clause(build_in_clause("action", acts), *acts)
    rows = await fetch_newest(wanted, limit)
    return OpenedRows(
        [PatientEvent(_build_event(row), row.patient_id) for row in filter_undamaged(rows)],
        _list_damaged(rows),
    )


async def load_share_openings(patient: UUID, shares: Iterable[UUID]) -> dict[UUID, tuple[datetime, ...]]:
    """Return when each of *shares* was opened, oldest first; those that nobody opened are left out."""
    asked = list(shares)
    opened = _match_patient(patient).with_clause("action = {}", Act.SHARE_OPENED.value)
    found: dict[UUID, tuple[datetime, ...]] = {}
    for row in filter_undamaged(
        await fetch_oldest(opened.with_clause(build_in_clause("object_id", asked), *asked))
    ):
        if row.object_id is not None:
            found[row.object_id] = (*found.get(row.object_id, ()), row.at)
    return found


async def has_shared(patient: UUID, clinician: UUID) -> bool:
    """Return whether *patient* ever gave *clinician* a copy, also one that is gone."""
    wanted = _match_patient(patient).with_clause(
        "action = {} AND recipient_id = {}", Act.SHARED.value, clinician
    )
    return bool(filter_undamaged(await fetch_newest(wanted, 1)))


async def list_all_patient_events(patient: UUID, *, by: UUID | None = None) -> OpenedRows[Event]:
    """Return all events about *patient*'s record, oldest first; with *by*, the acts of that person alone."""
    wanted = _match_patient(patient)
    if by is not None:
        wanted = wanted.with_clause("actor_id = {}", by)
    return _build_events(await fetch_oldest(wanted))


async def list_own_events(person: UUID, acts: Iterable[Act], *, limit: int) -> OpenedRows[Event]:
    """Return what a patient did about their own record, of some classes, newest first."""
    wanted = [act.value for act in acts]
    mine = _match_patient(person).with_clause("actor_id = {}", person)
    found = await fetch_newest(mine.with_clause(build_in_clause("action", wanted), *wanted), limit)
    return _build_events(found)


async def list_disclosure_events(
    patient: UUID,
    disclosing: Iterable[Act],
    disclosing_by_others: Iterable[Act],
    *,
    since: datetime,
    limit: int | None = None,
    before: int | None = None,
) -> OpenedRows[Event]:
    """
    Return the acts of *disclosing*, and those of *disclosing_by_others* that were not the patient's own, newest first.
    """
    by_anybody, by_others = [act.value for act in disclosing], [act.value for act in disclosing_by_others]
    wanted = _match_patient(patient).with_clause(
        f"{build_in_clause('action', by_anybody)} OR ({build_in_clause('action', by_others)} AND actor_id <> {{}})",
        *by_anybody,
        *by_others,
        patient,
    )
    return _build_events(await fetch_newest(wanted.with_clause("at >= {}", since).older_than(before), limit))


def _match_patient(patient: UUID) -> Condition:
    return Condition("patient_id = {}", (patient,))


def _build_events(rows: EventRows) -> OpenedRows[Event]:
    return OpenedRows(map(_build_event, filter_undamaged(rows)), _list_damaged(rows))


def _build_event(row: EventRow) -> Event:
    return Event(row.at, row.actor_id, row.action, row.object_id, row.recipient_id, row.id)


def _list_damaged(rows: EventRows) -> tuple[None, ...]:
    """Return None for each: an event goes by its number, which is not an id that leads anywhere."""
    return tuple(None for row in rows if isinstance(row, DamagedRow))
