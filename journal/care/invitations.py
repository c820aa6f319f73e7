"""
A clinician invites a patient; the link carries a secret that lets both pin each other's keys.

The secret never reaches the database in the clear: the row holds its look-up hash, a MAC of the clinician's keys
under it, and the secret itself sealed under the clinician's vault key (to verify the patient's keys in return).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import IntegrityError

from crypto import (
    CryptoError,
    PublicIdentity,
    grant_link_key,
    invitation_id,
    new_invitation_secret,
    new_link_key,
    pin,
    verify_voucher,
    vouch,
    wrap_key,
)
from journal.accounts.profiles import Profile, profile_context
from journal.actor import Actor
from journal.ages import alive, is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import share_list, tables
from journal.care.documents import InvitationNote, link_key_context, note_context, secret_context
from journal.errors import JournalError, LinkExpired, NotFound, Refused, TrustBroken
from journal.i18n import N_
from journal.installation.installation import House
from journal.mail import messages
from journal.roles import Role
from journal.sealing import open_bytes, open_document, seal_document
from journal.store.database import transaction
from journal.store.rows import Joined, Moment, Opened, Row, bytes_of, open_each, read, read_one
from journal.typed import clean_name
from journal.vault import record_state

LIFETIME = timedelta(days=14)
ADULTS_ONLY = N_("Hearthside is for people of 18 or older. Tick this if you are.")


class InvitationRow(Row, frozen=True):
    """A row of an invitation."""

    id: UUID
    secret: bytes
    sealed: bytes
    expires_at: Moment
    accepted_at: Moment | None
    withdrawn_at: Moment | None


class OpenRow(Row, frozen=True):
    """A row of an open invitation, with its clinician's profile and keys."""

    id: UUID
    clinician_id: UUID
    voucher: bytes
    sealed: Joined
    renews: UUID | None
    patient: UUID | None
    clinician_profile: Joined = msgspec.field(name="clinician__sealed")
    clinician_keys: Joined = msgspec.field(name="clinician__public_identity")


class AlreadyLinked(JournalError):
    """Patient and clinician have a care link."""

    message = N_("You are already connected with this clinician. There is nothing more to do.")


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as its clinician sees it; `token` goes into the link."""

    id: UUID
    name: str
    token: str
    expires_at: datetime
    state: str  # open, accepted, withdrawn or expired


@dataclass(frozen=True, slots=True)
class Welcome:
    """What an invited person reads before accepting."""

    invitation: UUID
    clinician: UUID
    clinician_name: str
    profession: str
    invited_as: str


async def invite(actor: Actor, name: str, mail_to: str = "") -> Invitation:
    """Create an invitation for a person whom the clinician calls *name*, and mail its link to *mail_to* if given."""
    actor.must_be(Role.CLINICIAN)
    if not 1 <= len(name := clean_name(name)) <= 100:
        raise Refused({"name": N_("Write who this is for, up to 100 characters. Only you and they see it.")})
    to = messages.address(actor.house, mail_to)
    secret, invitation = new_invitation_secret(), uuid4()
    place = note_context(actor.id, invitation)
    keys = actor.identity().public()  # those held, not those that storage shows: only these are vouched for
    async with transaction():
        await record_state.lock(actor)  # else keys that were renewed meanwhile would never open the secret
        await tables.Invitation.create(
            id=invitation,
            clinician_id=actor.id,
            lookup=invitation_id(secret).hex(),
            voucher=vouch(secret, keys, account=actor.id.bytes, role=actor.role.value),
            secret=actor.vault.seal(secret, context=secret_context(actor.id, invitation)),
            sealed=seal_document(actor.house.server, InvitationNote(name), place),
            created_at=actor.now,
            expires_at=actor.now + LIFETIME,
        )
        await messages.invitation(actor.house, to, token_of(secret))
        await audit_log.note(actor, Act.INVITED, about=invitation)
    return Invitation(invitation, name, token_of(secret), actor.now + LIFETIME, "open")


async def invitations(actor: Actor) -> Opened[Invitation]:
    """Return the clinician's invitations, newest first."""
    actor.must_be(Role.CLINICIAN)
    mine = tables.Invitation.filter(clinician_id=actor.id, renews=None)
    return open_each(await read(InvitationRow, mine.order_by("-created_at")), partial(_view, actor))


async def invitation(actor: Actor, wanted: UUID) -> Invitation:
    """Return one of the clinician's own invitations."""
    actor.must_be(Role.CLINICIAN)
    mine = tables.Invitation.filter(id=wanted, clinician_id=actor.id, renews=None)
    row = await read_one(InvitationRow, mine)
    if row is None:
        raise NotFound
    return _view(actor, row)


async def withdraw(actor: Actor, wanted: UUID) -> None:
    """Withdraw an open invitation; raises `NotFound` when it is not open."""
    actor.must_be(Role.CLINICIAN)
    async with transaction():
        changed = await tables.Invitation.filter(
            id=wanted, clinician_id=actor.id, accepted_at=None, withdrawn_at=None
        ).update(withdrawn_at=actor.now)
        if not changed:
            raise NotFound
        await audit_log.note(actor, Act.INVITATION_WITHDRAWN, about=wanted)


