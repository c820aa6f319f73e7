"""Accept the journal as it is now."""

from __future__ import annotations

from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import share_list
from journal.care import tables as care_tables
from journal.held_acts import Asked, HeldAct
from journal.sessions.holds import refuse_while_held
from journal.store.database import transaction
from journal.store.rows import IdRow, fetch_rows, filter_undamaged
from journal.vault import record_state
from journal.vault.baseline import rebuild_record_state


async def accept_journal(actor: Actor) -> None:
    """
    Accept the journal as it is now, once its owner has read it and agreed.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
    """
    await refuse_while_held(actor, Asked(HeldAct.ACCEPT))
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, Asked(HeldAct.ACCEPT))
        for link in filter_undamaged(
            await fetch_rows(IdRow, care_tables.CareLink.filter(patient_id=actor.id))
        ):
            await share_list.rebuild_list(actor, link.id)
        await rebuild_record_state(actor.vault, actor.id)
        await audit_log.record_event(actor, Act.JOURNAL_ACCEPTED, patient=actor.id)
