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
from journal.audit.chain import Line
from journal.audit.key import KEY, open_key
from journal.audit.verification import proven_event
from journal.care import tables
from journal.care.past_care import seal_past
from journal.errors import Damaged
from journal.installation.installation import House
from journal.store.database import fetch
from journal.store.rows import Row, read, typed, whole

BEGAN = (Act.CARE_BEGAN, Act.HANDOVER_ACCEPTED)
RENEWED = (Act.RESTARTED, Act.LINK_RENEWED)
"""With each of them a new link takes the place of the one that the two people had."""
EVENTS = """
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
class Proven:
    """Care that the log proves."""

    id: UUID
    patient_id: UUID
    created_at: datetime
    until: datetime


async def seal_unnamed(house: House) -> int:
    """Seal the clinicians of ended links without a name, where the log proves them; return how many."""
    unnamed = tables.CareLink.filter(past=None, ended_at__isnull=False)
    rows = whole(await read(UnnamedRow, unnamed))
    keys = await fetch(KEY) if rows else ()
    sealed = 0
    for row in rows if keys else ():
        care = await _proven(open_key(house, keys[0][0]), row)
        if care is None:
            continue
        try:
            was = await load_profile(house, row.clinician_id)
        except Damaged:
            continue
        past = seal_past(house, care, row.clinician_id, was.name, was.profession, care.until)
        same = unnamed.filter(id=row.id, patient_id=row.patient_id, clinician_id=row.clinician_id)
        sealed += await same.update(past=past)
    return sealed


async def _proven(chain: MacKey, row: UnnamedRow) -> Proven | None:
    found = whole(
        typed(
            EventRow,
            await fetch(EVENTS, row.patient_id, *[act.value for act in (*BEGAN, *RENEWED, Act.CARE_ENDED)]),
        )
    )
    began = next((one for one in found if one.action in BEGAN and one.object_id == row.id), None)
    if began is None or began.recipient_id != row.clinician_id:
        return None
    ended = next((one for one in found if one.id > began.id and _ends(one, row)), None)
    if ended is None:
        return None
    first, last = await proven_event(chain, began.id), await proven_event(chain, ended.id)
    if (
        first is None
        or last is None
        or not (_is_as_read(first, began, row) and _is_as_read(last, ended, row))
    ):
        return None
    return Proven(row.id, row.patient_id, first.at, last.at)


def _ends(event: EventRow, row: UnnamedRow) -> bool:
    if event.action in RENEWED:
        return event.recipient_id == row.clinician_id and event.object_id != row.id
    return event.action is Act.CARE_ENDED and event.object_id == row.id


def _is_as_read(line: Line, event: EventRow, row: UnnamedRow) -> bool:
    """Return whether a proven event is the one that was read: it may have been exchanged since."""
    read_before = (row.patient_id, event.action, event.object_id, event.recipient_id)
    return (line.patient, line.action, line.about, line.recipient) == read_before
