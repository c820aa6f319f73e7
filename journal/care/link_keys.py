"""Open a care link's key, and verify that both people's keys are still the pinned ones."""

from __future__ import annotations

from crypto import (
    CryptoError,
    PublicIdentity,
    Sealer,
    open_link_key,
    pin,
    safety_code,
)
from journal.accounts.current_keys import require_keys
from journal.actor import Actor
from journal.care import tables
from journal.care.documents import link_key_context
from journal.care.link_renewal import build_sealer, held_key_context
from journal.care.links import Link
from journal.errors import Damaged, JournalError, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import ensure_transaction
from journal.store.rows import as_bytes


class SharingPaused(JournalError):
    """The patient has paused sharing with this clinician."""

    message = N_("Sharing is paused. Nothing can be opened until it is resumed.")


async def get_peer_identity(actor: Actor, link: Link) -> PublicIdentity:
    """
    Return the other person's public keys, as pinned.

    A clinician pins the patient's keys the first time, by the voucher that the patient made under the invitation
    secret. From then on only the pin counts.

    Raises:
        TrustBroken: If the keys now in the database are not the ones that were agreed on.
    """
    if not link.trusted:
        raise TrustBroken
    try:
        current = PublicIdentity.decode(link.peer_keys)
    except CryptoError as error:
        raise TrustBroken from error
    if link.row.clinician_pin is None and actor.role is not Role.PATIENT:
        ids = {"owner": actor.id.bytes, "peer": link.peer.bytes, "link": link.id.bytes}
        first = tables.CareLink.filter(id=link.id, ended_at=None, clinician_pin=None)
        async with ensure_transaction():
            await first.update(clinician_pin=pin(actor.keyring, current, **ids))
            await require_keys(actor)
    return current


async def open_shared_key(actor: Actor, link: Link) -> Sealer:
    """
    Open the link's key for one of its two people.

    Raises:
        SharingPaused: For the clinician while there is no copy of the key for them.
        TrustBroken: If the copy was not made by the pinned patient for the clinician's own keys.
    """
    try:
        if actor.role is Role.PATIENT:
            key = open_own_copy(actor, link)
        else:
            theirs = await get_peer_identity(actor, link)
            if link.paused_at or (link.row.clinician_key is None and link.row.held_key is None):
                raise SharingPaused
            key = open_clinicians_copy(actor, link, theirs)
        return build_sealer(key, link.id, link.row.key_number, as_bytes(link.row.former))
    except CryptoError as error:
        raise TrustBroken from error


def open_clinicians_copy(actor: Actor, link: Link, theirs: PublicIdentity) -> bytes:
    """Open what the patient granted; where it is not for the clinician's keys of now, what they kept of it."""
    granted, held = link.row.clinician_key, link.row.held_key
    ids = {"link": link.id.bytes, "patient": link.patient.bytes, "clinician": link.clinician.bytes}
    try:
        # First: where there is a grant, storage put back what was kept.
        return open_link_key(granted or b"", **ids, private=actor.open_identity(), signed_by=theirs)
    except CryptoError:
        if held is None:
            raise
    return actor.keyring.unwrap(held, context=held_key_context(actor.id, link.id))


async def derive_safety_code(actor: Actor, link: Link) -> str:
    """
    Return the safety code of 60 digits that both people can compare in person.

    It covers the keys that this person holds, not those that storage shows as theirs: whoever swapped the public
    keys of both would otherwise show both the same code.
    """
    theirs = await get_peer_identity(actor, link)
    return safety_code(actor.id.bytes, actor.open_identity().public(), link.peer.bytes, theirs)


def open_own_copy(actor: Actor, link: Link) -> bytes:
    """Open the patient's own copy of a link's key; raises `Damaged`."""
    if link.row.patient_key is None:
        raise Damaged
    return actor.keyring.unwrap(link.row.patient_key, context=link_key_context(actor.id, link.id))
