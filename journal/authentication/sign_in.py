"""Sign in, confirm, change the password, recover. Unlocking the key *is* the password check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

from crypto import (
    CryptoError,
    decoy_recovery_slot,
    decoy_slot,
    parse_recovery_key,
    parse_secret_key,
    password_slot,
    unlock_with_password,
    unlock_with_recovery_key,
)
from journal.accounts import status as account_status
from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import require_session
from journal.accounts.notices import queue_notice
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, known_devices, second_factor, tables, web_sessions
from journal.authentication.key_slots import Access, AccessRevoked
from journal.authentication.passwords import find_password_problems
from journal.authentication.second_factor import FactorMissing
from journal.authentication.web_sessions import Stage
from journal.device_copies import copies
from journal.errors import Damaged, InvalidInput, NotFound, WrongCredentials
from journal.i18n import N_
from journal.installation import kept_secret_keys
from journal.installation.installation import Installation
from journal.mail.messages import Notice
from journal.rate_limiting import attempts, limits
from journal.rate_limiting.attempts import Visitor
from journal.rate_limiting.limits import Count
from journal.roles import Role
from journal.store.database import transaction
from journal.store.progress import run_with_retry

UNKNOWN_VISITOR = Visitor()
RECOVERY = "recovery"
SECRET_KEY_FIELD = "secret_key"
NOT_A_SECRET_KEY = N_(
    "That is not a whole secret key. It begins with SK, and six groups of five follow. Compare it with your copy."
)
SECRET_KEY_MISSING = N_(
    "This browser does not have your secret key, and your password does not open your account without it. In another "
    "tab, sign in with both; then come back and try again."
)


@dataclass(frozen=True, slots=True)
class SignInResult:
    """
    A session token for the cookie, 32 bytes, how far it opens, and a mark for the browser once it is open.

    `kept_keys` are the sealed secret keys that the browser is to keep from now on; empty where nothing changes.
    """

    token: bytes
    stage: Stage
    mark: bytes = b""
    kept_keys: bytes = b""


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """A session token after recovering, and whether a second factor and a secret key were turned off."""

    token: bytes
    factor_removed: bool
    secret_key_removed: bool


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """What a password opened: the account key, and the secret key that was needed besides, or None."""

    account_key: bytes = field(repr=False)
    secret_key: bytes | None = field(repr=False)


async def sign_in(
    installation: Installation,
    email: str,
    password: str,
    *,
    secret_key: str = "",
    kept_keys: bytes = b"",
    device: str = "",
    visitor: Visitor = UNKNOWN_VISITOR,
) -> SignInResult:
    """
    Unlock the account of *email* and start a web session.

    A wrong password, a wrong or missing secret key and an unknown address take the same path: the same statements,
    one Argon2, one answer. Nobody learns from it whether an account needs a secret key.

    Args:
        secret_key: The secret key as typed; empty where the browser keeps it, or none is needed.
        kept_keys: The secret keys that the browser keeps.
        device: What kind of browser it is, in a few words.
        visitor: Whom the attempt is counted for.

    Raises:
        InvalidInput: If what was typed is no secret key, whoever's; nothing is counted then.
        TooManyAttempts: If passwords were guessed too often; none is hashed then.
        WrongCredentials: If they do not open an account.
        FactorMissing: If they do, and the document of the second factor is missing.
    """
    typed = read_secret_key(secret_key)
    account, slot = await key_slots.find_slot_by_email(installation, email, "password")
    who = account or uuid4()
    kept = kept_secret_keys.find_secret_key(installation.server_keys, kept_keys, who.bytes)
    slot = slot or decoy_slot(who.bytes, installation.argon2)
    charged = await limits.count_attempt(
        attempts.build_password_counts(installation, email, who, slot.salt, visitor)
    )
    try:
        async with limits.refund_if_busy(charged):
            account_key = await installation.run_password_hash(
                partial(unlock_with_password, slot, password, account=who.bytes, secret_key=typed or kept)
            )
    except CryptoError as error:
        await audit_log.record_unauthenticated_event(installation, account, Act.SIGN_IN_REFUSED)
        raise WrongCredentials from error
    try:
        waits = await second_factor.is_required(who, account_key)
    except FactorMissing:
        await audit_log.record_unauthenticated_event(installation, who, Act.SIGN_IN_REFUSED)
        raise
    stage = Stage.SECOND_FACTOR if waits else Stage.OPEN

    async def start() -> bytes:
        async with transaction():
            token = await web_sessions.start_session(
                installation, who, account_key, slot=slot, device=device, stage=stage
            )
            await limits.refund_attempt(charged)
            if not waits:  # otherwise the second step does all three
                await account_status.cancel_deletion(installation, who)
                await known_devices.remember_device(installation, who, device)
                await audit_log.record_unauthenticated_event(installation, who, Act.SIGNED_IN)
        return token

    try:
        token = await run_with_retry(start)
    except AccessRevoked as error:  # the password was changed while it was tried
        await audit_log.record_unauthenticated_event(installation, who, Act.SIGN_IN_REFUSED)
        raise WrongCredentials from error
    used = (typed or kept) if slot.needs_secret_key else None
    return SignInResult(
        token,
        stage,
        b"" if waits else attempts.make_browser_mark(installation, who, slot.salt),
        kept_secret_keys.add_secret_key(installation.server_keys, kept_keys, who.bytes, used)
        if used
        else b"",
    )


def read_secret_key(typed: str) -> bytes | None:
    """Return a secret key as it was typed, None for nothing; raises `InvalidInput` for anything else."""
    if not typed.strip():
        return None
    try:
        return parse_secret_key(typed)
    except CryptoError as error:
        raise InvalidInput({SECRET_KEY_FIELD: NOT_A_SECRET_KEY}) from error


async def verify_password(actor: Actor, password: str) -> bytes:
    """
    Verify the actor's password before a dangerous act.

    Returns:
        The account key.

    Raises:
        TooManyAttempts, InvalidInput: As `open_own_account`.
    """
    return (await open_own_account(actor, password)).account_key


async def open_own_account(actor: Actor, password: str) -> OpenedAccount:
    """
    Open the actor's account with their password, and the secret key that their browser keeps where it is needed.

    Raises:
        TooManyAttempts: If passwords were guessed too often in this session.
        InvalidInput: If the password is not theirs, or the browser does not keep the secret key.
    """
    patient = actor.id if actor.role is Role.PATIENT else None
    counts = attempts.build_confirmation_counts(actor.installation, actor.id, actor.session)
    return await unlock_account(actor.installation, actor.id, password, patient, counts, actor.kept_keys)


async def confirm_with_password(actor: Actor, token: bytes, password: str) -> bytes:
    """
    Verify the actor's password, and record that they have confirmed who they are.

    Returns:
        A new session token; the old one opens nothing any more.

    Raises:
        TooManyAttempts, Refused: As `unlock_account`.
    """
    await verify_password(actor, password)
    return await run_with_retry(lambda: web_sessions.confirm_session(actor, token))


async def unlock_account(
    installation: Installation,
    account: UUID,
    password: str,
    patient: UUID | None,
    counts: Iterable[Count],
    kept_keys: bytes,
) -> OpenedAccount:
    """
    Open an account with the password of somebody who signed in before.

    Raises:
        TooManyAttempts: If a limit of *counts* is reached.
        InvalidInput: If the password is not theirs; it is noted in *patient*'s log. Or if a secret key is needed, and
            *kept_keys*, which the browser keeps, have none of theirs; no password is tried then.
    """
    charged = await limits.count_attempt(counts, field="current")
    slot = await key_slots.find_slot(account, "password")
    secret_key = None
    if slot is not None and slot.needs_secret_key:
        secret_key = kept_secret_keys.find_secret_key(installation.server_keys, kept_keys, account.bytes)
        if secret_key is None:
            await limits.refund_attempt(charged, succeeded=False)
            raise InvalidInput({"current": SECRET_KEY_MISSING})
    try:
        if slot is None:
            raise CryptoError
        async with limits.refund_if_busy(charged):
            account_key = await installation.run_password_hash(
                partial(unlock_with_password, slot, password, account=account.bytes, secret_key=secret_key),
                is_returning=True,
            )
        if not (
            await key_slots.load_access(account, second_factor.build_vault_sealer(account_key))
        ).is_allowed(slot):
            raise CryptoError
    except (CryptoError, Damaged, NotFound) as error:
        await audit_log.record_unauthenticated_event(
            installation, account, Act.PASSWORD_REFUSED, patient=patient
        )
        raise InvalidInput({"current": N_("That is not your password. Try again.")}) from error
    await limits.refund_attempt(charged)
    return OpenedAccount(account_key, secret_key)


async def change_password(actor: Actor, current: str, password: str, repeated: str, practice: str) -> bytes:
    """
    Re-wrap the account key under a new password, and sign every other browser out. A secret key stays.

    Returns:
        A new session token for this browser.
    """
    before = await key_slots.load_own_access(actor)
    opened = await open_own_account(actor, current)
    known = (actor.name, actor.email, practice)
    factor, _ = await second_factor.load_second_factor(actor.id, actor.vault)
    judge = partial(find_password_problems, password, repeated, *known, second_factor=factor.is_enabled)
    if problems := await actor.installation.run_password_hash(judge, is_returning=True):
        raise InvalidInput(problems)
    return await _replace_password(actor.installation, before, opened, password, actor=actor)


async def recover_account(
    installation: Installation,
    email: str,
    recovery_key: str,
    password: str,
    repeated: str,
    practice: str,
    *,
    visitor: Visitor = UNKNOWN_VISITOR,
) -> RecoveryResult:
    """
    Open an account with its recovery key and set a new password. The old recovery key, a second factor and a secret key
    end.

    Like `sign_in`, it takes the same path for an unknown address.

    Raises:
        TooManyAttempts: If keys were guessed too often.
        InvalidInput: If a field needs another look, or the key does not open an account.
    """
    counts = attempts.build_recovery_counts(installation, email, visitor)
    charged = await limits.count_attempt(counts, field="recovery_key")
    judge = partial(find_password_problems, password, repeated, email, practice)
    async with limits.refund_if_busy(charged):
        problems = await installation.run_password_hash(judge)
    if problems:
        await limits.refund_attempt(charged, succeeded=False)  # the key was not tried
        raise InvalidInput(problems)
    account, slot = await key_slots.find_slot_by_email(installation, email, "recovery")
    who = account or uuid4()
    slot = slot or decoy_recovery_slot(who.bytes)
    try:
        account_key = unlock_with_recovery_key(slot, parse_recovery_key(recovery_key), account=who.bytes)
        before = await key_slots.load_access(who, second_factor.build_vault_sealer(account_key))
        if not before.is_allowed(slot):
            raise CryptoError
    except (CryptoError, NotFound) as error:
        await audit_log.record_unauthenticated_event(installation, account, Act.RECOVERY_REFUSED)
        raise InvalidInput(
            {"recovery_key": N_("That e-mail address and recovery key do not open an account. Check both.")}
        ) from error
    try:
        had_factor = await second_factor.is_required(who, account_key)
    except FactorMissing:
        had_factor = True
    replaced = await key_slots.find_slot(who, "password")
    async with limits.refund_if_busy(charged):
        token = await _replace_password(installation, before, OpenedAccount(account_key, None), password)
    await limits.refund_attempt(charged)
    return RecoveryResult(token, had_factor, replaced is not None and replaced.needs_secret_key)


async def _replace_password(
    installation: Installation,
    before: Access,
    opened: OpenedAccount,
    password: str,
    *,
    actor: Actor | None = None,
) -> bytes:
    """Replace the password; without *actor*, that of somebody whom the recovery key let in."""
    account, account_key = before.account, opened.account_key
    vault = second_factor.build_vault_sealer(account_key)
    work = partial(password_slot, account_key, password, account=account.bytes, epoch=before.next_epoch)
    slot = await installation.run_password_hash(
        partial(work, parameters=installation.argon2, secret_key=opened.secret_key),
        is_returning=actor is not None,
    )
    ways = before.with_slot(slot)
    if actor is None:
        ways = tuple(way for way in ways if way.kind != RECOVERY)

    async def write() -> bytes:
        async with transaction():
            await key_slots.advance_epoch(before, vault, ways, end_sessions=True)
            if actor is not None:
                await require_session(actor)
            await account_status.cancel_deletion(installation, account)
            await copies.end_copies_elsewhere(account, actor.session if actor else "")
            await tables.WebSession.filter(account_id=account).delete()
            await key_slots.replace_slot(account, slot, installation.clock())
            if actor is None:
                await tables.KeySlot.filter(account_id=account, kind=RECOVERY).delete()
                await accounts_tables.Account.filter(id=account).update(recovery_ready=False)
                await second_factor.reset_second_factor(account, vault, installation.clock())
            token = await web_sessions.start_session(installation, account, account_key)
            await queue_notice(
                installation, account, Notice.PASSWORD_CHANGED if actor else Notice.RECOVERY_USED
            )
            await audit_log.record_unauthenticated_event(
                installation, account, Act.PASSWORD_CHANGED if actor else Act.RECOVERED
            )
        return token

    return await run_with_retry(write)
