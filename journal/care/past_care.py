"""
Seal and open whom care has ended with, and list whom it has not.

The end of care destroys the pins that prove who the two people of a link were. What is shown from then on was sealed
at the end, and not looked up by what the row says: a row that points elsewhere names nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from journal.care import tables
from journal.care.documents import PastCare, past_care_context
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.rows import Row, fetch_rows, filter_undamaged


class CarerRow(Row, frozen=True):
    """The clinician of a care link."""

    clinician_id: UUID


class PastLink(Protocol):
    """What a row says of a link that ends."""

    @property
    def id(self) -> UUID:
        """Return its id."""

    @property
    def patient_id(self) -> UUID:
        """Return the patient's id."""

    @property
    def created_at(self) -> datetime:
        """Return when it began."""


def seal_past(
    installation: Installation,
    link: PastLink,
    clinician: UUID,
    name: str,
    profession: str,
    until: datetime,
    ended_by: Role | None = None,
) -> bytes:
    """Seal the clinician with whom care ends at *until*, by a name that was proven before."""
    document = PastCare(
        str(clinician),
        name,
        profession,
        link.created_at.isoformat(),
        until.isoformat(),
        ended_by.value if ended_by else "",
    )
    return seal_document(installation.server_keys, document, past_care_context(link.patient_id, link.id))


def open_past(
    installation: Installation, link: UUID, patient: UUID, clinician: UUID, past: bytes | None
) -> PastCare:
    """
    Open what was sealed when a link ended.

    Raises:
        Damaged: If nothing was, or it belongs to other people.
    """
    if past is None:
        raise Damaged
    found = open_document(installation.server_keys, past, past_care_context(patient, link), PastCare)
    if found.clinician != str(clinician):
        raise Damaged
    return found


async def list_carers(patient: UUID) -> frozenset[UUID]:
    """
    Return the clinicians whose care of a patient has not ended, as the rows have it: agreed on or not, paused or not.

    For what a patient may do once care is over: a row too many refuses it, and they can end it.
    """
    lasting = tables.CareLink.filter(patient_id=patient, ended_at=None)
    return frozenset(row.clinician_id for row in filter_undamaged(await fetch_rows(CarerRow, lasting)))
