"""
Care links: who is whose, under which key, and whether the keys are still the pinned ones.

`my_links` and `link_with` are the only ways to a link, and loading one *is* the authorisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crypto import (
    CryptoError,
    PublicIdentity,
    Sealer,
    check_pin,
    grant_link_key,
    open_link_key,
    open_pin,
    pin,
    safety_code,
    unwrap_key,
    verify_voucher,
)
from journal import audit, tables
from journal.actors import Actor, Role
from journal.audit import Act
from journal.documents import Profile, open_document, profile_context
from journal.errors import Damaged, JournalError, NotFound, TrustBroken
from journal.invitations import link_key_context, secret_of
from journal.store import scrub, transaction
from journal.words import N_


class SharingPaused(JournalError):
    """The patient has paused sharing with this clinician."""

    message = N_("Sharing is paused. Nothing can be opened until it is resumed.")


@dataclass(frozen=True, slots=True)
class Link:
    """A care link as one of its two people sees it; `peer` is the other one."""

    id: UUID
    patient: UUID
    clinician: UUID
    peer: UUID
    peer_name: str
    since: datetime
    paused_at: datetime | None
    ended_at: datetime | None
    row: tables.CareLink

    @property
    def state(self) -> str:
        """Say `active`, `paused` or `ended`."""
        return "ended" if self.ended_at else "paused" if self.paused_at else "active"


async def my_links(actor: Actor, *, ended: bool = False) -> tuple[Link, ...]:
    """Give the actor's care links, oldest first; those that have ended only when asked for."""
    mine = {"patient_id": actor.id} if actor.role is Role.PATIENT else {"clinician_id": actor.id}
    rows = tables.CareLink.filter(**mine).select_related("patient", "clinician", "invitation").order_by("created_at")
    if not ended:
        rows = rows.filter(ended_at=None)
    return tuple(_view(actor, row) for row in await rows)


async def my_link(actor: Actor, wanted: UUID) -> Link:
    """Give one of the actor's own lasting links by its id."""
    for link in await my_links(actor):
        if link.id == wanted:
            return link
    raise NotFound


async def link_with(actor: Actor, patient: UUID) -> Link:
    """Give the clinician's lasting link with *patient*: without one, the patient does not exist for them."""
    actor.must_be(Role.CLINICIAN)
    row = (
        await tables.CareLink.filter(clinician_id=actor.id, patient_id=patient, ended_at=None)
        .select_related("patient", "clinician", "invitation")
        .first()
    )
    if row is None:
        raise NotFound
    return _view(actor, row)


async def peer_identity(actor: Actor, link: Link) -> PublicIdentity:
    """
    Give the other person's public keys, as pinned.

    A clinician pins the patient's keys the first time, when the MAC that the patient made under the invitation
    secret verifies. From then on only the pin counts.

    Raises:
        TrustBroken: If the keys now in the database are not the pinned ones, or the pin was altered.
    """
    mine = actor.role is Role.PATIENT
    theirs = link.row.clinician if mine else link.row.patient
    sealed = link.row.patient_pin if mine else link.row.clinician_pin
    ids = {"owner": actor.id.bytes, "peer": link.peer.bytes, "link": link.id.bytes}
    try:
        current = PublicIdentity.decode(bytes(theirs.public_identity))
        if sealed is None and link.row.invitation is not None:
            secret = secret_of(actor, link.row.invitation)
            verify_voucher(
                secret, bytes(link.row.voucher), current, account=link.patient.bytes, role=Role.PATIENT.value
            )
            await tables.CareLink.filter(id=link.id).update(clinician_pin=pin(actor.keyring, current, **ids))
            return current
        if sealed is None:
            raise CryptoError
        pinned = open_pin(actor.keyring, bytes(sealed), **ids)
        check_pin(pinned, current)
    except (CryptoError, Damaged) as error:
        raise TrustBroken from error
    return pinned


