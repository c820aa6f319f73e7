"""
A clinician invites a patient; the link carries a secret that lets both pin each other's keys.

The secret never reaches the database in the clear: the row holds its look-up hash, a MAC of the clinician's keys
under it, and the secret itself sealed under the clinician's vault key (to verify the patient's keys in return).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from crypto import (
    CryptoError,
    PublicIdentity,
    Sealer,
    grant_link_key,
    invitation_id,
    new_invitation_secret,
    new_link_key,
    pin,
    verify_voucher,
    vouch,
    wrap_key,
)
from journal.accounts.current_keys import lock_account
from journal.accounts.profiles import Profile, profile_context
from journal.actor import Actor
from journal.ages import build_alive_filter, is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import share_list, tables
from journal.care.documents import (
    InvitationNote,
    invitation_note_context,
    invitation_secret_context,
    link_key_context,
)
from journal.errors import Damaged, InvalidInput, JournalError, LinkExpired, NotFound, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.mail import messages
from journal.roles import Role
from journal.sealing import open_bytes, open_document, seal_document
from journal.sessions import plan_key
from journal.sessions.holds import refuse_while_held
from journal.store.database import transaction
from journal.store.rows import (
    JoinedValue,
    OpenedRows,
    Row,
    Timestamp,
    as_bytes,
    fetch_row,
    fetch_rows,
    open_rows,
    require_undamaged,
)
from journal.user_input import clean_name
from journal.vault import record_state

LIFETIME = timedelta(days=14)
ADULTS_ONLY = N_("Hearthside is for people of 18 or older. Tick this if you are.")


class InvitationRow(Row, frozen=True):
    """A row of an invitation."""

    id: UUID
    secret: bytes
    sealed: bytes
    expires_at: Timestamp
    accepted_at: Timestamp | None
    withdrawn_at: Timestamp | None


class OpenInvitationRow(Row, frozen=True):
    """A row of an open invitation, with its clinician's profile and keys."""

    id: UUID
    clinician_id: UUID
    voucher: bytes
    sealed: JoinedValue
    renews: UUID | None
    patient: UUID | None
    clinician_profile: JoinedValue = msgspec.field(name="clinician__sealed")
    clinician_keys: JoinedValue = msgspec.field(name="clinician__public_identity")


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
class InvitationPreview:
    """What an invited person reads before accepting."""

    invitation: UUID
    clinician: UUID
    clinician_name: str
    profession: str
    invited_as: str


async def create_invitation(actor: Actor, name: str, mail_to: str = "") -> Invitation:
    """Create an invitation for a person whom the clinician calls *name*, and mail its link to *mail_to* if given."""
    actor.require_role(Role.CLINICIAN)
    if not 1 <= len(name := clean_name(name)) <= 100:
        raise InvalidInput(
            {"name": N_("Write who this is for, up to 100 characters. Only you and they see it.")}
        )
    to = messages.parse_invitation_address(actor.installation, mail_to)
    secret, invitation = new_invitation_secret(), uuid4()
    place = invitation_note_context(actor.id, invitation)
    keys = (
        actor.open_identity().public()
    )  # those held, not those that storage shows: only these are vouched for
    async with transaction():
        await record_state.lock_state(
            actor
        )  # else keys that were renewed meanwhile would never open the secret
        await tables.Invitation.create(
            id=invitation,
            clinician_id=actor.id,
            lookup=invitation_id(secret).hex(),
            voucher=vouch(secret, keys, account=actor.id.bytes, role=actor.role.value),
            secret=actor.vault.seal(secret, context=invitation_secret_context(actor.id, invitation)),
            sealed=seal_document(actor.installation.server_keys, InvitationNote(name), place),
            created_at=actor.now,
            expires_at=actor.now + LIFETIME,
        )
        await messages.queue_invitation(actor.installation, to, format_token(secret), actor.language)
        await audit_log.record_event(actor, Act.INVITED, about=invitation)
    return Invitation(invitation, name, format_token(secret), actor.now + LIFETIME, "open")


