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
from journal.authentication import idle_lock, known_devices, second_factor, web_sessions
from journal.authentication.key_slots import AccessRevoked
from journal.errors import Damaged, InvalidInput, NotFound
from journal.installation.installation import Installation
from journal.passkeys import challenges, rows, webauthn
from journal.passkeys.challenges import PasskeyRequest, Purpose
from journal.passkeys.verification import (
    SLOT_REVOKED,
    Answer,
    record_use,
    unlock_account_key,
    verify_answer,
)
from journal.passkeys.webauthn import Site
from journal.roles import Role
from journal.store.database import transaction
from journal.store.progress import run_with_retry
from journal.store.rows import OpenedRows


def build_sign_in_options(installation: Installation, site: Site) -> dict[str, Any]:
    """Return the options to ask for any passkey of this site; reveals and stores nothing."""
    return webauthn.build_request_options(
        site, challenges.issue_challenge(installation, PasskeyRequest(Purpose.SIGN_IN))
    )


async def sign_in_with_passkey(
    installation: Installation, site: Site, answer: Answer, *, device: str = ""
) -> bytes:
    """
    Sign in with a passkey that holds the account's key: two factors at once, the device and who unlocked it.

    Returns:
        The session token for the cookie, 32 bytes.

    Raises:
        InvalidInput: If the passkey is unknown, does not verify, or holds no key.
    """
    request = PasskeyRequest(Purpose.SIGN_IN)
    passkey, proof = await verify_answer(installation, site, request, answer)
    account_key, slot = await unlock_account_key(installation, passkey, request, answer)

    async def start() -> bytes:
        async with transaction():
            token = await web_sessions.start_session(
                installation, passkey.account, account_key, slot=slot, device=device
            )
            await record_use(installation, passkey, proof)
            await account_status.cancel_deletion(installation, passkey.account)
            await known_devices.remember_device(installation, passkey.account, device)
            await audit_log.record_unauthenticated_event(
                installation, passkey.account, Act.SIGNED_IN_BY_PASSKEY, about=passkey.id
            )
        return token

    try:
        return await run_with_retry(start)
    except AccessRevoked as error:  # it was removed while it was tried
        raise InvalidInput({"passkey": SLOT_REVOKED}) from error


async def build_second_step_options(installation: Installation, token: bytes, site: Site) -> dict[str, Any]:
    """Return the options to ask for a passkey after the password; raises `NotFound` if no sign-in waits."""
    return await _build_options(installation, site, (await _load_waiting(installation, token))[0])


async def complete_second_step(installation: Installation, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Complete a sign-in with a passkey after the password; it need not hold a key.

    Returns:
        The new session token.

    Raises:
        NotFound: If no sign-in waits for its second step.
        InvalidInput: As `sign_in_with_passkey`, but for the key.
    """
    request, account_key = await _load_waiting(installation, token)
    passkey, proof = await verify_answer(installation, site, request, answer)
    rows.verify_owner(passkey, second_factor.build_vault_sealer(account_key))

    async def start() -> bytes:
        async with transaction():
            await record_use(installation, passkey, proof)
            await account_status.cancel_deletion(installation, passkey.account)
            return await web_sessions.promote_session(installation, token)

    return await run_with_retry(start)


async def build_confirmation_options(actor: Actor, site: Site) -> dict[str, Any]:
    """Return the options to ask for one of the actor's own passkeys; raises `NotFound` without any."""
    return await _build_options(actor.installation, site, _build_confirmation(actor))


async def confirm_with_passkey(actor: Actor, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Confirm with a passkey who the actor is.

    Returns:
        The new session token.

    Raises:
        InvalidInput: As `complete_second_step`.
    """
    passkey, proof = await verify_answer(actor.installation, site, _build_confirmation(actor), answer)
    rows.verify_owner(passkey, actor.vault)

    async def confirm_session() -> bytes:
        async with transaction():
            await record_use(actor.installation, passkey, proof)
            return await web_sessions.confirm_session(actor, token)

    return await run_with_retry(confirm_session)


async def build_unlocking_options(installation: Installation, token: bytes, site: Site) -> dict[str, Any]:
    """Return the options to ask for a passkey that opens a locked session; raises `NotFound` without any."""
    return await _build_options(installation, site, await _load_locked(installation, token))


async def unlock_session(installation: Installation, token: bytes, site: Site, answer: Answer) -> bytes:
    """
    Open a locked session with a passkey that holds its owner's key.

    Returns:
        The new session token.

    Raises:
        NotFound: If no session is locked under *token*.
        InvalidInput: As `sign_in_with_passkey`.
    """
    request = await _load_locked(installation, token)
    passkey, proof = await verify_answer(installation, site, request, answer)
    account_key, slot = await unlock_account_key(installation, passkey, request, answer)

    async def reopen() -> bytes:
        async with transaction():
            await record_use(installation, passkey, proof)
            return await idle_lock.reopen_session(installation, token, account_key, slot)

    try:
        return await run_with_retry(reopen)
    except AccessRevoked as error:  # it was removed while it was tried
        raise InvalidInput({"passkey": SLOT_REVOKED}) from error


async def _load_waiting(installation: Installation, token: bytes) -> tuple[PasskeyRequest, bytes]:
    found = await web_sessions.find_waiting_session(installation, token)
    if found is None:
        raise NotFound
    account, account_key = found
    return PasskeyRequest(Purpose.SECOND_STEP, account), account_key


def _build_confirmation(actor: Actor) -> PasskeyRequest:
    return PasskeyRequest(Purpose.CONFIRM, actor.id, _get_patient(actor.id, actor.role))


async def _load_locked(installation: Installation, token: bytes) -> PasskeyRequest:
    owner = await idle_lock.find_locked_session(installation, token)
    if owner is None:
        raise NotFound
    return PasskeyRequest(Purpose.UNLOCK, owner.account, _get_patient(owner.account, owner.role))


def _get_patient(account: UUID, role: str) -> UUID | None:
    return account if role == Role.PATIENT else None


async def _build_options(installation: Installation, site: Site, request: PasskeyRequest) -> dict[str, Any]:
    mine = await rows.load_passkeys(installation, request.account) if request.account else OpenedRows()
    known = [one.descriptor for one in mine if one.document.opens or request.purpose is not Purpose.UNLOCK]
    if not known and mine.damaged:
        raise Damaged
    if not known:
        raise NotFound  # asking for none in particular would offer those of other accounts
    return webauthn.build_request_options(site, challenges.issue_challenge(installation, request), known)
