"""
Whom care has ended with.

At the end of care the pins are destroyed that would prove who the two people of a link were. What is shown from then on
was sealed at the end, and not looked up by what the row says: a row that points elsewhere names nobody.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from journal import tables
from journal.documents import PastCare, open_document, past_context, seal_document
from journal.errors import Damaged
from journal.house import House


def seal_past(
    house: House, row: tables.CareLink, clinician: UUID, name: str, profession: str, until: datetime
) -> bytes:
    """Seal whose care ends at *until*, by a name that was proven while it lasted."""
    document = PastCare(str(clinician), name, profession, row.created_at.isoformat(), until.isoformat())
    return seal_document(house.server, document, past_context(row.patient_id, row.id))  # type: ignore[attr-defined]


def open_past(house: House, row: tables.CareLink) -> PastCare:
    """
    Open what was sealed when a link ended.

    Raises:
        Damaged: If nothing was, or it belongs to other people.
    """
    if row.past is None:
        raise Damaged
    place = past_context(row.patient_id, row.id)  # type: ignore[attr-defined]
    found = open_document(house.server, bytes(row.past), place, PastCare)
    if found.clinician != str(row.clinician_id):  # type: ignore[attr-defined]
        raise Damaged
    return found
