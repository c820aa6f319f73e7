"""The patient's answer to a suggested handover: decline, or accept with the shares to pass on."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError

from crypto import Sealer, consent, grant_link_key, new_link_key, pin, wrap_key
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import lifecycle, links, share_list
from journal.care import tables as care_tables
from journal.care.documents import link_key_context, share_context
from journal.care.invitations import AlreadyLinked
from journal.care.key_attestation import build_handover, get_successor_keys
from journal.care.link_keys import get_peer_identity
from journal.errors import InvalidInput, JournalError, NotFound, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.replies import endings
from journal.roles import Role
from journal.sealing import seal_document
from journal.sessions import plan_key
from journal.sessions.holds import refuse_while_held
from journal.sharing import ends
from journal.sharing import shares as sharing_shares
from journal.sharing.handover_offers import ACCEPTED, DECLINED, WAITING, HandoverOffer, load_offer
from journal.store.database import flush_deleted, transaction
from journal.vault import record_state


class ClinicianUnavailable(JournalError):
    """One of the two clinicians cannot sign in at present."""

    message = N_("One of the two cannot sign in at present, so this has to wait. Nothing was changed.")


async def decline_handover(actor: Actor, wanted: UUID) -> None:
    """Decline a handover; the colleague is not told."""
    one = await load_offer(actor, wanted)
    async with transaction():
        if not await care_tables.Handover.filter(id=one.id, state=WAITING).update(
            waiting=None, state=DECLINED
        ):
            raise NotFound
        await audit_log.record_event(actor, Act.HANDOVER_DECLINED, patient=actor.id, about=one.id)


async def accept_handover(
    actor: Actor, wanted: UUID, shares: Collection[UUID], *, end_care: bool = False
) -> UUID:
    """
    Accept a handover: begin care with the colleague, and share copies of the chosen *shares*, no others.

    Args:
        shares: Of what the clinician who leaves can read now; nothing is passed on by default.
        end_care: End care with that clinician at the same time.

    Returns:
        The new care link's id.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        TrustBroken: If it is not what the clinician signed, or somebody's keys are not the known ones.
        ClinicianUnavailable: While one of the two clinicians is suspended.
        AlreadyLinked: If the colleague is in the care team.
    """
    actor.require_role(Role.PATIENT)
    await refuse_while_held(actor, Asked(HeldAct.HANDOVER, wanted))
    one = await load_offer(actor, wanted)
    await get_peer_identity(actor, one.link)
    await record_state.require_intact(actor)
    if not one.signed:
        raise TrustBroken
    if not one.possible:
        raise ClinicianUnavailable
    made, private, key = uuid4(), actor.open_identity(), new_link_key()
    theirs = get_successor_keys(actor.installation, one.row)
    ids = {"link": made.bytes, "patient": actor.id.bytes, "clinician": one.successor.id.bytes}
    link = care_tables.CareLink(
        id=made, patient_id=actor.id, clinician_id=one.successor.id, handover_id=one.id,
        pair=f"{actor.id}:{one.successor.id}",
        patient_key=wrap_key(actor.keyring.vault, key, context=link_key_context(actor.id, made)),
        clinician_key=grant_link_key(key, **ids, to=theirs, signer=private),
        patient_pin=pin(actor.keyring, theirs, owner=actor.id.bytes, peer=one.successor.id.bytes, link=made.bytes),
        voucher=consent(build_handover(one.row, private.public(), theirs), private, made=made.bytes),
        created_at=actor.now,
    )  # fmt: skip
    try:
        async with transaction():
            # Before the state's lock: the plan's key needs this one, and two acts would wait for each other.
            await lock_account(actor.id)
            await record_state.lock_state(actor)
            if not await _mark_accepted(one):
                raise NotFound
            await refuse_while_held(actor, Asked(HeldAct.HANDOVER, wanted))
            chosen = await _open_chosen_shares(actor, one, shares)
            link.plan_copy = plan_key.seal_copy(await plan_key.load_or_draw(actor), made, Sealer(key))
            await link.save(force_create=True)
            await share_list.create_list(actor, made, key)
            copies = [await _copy_share(actor, made, item, Sealer(key)) for item in chosen]
            await audit_log.record_event(
                actor, Act.HANDOVER_ACCEPTED, patient=actor.id, about=made, recipient=one.successor.id
            )
            for copy in copies:
                await audit_log.record_event(
                    actor, Act.SHARED, patient=actor.id, about=copy, recipient=one.successor.id
                )
            if end_care:
                await endings.keep_unopened(actor, link=one.link.id)
                await lifecycle.end_link(actor, one.link.id)
    except IntegrityError as error:  # `pair` is unique while care lasts
        raise AlreadyLinked from error
    await flush_deleted()
    return made


async def _open_chosen_shares(
    actor: Actor, one: HandoverOffer, shares: Collection[UUID]
) -> list[sharing_shares.OutgoingShare]:
    """Open the chosen copies in the transaction that passes them on: what was revoked meanwhile is not."""
    if shares:
        await links.require_active(one.link)
    given = [item for item in await sharing_shares.list_shares(actor) if item.link.id == one.link.id]
    chosen = [item for item in given if item.id in shares and not item.damaged]
    if {item.id for item in chosen} != set(shares):
        raise InvalidInput({"shares": N_("Something you chose is no longer shared. Look at the list again.")})
    return chosen


async def _mark_accepted(one: HandoverOffer) -> bool:
    """Mark it accepted, once; return whether both clinicians are still active."""
    able = accounts_tables.Account.filter(id__in=[one.successor.id, one.link.clinician], status="active")
    mine = care_tables.Handover.filter(id=one.id, state=WAITING, waiting=str(one.link.id))
    return bool(await mine.update(waiting=None, state=ACCEPTED)) and await able.count() == 2


async def _copy_share(actor: Actor, link: UUID, item: sharing_shares.OutgoingShare, key: Sealer) -> UUID:
    ident = uuid4()
    sealed = seal_document(key, item.document, share_context(link, ident, 1))
    await care_tables.Share.create(
        id=ident, link_id=link, entry_id=item.entry, revision=1, sealed=sealed,
        created_at=actor.now, updated_at=item.updated_at,  # of when its words are
        **ends.build_columns(actor.installation, link, ident, item.end),
    )  # fmt: skip
    await share_list.add_copy(actor, link, (ident, 1, sealed), item.entry, item.end)
    return ident
