"""Open an account, sign in, change the password, recover. Unlocking the key *is* the password check."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from crypto import (
    CryptoError,
    decoy_slot,
    parse_recovery_key,
    password_slot,
    unlock_with_password,
    unlock_with_recovery_key,
)
from journal import audit, key_slots, tables, websessions
from journal.actors import Actor, Role
from journal.audit import Act
from journal.errors import Refused, WrongCredentials
from journal.house import House
from journal.new_accounts import password_problems
from journal.store import transaction
from journal.websessions import Stage
from journal.words import N_


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session token for the cookie, 32 bytes, and how far it opens."""

    token: bytes
    stage: Stage


async def sign_in(house: House, email: str, password: str, *, device: str = "") -> SignedIn:
    """
    Unlock the account of *email* and start a web session.

    A wrong password and an unknown address take the same way: one look-up, one Argon2, one answer.

    Args:
        device: What kind of browser it is, in a few words.

    Raises:
        WrongCredentials: If they do not open an account.
    """
    account, slot = await key_slots.of_email(house, email, "password")
    who = account or uuid4()
    slot = slot or decoy_slot(who.bytes, house.argon2)
    try:
        account_key = await house.stretch(partial(unlock_with_password, slot, password, account=who.bytes))
    except CryptoError as error:
        await audit.note_unsigned(house, account, Act.SIGN_IN_REFUSED)
        raise WrongCredentials from error
    stage = Stage.OPEN  # the one place where a second factor comes in
    async with transaction():
        token = await websessions.start(house, who, account_key, device=device, stage=stage)
        if stage is Stage.OPEN:  # otherwise `promote` writes it
            await audit.note_unsigned(house, who, Act.SIGNED_IN)
    return SignedIn(token, stage)


async def unlock(actor: Actor, password: str) -> bytes:
    """
    Ask for the password again before a dangerous act.

    Returns:
        The account key.

    Raises:
        Refused: If the password is not theirs.
    """
    patient = actor.id if actor.role is Role.PATIENT else None
    return await opened_again(actor.house, actor.id, actor.email, password, patient)


async def opened_again(house: House, account: UUID, email: str, password: str, patient: UUID | None) -> bytes:
    """
    Open an account with the password of somebody who came in before.

    Returns:
        The account key.

    Raises:
        Refused: If the password is not theirs; *patient*'s log says so.
    """
    _, slot = await key_slots.of_email(house, email, "password")
    try:
        if slot is None:
            raise CryptoError
        return await house.stretch(partial(unlock_with_password, slot, password, account=account.bytes))
    except CryptoError as error:
        await audit.note_unsigned(house, account, Act.PASSWORD_REFUSED, patient=patient)
        raise Refused({"current": N_("That is not your password. Try again.")}) from error


async def change_password(actor: Actor, current: str, password: str, repeated: str, practice: str) -> bytes:
    """
    Re-wrap the account key under a new password, and sign every other browser out.

    Returns:
        A new session token for this browser.
    """
    account_key = await unlock(actor, current)
    known = (actor.name, actor.email, practice)
    if problems := await actor.house.stretch(partial(password_problems, password, repeated, *known)):
        raise Refused(problems)
    return await _renew(actor.house, actor.id, account_key, password, Act.PASSWORD_CHANGED)


async def recover(
    house: House, email: str, recovery_key: str, password: str, repeated: str, practice: str
) -> bytes:
    """
    Open an account with its recovery key and set a new password. The old recovery key stops working.

    Returns:
        A session token; the person is then shown a new recovery key.
    """
    if problems := await house.stretch(partial(password_problems, password, repeated, email, practice)):
        raise Refused(problems)
    account, slot = await key_slots.of_email(house, email, "recovery")
    try:
        key = parse_recovery_key(recovery_key)
        if account is None or slot is None:
            raise CryptoError
        account_key = unlock_with_recovery_key(slot, key, account=account.bytes)
    except CryptoError as error:
        await audit.note_unsigned(house, account, Act.RECOVERY_REFUSED)
        raise Refused(
            {"recovery_key": N_("That e-mail address and recovery key do not open an account. Check both.")}
        ) from error
    return await _renew(house, account, account_key, password, Act.RECOVERED)


async def _renew(house: House, account: UUID, account_key: bytes, password: str, act: Act) -> bytes:
    slot = await house.stretch(
        partial(password_slot, account_key, password, account=account.bytes, parameters=house.argon2)
    )
    async with transaction():
        await tables.WebSession.filter(account_id=account).delete()
        await key_slots.put(account, slot, house.clock())
        if act is Act.RECOVERED:
            await tables.KeySlot.filter(account_id=account, kind="recovery").delete()
            await tables.Account.filter(id=account).update(recovery_ready=False)
        token = await websessions.start(house, account, account_key)
        await audit.note_unsigned(house, account, act)
    return token
