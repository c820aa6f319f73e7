"""
The second factor: a code that an app makes anew every 30 seconds (TOTP, RFC 6238), or a recovery code.

Every account has a document of it, set or not, under its own vault key, which only the first factor opens: neither
the database nor the server key shows the secret or removes the factor. A row that is missing or does not open keeps
the account closed; its recovery key opens it again, without a second factor.
"""

from __future__ import annotations

import re
from base64 import b32encode
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import msgspec
from pyotp import TOTP

from crypto import (
    Context,
    CryptoError,
    Keyring,
    Sealer,
    hash_recovery_code,
    parse_recovery_code,
    plain_digits,
)
from journal.authentication import tables
from journal.errors import Damaged
from journal.i18n import N_
from journal.sealing import open_document, seal_document
from journal.store.database import execute
from journal.store.rows import NonNegative, Row, fetch_row, fetch_rows, get_column

STEP_SECONDS = 30
"""Seconds that a code lasts."""
MAX_STEPS_AHEAD = 3600 // STEP_SECONDS

STEP_OFFSETS = (0, -1, 1)
"""Steps whose codes are accepted: clocks differ, and typing takes a while."""

LONGEST_TYPED = 64
"""Characters of a code, with blanks and dashes anywhere."""

SHORTEST_SECRET = 14
"""Bytes: 112 bits (RFC 4226 section 4 asks for 128 and NIST SP 800-131A for 112); new ones have 160."""


class FactorRow(Row, frozen=True):
    """A row of a second factor."""

    revision: NonNegative
    sealed: bytes


class FactorMissing(Damaged):
    """The document of an account's second factor is missing, or not what was saved."""

    message = N_(
        "Part of what protects this account is missing, so it stays closed. Nothing you wrote is lost. "
        "Tell the person who runs this site; your recovery key opens the account."
    )


class SecondFactor(msgspec.Struct, frozen=True):
    """
    What an account asks for after its password; vault key. `revision` is the row's and not sealed with it again.

    Without a secret there is none. `last_step` is the latest whose code was accepted; `codes` are hashes. `listed`:
    the account has an access document (`journal.authentication.key_slots`), so that deleting that is noticed.
    """

    secret: bytes = b""
    last_step: int = 0
    codes: tuple[bytes, ...] = ()
    listed: bool = False

    @property
    def is_enabled(self) -> bool:
        """Return whether a second factor is set."""
        return bool(self.secret)


async def reset_second_factor(account: UUID, vault: Sealer, now: datetime) -> None:
    """Store that an account has no second factor, whatever it had; run inside a transaction."""
    old = tables.SecondFactor.filter(account_id=account)
    rows = await fetch_rows(FactorRow, old)
    revision = (get_column(rows[0], "revision") or 0) + 1 if rows else 1
    await old.delete()
    sealed = seal_document(vault, SecondFactor(listed=True), second_factor_context(account, revision))
    await tables.SecondFactor.create(account_id=account, revision=revision, sealed=sealed, created_at=now)


async def load_second_factor(account: UUID, vault: Sealer) -> tuple[SecondFactor, int]:
    """
    Return an account's second factor and its revision.

    Raises:
        FactorMissing: If there is no row, or not one that this account wrote.
    """
    try:
        row = await fetch_row(FactorRow, tables.SecondFactor.filter(account_id=account))
        if row is None:
            raise FactorMissing
        found = open_document(vault, row.sealed, second_factor_context(account, row.revision), SecondFactor)
    except (Damaged, CryptoError) as error:
        raise FactorMissing from error
    if found.is_enabled and len(found.secret) < SHORTEST_SECRET:
        raise FactorMissing
    return found, row.revision


async def is_required(account: UUID, account_key: bytes) -> bool:
    """Return whether a second factor has to follow the first."""
    return (await load_second_factor(account, build_vault_sealer(account_key)))[0].is_enabled


async def replace_second_factor(account: UUID, vault: Sealer, factor: SecondFactor, replaced: int) -> bool:
    """
    Replace revision *replaced* of a second factor, if that is still the present one.

    Returns:
        False when another request was faster: of two with one code, one succeeds.
    """
    sealed = seal_document(vault, factor, second_factor_context(account, replaced + 1))
    return bool(await execute(UPDATE_FACTOR, sealed, replaced + 1, account, replaced))


UPDATE_FACTOR = "UPDATE second_factor SET sealed = $1, revision = $2 WHERE account_id = $3 AND revision = $4"


def use_code(factor: SecondFactor, typed: str, now: datetime) -> SecondFactor | None:
    """Return *factor* with the step of a code used up, or None when it is not a present one, or was used before."""
    step, this = find_step(factor.secret, typed, now), int(now.timestamp()) // STEP_SECONDS
    # A code accepted more than an hour from now was accepted while the clock ran ahead: it locks nobody out.
    if not step or step <= factor.last_step < this + MAX_STEPS_AHEAD:
        return None
    return msgspec.structs.replace(factor, last_step=step)


def use_recovery_code(factor: SecondFactor, typed: str, account: UUID) -> SecondFactor | None:
    """Return *factor* without the recovery code that was typed, or None when that is not one of those left."""
    try:
        hashed = hash_recovery_code(parse_recovery_code(typed), account=account.bytes)
    except CryptoError:
        return None
    left = tuple(one for one in factor.codes if not compare_digest(one, hashed))
    return msgspec.structs.replace(factor, codes=left) if len(left) < len(factor.codes) else None


def find_step(secret: bytes, typed: str, now: datetime) -> int:
    """
    Return the step whose code was typed, this one or a neighbour; 0 for any other code.

    Blanks and dashes do not matter, and digits of every script are digits.
    """
    plain = re.sub(r"[\s-]+", "", plain_digits(typed)) if len(typed) <= LONGEST_TYPED else ""
    if re.fullmatch("[0-9]{6}", plain) is None:
        return 0
    totp, this = TOTP(b32encode(secret).decode()), int(now.timestamp()) // STEP_SECONDS
    found = 0
    for step in (this + offset for offset in STEP_OFFSETS):
        if compare_digest(totp.generate_otp(step).encode(), plain.encode()):
            found = max(found, step)
    return found


def build_vault_sealer(account_key: bytes) -> Sealer:
    """Return the sealer of an account's own records."""
    return Keyring.from_account_key(account_key).vault_sealer()


def second_factor_context(account: UUID, revision: int) -> Context:
    """Return the context of an account's second factor."""
    return Context("second-factor", account.bytes, account.bytes, revision)
