"""Pause sharing, resume it, end care; and which links have not ended, asked where nobody is signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.queryset import QuerySet

from crypto import (
    CryptoError,
    Sealer,
    grant_link_key,
)
from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import share_list, tables
from journal.care.link_keys import get_peer_identity, open_own_copy
from journal.care.links import ERASED_COLUMNS, load_my_link, load_my_links
from journal.care.past_care import seal_past
from journal.errors import Damaged, HeldUntilRested, InvalidInput, NotFound
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.roles import Role
from journal.sessions import plan_key
from journal.sessions.holds import HELD_FOR_CARE_TEAM, PatientHold, load_patient_hold, refuse_while_held
from journal.store.database import flush_deleted, transaction
from journal.store.rows import IdRow, Row, fetch_rows, filter_undamaged
from journal.vault import record_state

OWN_NOTES_KEPT = timedelta(days=90)
"""How long after the end of care a clinician's own notes stand before their writer is asked what becomes of them."""
NO_REST = "no_rest"
"""The field of a clinician's word that a patient has not said that they rested."""
TICK_NO_REST = N_("Tick this once you have spoken with your patient, or know that you cannot reach them.")


class PairRow(Row, frozen=True):
    """Whose link a care link is."""

    patient_id: UUID
    clinician_id: UUID


class LastingRow(Row, frozen=True):
    """A link that has not ended, and whose it is."""

    id: UUID
    patient_id: UUID


async def pause_sharing(actor: Actor, wanted: UUID | None = None) -> None:
    """
    Stop one clinician, or all, from opening anything, at once and until resumed. Never held back.

    The clinician's copy of the link key is deleted; the patient keeps theirs, so that resuming is possible.
    Nothing is opened for it, so that no damaged row prevents it.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await pause_links(actor, wanted)
    await flush_deleted()


async def pause_links(actor: Actor, wanted: UUID | None = None) -> None:
    """Pause one link of the patient's, or all, in the transaction that is open, and first in it; as `pause_sharing`."""
    await record_state.lock_state(actor)
    mine, stopped = tables.CareLink.filter(patient_id=actor.id, ended_at=None), []
    ids = [row.id for row in filter_undamaged(await fetch_rows(IdRow, mine))]
    if wanted is not None and wanted not in ids:
        raise NotFound
    for link in ids if wanted is None else [wanted]:
        active = mine.filter(id=link, paused_at=None)
        if await active.update(clinician_key=None, held_key=None, plan_copy=None, paused_at=actor.now):
            stopped.append(link)
            await share_list.set_paused(actor, link)
            await _withhold_notices(link)
    if wanted is None:  # also what has no id that can be read
        withheld = {"clinician_key": None, "held_key": None, "plan_copy": None}
        await mine.filter(paused_at=None).update(**withheld, paused_at=actor.now)
    await plan_key.mark_due(actor.id, actor.now)
    await audit_log.record_events(actor, Act.SHARING_PAUSED, actor.id, stopped)


async def resume_sharing(actor: Actor, wanted: UUID) -> None:
    """
    Seal the link key to the clinician's pinned keys again.

    Raises:
        HeldUntilRested: Too soon after a dosing session: what is opened then cannot be unread.
        TrustBroken: If the clinician's keys are not the pinned ones.
    """
    actor.require_role(Role.PATIENT)
    await refuse_while_held(actor, Asked(HeldAct.RESUME, wanted))
    link = await load_my_link(actor, wanted)
    theirs = await get_peer_identity(actor, link)
    ids = {"link": link.id.bytes, "patient": link.patient.bytes, "clinician": link.clinician.bytes}
    try:
        key = open_own_copy(actor, link)
        blob = grant_link_key(key, **ids, to=theirs, signer=actor.open_identity())
    except CryptoError as error:
        raise Damaged from error
    async with transaction():
        # Before the state's lock: the plan's key needs this one, and two acts would wait for each other.
        await lock_account(actor.id)
        await record_state.lock_state(actor)
        await refuse_while_held(actor, Asked(HeldAct.RESUME, wanted))
        copy = plan_key.seal_copy(await plan_key.load_or_draw(actor), link.id, Sealer(key))
        changed = await tables.CareLink.filter(id=link.id, ended_at=None, paused_at__isnull=False).update(
            clinician_key=blob, held_key=None, plan_copy=copy, paused_at=None
        )
        if changed:
            await share_list.set_paused(actor, link.id, False)
            await audit_log.record_event(
                actor, Act.SHARING_RESUMED, patient=actor.id, about=link.id, recipient=link.clinician
            )


