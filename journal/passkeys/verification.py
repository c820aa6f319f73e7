"""
Verify a passkey's answer, and open its key slot.

An answer counts only for what it was asked for, once, within five minutes, from this site, with the person verified by
their device. A passkey of a suspended account is refused as an unknown one is.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from crypto import CryptoError, KeySlot, unlock_with_passkey
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor
from journal.authentication import tables as authentication_tables
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.passkeys import challenges, rows, webauthn
from journal.passkeys.challenges import PasskeyRequest
from journal.passkeys.management import parse_prf_output
from journal.passkeys.rows import Passkey
from journal.passkeys.webauthn import Proof, Site, VerificationFailed

UNKNOWN_PASSKEY = N_(
    "This passkey does not belong to an account here, or not any more. Please sign in another way."
)
NOT_VERIFIED = N_("This passkey could not be checked. Please try once more, or sign in another way.")
COUNT_WENT_BACK = N_(
    "This passkey may have been copied, so it opens nothing. Please use your password, then remove this passkey "
    "and add it again."
)
OPENS_NOTHING = N_("This passkey cannot hold the key to your journal. Please sign in with your password.")
NO_PRF_OUTPUT = N_(
    "This browser did not hand over the key that your passkey holds. Please sign in with your password."
)
SLOT_REVOKED = N_(
    "This passkey no longer opens your journal. Please sign in with your password, then remove it and add it again."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends: the credential's answer as JSON, and its PRF output as base64url, or empty."""

    credential: str
    prf: str = ""


async def verify_answer(
    installation: Installation, site: Site, request: PasskeyRequest, answer: Answer
) -> tuple[Passkey, Proof]:
    """
    Verify an answer, and return its passkey; its challenge is then spent, whatever comes after.

    Raises:
        InvalidInput: If the passkey is unknown, or the answer does not verify.
    """
    try:
        claim = webauthn.parse_claim(answer.credential)
    except VerificationFailed as error:
        raise InvalidInput({"passkey": NOT_VERIFIED}) from error
    challenges.verify_challenge(installation, claim.challenge, request)
    lookup = rows.hash_credential_id(claim.credential)
    able = authentication_tables.Passkey.filter(lookup=lookup, account__status__in=key_slots.USABLE_STATUSES)
    passkey = await rows.find_passkey(installation, able)
    if passkey is None:
        # No event: no account is concerned, and made-up answers could fill the log.
        raise InvalidInput({"passkey": UNKNOWN_PASSKEY})
    named = claim.handle is not None or request.account is not None
    try:
        if not named or claim.handle not in (None, passkey.account.bytes):
            raise VerificationFailed
        if request.account not in (None, passkey.account):
            raise VerificationFailed
        proof = webauthn.verify_assertion(
            site, answer.credential, claim.challenge, passkey.document.public_key
        )
    except VerificationFailed as error:
        await _note_refusal(installation, passkey, request)
        raise InvalidInput({"passkey": NOT_VERIFIED}) from error
    await challenges.spend_challenge(claim.challenge)
    counted = passkey.document.sign_count
    if (counted or proof.sign_count) and proof.sign_count <= counted:
        await _note_refusal(installation, passkey, request)
        raise InvalidInput({"passkey": COUNT_WENT_BACK})
    return passkey, proof


async def unlock_account_key(
    installation: Installation, passkey: Passkey, request: PasskeyRequest, answer: Answer
) -> tuple[bytes, KeySlot]:
    """
    Return the account key from the slot of a verified passkey, and that slot.

    Raises:
        InvalidInput: If it has none, or one that the PRF output does not open.
        Damaged: If the account did not add this passkey itself.
    """
    if not passkey.document.opens:
        raise InvalidInput({"passkey": OPENS_NOTHING})
    output = parse_prf_output(answer.prf)
    if output is None:
        raise InvalidInput({"passkey": NO_PRF_OUTPUT})
    try:
        slot = await key_slots.find_passkey_slot(passkey.account, passkey.id)
        if slot is None:
            raise CryptoError
        account_key = unlock_with_passkey(slot, output, account=passkey.account.bytes)
        if not (
            await key_slots.load_access(passkey.account, second_factor.build_vault_sealer(account_key))
        ).is_allowed(slot):
            raise CryptoError
    except (CryptoError, NotFound) as error:
        await _note_refusal(installation, passkey, request)
        raise InvalidInput({"passkey": SLOT_REVOKED}) from error
    rows.verify_owner(passkey, second_factor.build_vault_sealer(account_key))
    return account_key, slot


async def record_use(installation: Installation, passkey: Passkey, proof: Proof) -> None:
    """Store when a passkey was used and its signature count; of two uses at once one is refused."""
    document = msgspec.structs.replace(
        passkey.document, sign_count=proof.sign_count, backed_up=proof.backed_up
    )
    if not await rows.save_passkey(installation, passkey, document, installation.clock()):
        raise InvalidInput({"passkey": challenges.CHALLENGE_EXPIRED})


async def _note_refusal(installation: Installation, passkey: Passkey, request: PasskeyRequest) -> None:
    account = request.account or passkey.account
    await audit_log.record_unauthenticated_event(
        installation, account, Act.PASSKEY_REFUSED, patient=request.patient, about=passkey.id
    )
