"""
The account key and what is derived from it.

Format: docs/crypto-format.md section 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_bytes

from crypto.derive import KEY_SIZE, derive_key
from crypto.errors import require_size


def new_account_key() -> bytes:
    """Draw the 32 random bytes that everything of one account hangs on."""
    return token_bytes(KEY_SIZE)


@dataclass(frozen=True, slots=True)
class Keyring:
    """
    The keys of one unlocked account. Left out of `repr`, so that no log line shows them.

    Attributes:
        vault: 32 bytes, seals the account's own records and its care-link keys.
        pins: 32 bytes, seals what this account believes of others.
        identity_wrap: 32 bytes, seals the account's private identity.
    """

    vault: bytes = field(repr=False)
    pins: bytes = field(repr=False)
    identity_wrap: bytes = field(repr=False)

    @classmethod
    def from_account_key(cls, account_key: bytes) -> Keyring:
        """
        Derive all keys of an account.

        Args:
            account_key: 32 bytes, from a key slot or a web session.

        Raises:
            KeySizeError: If *account_key* is not 32 bytes long.
        """
        require_size(account_key, KEY_SIZE, "An account key")
        return cls(
            vault=derive_key(account_key, "vault"),
            pins=derive_key(account_key, "pins"),
            identity_wrap=derive_key(account_key, "identity"),
        )
