"""That copies were opened, each as it was read, in one transaction with the proof that they are still shared."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.care import tables
from journal.care.links import Link, require_active
from journal.errors import StaleRevision
from journal.sharing.reading import IncomingShare
from journal.store.database import transaction
from journal.store.rows import NonNegative, Row, fetch_rows, filter_undamaged


class ReadRow(Row, frozen=True):
    """A copy by its id and revision."""

    id: UUID
    revision: NonNegative


async def mark_as_read(actor: Actor, link: Link, read: Sequence[IncomingShare]) -> bool:
    """
    Record that these copies were opened: the patient sees it. Nothing is recorded for a HEAD request.

    Returns:
        Whether each is still shared as it was read; if not, nothing was recorded, and they are to be read again.
    """
    if not read or actor.is_head_request:
        return True
    if any(one.end is not None and one.end.is_over(actor.now) for one in read):
        return False
    ids = [one.id for one in read]
    async with transaction():
        try:
            await require_active(link)  # locks the link, so that nothing is shared or taken back meanwhile
        except StaleRevision:
            return False
        copies = tables.Share.filter(link_id=link.id, id__in=ids, ended_at=None)
        there = {(row.id, row.revision) for row in filter_undamaged(await fetch_rows(ReadRow, copies))}
        if not there.issuperset((one.id, one.revision) for one in read):
            return False
        await copies.filter(opened_at=None).update(opened_at=actor.now)
        await audit_log.record_share_openings(actor, link.patient, ids)
    return True
