"""
The server key: seals who people are and when they meet, which reminders and calendars need.

Format: docs/crypto-format.md section 13.
"""

from __future__ import annotations

from hmac import digest

from crypto.addresses import normal_address, spelled_address, transitional_address
from crypto.context import NO_RECORD, Context, join_fields
from crypto.derive import KEY_SIZE, derive_key
from crypto.envelope import WRAPPED_SIZE, KeyWrapper, Sealer
from crypto.errors import OpenError, require_size
from crypto.secret_keys import SECRET_KEY_SIZE

KEPT_SECRET_KEY_SIZE = WRAPPED_SIZE
_FILLING = bytes(KEY_SIZE - SECRET_KEY_SIZE)
"""What stands behind a secret key: all that is wrapped has the length of a key."""


def _kept_context(account: bytes) -> Context:
    return Context("kept-secret-key", account, NO_RECORD)


class MacKey:
    """Authenticates messages, each use under a key derived for it. The audit log has one of its own."""

    __slots__ = ("_key", "_macs")

    def __init__(self, key: bytes) -> None:
        """
        Keep the key that the others are derived from.

        Args:
            key: 32 random bytes.

        Raises:
            KeySizeError: If *key* is not 32 bytes long.
        """
        require_size(key, KEY_SIZE, "A key for authenticating")
        self._key = key
        self._macs: dict[str, bytes] = {}  # by label: checking an audit log makes hundreds of thousands

    def mac(self, label: str, message: bytes) -> bytes:
        """
        Authenticate a message under a key derived for one use.

        Args:
            label: Names the use; two labels give unrelated keys.
            message: Any length in bytes; join several values with `join_fields`.

        Returns:
            32 bytes, HMAC-SHA256. Compare it with `hmac.compare_digest`.
        """
        if label not in self._macs:
            self._macs[label] = derive_key(self._key, f"server-mac/{label}")
        return digest(self._macs[label], message, "sha256")


class ServerKey:
    """Everything that the server does with its own key."""

    __slots__ = ("_index", "_kept", "_macs", "_sealer")

    def __init__(self, key: bytes) -> None:
        """
        Derive the keys for each use.

        Args:
            key: 32 random bytes, kept outside the database.

        Raises:
            KeySizeError: If *key* is not 32 bytes long.
        """
        require_size(key, KEY_SIZE, "The server key")
        self._index = derive_key(key, "server-index")
        self._sealer = Sealer(derive_key(key, "server-records"))
        self._kept = KeyWrapper(derive_key(key, "server-kept"))
        self._macs = MacKey(key)

    def seal(self, plaintext: bytes, context: Context) -> bytes:
        """Seal one value of operations; like `crypto.seal`."""
        return self._sealer.seal(plaintext, context=context)

    def open(self, sealed: bytes, context: Context) -> bytes:
        """Open one value of operations; like `crypto.open_sealed`."""
        return self._sealer.open(sealed, context=context)

    def seal_secret_key(self, secret_key: bytes, *, account: bytes) -> bytes:
        """
        Seal a secret key for a browser to keep: it opens neither without this server's key nor for another account.

        Args:
            secret_key: 16 bytes.
            account: 16 bytes, the account's id.

        Returns:
            62 bytes.

        Raises:
            KeySizeError: If *secret_key* is not 16 bytes long.
        """
        require_size(secret_key, SECRET_KEY_SIZE, "A secret key")
        return self._kept.wrap(secret_key + _FILLING, context=_kept_context(account))

    def open_secret_key(self, sealed: bytes, *, account: bytes) -> bytes:
        """
        Open what a browser kept.

        Returns:
            16 bytes.

        Raises:
            OpenError: If it is of another account or server key, or was changed.
            FormatError: If the version or algorithm is unknown.
        """
        kept = self._kept.unwrap(sealed, context=_kept_context(account))
        if kept[SECRET_KEY_SIZE:] != _FILLING:
            raise OpenError("What this browser kept is no secret key.")
        return kept[:SECRET_KEY_SIZE]

    def blind_index(self, address: str) -> bytes:
        """
        Return the index that an e-mail address is found by, without it being stored.

        Args:
            address: As typed; every spelling that `crypto.normal_address` takes for the same gives the same.

        Returns:
            32 bytes, HMAC-SHA256.
        """
        return digest(self._index, normal_address(address).encode(), "sha256")

    def transitional_index(self, address: str) -> bytes:
        """
        Return the `blind_index` of what older browsers made of an address.

        Whatever has the same `blind_index` has the same index here as well, and so has what that leads to.

        Returns:
            32 bytes, HMAC-SHA256.
        """
        return digest(self._index, transitional_address(address).encode(), "sha256")

    def spelling_index(self, address: str) -> bytes:
        """
        Return the index of one spelling, for an account whose address is another's in another spelling.

        Whatever has the same index here has the same `blind_index` as well.

        Returns:
            32 bytes, HMAC-SHA256.
        """
        spelled = join_fields(normal_address(address).encode(), spelled_address(address).encode())
        return self.mac("address-spelling", spelled)

    def mac(self, label: str, message: bytes) -> bytes:
        """Authenticate a message under a key derived from the server key for one use; like `MacKey.mac`."""
        return self._macs.mac(label, message)
