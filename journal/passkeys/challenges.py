"""
Challenges for passkeys: issued without storing anything, valid for five minutes, and once.

Anybody may ask for one. Only those that were answered with a signature of a known passkey are stored, so however many
a stranger asks for, nothing grows. Format: docs/crypto-format.md section 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes
from uuid import UUID

from tortoise.exceptions import IntegrityError

from crypto import join_fields
from journal.ages import is_alive
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.passkeys import tables
from journal.store.progress import commit_aside

LIFETIME = timedelta(minutes=5)
EXPIRY_SIZE, NONCE_SIZE, MAC_SIZE = 8, 16, 32
HEAD_SIZE = EXPIRY_SIZE + NONCE_SIZE

CHALLENGE_EXPIRED = N_("This took longer than five minutes, or was sent twice. Please try once more.")


class Purpose(StrEnum):
    """What a passkey is asked for. An answer for one purpose is not valid for another."""

    ADD = "add"
    SIGN_IN = "sign-in"
    SECOND_STEP = "second-step"
    CONFIRM = "confirm"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class PasskeyRequest:
    """
    What a passkey is asked for, and of which account; None where it is to show whose account it is.

    `patient` is the patient whose log a refusal belongs to, if any.
    """

    purpose: Purpose
    account: UUID | None = None
    patient: UUID | None = None


def issue_challenge(installation: Installation, request: PasskeyRequest) -> bytes:
    """Draw a challenge, 56 bytes: its expiry, 16 random bytes, and a MAC that binds both to the request."""
    ends = int((installation.clock() + LIFETIME).timestamp())
    head = ends.to_bytes(EXPIRY_SIZE, "big") + token_bytes(NONCE_SIZE)
    return head + _mac(installation, head, request)


def verify_challenge(installation: Installation, challenge: bytes, request: PasskeyRequest) -> None:
    """
    Verify that *challenge* was issued here for this request, and has not expired.

    Raises:
        InvalidInput: If it was not, or has expired.
    """
    head, mac = challenge[:HEAD_SIZE], challenge[HEAD_SIZE:]
    if len(mac) != MAC_SIZE or not compare_digest(mac, _mac(installation, head, request)):
        raise InvalidInput({"passkey": CHALLENGE_EXPIRED})
    if not is_alive(_parse_expiry(challenge), installation.clock(), LIFETIME):
        raise InvalidInput({"passkey": CHALLENGE_EXPIRED})


@commit_aside
async def spend_challenge(challenge: bytes) -> None:
    """
    Store that a valid challenge was answered; of several answers at once, one succeeds. Not in a transaction.

    Raises:
        InvalidInput: If it was answered before.
    """
    lookup = sha256(challenge).hexdigest()
    try:
        await tables.SpentChallenge.create(lookup=lookup, expires_at=_parse_expiry(challenge))
    except IntegrityError as error:
        raise InvalidInput({"passkey": CHALLENGE_EXPIRED}) from error


async def delete_expired_challenges(now: datetime) -> None:
    """Delete challenges that have expired."""
    await tables.SpentChallenge.filter(expires_at__lte=now).delete()


def _mac(installation: Installation, head: bytes, request: PasskeyRequest) -> bytes:
    account = request.account.bytes if request.account else b""
    return installation.server_keys.mac(
        "passkey-challenge", join_fields(request.purpose.encode(), account, head)
    )


def _parse_expiry(challenge: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(challenge[:EXPIRY_SIZE], "big"), UTC)
