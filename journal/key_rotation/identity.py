"""
Give an account another identity, in the transaction in which it gets another account key.

Its keys of before and of now sign the change. A patient draws another key for every care link. A clinician cannot: they
keep each under their own new key until its patient signs in (`care.peer_keys`), so that what was granted to the keys of
before is gone at once.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Q

from crypto import (
    CryptoError,
    PrivateIdentity,
    PublicIdentity,
    Sealer,
    new_link_key,
    open_link_key,
    open_pin,
    vouch,
    wrap_key,
)
from journal.accounts import signing_keys, successions
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import link_renewal
from journal.care import tables as care_tables
from journal.care.documents import share_context
from journal.care.invitations import get_voucher_role, open_secret
from journal.care.link_keys import get_peer_identity
from journal.care.link_renewal import build_sealer, held_key_context
from journal.care.links import CareTeam
from journal.errors import Damaged
from journal.practice import setup_links
from journal.roles import Role
from journal.sessions.plan_key import key_copy_context
from journal.sharing.handover_offers import WITHDRAWN
from journal.sitter import links as sitter_links
from journal.store.rows import IdRow, NonNegative, Row, Timestamp, fetch_row, fetch_rows, filter_undamaged


class GrantedRow(Row, frozen=True):
    """A clinician's link, with their copy of its key."""

    id: UUID
    patient_id: UUID
    clinician_key: bytes | None
    held_key: bytes | None
    key_number: NonNegative
    clinician_pin: bytes | None
    plan_copy: bytes | None
    ended_at: Timestamp | None


class KeptShareRow(Row, frozen=True):
    """A copy from before a reset."""

    id: UUID
    revision: NonNegative
    sealed: bytes


class FormerRow(Row, frozen=True):
    """The key before, of a link whose rows were being sealed anew."""

    former: bytes


class InvitedRow(Row, frozen=True):
    """An open invitation, and the care link and patient whose it is in the place of which it stands."""

    id: UUID
    renews: UUID | None
    patient: UUID | None


class VouchedRow(InvitedRow, frozen=True):
    """An open invitation, with its secret."""

    secret: bytes


async def replace_identity(
    actor: Actor, team: CareTeam | None, old: PrivateIdentity, new: PrivateIdentity
) -> None:
    """
    Do everything that follows from another identity, in the transaction that is open and stored it.

    Args:
        actor: With the keys of now, and those of before as retired ones.
        team: Their care links as they were loaded in this transaction; None for an administrator.
    """
    await successions.record_change(actor, old, new)
    await signing_keys.retire_keys(
        actor.installation, actor.id, old.public().encode(), actor.now, attested=new.public().encode()
    )
    people = Q(patient_id=actor.id) | Q(clinician_id=actor.id) | Q(successor_id=actor.id)
    await care_tables.Handover.filter(people, waiting__isnull=False).update(waiting=None, state=WITHDRAWN)
    if team is None:
        await setup_links.withdraw_own_links(actor)  # whoever had the old keys knows their secrets
        return
    if actor.role is Role.PATIENT:
        await sitter_links.end_renewable_links(actor)  # their copies name the keys of before
        await _draw_keys(actor, team)
        return
    for link in team.links:
        if link.ended_at is None and link.trusted and link.row.clinician_pin is None:
            await get_peer_identity(actor, link)  # by vouchers that are for the keys of before
    await _keep_keys(actor, old)
    await _withdraw_invitations(actor)


async def _withdraw_invitations(actor: Actor) -> None:
    """Withdraw what is open: whoever had the old keys knows its links, and could come as the patient who is invited."""
    mine = care_tables.Invitation.filter(clinician_id=actor.id, accepted_at=None, withdrawn_at=None)
    for row in filter_undamaged(await fetch_rows(InvitedRow, mine.order_by("id"))):
        if row.renews is None:
            await audit_log.record_event(actor, Act.INVITATION_WITHDRAWN, about=row.id)
        else:
            await audit_log.record_event(actor, Act.RESTART_WITHDRAWN, patient=row.patient, about=row.renews)
    await mine.update(withdrawn_at=actor.now)


async def _draw_keys(actor: Actor, team: CareTeam) -> None:
    for link in team.links:
        if link.ended_at is None:
            await link_renewal.begin(actor, link.id, get_agreed_keys(link.trusted, link.peer_keys))
    for ident in team.unagreed:
        if ident is not None:  # whose pin does not open: it may be a link of theirs all the same
            await link_renewal.begin(actor, ident, None)


