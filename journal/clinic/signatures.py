"""Verify whose signature stands under what a care team wrote, as its reader can: by the keys that they agreed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from uuid import UUID

import msgspec

from crypto import CryptoError, PublicIdentity, verify
from journal.accounts.current_keys import is_renewing
from journal.accounts.successions import load_statements, trace_former
from journal.accounts.tables import Account
from journal.actor import Actor
from journal.care.key_attestation import get_attested_keys
from journal.care.links import Link
from journal.clinic.instructions import (
    SIGNATURE_PURPOSE,
    Instructions,
    InstructionsRow,
    SignedInstructions,
    encode_signed,
    instructions_context,
)
from journal.errors import Damaged, TrustBroken
from journal.roles import Role
from journal.sealing import open_document, seal_document
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


AttestedKeys = dict[UUID, tuple[PublicIdentity, ...]]
"""
The keys of accounts that the server attests; none where it attests none.

Those of before come after them, as long as their owner is signing anew what they had signed.
"""


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
    theirs = [link for link in mine if link.clinician == text.signer]
    is_past = actor.role is Role.PATIENT and all(link.ended_at for link in theirs)
    if text.is_carried:
        fits = bool(text.keys) and _fits(text.keys, text) and (actor.role is not Role.PATIENT or bool(theirs))
    else:
        fits = await find_keys(actor, theirs, text, {} if known is None else known) is not None
    if not fits:
        return Signer.NOBODY
    return Signer.PAST if is_past else Signer.CARE_TEAM


async def find_keys(
    actor: Actor, theirs: Sequence[Link], text: Instructions, known: AttestedKeys
) -> PublicIdentity | None:
    """
    Return the public identity whose signature stands under *text*, of those that its reader knows as its signer's.

    Args:
        theirs: The reader's care links with the signer, also those that have ended.
        known: As for `identify_signer`.
    """
    if text.signer == actor.id:
        if _fits(actor.public_identity, text):
            return actor.public_identity
        return await _find_attested(actor, text, known) if actor.is_rotating_keys else None
    if actor.role is Role.PATIENT and any(link.ended_at is None for link in theirs):
        agreed = [link for link in theirs if link.ended_at is None and link.trusted]
        keys: list[bytes | PublicIdentity] = [link.peer_keys for link in agreed]
        keys += [one for link in agreed for one in link.peer_former]
        return next((_decode(one) for one in keys if _fits(one, text)), None)
    if actor.role is Role.PATIENT and not theirs:
        return None
    return await _find_attested(actor, text, known)


async def _find_attested(actor: Actor, text: Instructions, known: AttestedKeys) -> PublicIdentity | None:
    """Return the keys that its signer's account was opened with, where *text* is signed with them."""
    if text.signer not in known:
        known[text.signer] = await _load_attested_keys(actor, text.signer)
    return next((keys for keys in known[text.signer] if _fits(keys, text)), None)


async def _load_attested_keys(actor: Actor, signer: UUID) -> tuple[PublicIdentity, ...]:
    try:
        row = await fetch_row(SignerRow, Account.filter(id=signer))
        if row is None:
            return ()
        present = get_attested_keys(actor.installation, signer, row.sealed, row.public_identity)
    except (CryptoError, Damaged, TrustBroken):
        return ()
    if not await is_renewing(signer):
        return (present,)
    statements = (await load_statements([signer])).get(signer, ())
    return (present, *trace_former(signer, statements, present))


def resign_instructions(actor: Actor, former: Sequence[PublicIdentity], row: InstructionsRow) -> bytes | None:
    """
    Return a version with the actor's signature of now, sealed, where they had signed it with keys of before.

    None for any other: of a colleague, or signed with the keys of now.
    """
    where = instructions_context(row.patient_id, row.course_id, row.version)
    document = open_document(actor.installation.server_keys, row.sealed, where, SignedInstructions)
    if document.is_carried:
        return None  # its patient saw the signature, and keeps whose it was
    signed = encode_signed(row.patient_id, row.course_id, row.version, bytes(document.details))
    if document.signer != actor.id or _is_signed(actor.public_identity, signed, document.signature):
        return None
    if not any(_is_signed(one, signed, document.signature) for one in former):
        return None
    signature = actor.open_identity().sign(signed, purpose=SIGNATURE_PURPOSE)
    return seal_document(
        actor.installation.server_keys, msgspec.structs.replace(document, signature=signature), where
    )


def _fits(keys: bytes | PublicIdentity, text: Instructions) -> bool:
    public = _decode(keys)
    return public is not None and _is_signed(public, text.signed, text.signature)


def _decode(keys: bytes | PublicIdentity) -> PublicIdentity | None:
    try:
        return keys if isinstance(keys, PublicIdentity) else PublicIdentity.decode(keys)
    except CryptoError:
        return None


def _is_signed(public: PublicIdentity, signed: bytes, signature: bytes) -> bool:
    try:
        verify(public, signed, signature, purpose=SIGNATURE_PURPOSE)
    except CryptoError:
        return False
    return True
