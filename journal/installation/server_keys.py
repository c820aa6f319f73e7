"""
The server keys that this process knows: the first seals, and every key opens and looks up.

Mostly there is one. While it is being changed there are two, and a process that runs notices: it looks at the key
file before it seals, and again when something does not open or nobody is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from crypto import Context, OpenError, ServerKey
from journal.installation.bounded_cache import BoundedCache
from journal.installation.key_file import KeyFile

MAX_CACHED_DOCUMENTS, MAX_CACHED_BYTES = 8192, 8 * 1024 * 1024
"""How many documents are remembered, and of how many bytes as they are stored: a few hundred people and their plans."""


class ServerKeys:
    """
    The server keys; like `crypto.ServerKey`, also while the key is being changed.

    `opened` caches documents that these keys opened; it is emptied when the keys change.
    """

    __slots__ = ("_file", "_key_id", "_keys", "document_cache")

    def __init__(self, keys: Sequence[bytes], file: KeyFile | None = None) -> None:
        """
        Set the keys, the one that seals first.

        Args:
            keys: 32 random bytes each, at least one.
            file: Where they were read, if it was a file that can be written anew while this process runs.
        """
        self._file = file
        self.document_cache = BoundedCache(MAX_CACHED_DOCUMENTS, MAX_CACHED_BYTES)
        self._set_keys(keys)

    def seal(self, plaintext: bytes, context: Context) -> bytes:
        """Seal one value under the newest key."""
        self.reload_if_changed()
        return self._keys[0].seal(plaintext, context)

    def open(self, sealed: bytes, context: Context) -> bytes:
        """Open one value, whichever key it is sealed under; raises as `crypto.open_sealed` does."""
        return self.open_with_status(sealed, context)[0]

    def open_with_status(self, sealed: bytes, context: Context) -> tuple[bytes, bool]:
        """Open one value; return it, and whether it is sealed under the newest key."""
        try:
            return self._open(sealed, context)
        except OpenError:
            if not self.reload_if_changed():
                raise
            return self._open(sealed, context)

    def seal_secret_key(self, secret_key: bytes, account: bytes) -> bytes:
        """Seal a secret key for a browser, under the newest key; like `crypto.ServerKey.seal_secret_key`."""
        self.reload_if_changed()
        return self._keys[0].seal_secret_key(secret_key, account=account)

    def open_secret_key(self, sealed: bytes, account: bytes) -> bytes:
        """Open what a browser kept, whichever key it is sealed under; raises as `crypto.ServerKey` does."""
        for key in self._keys[:-1]:
            with suppress(OpenError):
                return key.open_secret_key(sealed, account=account)
        return self._keys[-1].open_secret_key(sealed, account=account)

    def blind_index(self, value: str) -> bytes:
        """Return the index of an e-mail address under the newest key; like `crypto.ServerKey.blind_index`."""
        self.reload_if_changed()
        return self._keys[0].blind_index(value)

    def blind_indexes(self, value: str) -> tuple[bytes, ...]:
        """Return every index that an account of this address may have: of its spelling alone, and of all spellings."""
        return (*self.spelling_indexes(value), *(key.blind_index(value) for key in self._keys))

    def lookup_indexes(self, value: str) -> tuple[bytes, ...]:
        """Return every index to look an address up by, the closest first; those of older browsers come last."""
        return (*self.blind_indexes(value), *(key.transitional_index(value) for key in self._keys))

    def rate_limit_index(self, value: str) -> bytes:
        """Return the index by which attempts are counted: one for all spellings that lead to one account."""
        return self._keys[0].transitional_index(value)

    def spelling_index(self, value: str) -> bytes:
        """Return the index of this spelling alone, for an address that another account has in another spelling."""
        self.reload_if_changed()
        return self._keys[0].spelling_index(value)

    def spelling_indexes(self, value: str) -> tuple[bytes, ...]:
        """Return the indexes of this spelling alone, one for each key."""
        return tuple(key.spelling_index(value) for key in self._keys)

    def renew_index(self, current: str, value: str) -> str:
        """
        Return the index of an account's address under the newest key.

        Args:
            current: Its present index, as hexadecimal digits. If that is of one spelling only, so is the new one.
            value: The address.

        Returns:
            64 hexadecimal digits.
        """
        spelled = current in [index.hex() for index in self.spelling_indexes(value)]
        return (self.spelling_index(value) if spelled else self.blind_index(value)).hex()

    def mac(self, label: str, message: bytes) -> bytes:
        """Return the MAC of a message, valid until the server key changes; like `crypto.MacKey`."""
        return self._keys[0].mac(label, message)

    @property
    def key_id(self) -> str:
        """Return the id of the key that seals, which reveals nothing of it: 32 hexadecimal digits."""
        return self._key_id

    @property
    def is_rotating(self) -> bool:
        """Return whether there is an older key beside the newest."""
        return len(self._keys) > 1

    def reload_if_changed(self) -> bool:
        """Read the key file again if it was changed; return whether it was."""
        keys = self._file.read_if_changed() if self._file else None
        if keys:
            self._set_keys(keys)
        return bool(keys)

    def _set_keys(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(ServerKey(key) for key in keys)
        self._key_id = self._keys[0].mac("key-mark", b"").hex()[:32]
        self.document_cache.clear()

    def _open(self, sealed: bytes, context: Context) -> tuple[bytes, bool]:
        for number, key in enumerate(self._keys[:-1]):
            try:
                return key.open(sealed, context), number == 0
            except OpenError:
                continue
        return self._keys[-1].open(sealed, context), len(self._keys) == 1
