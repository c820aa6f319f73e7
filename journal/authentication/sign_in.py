"""Sign in, confirm, change the password, recover. Unlocking the key *is* the password check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from crypto import (
    CryptoError,
    decoy_recovery_slot,
    decoy_slot,
    parse_recovery_key,
    password_slot,
    unlock_with_password,
    unlock_with_recovery_key,
)
from journal.accounts import status as account_status
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import require_session
from journal.accounts.notices import notice
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, known_devices, second_factor, tables, web_sessions
from journal.authentication.key_slots import Access, Closed
from journal.authentication.passwords import password_problems
from journal.authentication.second_factor import FactorGone
from journal.authentication.web_sessions import Stage
from journal.errors import Damaged, NotFound, Refused, WrongCredentials
from journal.i18n import N_
from journal.installation.installation import House
from journal.mail.messages import Notice
from journal.rate_limiting import attempts, limits
from journal.rate_limiting.attempts import Visitor
from journal.rate_limiting.limits import Count
from journal.roles import Role
from journal.store.database import transaction
from journal.store.progress import repeated

NOBODY = Visitor()
RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session token for the cookie, 32 bytes, how far it opens, and a mark for the browser once it is open."""

    token: bytes
    stage: Stage
    mark: bytes = b""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A session token after recovering, and whether a second factor was removed."""

    token: bytes
    factor_removed: bool


async def sign_in(
    house: House, email: str, password: str, *, device: str = "", visitor: Visitor = NOBODY
) -> SignedIn:
    """
    Unlock the account of *email* and start a web session.

    A wrong password and an unknown address take the same path: the same statements, one Argon2, one answer.

    Args:
        device: What kind of browser it is, in a few words.
        visitor: Whom the attempt is counted for.

    Raises:
        TooManyTries: If passwords were guessed too often; none is hashed then.
        WrongCredentials: If they do not open an account.
        FactorGone: If they do, and the document of the second factor is missing.
    """
    account, slot = await key_slots.of_email(house, email, "password")
    who = account or uuid4()
    slot = slot or decoy_slot(who.bytes, house.argon2)
    charged = await limits.charge(attempts.of_password(house, email, who, slot.salt, visitor))
    try:
        async with limits.not_counted_if_busy(charged):
            account_key = await house.stretch(
                partial(unlock_with_password, slot, password, account=who.bytes)
            )
    except CryptoError as error:
        await audit_log.note_unsigned(house, account, Act.SIGN_IN_REFUSED)
        raise WrongCredentials from error
    try:
        waits = await second_factor.required(who, account_key)
    except FactorGone:
        await audit_log.note_unsigned(house, who, Act.SIGN_IN_REFUSED)
        raise
    stage = Stage.SECOND_FACTOR if waits else Stage.OPEN

    async def come_in() -> bytes:
        async with transaction():
            token = await web_sessions.start(house, who, account_key, by=slot, device=device, stage=stage)
            await limits.give_back(charged)
            if not waits:  # otherwise the second step does all three
                await account_status.stay(house, who)
                await known_devices.greet(house, who, device)
                await audit_log.note_unsigned(house, who, Act.SIGNED_IN)
        return token

    try:
        token = await repeated(come_in)
    except Closed as error:  # the password was changed while it was tried
        await audit_log.note_unsigned(house, who, Act.SIGN_IN_REFUSED)
        raise WrongCredentials from error
    return SignedIn(token, stage, b"" if waits else attempts.mark(house, who, slot.salt))


async def unlock(actor: Actor, password: str) -> bytes:
    """
    Verify the actor's password before a dangerous act.

    Returns:
        The account key.

    Raises:
        TooManyTries: If passwords were guessed too often in this session.
        Refused: If the password is not theirs.
    """
    patient = actor.id if actor.role is Role.PATIENT else None
    counts = attempts.of_confirmation(actor.house, actor.id, actor.session)
    return await opened_again(actor.house, actor.id, password, patient, counts)


async def confirm(actor: Actor, token: bytes, password: str) -> bytes:
    """
    Verify the actor's password, and record that they have confirmed who they are.

    Returns:
        A new session token; the old one opens nothing any more.

    Raises:
        TooManyTries, Refused: As `unlock`.
    """
    await unlock(actor, password)
    return await repeated(lambda: web_sessions.confirm(actor, token))


async def opened_again(
    house: House, account: UUID, password: str, patient: UUID | None, counts: Iterable[Count]
) -> bytes:
    """
    Open an account with the password of somebody who signed in before.

    Returns:
        The account key.

    Raises:
        TooManyTries: If a limit of *counts* is reached.
        Refused: If the password is not theirs; it is noted in *patient*'s log.
    """
    charged = await limits.charge(counts, field="current")
    slot = await key_slots.of_account(account, "password")
    try:
        if slot is None:
            raise CryptoError
        async with limits.not_counted_if_busy(charged):
            account_key = await house.stretch(
                partial(unlock_with_password, slot, password, account=account.bytes), own=True
            )
        if not (await key_slots.present(account, second_factor.vault_of(account_key))).is_open(slot):
            raise CryptoError
    except (CryptoError, Damaged, NotFound) as error:
        await audit_log.note_unsigned(house, account, Act.PASSWORD_REFUSED, patient=patient)
        raise Refused({"current": N_("That is not your password. Try again.")}) from error
    await limits.give_back(charged)
    return account_key


async def change_password(actor: Actor, current: str, password: str, repeated: str, practice: str) -> bytes:
    """
    Re-wrap the account key under a new password, and sign every other browser out.

    Returns:
        A new session token for this browser.
    """
    before = await key_slots.of(actor)
    account_key = await unlock(actor, current)
    known = (actor.name, actor.email, practice)
    factor, _ = await second_factor.of(actor.id, actor.vault)
    judge = partial(password_problems, password, repeated, *known, second_factor=factor.on)
    if problems := await actor.house.stretch(judge, own=True):
        raise Refused(problems)
    return await _renew(actor.house, before, account_key, password, actor=actor)


async def recover(
    house: House,
    email: str,
    recovery_key: str,
    password: str,
    repeated: str,
    practice: str,
    *,
    visitor: Visitor = NOBODY,
) -> Recovered:
    """
    Open an account with its recovery key and set a new password. The old recovery key and a second factor end.

    Like `sign_in`, it takes the same path for an unknown address.

    Raises:
        TooManyTries: If keys were guessed too often.
        Refused: If a field needs another look, or the key does not open an account.
    """
    counts = attempts.of_recovery(house, email, visitor)
    charged = await limits.charge(counts, field="recovery_key")
    judge = partial(password_problems, password, repeated, email, practice)
    async with limits.not_counted_if_busy(charged):
        problems = await house.stretch(judge)
    if problems:
        await limits.give_back(charged, succeeded=False)  # the key was not tried
        raise Refused(problems)
    account, slot = await key_slots.of_email(house, email, "recovery")
    who = account or uuid4()
    slot = slot or decoy_recovery_slot(who.bytes)
    try:
        account_key = unlock_with_recovery_key(slot, parse_recovery_key(recovery_key), account=who.bytes)
        before = await key_slots.present(who, second_factor.vault_of(account_key))
        if not before.is_open(slot):
            raise CryptoError
    except (CryptoError, NotFound) as error:
        await audit_log.note_unsigned(house, account, Act.RECOVERY_REFUSED)
        raise Refused(
            {"recovery_key": N_("That e-mail address and recovery key do not open an account. Check both.")}
        ) from error
    try:
        had_factor = await second_factor.required(who, account_key)
    except FactorGone:
        had_factor = True
    async with limits.not_counted_if_busy(charged):
        token = await _renew(house, before, account_key, password)
    await limits.give_back(charged)
    return Recovered(token, had_factor)


async def _renew(
    house: House, before: Access, account_key: bytes, password: str, *, actor: Actor | None = None
) -> bytes:
    """Replace the password; without *actor*, that of somebody whom the recovery key let in."""
    account, vault = before.account, second_factor.vault_of(account_key)
    work = partial(password_slot, account_key, password, account=account.bytes, epoch=before.next)
    slot = await house.stretch(partial(work, parameters=house.argon2), own=actor is not None)
    ways = before.with_slot(slot)
    if actor is None:
        ways = tuple(way for way in ways if way.kind != RECOVERY)

    async def write() -> bytes:
        async with transaction():
            await key_slots.swap(before, vault, ways, end_sessions=True)
            if actor is not None:
                await require_session(actor)
            await account_status.stay(house, account)
            await tables.WebSession.filter(account_id=account).delete()
            await key_slots.put(account, slot, house.clock())
            if actor is None:
                await tables.KeySlot.filter(account_id=account, kind=RECOVERY).delete()
                await accounts_tables.Account.filter(id=account).update(recovery_ready=False)
                await second_factor.begin(account, vault, house.clock())
            token = await web_sessions.start(house, account, account_key)
            await notice(house, account, Notice.PASSWORD_CHANGED if actor else Notice.RECOVERY_USED)
            await audit_log.note_unsigned(house, account, Act.PASSWORD_CHANGED if actor else Act.RECOVERED)
        return token

    return await repeated(write)
