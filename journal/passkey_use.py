"""
What a passkey does once it is there: open the journal, be the second step, show once more who somebody is.

An answer counts only for what it was asked for, once, within five minutes, from this site, with the person
verified by their device. What is said of a passkey that is not known is said of one whose account is suspended too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from crypto import CryptoError, Keyring, Sealer, unlock_with_passkey
from journal import audit, ceremonies, challenges, devices, key_slots, passkey_rows, tables, websessions
from journal.actors import Actor, Role
from journal.audit import Act
from journal.ceremonies import Proof, Site, Unproven
from journal.challenges import Errand, Purpose
from journal.errors import NotFound, Refused
from journal.house import House
from journal.passkey_rows import Passkey
from journal.passkeys import output_of
from journal.store import transaction
from journal.words import N_

STRANGE = N_("This passkey does not belong to an account here, or not any more. Please come in another way.")
UNPROVEN = N_("This passkey could not be checked. Please try once more, or come in another way.")
COUNTED_BACK = N_(
    "This passkey has counted backwards, as a copy of it would. Please use your password, then remove this passkey "
    "and add it again."
)
OPENS_NOTHING = N_("This passkey cannot hold the key to your journal. Please sign in with your password.")
NO_OUTPUT = N_(
    "This browser did not hand over the key that your passkey holds. Please sign in with your password."
)
OPENS_NO_MORE = N_(
    "This passkey no longer opens your journal. Please sign in with your password, then remove it and add it again."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends: the credential's answer as JSON, and what its PRF gave as base64url, or nothing."""

    credential: str
    prf: str = ""


def asked_to_sign_in(house: House, site: Site) -> dict[str, Any]:
    """Give what the browser needs to ask for any passkey of this site's; tells and stores nothing."""
    return ceremonies.to_use(site, challenges.issue(house, Errand(Purpose.SIGN_IN)))


async def sign_in(house: House, site: Site, answer: Answer, *, device: str = "") -> bytes:
    """
    Open the account of a passkey that holds its key. That is two factors at once: the device, and who unlocked it.

    Returns:
        The session token for the cookie, 32 bytes.

    Raises:
        Refused: If the passkey is none of ours, proves nothing, or holds no key.
    """
    passkey, proof = await _proven(house, site, Errand(Purpose.SIGN_IN), answer)
    account_key = await _unlocked(house, passkey, answer)
    passkey_rows.require_own(passkey, _vault(account_key))
    async with transaction():
        await _note_use(house, passkey, proof)
        token = await websessions.start(house, passkey.account, account_key, device=device)
        await devices.greet(house, passkey.account, device)
        await audit.note_unsigned(house, passkey.account, Act.SIGNED_IN_BY_PASSKEY, about=passkey.id)
    return token


async def asked_for_second_step(house: House, token: bytes, site: Site) -> dict[str, Any]:
    """Give what the browser needs to ask for a passkey after the password; raises `NotFound` if nothing waits."""
    account, _ = await _waiting(house, token)
    return await _asked_of(house, site, Errand(Purpose.SECOND_STEP, account))