def get_agreed_keys(trusted: bool, shown: bytes) -> PublicIdentity | None:
    """Return the keys that somebody agreed on, if those that storage shows are these."""
    try:
        return PublicIdentity.decode(shown) if trusted else None
    except CryptoError:
        return None


async def _keep_keys(actor: Actor, old: PrivateIdentity) -> None:
    """Keep the keys of a clinician's links under their own key of now, in the place of what was granted."""
    mine = care_tables.CareLink.filter(clinician_id=actor.id)
    able = mine.filter(Q(clinician_key__isnull=False) | Q(held_key__isnull=False))
    for row in filter_undamaged(await fetch_rows(GrantedRow, able.order_by("id"))):
        try:
            key = _open_granted(actor, row, old)
        except CryptoError:
            continue  # it opens for nobody, with whatever keys
        if row.ended_at is not None:
            key = await _reseal_kept(row, key)
        held = wrap_key(actor.keyring.vault, key, context=held_key_context(actor.id, row.id))
        await mine.filter(id=row.id).update(held_key=held, clinician_key=None)
    await mine.filter(ended_at=None).update(due_at=actor.now, signs_later=True)


def _open_granted(actor: Actor, row: GrantedRow, old: PrivateIdentity) -> bytes:
    ids = {"link": row.id.bytes, "patient": row.patient_id.bytes, "clinician": actor.id.bytes}
    if row.clinician_key is None:
        return actor.keyring.unwrap(row.held_key or b"", context=held_key_context(actor.id, row.id))
    pinned = {"owner": actor.id.bytes, "peer": row.patient_id.bytes, "link": row.id.bytes}
    theirs = open_pin(actor.keyring, row.clinician_pin or b"", **pinned)
    return open_link_key(row.clinician_key, **ids, private=old, signed_by=theirs)


async def _reseal_kept(row: GrantedRow, key: bytes) -> bytes:
    """
    Seal what was shared before a reset, and the key of the plan of then, under a new key; return that.

    Its clinician alone has it.
    """
    link, number = row.id, row.key_number
    former = await fetch_row(FormerRow, care_tables.LinkRenewal.filter(id=link))  # a reset came between
    old, drawn = build_sealer(key, link, number, former.former if former else b""), new_link_key()
    new = Sealer(drawn)
    kept = care_tables.KeptShare.filter(link_id=link)
    for one in filter_undamaged(await fetch_rows(KeptShareRow, kept)):
        place = share_context(link, one.id, one.revision)
        with suppress(CryptoError):
            sealed = new.seal(old.open(one.sealed, context=place), context=place)
            await kept.filter(id=one.id).update(sealed=sealed)
    with suppress(CryptoError):
        place = key_copy_context(link)
        copy = new.seal(old.open(row.plan_copy or b"", context=place), context=place)
        await care_tables.CareLink.filter(id=link).update(plan_copy=copy)
    await care_tables.LinkRenewal.filter(id=link).delete()
    return drawn


async def vouch_again(actor: Actor) -> None:
    """Vouch for a clinician's keys of now in open invitations: a request that set out before may have made one."""
    mine = care_tables.Invitation.filter(clinician_id=actor.id, accepted_at=None, withdrawn_at=None)
    for row in filter_undamaged(await fetch_rows(VouchedRow, mine)):
        try:
            secret = open_secret(actor, row.id, row.secret)
        except Damaged:
            continue
        role = get_voucher_role(row.renews, row.patient)
        voucher = vouch(secret, actor.public_identity, account=actor.id.bytes, role=role)
        await mine.filter(id=row.id).update(voucher=voucher)


async def cover_links(actor: Actor, team: CareTeam, since: datetime) -> bool:
    """
    Draw keys for a patient's links that came about with their keys of before; return whether there were any.

    A request that set out before the renewal may have made one. For the others the key is granted once more: what such
    a request granted is signed with the keys of before.
    """
    drawn = care_tables.CareLink.filter(patient_id=actor.id, drawn_at__gte=since)
    covered, begun = {row.id for row in filter_undamaged(await fetch_rows(IdRow, drawn))}, False
    for link in team.links:
        theirs = get_agreed_keys(link.trusted, link.peer_keys)
        if link.ended_at is None and link.id not in covered:
            begun |= await link_renewal.begin(actor, link.id, theirs)
        elif link.ended_at is None and theirs is not None:
            await link_renewal.grant_again(actor, link.id, theirs)
    return begun


async def clear_signing(actor: Actor, blocked: Collection[UUID]) -> None:
    """Store that a clinician has signed everything anew, but over links whose key does not open now."""
    mine = care_tables.CareLink.filter(clinician_id=actor.id, signs_later=True)
    await mine.exclude(id__in=list(blocked)).update(signs_later=False)
