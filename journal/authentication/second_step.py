"""The second step of signing in: the code of an app, or a recovery code, after the password."""

from __future__ import annotations

from uuid import UUID

from crypto import Sealer
from journal.accounts import status as account_status
from journal.accounts.notices import queue_notice
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor, web_sessions
from journal.authentication.second_factor import SecondFactor
from journal.authentication.sign_in import SignInResult
from journal.authentication.web_sessions import Stage
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.mail.messages import Notice
from journal.rate_limiting import attempts, limits
from journal.rate_limiting.attempts import Visitor
from journal.rate_limiting.limits import CountedAttempt
from journal.store.database import transaction
from journal.store.progress import run_with_retry

CODE_FIELD, RECOVERY_FIELD = "code", "recovery_code"
WRONG_CODE = N_("That code is out of date or was used already. Wait for the next one and type it.")
WRONG_RECOVERY_CODE = N_(
    "That is not one of your recovery codes that are left. Each works once. Look at your list again."
)


async def verify_code(installation: Installation, token: bytes, typed: str, visitor: Visitor) -> SignInResult:
    """
    Open a waiting session with the code of an app; its step counts once.

    Raises:
        NotFound: If no session waits under *token*.
        TooManyAttempts: If codes were guessed too often.
        InvalidInput: If the code is not a present one, or was used.
    """
    account, vault = await _load_waiting(installation, token)
    salt = await key_slots.load_salt(account)
    charged = await limits.count_attempt(
        attempts.build_code_counts(installation, account, salt, visitor), field=CODE_FIELD
    )
    while True:
        factor, revision = await second_factor.load_second_factor(account, vault)
        left = second_factor.use_code(factor, typed, installation.clock()) if factor.is_enabled else None
        if left is None:
            await audit_log.record_unauthenticated_event(installation, account, Act.SECOND_FACTOR_REFUSED)
            raise InvalidInput({CODE_FIELD: WRONG_CODE})
        opened = await _open_waiting(installation, token, charged, (account, vault, left, revision))
        if opened is not None:
            return opened
        # Another request was faster: read the factor again.


async def verify_recovery_code(
    installation: Installation, token: bytes, typed: str, visitor: Visitor
) -> SignInResult:
    """
    Open a waiting session with a recovery code, which is then used up.

    Raises:
        NotFound: If no session waits under *token*.
        TooManyAttempts: If codes were guessed too often.
        InvalidInput: If it is not one of those left.
    """
    account, vault = await _load_waiting(installation, token)
    counts = attempts.build_recovery_code_counts(installation, account, visitor)
    charged = await limits.count_attempt(counts, field=RECOVERY_FIELD)
    while True:
        factor, revision = await second_factor.load_second_factor(account, vault)
        left = second_factor.use_recovery_code(factor, typed, account)
        if left is None:
            await audit_log.record_unauthenticated_event(installation, account, Act.SECOND_FACTOR_REFUSED)
            raise InvalidInput({RECOVERY_FIELD: WRONG_RECOVERY_CODE})
        used = (account, vault, left, revision)
        opened = await _open_waiting(installation, token, charged, used, by_recovery_code=True)
        if opened is not None:
            return opened


async def _load_waiting(installation: Installation, token: bytes) -> tuple[UUID, Sealer]:
    found = await web_sessions.find_waiting_session(installation, token)
    if found is None:
        raise NotFound
    account, account_key = found
    return account, second_factor.build_vault_sealer(account_key)


async def _open_waiting(
    installation: Installation,
    token: bytes,
    charged: CountedAttempt,
    used: tuple[UUID, Sealer, SecondFactor, int],
    *,
    by_recovery_code: bool = False,
) -> SignInResult | None:
    """
    Open the waiting session; return None when `second_factor.replace_second_factor`, called with *used*, was too late.
    """
    account = used[0]

    async def write() -> SignInResult | None:
        async with transaction():
            if not await second_factor.replace_second_factor(*used):
                return None
            if by_recovery_code:
                await queue_notice(installation, account, Notice.CODE_USED)
            await limits.refund_attempt(charged)
            await account_status.cancel_deletion(installation, account)
            opened = await web_sessions.promote_session(installation, token)
            if by_recovery_code:
                await audit_log.record_unauthenticated_event(installation, account, Act.RECOVERY_CODE_USED)
            salt = await key_slots.load_salt(account)
        return SignInResult(opened, Stage.OPEN, attempts.make_browser_mark(installation, account, salt))

    return await run_with_retry(write)