async def list_invitations(actor: Actor) -> OpenedRows[Invitation]:
    """Return the clinician's invitations, newest first."""
    actor.require_role(Role.CLINICIAN)
    mine = tables.Invitation.filter(clinician_id=actor.id, renews=None)
    return open_rows(
        await fetch_rows(InvitationRow, mine.order_by("-created_at")), partial(_build_invitation, actor)
    )


async def load_invitation(actor: Actor, wanted: UUID) -> Invitation:
    """Return one of the clinician's own invitations."""
    actor.require_role(Role.CLINICIAN)
    mine = tables.Invitation.filter(id=wanted, clinician_id=actor.id, renews=None)
    row = await fetch_row(InvitationRow, mine)
    if row is None:
        raise NotFound
    return _build_invitation(actor, row)


async def withdraw_invitation(actor: Actor, wanted: UUID) -> None:
    """Withdraw an open invitation; raises `NotFound` when it is not open."""
    actor.require_role(Role.CLINICIAN)
    async with transaction():
        changed = await tables.Invitation.filter(
            id=wanted, clinician_id=actor.id, accepted_at=None, withdrawn_at=None
        ).update(withdrawn_at=actor.now)
        if not changed:
            raise NotFound
        await audit_log.record_event(actor, Act.INVITATION_WITHDRAWN, about=wanted)


async def preview_invitation(installation: Installation, token: str) -> InvitationPreview:
    """Open an invitation by its token; raises `LinkExpired` when it is not open, `TrustBroken` when keys changed."""
    row, _ = await verify_token(installation, token)
    profile = open_clinician_profile(installation, row)
    place = invitation_note_context(row.clinician_id, row.id)
    note = open_document(installation.server_keys, as_bytes(row.sealed), place, InvitationNote)
    return InvitationPreview(row.id, row.clinician_id, profile.name, profile.profession, note.name)


def open_clinician_profile(installation: Installation, row: OpenInvitationRow) -> Profile:
    """Open the profile of the clinician whose invitation it is."""
    place = profile_context(row.clinician_id)
    return open_document(installation.server_keys, as_bytes(row.clinician_profile), place, Profile)


async def accept_invitation(actor: Actor, token: str, *, renewing: bool = False) -> UUID:
    """
    Begin care: pin the clinician's keys, make the link key, and vouch for one's own keys.

    Of several requests at once, one makes a care link. With *renewing* it replaces an earlier link of this very
    patient; see `journal/account_reset/reset.py`.

    Returns:
        The care link's id.

    Raises:
        HeldUntilRested: Too soon after a dosing session; the invitation stays open.
    """
    actor.require_role(Role.PATIENT)
    row, secret = await verify_token(actor.installation, token, renewing=renewing)
    if renewing and row.patient != actor.id:
        raise LinkExpired
    if not renewing:
        await refuse_while_held(actor, build_asked(row))
    clinician, link = row.clinician_id, uuid4()
    theirs = PublicIdentity.decode(as_bytes(row.clinician_keys))
    key = new_link_key()
    ids = {"link": link.bytes, "patient": actor.id.bytes, "clinician": clinician.bytes}
    made = tables.CareLink(
        id=link,
        patient_id=actor.id,
        clinician_id=clinician,
        invitation_id=row.id,
        pair=f"{actor.id}:{clinician}",
        patient_key=wrap_key(actor.keyring.vault, key, context=link_key_context(actor.id, link)),
        clinician_key=grant_link_key(key, **ids, to=theirs, signer=actor.open_identity()),
        patient_pin=pin(actor.keyring, theirs, owner=actor.id.bytes, peer=clinician.bytes, link=link.bytes),
        voucher=vouch(secret, actor.public_identity, account=actor.id.bytes, role=actor.role.value),
        created_at=actor.now,
    )
    try:
        async with transaction():
            # Before the state's lock: the plan's key needs this one, and two acts would wait for each other.
            await lock_account(actor.id)
            await record_state.lock_state(actor)
            if not renewing:
                await refuse_while_held(actor, build_asked(row))
            won = await tables.Invitation.filter(
                id=row.id, accepted_at=None, withdrawn_at=None, **build_alive_filter(actor.now, LIFETIME)
            ).update(accepted_at=actor.now)
            if not won:
                raise LinkExpired
            made.plan_copy = plan_key.seal_copy(await plan_key.load_or_draw(actor), link, Sealer(key))
            await made.save(force_create=True)
            await share_list.create_list(actor, link, key)
            await audit_log.record_event(
                actor, Act.CARE_BEGAN, patient=actor.id, about=link, recipient=clinician
            )
    except IntegrityError as error:  # `pair` is unique while care lasts
        raise AlreadyLinked from error
    return link


