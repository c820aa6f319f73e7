"""
What the log proves of one patient's record: events that this service wrote, whatever storage says of others.

An event that was put in, changed or moved is left out. One that was taken away is not missed here: `hearthside
verify-audit` looks for that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from tortoise.exceptions import OperationalError

from journal.audit.acts import Act
from journal.audit.chain import EventRecord
from journal.audit.key import load_key
from journal.audit.query import EventNumber
from journal.audit.rows import fetch_pending_of
from journal.audit.verification import find_verified_event
from journal.installation.installation import Installation
from journal.store.database import fetch_raw
from journal.store.rows import Row, filter_undamaged, parse_rows

SELECT_NUMBERS = "SELECT id FROM audit_event WHERE patient_id = $1 AND action IN ({places}) ORDER BY id DESC"


class NumberRow(Row, frozen=True):
    """The number of a chained event."""

    id: EventNumber


async def iter_proven(
    installation: Installation, patient: UUID, acts: Sequence[Act]
) -> AsyncIterator[EventRecord]:
    """
    Yield the proven events about a patient's record with one of these acts, the newest first.

    Raises:
        Damaged: If the key of the log does not open.
    """
    chain = installation.audit_key_cache.key or await load_key(installation)
    values = [act.value for act in acts]
    # First what is pending: what is chained in between is seen twice, and never missed.
    for row in reversed(await fetch_pending_of(patient, values)):
        record = row.find_authentic_record(chain)
        if record is not None and _is_wanted(record, patient, acts):
            yield record
    for number in await _fetch_numbers(patient, values):
        record = await find_verified_event(chain, number)
        if record is not None and _is_wanted(record, patient, acts):
            yield record


async def _fetch_numbers(patient: UUID, values: Sequence[str]) -> list[int]:
    places = ", ".join(f"${place}" for place in range(2, len(values) + 2))
    try:
        rows = await fetch_raw(SELECT_NUMBERS.format(places=places), patient, *values)
    except OperationalError:  # a row that cannot be read at all proves nothing
        return []
    return [one.id for one in filter_undamaged(parse_rows(NumberRow, rows))]


def _is_wanted(record: EventRecord, patient: UUID, acts: Sequence[Act]) -> bool:
    """Return whether a proven event is what was asked for: it may have been exchanged since."""
    return record.patient == patient and record.action in {act.value for act in acts}