async def second_step(house: House, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Let a passkey be the second step after the password; it need not hold a key.

    Returns:
        The new session token.

    Raises:
        NotFound: If no sign-in waits for its second step.
        Refused: As `sign_in`, but for the key.
    """
    account, account_key = await _waiting(house, token)
    passkey, proof = await _proven(house, site, Errand(Purpose.SECOND_STEP, account), answer)
    passkey_rows.require_own(passkey, _vault(account_key))
    async with transaction():
        await _note_use(house, passkey, proof)
    return await websessions.promote(house, token)


async def asked_to_confirm(actor: Actor, site: Site) -> dict[str, Any]:
    """Give what the browser needs to ask for one of the actor's own passkeys."""
    return await _asked_of(actor.house, site, Errand(Purpose.CONFIRM, actor.id))


async def confirm(actor: Actor, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Let the actor show once more who they are.

    Returns:
        The new session token.

    Raises:
        Refused: As `second_step`.
    """
    errand = Errand(Purpose.CONFIRM, actor.id)
    passkey, proof = await _proven(
        actor.house, site, errand, answer, patient=actor.id if actor.role is Role.PATIENT else None
    )
    passkey_rows.require_own(passkey, actor.vault)
    async with transaction():
        await _note_use(actor.house, passkey, proof)
    return await websessions.confirm(actor, token)


async def _waiting(house: House, token: bytes) -> tuple[UUID, bytes]:
    found = await websessions.waiting(house, token)
    if found is None:
        raise NotFound
    return found


def _vault(account_key: bytes) -> Sealer:
    return Sealer(Keyring.from_account_key(account_key).vault)


async def _asked_of(house: House, site: Site, errand: Errand) -> dict[str, Any]:
    known = (
        [one.known for one in await passkey_rows.of_account(house, errand.account)] if errand.account else []
    )
    if not known:
        raise NotFound  # asking for none in particular would offer those of other accounts
    return ceremonies.to_use(site, challenges.issue(house, errand), known)


async def _proven(
    house: House, site: Site, errand: Errand, answer: Answer, *, patient: UUID | None = None
) -> tuple[Passkey, Proof]:
    """Find the passkey that has answered, and believe it; its challenge is then spent, whatever comes after."""
    try:
        claim = ceremonies.claim_of(answer.credential)
    except Unproven as error:
        raise Refused({"passkey": UNPROVEN}) from error
    challenges.require_valid(house, claim.challenge, errand)
    lookup = passkey_rows.lookup_of(claim.credential)
    row = await tables.Passkey.get_or_none(lookup=lookup, account__status="active")
    if row is None:
        # No event: nobody is concerned, and whoever invents answers could fill the log with them.
        raise Refused({"passkey": STRANGE})
    passkey = passkey_rows.opened(house, row)
    named = claim.handle is not None or errand.account is not None
    try:
        if not named or claim.handle not in (None, passkey.account.bytes):
            raise Unproven
        if errand.account not in (None, passkey.account):
            raise Unproven
        proof = ceremonies.proven(site, answer.credential, claim.challenge, passkey.document.public_key)
    except Unproven as error:
        await _note_refusal(house, passkey, errand, patient)
        raise Refused({"passkey": UNPROVEN}) from error
    await challenges.spend(claim.challenge)
    counted = passkey.document.sign_count
    if (counted or proof.sign_count) and proof.sign_count <= counted:
        await _note_refusal(house, passkey, errand, patient)
        raise Refused({"passkey": COUNTED_BACK})
    return passkey, proof


async def _unlocked(house: House, passkey: Passkey, answer: Answer) -> bytes:
    """Give the account key out of the passkey's slot."""
    if not passkey.document.opens:
        raise Refused({"passkey": OPENS_NOTHING})
    output = output_of(answer.prf)
    if output is None:
        raise Refused({"passkey": NO_OUTPUT})
    try:
        slot = await key_slots.of_passkey(passkey.account, passkey.id)
        if slot is None:
            raise CryptoError
        return unlock_with_passkey(slot, output, account=passkey.account.bytes)
    except CryptoError as error:
        await _note_refusal(house, passkey, Errand(Purpose.SIGN_IN), None)
        raise Refused({"passkey": OPENS_NO_MORE}) from error


async def _note_use(house: House, passkey: Passkey, proof: Proof) -> None:
    """Write down when a passkey was used and how far it has counted; of two uses at once one is refused."""
    document = msgspec.structs.replace(
        passkey.document, sign_count=proof.sign_count, backed_up=proof.backed_up
    )
    if not await passkey_rows.keep(house, passkey, document, house.clock()):
        raise Refused({"passkey": challenges.LATE})


async def _note_refusal(house: House, passkey: Passkey, errand: Errand, patient: UUID | None) -> None:
    account = errand.account or passkey.account
    await audit.note_unsigned(house, account, Act.PASSKEY_REFUSED, patient=patient, about=passkey.id)
