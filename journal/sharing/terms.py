"""
What a patient allows with a share, changed on its own page: until when it can be read, and whether it may be filed.

To file a copy is an act of its clinician, in the record that their practice keeps outside Hearthside. Here only that it
was done is kept, as the two people see it: a copy that is revoked, or ends, is deleted whether or not it was filed.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import share_list, tables
from journal.care.link_keys import open_shared_key
from journal.care.links import require_active
from journal.care.share_list import ShareEnd
from journal.errors import Damaged, JournalError, StaleRevision
from journal.i18n import N_
from journal.sessions.holds import refuse_while_held
from journal.sharing import ends, reading, shares
from journal.sharing.saving import COPY_CHANGED
from journal.sharing.shares import OutgoingShare
from journal.sharing.talked import Filing, compute_digest, seal_filings
from journal.store.database import transaction
from journal.vault import record_state

UPDATED_MEANWHILE = N_("Your patient updated this meanwhile, so it was not filed. Read it again first.")
OPEN_FIRST = N_("You have not opened this yet, so it was not filed. Read it first.")


class FilingNotAllowed(JournalError):
    """A copy that its patient does not allow to be filed, or no longer."""

    message = N_("Your patient has not allowed that this is filed, so nothing was done. You can ask them.")


async def change_terms(actor: Actor, wanted: UUID, until: date | None, may_file: bool) -> None:
    """
    Change until when a copy can be read, None for as long as its patient shares it, and whether it may be filed.

    What takes something back is never held; a later day, none, and filing are held as sharing is.

    Raises:
        HeldUntilRested: Too soon after a dosing session, for more than before.
        InvalidInput: If the day has passed, or lies too far ahead (`until_date`).
        NotFound: If the actor shares no such copy, or it ended already.
        SharingPaused, TrustBroken: For more than before, while nothing is shared with that clinician.
        StaleRevision: If it was changed or taken away in another window.
    """
    one = await shares.load_share(actor, wanted)
    if one.damaged:
        raise Damaged
    end = one.end if one.end and until == one.end.last_day else ends.build_end(actor, until, one.entry)
    if (end, may_file) == (one.end, one.may_file):
        return
    if is_more := _is_longer(one.end, end) or (may_file and not one.may_file):
        await shares.require_open(actor, one.link)
    await record_state.require_intact(actor)
    async with transaction():
        await record_state.lock_state(actor)
        if is_more:
            await refuse_while_held(actor, is_noted=False)
        there = tables.Share.filter(id=wanted, link_id=one.link.id, ended_at=None)
        columns = ends.build_columns(actor.installation, one.link.id, wanted, end)
        if not await there.update(**columns):
            raise StaleRevision(COPY_CHANGED)
        await share_list.set_terms(actor, one.link.id, wanted, (one.end, one.may_file), (end, may_file))
        for act in _list_acts(one, end, may_file):
            await audit_log.record_event(
                actor, act, patient=actor.id, about=wanted, recipient=one.link.clinician
            )


def _list_acts(one: OutgoingShare, end: ShareEnd | None, may_file: bool) -> list[Act]:
    ended = [Act.SHARE_END_CHANGED] if end != one.end else []
    return ended + ([Act.SHARE_FILING_CHANGED] if may_file != one.may_file else [])


def _is_longer(before: ShareEnd | None, after: ShareEnd | None) -> bool:
    if before is None or after is None:
        return before is not None
    return after.moment > before.moment


async def file_share(actor: Actor, patient: UUID, wanted: UUID, revision: int) -> None:
    """
    Record that a clinician filed a copy in the record of their practice; its patient sees that. Once for each revision.

    Args:
        revision: The one that they read, and file.

    Raises:
        FilingNotAllowed: If its patient does not allow it.
        NotFound: If it is not shared, or ended.
        SharingPaused, TrustBroken: While nothing of it can be opened.
        StaleRevision: If it was updated since, or never opened.
    """
    link = await care_links.load_link_with(actor, patient)
    key = await open_shared_key(actor, link)
    async with transaction():
        await lock_account(patient)  # the patient's own acts take it first
        await require_active(link)
        await require_keys(actor)
        one = await reading.open_one(actor, link, wanted)
        if one.filed is not None and revision == one.revision:
            return
        if not one.may_file:
            raise FilingNotAllowed
        if one.revision != revision:
            raise StaleRevision(UPDATED_MEANWHILE)
        if one.unread:
            raise StaleRevision(OPEN_FIRST)
        filings = (*one.filings, Filing(revision, actor.now, compute_digest(one.document)))
        sealed = seal_filings(key, link.id, wanted, filings)
        await tables.Share.filter(id=wanted, link_id=link.id).update(filed=sealed)
        await audit_log.record_event(actor, Act.SHARE_FILED, patient=patient, about=wanted)
