"""Verify whose signature stands under what a care team wrote, as its reader can: by the keys that they agreed on."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from uuid import UUID

from crypto import CryptoError, PublicIdentity, verify
from journal.accounts.tables import Account
from journal.actor import Actor
from journal.care.key_attestation import get_attested_keys
from journal.care.links import Link
from journal.clinic.instructions import SIGNATURE_PURPOSE, Instructions
from journal.errors import Damaged, TrustBroken
from journal.roles import Role
from journal.store.rows import JoinedValue, Row, fetch_row


class Signer(Enum):
    """Whose signature stands under a text, as far as its reader can tell."""

    CARE_TEAM = auto()
    """Of the reader's care team, or the reader."""
    PAST = auto()
    """Of care that has ended, as far as the server attests their keys."""
    NOBODY = auto()
    """Nobody's whom the reader knows: it is not to be trusted."""


class SignerRow(Row, frozen=True):
    """A row of the account that signed."""

    sealed: JoinedValue
    public_identity: JoinedValue


AttestedKeys = dict[UUID, PublicIdentity | None]
"""The keys that accounts were opened with, or None where the server attests none."""


async def identify_signer(
    actor: Actor, mine: Iterable[Link], text: Instructions, known: AttestedKeys | None = None
) -> Signer:
    """
    Return whose signature stands under *text*.

    Args:
        actor: Its reader: the patient, or somebody in their care team, who has no keys of a colleague agreed on.
        mine: The reader's care links, also those that have ended.
        known: Is asked and filled where there are several texts, so that no account is looked up twice.
    """
    known = {} if known is None else known
    if text.signer == actor.id:
        return Signer.CARE_TEAM if _fits(actor.public_identity, text) else Signer.NOBODY
    if actor.role is not Role.PATIENT:
        return Signer.CARE_TEAM if await _fits_attested(actor, text, known) else Signer.NOBODY
    theirs = [link for link in mine if link.clinician == text.signer]
    if any(link.ended_at is None for link in theirs):
        agreed = [link for link in theirs if link.ended_at is None and link.trusted]
        return Signer.CARE_TEAM if any(_fits(link.peer_keys, text) for link in agreed) else Signer.NOBODY
    return Signer.PAST if theirs and await _fits_attested(actor, text, known) else Signer.NOBODY


async def _fits_attested(actor: Actor, text: Instructions, known: AttestedKeys) -> bool:
    """Return whether *text* is signed with the keys that its signer's account was opened with."""
    if text.signer not in known:
        known[text.signer] = await _load_attested_keys(actor, text.signer)
    keys = known[text.signer]
    return keys is not None and _fits(keys, text)


async def _load_attested_keys(actor: Actor, signer: UUID) -> PublicIdentity | None:
    try:
        row = await fetch_row(SignerRow, Account.filter(id=signer))
        return get_attested_keys(actor.installation, signer, row.sealed, row.public_identity) if row else None
    except (CryptoError, Damaged, TrustBroken):
        return None


def _fits(keys: bytes | PublicIdentity, text: Instructions) -> bool:
    try:
        public = keys if isinstance(keys, PublicIdentity) else PublicIdentity.decode(keys)
        verify(public, text.signed, text.signature, purpose=SIGNATURE_PURPOSE)
    except CryptoError:
        return False
    return True