async def link_key(actor: Actor, link: Link) -> Sealer:
    """
    Open the link's key for one of its two people.

    Raises:
        SharingPaused: For the clinician while there is no copy of the key for them.
        TrustBroken: If the copy was not made by the pinned patient for the clinician's own keys.
    """
    ids = {"link": link.id.bytes, "patient": link.patient.bytes, "clinician": link.clinician.bytes}
    try:
        if actor.role is Role.PATIENT:
            return Sealer(_own_copy(actor, link))
        theirs = await peer_identity(actor, link)
        if link.row.clinician_key is None:
            raise SharingPaused
        blob = bytes(link.row.clinician_key)
        return Sealer(open_link_key(blob, **ids, private=actor.identity(), signed_by=theirs))
    except CryptoError as error:
        raise TrustBroken from error


async def code_for(actor: Actor, link: Link) -> str:
    """Give the safety code of 60 digits that both people can compare in person."""
    theirs = await peer_identity(actor, link)
    return safety_code(actor.id.bytes, actor.public, link.peer.bytes, theirs)


async def pause(actor: Actor, wanted: UUID | None = None) -> None:
    """
    Stop one clinician, or all, from opening anything, at once and until resumed. Never held back.

    The clinician's copy of the link key is deleted; the patient keeps theirs, so that resuming is possible.
    """
    actor.must_be(Role.PATIENT)
    links = await my_links(actor) if wanted is None else (await my_link(actor, wanted),)
    async with transaction():
        for link in links:
            changed = await tables.CareLink.filter(id=link.id, paused_at=None, ended_at=None).update(
                clinician_key=None, paused_at=actor.now
            )
            if changed:
                await audit.note(actor.id, Act.SHARING_PAUSED, actor.now, patient=actor.id, about=link.id)
    await scrub()


async def resume(actor: Actor, wanted: UUID) -> None:
    """Give the clinician a copy of the link key again, sealed to the keys that were pinned."""
    actor.must_be(Role.PATIENT)
    link = await my_link(actor, wanted)
    theirs = await peer_identity(actor, link)
    ids = {"link": link.id.bytes, "patient": link.patient.bytes, "clinician": link.clinician.bytes}
    try:
        blob = grant_link_key(_own_copy(actor, link), **ids, to=theirs, signer=actor.identity())
    except CryptoError as error:
        raise Damaged from error
    async with transaction():
        changed = await tables.CareLink.filter(id=link.id, ended_at=None, paused_at__isnull=False).update(
            clinician_key=blob, paused_at=None
        )
        if changed:
            await audit.note(actor.id, Act.SHARING_RESUMED, actor.now, patient=actor.id, about=link.id)


async def end(actor: Actor, wanted: UUID) -> None:
    """End care, from either side: every shared copy and every copy of the link's key is destroyed."""
    link = await my_link(actor, wanted)
    async with transaction():
        changed = await tables.CareLink.filter(id=link.id, ended_at=None).update(
            pair=None, patient_key=None, clinician_key=None, ended_at=actor.now
        )
        if not changed:
            raise NotFound
        await tables.Share.filter(link_id=link.id).delete()
        await audit.note(actor.id, Act.CARE_ENDED, actor.now, patient=link.patient, about=link.id)
    await scrub()


def _own_copy(actor: Actor, link: Link) -> bytes:
    if link.row.patient_key is None:
        raise Damaged
    return unwrap_key(
        actor.keyring.vault, bytes(link.row.patient_key), context=link_key_context(actor.id, link.id)
    )


def _view(actor: Actor, row: tables.CareLink) -> Link:
    patient, clinician = row.patient, row.clinician
    peer = clinician if actor.role is Role.PATIENT else patient
    profile = open_document(actor.house.server, bytes(peer.sealed), profile_context(peer.id), Profile)
    return Link(
        row.id, patient.id, clinician.id, peer.id, profile.name, row.created_at, row.paused_at, row.ended_at, row
    )
