"""
A clinician's reset link for one of their patients: it works once, for two days, and for this patient alone.

It is an invitation that replaces a care link. Its voucher is bound to that link and to that patient, so that whoever
writes the database can neither turn it to another account nor make one of an ordinary invitation.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from tortoise.queryset import QuerySet

from crypto import invitation_id, new_invitation_secret, vouch
from journal.actor import Actor
from journal.ages import build_alive_filter
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care import tables as care_tables
from journal.care.documents import InvitationNote, invitation_note_context, invitation_secret_context
from journal.care.invitations import format_token, get_voucher_role, open_secret
from journal.care.link_keys import get_peer_identity
from journal.care.links import Link
from journal.errors import NotFound, TrustBroken
from journal.roles import Role
from journal.sealing import seal_document
from journal.store.database import transaction
from journal.store.rows import Row, Timestamp, fetch_rows, open_rows

LIFETIME = timedelta(hours=48)


class ResetLinkRow(Row, frozen=True):
    """A row of an invitation that replaces a care link."""

    id: UUID
    secret: bytes
    expires_at: Timestamp


@dataclass(frozen=True, slots=True)
class ResetLink:
    """An open link as its clinician sees it; `token` goes into the address."""

    id: UUID
    token: str
    expires_at: datetime


async def create_reset_link(actor: Actor, patient: UUID) -> ResetLink:
    """Create a link for one of the clinician's patients; an earlier open one is withdrawn."""
    link = await links.load_link_with(actor, patient)
    with suppress(TrustBroken):
        await get_peer_identity(actor, link)  # pins the present keys, which verify later what was shared
    secret, ident = new_invitation_secret(), uuid4()
    keys = actor.open_identity().public()
    role = get_voucher_role(link.id, patient)
    async with transaction():
        await _query_open_links(actor, link).update(withdrawn_at=actor.now)
        await care_tables.Invitation.create(
            id=ident,
            clinician_id=actor.id,
            lookup=invitation_id(secret).hex(),
            voucher=vouch(secret, keys, account=actor.id.bytes, role=role),
            secret=actor.vault.seal(secret, context=invitation_secret_context(actor.id, ident)),
            sealed=seal_document(
                actor.installation.server_keys, InvitationNote(""), invitation_note_context(actor.id, ident)
            ),
            created_at=actor.now,
            expires_at=actor.now + LIFETIME,
            renews=link.id,
            patient=patient,
        )
        await audit_log.record_event(actor, Act.RESTART_OFFERED, patient=patient, about=ident)
    return ResetLink(ident, format_token(secret), actor.now + LIFETIME)


async def load_reset_link(actor: Actor, link: Link) -> ResetLink | None:
    """Return the open link for this patient, or None when there is none that can be handed over."""
    rows = await fetch_rows(ResetLinkRow, _query_open_links(actor, link).order_by("-created_at"))
    return next(iter(open_rows(rows, partial(_build_link, actor))), None)


def _build_link(actor: Actor, row: ResetLinkRow) -> ResetLink:
    return ResetLink(row.id, format_token(open_secret(actor, row.id, row.secret)), row.expires_at)


async def withdraw_reset_link(actor: Actor, patient: UUID) -> None:
    """Withdraw the open link."""
    link = await links.load_link_with(actor, patient)
    async with transaction():
        if not await _query_open_links(actor, link).update(withdrawn_at=actor.now):
            raise NotFound
        await audit_log.record_event(actor, Act.RESTART_WITHDRAWN, patient=patient, about=link.id)


def _query_open_links(actor: Actor, link: Link) -> QuerySet[care_tables.Invitation]:
    actor.require_role(Role.CLINICIAN)
    return care_tables.Invitation.filter(
        clinician_id=actor.id,
        renews=link.id,
        accepted_at=None,
        withdrawn_at=None,
        **build_alive_filter(actor.now, LIFETIME),
    )
