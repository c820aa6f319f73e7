"""Which of a clinician's care links have not ended, asked where nobody is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from journal.care import tables
from journal.store.rows import Row, fetch_rows, filter_undamaged


class LastingRow(Row, frozen=True):
    """A link that has not ended, and whose it is."""

    id: UUID
    patient_id: UUID


async def load_lasting_patients(clinician: UUID, known: Mapping[UUID, UUID]) -> frozenset[UUID]:
    """
    Return the patients of those of a clinician's links that have not ended.

    Args:
        known: The patients by the ids of links, as the clinician's own keys have proven them: a row shows only that
            one has not ended.
    """
    lasting = tables.CareLink.filter(id__in=list(known), clinician_id=clinician, ended_at=None)
    rows = await fetch_rows(LastingRow, lasting) if known else []
    return frozenset(row.patient_id for row in filter_undamaged(rows) if known[row.id] == row.patient_id)