async def end_care(
    actor: Actor,
    wanted: UUID,
    *,
    knows_no_rest: bool = False,
    before: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """
    End care, from either side: every shared copy and every copy of the link's key is destroyed.

    So are the pins and the voucher: nobody can restore the link. A patient can also end a row that only passes for
    a link of theirs.

    Args:
        knows_no_rest: Whether a clinician said that they know that the patient did not say that they rested: their
            word is asked for where the patient's has not come for a week.
        before: Keeps what is not to be lost, before anything is deleted.

    Raises:
        HeldUntilRested: A dosing session, and nobody has said that the patient rested.
        InvalidInput: For a clinician whose word is asked for.
        TrustBroken: For a clinician who never agreed on it.
    """
    async with transaction():
        await record_state.lock_state(actor)
        if before is not None:
            await before()
        await end_link(actor, wanted, knows_no_rest=knows_no_rest)
    await flush_deleted()


async def end_link(actor: Actor, wanted: UUID, *, knows_no_rest: bool = False) -> None:
    """End one link in the transaction that is open, which began with `record_state.lock_state`; as `end_care`."""
    if actor.role is Role.PATIENT:
        await refuse_while_held(actor, Asked(HeldAct.END_CARE, wanted))
        mine, patient = tables.CareLink.filter(id=wanted, patient_id=actor.id), actor.id
    else:
        mine, patient = tables.CareLink.filter(id=wanted), (await load_my_link(actor, wanted)).patient
        await lock_account(patient)
        await _refuse_while_patient_held(actor, patient, knows_no_rest=knows_no_rest)
    past = await _seal_past_care(actor, wanted)
    changed = await mine.filter(ended_at=None).update(
        pair=None, ended_at=actor.now, past=past, **ERASED_COLUMNS
    )
    if not changed:
        raise NotFound
    await plan_key.mark_due(patient, actor.now)
    await tables.LinkRenewal.filter(id=wanted).delete()
    await tables.LinkHead.filter(id=wanted).delete()
    await tables.Share.filter(link_id=wanted).delete()
    await tables.GivenBack.filter(link_id=wanted).delete()
    await tables.CareNote.filter(link_id=wanted).delete()
    await tables.TalkItem.filter(link_id=wanted).delete()
    await _delete_earlier_remains(wanted)
    await _ask_about_own_notes(tables.CareLink.filter(id=wanted), actor.now)
    await end_notices(wanted)
    if actor.role is Role.PATIENT:  # the clinician leaves the list: what the patient remembers stays right
        await share_list.delete_list(actor, wanted)
    await audit_log.record_event(actor, Act.CARE_ENDED, patient=patient, about=wanted)


async def end_all_for_own_notes(patient: UUID, now: datetime) -> None:
    """End care with whoever has notes of their own about a patient whose account is about to be deleted."""
    await _ask_about_own_notes(tables.CareLink.filter(patient_id=patient, ended_at=None), now)


async def withhold_all_notices(patient: UUID) -> None:
    """End what a patient agreed on about notices with anybody, and erase the copies that have not gone yet."""
    await tables.NoticePolicy.filter(patient_id=patient).delete()
    mine = tables.PatientNotice.filter(patient_id=patient)
    await mine.filter(released_at=None).update(sealed=None)
    await mine.filter(backup_released_at=None).update(backup_sealed=None)


async def _refuse_while_patient_held(actor: Actor, patient: UUID, *, knows_no_rest: bool) -> None:
    hold = await load_patient_hold(actor.installation, patient, actor.now)
    if hold is PatientHold.BINDING:
        raise HeldUntilRested(HELD_FOR_CARE_TEAM)
    if hold is PatientHold.OVERDUE and not knows_no_rest:
        raise InvalidInput({NO_REST: TICK_NO_REST})


async def _withhold_notices(link: UUID) -> None:
    """Erase the copies of notices that have not gone yet: what a pause stopped does not go by itself after it."""
    await tables.PatientNotice.filter(link_id=link, released_at=None).update(sealed=None)
    await tables.PatientNotice.filter(backup_id=link, backup_released_at=None).update(backup_sealed=None)


async def end_notices(link: UUID) -> None:
    """
    End what is agreed over a link that ends, and erase what notices hold under its key.

    An empty copy is one that went, none one that did not.
    """
    await tables.NoticePolicy.filter(id=link).delete()
    await _withhold_notices(link)
    notices = tables.PatientNotice
    await notices.filter(link_id=link, sealed__isnull=False).update(sealed=b"")
    await notices.filter(backup_id=link, backup_sealed__isnull=False).update(backup_sealed=b"")
    await notices.filter(acknowledged_by=link).update(done=None)


async def _seal_past_care(actor: Actor, wanted: UUID) -> bytes | None:
    """Seal the clinician's name; return None for a row that only passes for a link."""
    link = next((one for one in await load_my_links(actor) if one.id == wanted), None)
    if link is None:
        return None
    mine = actor.role is Role.PATIENT
    name, profession = (link.peer_name, link.peer_profession) if mine else (actor.name, actor.profession)
    return seal_past(actor.installation, link.row, link.clinician, name, profession, actor.now, actor.role)


async def _ask_about_own_notes(links: QuerySet[tables.CareLink], now: datetime) -> None:
    """Set when the clinicians of links that end are asked what becomes of their own notes about the patient."""
    for row in filter_undamaged(await fetch_rows(PairRow, links)):
        notes = tables.OwnNote.filter(owner_id=row.clinician_id, patient=row.patient_id)
        await notes.update(ask_from=now + OWN_NOTES_KEPT)


async def _delete_earlier_remains(wanted: UUID) -> None:
    """Delete the copies from before a reset that wait to be returned between these two people."""
    for row in filter_undamaged(await fetch_rows(PairRow, tables.CareLink.filter(id=wanted))):
        pair = {"patient_id": row.patient_id, "clinician_id": row.clinician_id}
        before = tables.CareLink.filter(**pair, ended_at__isnull=False)
        ids = [one.id for one in filter_undamaged(await fetch_rows(IdRow, before))]
        await tables.KeptShare.filter(link_id__in=ids).delete()
        await before.update(**ERASED_COLUMNS)


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
