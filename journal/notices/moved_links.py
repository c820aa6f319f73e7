"""
What becomes of notices where a new care link takes the place of another between the same two people.

Nothing goes by what was agreed over the old one, not even what was written and waits: it is agreed anew or not at all.
What went, and nobody acknowledged, stays open on top for whom it went to: it is sealed again for the new link.
"""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from tortoise.expressions import Q

from journal.actor import Actor
from journal.care import lifecycle, tables
from journal.care import links as care_links
from journal.care.link_keys import open_shared_key
from journal.notices.documents import NoticeDocument, notice_context
from journal.notices.writing import NoticeRow
from journal.sealing import seal_document
from journal.store.rows import fetch_rows, filter_undamaged


async def move_open(actor: Actor, old: UUID, new: UUID) -> None:
    """Move a patient's open notices from their care link *old* to *new*, in the transaction that makes it."""
    there = {one.id: one for one in await care_links.load_my_links(actor)}
    key = await open_shared_key(actor, there[new])
    went = tables.PatientNotice.filter(
        Q(link_id=old, released_at__isnull=False, sealed__isnull=False)
        | Q(backup_id=old, backup_released_at__isnull=False, backup_sealed__isnull=False),
        patient_id=actor.id,
        acknowledged_at=None,
    )
    for row in filter_undamaged(await fetch_rows(NoticeRow, went)):
        at, context = (
            row.created_at.astimezone(UTC).isoformat(timespec="seconds"),
            notice_context(new, row.id),
        )
        one = tables.PatientNotice.filter(id=row.id)
        if row.link_id == old:
            await one.update(link_id=new, sealed=seal_document(key, NoticeDocument(at), context))
        else:
            first = there[row.link_id].peer_name if row.link_id in there else ""
            document = NoticeDocument(at, first)
            await one.update(backup_id=new, backup_sealed=seal_document(key, document, context))
    await lifecycle.end_notices(old)
