"""
Key slots: several ways to one account key, each replaceable without changing an entry.

Every slot carries a key commitment, compared first: AES-GCM-SIV is not key-committing, so without one
a made-up slot could open under several passwords and turn each sign-in into an answer about a password.
Format: docs/crypto-format.md section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from secrets import token_bytes

from crypto.context import Context, join_fields, require_id
from crypto.derive import KEY_SIZE, Deriver, derive_key
from crypto.envelope import WRAP_HEADER, WRAPPED_SIZE, unwrap_key, wrap_key
from crypto.errors import FormatError, OpenError, require_size
from crypto.password import PARAMETERS_SIZE, SALT_SIZE, STANDARD, Argon2Parameters, stretch
from crypto.recovery import RECOVERY_KEY_SIZE
from crypto.secret_keys import SECRET_KEY_SIZE

PASSWORD, RECOVERY, PASSKEY = "password", "recovery", "passkey"
PASSKEY_OUTPUT_SIZE = 32
"""What the WebAuthn PRF extension returns for one salt."""
WITH_SECRET_KEY = b"\x01"
"""What stands behind the parameters of a password slot that needs a secret key as well; authenticated with them."""


@dataclass(frozen=True, slots=True)
class KeySlot:
    """
    One way to unlock an account, as stored. None of it is secret.

    Attributes:
        kind: "password", "recovery" or "passkey".
        salt: 16 random bytes.
        parameters: Encoded `Argon2Parameters` of a password slot (10 bytes), with `WITH_SECRET_KEY` behind them where
            it needs a secret key; empty otherwise.
        commitment: 32 bytes, equal only for the secret the slot was made with.
        wrapped: 62 bytes, the account key under the slot key.
        epoch: The account's when the slot was made, 0 to 2^64 - 1; authenticated. 0 for accounts without epochs.
    """

    kind: str
    salt: bytes
    parameters: bytes
    commitment: bytes
    wrapped: bytes
    epoch: int = 0

    @property
    def needs_secret_key(self) -> bool:
        """Return whether the password alone does not open it."""
        return self.kind == PASSWORD and self.parameters[PARAMETERS_SIZE:] == WITH_SECRET_KEY


def password_slot(
    account_key: bytes,
    password: str,
    *,
    account: bytes,
    epoch: int = 0,
    parameters: Argon2Parameters = STANDARD,
    secret_key: bytes | None = None,
) -> KeySlot:
    """
    Make a slot that a password opens, alone or with a secret key. Slow: run it off the event loop.

    Args:
        account_key: 32 bytes.
        password: As typed.
        account: 16 bytes, the account's id.
        epoch: The account's from now on, 0 to 2^64 - 1.
        parameters: The cost of the password.
        secret_key: 16 bytes that are needed besides the password from then on; None for the password alone.

    Raises:
        KeySizeError: If *account_key* is not 32 bytes long, or *secret_key* not 16.
        FormatError: If *parameters* or *account* is out of bounds.
    """
    require_size(account_key, KEY_SIZE, "An account key")
    salt, encoded = token_bytes(SALT_SIZE), parameters.encode()
    if secret_key is not None:
        require_size(secret_key, SECRET_KEY_SIZE, "A secret key")
        encoded += WITH_SECRET_KEY
    secret = stretch(password, salt, parameters)
    if secret_key is not None:
        secret = _mix_in(secret_key, secret)
    return _build_slot(PASSWORD, account_key, secret, salt, encoded, account, epoch)


def recovery_slot(account_key: bytes, recovery_key: bytes, *, account: bytes, epoch: int = 0) -> KeySlot:
    """
    Make a slot that a recovery key opens.

    Args:
        account_key: 32 bytes.
        recovery_key: 20 bytes, from `new_recovery_key`.
        account: 16 bytes, the account's id.
        epoch: The account's from now on, 0 to 2^64 - 1.

    Raises:
        KeySizeError: If a key has the wrong length.
        FormatError: If *account* is not 16 bytes long.
    """
    require_size(account_key, KEY_SIZE, "An account key")
    require_size(recovery_key, RECOVERY_KEY_SIZE, "A recovery key")
    return _build_slot(RECOVERY, account_key, recovery_key, token_bytes(SALT_SIZE), b"", account, epoch)


def passkey_slot(account_key: bytes, prf_output: bytes, *, account: bytes, epoch: int = 0) -> KeySlot:
    """
    Make a slot that a passkey opens through the WebAuthn PRF extension.

    Args:
        account_key: 32 bytes.
        prf_output: 32 bytes, the extension's first result.
        account: 16 bytes, the account's id.
        epoch: The account's from now on, 0 to 2^64 - 1.

    Raises:
        KeySizeError: If a key has the wrong length.
        FormatError: If *account* is not 16 bytes long.
    """
    require_size(account_key, KEY_SIZE, "An account key")
    require_size(prf_output, PASSKEY_OUTPUT_SIZE, "A passkey's output")
    return _build_slot(PASSKEY, account_key, prf_output, token_bytes(SALT_SIZE), b"", account, epoch)


def decoy_slot(account: bytes, parameters: Argon2Parameters = STANDARD) -> KeySlot:
    """
    Make a password slot that costs the same work as a real one and opens for nobody.

    Sign-in tries it for an unknown address, so that the time taken does not tell who has an account.

    Args:
        account: 16 bytes, any id.
        parameters: Those of real slots.

    Raises:
        FormatError: If *parameters* or *account* is out of bounds.
    """
    require_id(account, "An account id")
    wrapped = WRAP_HEADER + token_bytes(WRAPPED_SIZE - len(WRAP_HEADER))
    return KeySlot(PASSWORD, token_bytes(SALT_SIZE), parameters.encode(), token_bytes(KEY_SIZE), wrapped)


def decoy_recovery_slot(account: bytes) -> KeySlot:
    """Make a recovery slot that costs the same work as a real one and opens for nobody; like `decoy_slot`."""
    require_id(account, "An account id")
    wrapped = WRAP_HEADER + token_bytes(WRAPPED_SIZE - len(WRAP_HEADER))
    return KeySlot(RECOVERY, token_bytes(SALT_SIZE), b"", token_bytes(KEY_SIZE), wrapped)


def unlock_with_password(
    slot: KeySlot, password: str, *, account: bytes, secret_key: bytes | None = None
) -> bytes:
    """
    Open a slot by password, and by secret key where it needs one. Slow: run it off the event loop.

    The work is the same for both forms, and with and without a secret key: how long it takes tells neither.

    Args:
        slot: Of either form.
        password: As typed.
        account: 16 bytes, the account's id.
        secret_key: 16 bytes, or None; a slot of the first form opens without it and with any.

    Returns:
        The 32-byte account key.

    Raises:
        OpenError: If the password or the secret key is wrong or missing, or the slot was changed or belongs to another
            account.
        FormatError: If the slot is malformed or its parameters are out of bounds; no work is done then.
        KeySizeError: If *secret_key* is not 16 bytes long.
    """
    if secret_key is None:
        secret_key = token_bytes(SECRET_KEY_SIZE)
    require_size(secret_key, SECRET_KEY_SIZE, "A secret key")
    _check_slot(slot, PASSWORD, account)
    encoded = slot.parameters[:PARAMETERS_SIZE] if slot.needs_secret_key else slot.parameters
    secret = stretch(password, slot.salt, Argon2Parameters.decode(encoded))
    mixed = _mix_in(secret_key, secret)
    return _unlock_slot(slot, mixed if slot.needs_secret_key else secret, account)


def unlock_with_recovery_key(slot: KeySlot, recovery_key: bytes, *, account: bytes) -> bytes:
    """
    Open a slot by recovery key.

    Returns:
        The 32-byte account key.

    Raises:
        OpenError: If the recovery key is wrong, or the slot was changed or belongs to another account.
        FormatError: If the slot is malformed.
        KeySizeError: If *recovery_key* is not 20 bytes long.
    """
    require_size(recovery_key, RECOVERY_KEY_SIZE, "A recovery key")
    _check_slot(slot, RECOVERY, account)
    return _unlock_slot(slot, recovery_key, account)


def unlock_with_passkey(slot: KeySlot, prf_output: bytes, *, account: bytes) -> bytes:
    """Open a slot by passkey; like `unlock_with_recovery_key`, with the 32-byte PRF output."""
    require_size(prf_output, PASSKEY_OUTPUT_SIZE, "A passkey's output")
    _check_slot(slot, PASSKEY, account)
    return _unlock_slot(slot, prf_output, account)


def _check_slot(slot: KeySlot, kind: str, account: bytes) -> None:
    require_id(account, "An account id")
    if slot.kind != kind or len(slot.salt) != SALT_SIZE or (kind != PASSWORD and slot.parameters):
        raise FormatError(f"This is not a {kind} slot of a form that Hearthside reads.")


def _mix_in(secret_key: bytes, stretched: bytes) -> bytes:
    """Return what a stretched password and a secret key open together: neither of them says anything of it alone."""
    return derive_key(stretched, "slot-secret-key", secret_key)


def _derive_keys(
    kind: str, secret: bytes, salt: bytes, parameters: bytes, account: bytes
) -> tuple[bytes, bytes]:
    """Derive the commitment and the slot key, both bound to everything the slot states."""
    bound = join_fields(kind.encode(), account, salt, parameters)
    deriver = Deriver(secret)
    return deriver.derive("slot-commitment", context=bound), deriver.derive("slot-key", context=bound)


def _build_slot(
    kind: str, account_key: bytes, secret: bytes, salt: bytes, parameters: bytes, account: bytes, epoch: int
) -> KeySlot:
    require_id(account, "An account id")
    commitment, key = _derive_keys(kind, secret, salt, parameters, account)
    wrapped = wrap_key(key, account_key, context=Context("slot", account, salt, epoch))
    return KeySlot(kind, salt, parameters, commitment, wrapped, epoch)


def _unlock_slot(slot: KeySlot, secret: bytes, account: bytes) -> bytes:
    commitment, key = _derive_keys(slot.kind, secret, slot.salt, slot.parameters, account)
    if not compare_digest(commitment, slot.commitment):
        raise OpenError(f"That {slot.kind} does not open this account.")
    return unwrap_key(key, slot.wrapped, context=Context("slot", account, slot.salt, slot.epoch))
