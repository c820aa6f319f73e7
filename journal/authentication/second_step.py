"""The second step of signing in: the code of an app, or a recovery code, after the password."""

from __future__ import annotations

from uuid import UUID

from crypto import Sealer
from journal.accounts import status as account_status
from journal.accounts.notices import notice
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, second_factor, web_sessions
from journal.authentication.second_factor import SecondFactor
from journal.authentication.sign_in import SignedIn
from journal.authentication.web_sessions import Stage
from journal.errors import NotFound, Refused
from journal.i18n import N_
from journal.installation.installation import House
from journal.mail.messages import Notice
from journal.rate_limiting import attempts, limits
from journal.rate_limiting.attempts import Visitor
from journal.rate_limiting.limits import Charged
from journal.store.database import transaction
from journal.store.progress import repeated

CODE_FIELD, RECOVERY_FIELD = "code", "recovery_code"
NOT_A_CODE = N_("That is not the code of now, or it was used already. Wait for the next one and type it.")
NOT_LEFT = N_(
    "That is not one of your recovery codes that are left. Each works once. Look at your list again."
)


async def give_code(house: House, token: bytes, typed: str, visitor: Visitor) -> SignedIn:
    """
    Open a waiting session with the code of an app; its step counts once.

    Raises:
        NotFound: If no session waits under *token*.
        TooManyTries: If codes were guessed too often.
        Refused: If the code is not a present one, or was used.
    """
    account, vault = await _waiting(house, token)
    salt = await key_slots.salt_of(account)
    charged = await limits.charge(attempts.of_code(house, account, salt, visitor), field=CODE_FIELD)
    while True:
        factor, revision = await second_factor.of(account, vault)
        left = second_factor.with_code(factor, typed, house.clock()) if factor.on else None
        if left is None:
            await audit_log.note_unsigned(house, account, Act.SECOND_FACTOR_REFUSED)
            raise Refused({CODE_FIELD: NOT_A_CODE})
        opened = await _come_in(house, token, charged, (account, vault, left, revision))
        if opened is not None:
            return opened
        # Another request was faster: read the factor again.


async def give_recovery_code(house: House, token: bytes, typed: str, visitor: Visitor) -> SignedIn:
    """
    Open a waiting session with a recovery code, which is then used up.

    Raises:
        NotFound: If no session waits under *token*.
        TooManyTries: If codes were guessed too often.
        Refused: If it is not one of those left.
    """
    account, vault = await _waiting(house, token)
    counts = attempts.of_recovery_code(house, account, visitor)
    charged = await limits.charge(counts, field=RECOVERY_FIELD)
    while True:
        factor, revision = await second_factor.of(account, vault)
        left = second_factor.with_recovery_code(factor, typed, account)
        if left is None:
            await audit_log.note_unsigned(house, account, Act.SECOND_FACTOR_REFUSED)
            raise Refused({RECOVERY_FIELD: NOT_LEFT})
        used = (account, vault, left, revision)
        opened = await _come_in(house, token, charged, used, by_recovery_code=True)
        if opened is not None:
            return opened


async def _waiting(house: House, token: bytes) -> tuple[UUID, Sealer]:
    found = await web_sessions.waiting(house, token)
    if found is None:
        raise NotFound
    account, account_key = found
    return account, second_factor.vault_of(account_key)


async def _come_in(
    house: House,
    token: bytes,
    charged: Charged,
    used: tuple[UUID, Sealer, SecondFactor, int],
    *,
    by_recovery_code: bool = False,
) -> SignedIn | None:
    """Open the waiting session; return None when `second_factor.put`, called with *used*, was too late."""
    account = used[0]

    async def write() -> SignedIn | None:
        async with transaction():
            if not await second_factor.put(*used):
                return None
            if by_recovery_code:
                await notice(house, account, Notice.CODE_USED)
            await limits.give_back(charged)
            await account_status.stay(house, account)
            opened = await web_sessions.promote(house, token)
            if by_recovery_code:
                await audit_log.note_unsigned(house, account, Act.RECOVERY_CODE_USED)
            salt = await key_slots.salt_of(account)
        return SignedIn(opened, Stage.OPEN, attempts.mark(house, account, salt))

    return await repeated(write)