async def welcome(house: House, token: str) -> Welcome:
    """Open an invitation by its token; raises `LinkExpired` when it is not open, `TrustBroken` when keys changed."""
    row, _ = await open_token(house, token)
    profile = profile_of(house, row)
    place = note_context(row.clinician_id, row.id)
    note = open_document(house.server, bytes_of(row.sealed), place, InvitationNote)
    return Welcome(row.id, row.clinician_id, profile.name, profile.profession, note.name)


def profile_of(house: House, row: OpenRow) -> Profile:
    """Open the profile of the clinician whose invitation it is."""
    place = profile_context(row.clinician_id)
    return open_document(house.server, bytes_of(row.clinician_profile), place, Profile)


async def accept(actor: Actor, token: str, *, renewing: bool = False) -> UUID:
    """
    Begin care: pin the clinician's keys, make the link key, and vouch for one's own keys.

    Of several requests at once, one makes a care link. With *renewing* it replaces an earlier link of this very
    patient; see `journal/account_reset/reset.py`.

    Returns:
        The care link's id.
    """
    actor.must_be(Role.PATIENT)
    row, secret = await open_token(actor.house, token, renewing=renewing)
    if renewing and row.patient != actor.id:
        raise LinkExpired
    clinician, link = row.clinician_id, uuid4()
    theirs = PublicIdentity.decode(bytes_of(row.clinician_keys))
    key = new_link_key()
    ids = {"link": link.bytes, "patient": actor.id.bytes, "clinician": clinician.bytes}
    made = tables.CareLink(
        id=link,
        patient_id=actor.id,
        clinician_id=clinician,
        invitation_id=row.id,
        pair=f"{actor.id}:{clinician}",
        patient_key=wrap_key(actor.keyring.vault, key, context=link_key_context(actor.id, link)),
        clinician_key=grant_link_key(key, **ids, to=theirs, signer=actor.identity()),
        patient_pin=pin(actor.keyring, theirs, owner=actor.id.bytes, peer=clinician.bytes, link=link.bytes),
        voucher=vouch(secret, actor.public, account=actor.id.bytes, role=actor.role.value),
        created_at=actor.now,
    )
    try:
        async with transaction():
            await record_state.lock(actor)
            won = await tables.Invitation.filter(
                id=row.id, accepted_at=None, withdrawn_at=None, **alive(actor.now, LIFETIME)
            ).update(accepted_at=actor.now)
            if not won:
                raise LinkExpired
            await made.save(force_create=True)
            await share_list.begin(actor, link, key)
            await audit_log.note(actor, Act.CARE_BEGAN, patient=actor.id, about=link, recipient=clinician)
    except IntegrityError as error:  # `pair` is unique while care lasts
        raise AlreadyLinked from error
    return link


async def open_token(house: House, token: str, *, renewing: bool = False) -> tuple[OpenRow, bytes]:
    """Return the row and secret of an open invitation, voucher verified; with *renewing*, of one that renews."""
    try:
        secret = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        lookup = invitation_id(secret).hex()
    except (ValueError, CryptoError) as error:
        raise LinkExpired from error
    still_open = tables.Invitation.filter(
        lookup=lookup,
        accepted_at=None,
        withdrawn_at=None,
        **alive(house.clock(), LIFETIME),
        clinician__status="active",
        renews__isnull=not renewing,
    )
    row = await read_one(OpenRow, still_open)
    if row is None:
        raise LinkExpired
    try:
        verify_voucher(
            secret,
            row.voucher,
            PublicIdentity.decode(bytes_of(row.clinician_keys)),
            account=row.clinician_id.bytes,
            role=role_of(row.renews, row.patient),
        )
    except CryptoError as error:
        raise TrustBroken from error
    return row, secret


def role_of(renews: UUID | None, patient: UUID | None) -> str:
    """Return the role that the voucher is for: one that renews a link is valid for that link and patient alone."""
    if renews is None and patient is None:
        return Role.CLINICIAN.value
    return f"{Role.CLINICIAN.value}, renewing {renews} of {patient}"


def secret_of(actor: Actor, ident: UUID, sealed: bytes) -> bytes:
    """Open the secret of a clinician's own invitation *ident*."""
    return open_bytes(actor.vault, sealed, secret_context(actor.id, ident))


def _view(actor: Actor, row: InvitationRow) -> Invitation:
    place = note_context(actor.id, row.id)
    note = open_document(actor.house.server, row.sealed, place, InvitationNote)
    state = "open"
    if row.accepted_at:
        state = "accepted"
    elif row.withdrawn_at:
        state = "withdrawn"
    elif not is_alive(row.expires_at, actor.now, LIFETIME):
        state = "expired"
    return Invitation(
        row.id, note.name, token_of(secret_of(actor, row.id, row.secret)), row.expires_at, state
    )


def token_of(secret: bytes) -> str:
    """Return a secret as it stands in an address."""
    return urlsafe_b64encode(secret).rstrip(b"=").decode()
