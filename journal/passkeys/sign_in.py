"""
Use a passkey: sign in, open a locked session, complete the second step, confirm. `verification.py` checks answers.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from journal.accounts import status as account_status
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import idle_lock, known_devices, web_sessions
from journal.authentication.key_slots import Closed
from journal.errors import Damaged, NotFound, Refused
from journal.installation.installation import House
from journal.passkeys import challenges, rows, webauthn
from journal.passkeys.challenges import Errand, Purpose
from journal.passkeys.verification import OPENS_NO_MORE, Answer, note_use, proven, unlocked, vault_of
from journal.passkeys.webauthn import Site
from journal.roles import Role
from journal.store.database import transaction
from journal.store.progress import repeated
from journal.store.rows import Opened


def asked_to_sign_in(house: House, site: Site) -> dict[str, Any]:
    """Return the options to ask for any passkey of this site; reveals and stores nothing."""
    return webauthn.to_use(site, challenges.issue(house, Errand(Purpose.SIGN_IN)))


async def sign_in(house: House, site: Site, answer: Answer, *, device: str = "") -> bytes:
    """
    Sign in with a passkey that holds the account's key: two factors at once, the device and who unlocked it.

    Returns:
        The session token for the cookie, 32 bytes.

    Raises:
        Refused: If the passkey is unknown, does not verify, or holds no key.
    """
    errand = Errand(Purpose.SIGN_IN)
    passkey, proof = await proven(house, site, errand, answer)
    account_key, slot = await unlocked(house, passkey, errand, answer)

    async def come_in() -> bytes:
        async with transaction():
            token = await web_sessions.start(house, passkey.account, account_key, by=slot, device=device)
            await note_use(house, passkey, proof)
            await account_status.stay(house, passkey.account)
            await known_devices.greet(house, passkey.account, device)
            await audit_log.note_unsigned(house, passkey.account, Act.SIGNED_IN_BY_PASSKEY, about=passkey.id)
        return token

    try:
        return await repeated(come_in)
    except Closed as error:  # it was removed while it was tried
        raise Refused({"passkey": OPENS_NO_MORE}) from error


async def asked_for_second_step(house: House, token: bytes, site: Site) -> dict[str, Any]:
    """Return the options to ask for a passkey after the password; raises `NotFound` if no sign-in waits."""
    return await _asked_of(house, site, (await _second(house, token))[0])


async def second_step(house: House, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Complete a sign-in with a passkey after the password; it need not hold a key.

    Returns:
        The new session token.

    Raises:
        NotFound: If no sign-in waits for its second step.
        Refused: As `sign_in`, but for the key.
    """
    errand, account_key = await _second(house, token)
    passkey, proof = await proven(house, site, errand, answer)
    rows.require_own(passkey, vault_of(account_key))

    async def come_in() -> bytes:
        async with transaction():
            await note_use(house, passkey, proof)
            await account_status.stay(house, passkey.account)
            return await web_sessions.promote(house, token)

    return await repeated(come_in)


async def asked_to_confirm(actor: Actor, site: Site) -> dict[str, Any]:
    """Return the options to ask for one of the actor's own passkeys; raises `NotFound` without any."""
    return await _asked_of(actor.house, site, _confirmation(actor))


async def confirm(actor: Actor, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Confirm with a passkey who the actor is.

    Returns:
        The new session token.

    Raises:
        Refused: As `second_step`.
    """
    passkey, proof = await proven(actor.house, site, _confirmation(actor), answer)
    rows.require_own(passkey, actor.vault)

    async def confirmed() -> bytes:
        async with transaction():
            await note_use(actor.house, passkey, proof)
            return await web_sessions.confirm(actor, token)

    return await repeated(confirmed)


async def asked_to_unlock(house: House, token: bytes, site: Site) -> dict[str, Any]:
    """Return the options to ask for a passkey that opens a locked session; raises `NotFound` without any."""
    return await _asked_of(house, site, await _unlocking(house, token))


async def unlock(house: House, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Open a locked session with a passkey that holds its owner's key.

    Returns:
        The new session token.

    Raises:
        NotFound: If no session is locked under *token*.
        Refused: As `sign_in`.
    """
    errand = await _unlocking(house, token)
    passkey, proof = await proven(house, site, errand, answer)
    account_key, _ = await unlocked(house, passkey, errand, answer)

    async def opened() -> bytes:
        async with transaction():
            await note_use(house, passkey, proof)
            return await idle_lock.reopen(house, token, account_key)

    return await repeated(opened)


async def _second(house: House, token: bytes) -> tuple[Errand, bytes]:
    found = await web_sessions.waiting(house, token)
    if found is None:
        raise NotFound
    account, account_key = found
    return Errand(Purpose.SECOND_STEP, account), account_key


def _confirmation(actor: Actor) -> Errand:
    return Errand(Purpose.CONFIRM, actor.id, _patient(actor.id, actor.role))


async def _unlocking(house: House, token: bytes) -> Errand:
    owner = await idle_lock.locked(house, token)
    if owner is None:
        raise NotFound
    return Errand(Purpose.UNLOCK, owner.account, _patient(owner.account, owner.role))


def _patient(account: UUID, role: str) -> UUID | None:
    return account if role == Role.PATIENT else None


async def _asked_of(house: House, site: Site, errand: Errand) -> dict[str, Any]:
    mine = await rows.of_account(house, errand.account) if errand.account else Opened()
    known = [one.known for one in mine if one.document.opens or errand.purpose is not Purpose.UNLOCK]
    if not known and mine.damaged:
        raise Damaged
    if not known:
        raise NotFound  # asking for none in particular would offer those of other accounts
    return webauthn.to_use(site, challenges.issue(house, errand), known)
