"""What a patient allows with a share, changed on its own page: until when it can be read."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import share_list, tables
from journal.care.share_list import ShareEnd
from journal.errors import Damaged, StaleRevision
from journal.sessions.holds import refuse_while_held
from journal.sharing import ends, shares
from journal.sharing.saving import COPY_CHANGED
from journal.store.database import transaction
from journal.vault import record_state


async def change_end(actor: Actor, wanted: UUID, until: date | None) -> None:
    """
    Change until when a copy can be read; None for as long as its patient shares it.

    An earlier day takes something back, so it is never held; a later one, and none, are held as sharing is.

    Raises:
        HeldUntilRested: Too soon after a dosing session, for longer than before.
        InvalidInput: If the day has passed, or lies too far ahead (`until_date`).
        NotFound: If the actor shares no such copy, or it ended already.
        SharingPaused, TrustBroken: For longer than before, while nothing is shared with that clinician.
        StaleRevision: If it was changed or taken away in another window.
    """
    one = await shares.load_share(actor, wanted)
    if one.damaged:
        raise Damaged
    end = ends.build_end(actor, until, one.entry)
    if end == one.end:
        return
    if is_longer := _is_longer(one.end, end):
        await shares.require_open(actor, one.link)
    await record_state.require_intact(actor)
    async with transaction():
        await record_state.lock_state(actor)
        if is_longer:
            await refuse_while_held(actor, is_noted=False)
        there = tables.Share.filter(id=wanted, link_id=one.link.id, ended_at=None)
        seen = there.filter(ends_at=one.end.moment if one.end else None)
        if not await seen.update(ends_at=end.moment if end else None):
            raise StaleRevision(COPY_CHANGED)
        await share_list.set_end(actor, one.link.id, wanted, end)
        await audit_log.record_event(
            actor, Act.SHARE_END_CHANGED, patient=actor.id, about=wanted, recipient=one.link.clinician
        )


def _is_longer(before: ShareEnd | None, after: ShareEnd | None) -> bool:
    if before is None or after is None:
        return before is not None
    return after.moment > before.moment