def build_asked(row: OpenInvitationRow) -> Asked:
    """Return accepting an invitation as what it is while it is held; its secret stays in the link's address alone."""
    return Asked(HeldAct.CONNECT, row.id)


async def list_inviters(actor: Actor, wanted: Iterable[UUID]) -> dict[UUID, str]:
    """Return who made the invitations that are open, by their ids; one that renews a link, to its patient alone."""
    found: dict[UUID, str] = {}
    for row in await fetch_rows(
        OpenInvitationRow, _query_open(actor.installation).filter(id__in=list(wanted))
    ):
        with suppress(Damaged):
            one = require_undamaged(row)
            if one.patient in (None, actor.id):
                found[one.id] = open_clinician_profile(actor.installation, one).name
    return found


async def verify_token(
    installation: Installation, token: str, *, renewing: bool = False
) -> tuple[OpenInvitationRow, bytes]:
    """Return the row and secret of an open invitation, voucher verified; with *renewing*, of one that renews."""
    try:
        secret = parse_token(token)
        lookup = invitation_id(secret).hex()
    except CryptoError as error:
        raise LinkExpired from error
    still_open = _query_open(installation).filter(lookup=lookup, renews__isnull=not renewing)
    row = await fetch_row(OpenInvitationRow, still_open)
    if row is None:
        raise LinkExpired
    try:
        verify_voucher(
            secret,
            row.voucher,
            PublicIdentity.decode(as_bytes(row.clinician_keys)),
            account=row.clinician_id.bytes,
            role=get_voucher_role(row.renews, row.patient),
        )
    except CryptoError as error:
        raise TrustBroken from error
    return row, secret


def _query_open(installation: Installation) -> QuerySet[tables.Invitation]:
    return tables.Invitation.filter(
        accepted_at=None,
        withdrawn_at=None,
        **build_alive_filter(installation.clock(), LIFETIME),
        clinician__status="active",
    )


def get_voucher_role(renews: UUID | None, patient: UUID | None) -> str:
    """Return the role that the voucher is for: one that renews a link is valid for that link and patient alone."""
    if renews is None and patient is None:
        return Role.CLINICIAN.value
    return f"{Role.CLINICIAN.value}, renewing {renews} of {patient}"


def open_secret(actor: Actor, ident: UUID, sealed: bytes) -> bytes:
    """Open the secret of a clinician's own invitation *ident*."""
    return open_bytes(actor.vault, sealed, invitation_secret_context(actor.id, ident))


def _build_invitation(actor: Actor, row: InvitationRow) -> Invitation:
    place = invitation_note_context(actor.id, row.id)
    note = open_document(actor.installation.server_keys, row.sealed, place, InvitationNote)
    state = "open"
    if row.accepted_at:
        state = "accepted"
    elif row.withdrawn_at:
        state = "withdrawn"
    elif not is_alive(row.expires_at, actor.now, LIFETIME):
        state = "expired"
    return Invitation(
        row.id, note.name, format_token(open_secret(actor, row.id, row.secret)), row.expires_at, state
    )


def format_token(secret: bytes) -> str:
    """Return a secret as it stands in an address."""
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


def parse_token(token: str) -> bytes:
    """Read what `format_token` wrote; raises `LinkExpired` for anything that is none."""
    try:
        return urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise LinkExpired from error
