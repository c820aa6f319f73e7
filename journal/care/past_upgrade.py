"""
Seal the clinician of care that ended in a version that sealed no name, from what the audit log proves.

The row alone proves nothing. The event with which care began says who cared for whom and since when, the one with
which it ended until when; both have to stand in the chain as this service wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crypto import MacKey
from journal.accounts.profiles import load_profile
from journal.audit.acts import Act
from journal.audit.chain import EventRecord
from journal.audit.key import SELECT_KEY, open_key
from journal.audit.verification import find_verified_event
from journal.care import tables
from journal.care.past_care import seal_past
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.store.database import fetch_raw
from journal.store.rows import Row, fetch_rows, filter_undamaged, parse_rows

BEGINNING_ACTS = (Act.CARE_BEGAN, Act.HANDOVER_ACCEPTED)
RENEWING_ACTS = (Act.RESTARTED, Act.LINK_RENEWED)
"""With each of them a new link takes the place of the one that the two people had."""
SELECT_EVENTS = """
    SELECT id, action, object_id, recipient_id FROM audit_event
    WHERE patient_id = $1 AND action IN ($2, $3, $4, $5, $6) ORDER BY id
"""


class UnnamedRow(Row, frozen=True):
    """A link that ended, and no sealed name."""

    id: UUID
    patient_id: UUID
    clinician_id: UUID


class EventRow(Row, frozen=True):
    """An event with which care began or ended."""

    id: int
    action: Act
    object_id: UUID | None
    recipient_id: UUID | None


@dataclass(frozen=True, slots=True)
class ProvenCare:
    """Care that the log proves."""

    id: UUID
    patient_id: UUID
    created_at: datetime
    until: datetime


async def seal_unnamed_links(installation: Installation) -> int:
    """Seal the clinicians of ended links without a name, where the log proves them; return how many."""
    unnamed = tables.CareLink.filter(past=None, ended_at__isnull=False)
    rows = filter_undamaged(await fetch_rows(UnnamedRow, unnamed))
    keys = await fetch_raw(SELECT_KEY) if rows else ()
    sealed = 0
    for row in rows if keys else ():
        care = await _find_proven_care(open_key(installation, keys[0][0]), row)
        if care is None:
            continue
        try:
            was = await load_profile(installation, row.clinician_id)
        except Damaged:
            continue
        past = seal_past(installation, care, row.clinician_id, was.name, was.profession, care.until)
        same = unnamed.filter(id=row.id, patient_id=row.patient_id, clinician_id=row.clinician_id)
        sealed += await same.update(past=past)
    return sealed


async def _find_proven_care(chain: MacKey, row: UnnamedRow) -> ProvenCare | None:
    found = filter_undamaged(
        parse_rows(
            EventRow,
            await fetch_raw(
                SELECT_EVENTS,
                row.patient_id,
                *[act.value for act in (*BEGINNING_ACTS, *RENEWING_ACTS, Act.CARE_ENDED)],
            ),
        )
    )
    began = next((one for one in found if one.action in BEGINNING_ACTS and one.object_id == row.id), None)
    if began is None or began.recipient_id != row.clinician_id:
        return None
    ended = next((one for one in found if one.id > began.id and _is_ending(one, row)), None)
    if ended is None:
        return None
    first, last = await find_verified_event(chain, began.id), await find_verified_event(chain, ended.id)
    if (
        first is None
        or last is None
        or not (_is_same_event(first, began, row) and _is_same_event(last, ended, row))
    ):
        return None
    return ProvenCare(row.id, row.patient_id, first.at, last.at)


def _is_ending(event: EventRow, row: UnnamedRow) -> bool:
    if event.action in RENEWING_ACTS:
        return event.recipient_id == row.clinician_id and event.object_id != row.id
    return event.action is Act.CARE_ENDED and event.object_id == row.id


def _is_same_event(line: EventRecord, event: EventRow, row: UnnamedRow) -> bool:
    """Return whether a proven event is the one that was read: it may have been exchanged since."""
    read_before = (row.patient_id, event.action, event.object_id, event.recipient_id)
    return (line.patient, line.action, line.about, line.recipient) == read_before
