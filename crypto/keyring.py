"""
The account key and what is derived from it.

Format: docs/crypto-format.md section 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from secrets import token_bytes
from typing import Self

from crypto.context import NO_RECORD, Context
from crypto.derive import KEY_SIZE, Deriver
from crypto.envelope import KeyWrapper, Sealer
from crypto.errors import OpenError, require_size


def new_account_key() -> bytes:
    """Draw the 32 random bytes that all keys of one account are derived from."""
    return token_bytes(KEY_SIZE)


class FallbackSealer(Sealer):
    """Seals under one key; opens what that key or the one before it sealed."""

    __slots__ = ("_older",)

    def __init__(self, key: bytes, older: bytes) -> None:
        """
        Set up both ciphers.

        Raises:
            KeySizeError: If a key is not 32 bytes long.
        """
        super().__init__(key)
        self._older = Sealer(older)

    def open(self, sealed: bytes, *, context: Context) -> bytes:
        """Open one record; see `crypto.open_sealed`."""
        try:
            return super().open(sealed, context=context)
        except OpenError:
            return self._older.open(sealed, context=context)

    def opener(self, *, purpose: str, owner: bytes) -> Callable[[bytes, bytes, int], bytes]:
        """Prepare to open many records; see `Sealer.opener`."""
        newly = super().opener(purpose=purpose, owner=owner)
        formerly = self._older.opener(purpose=purpose, owner=owner)

        def open_row(sealed: bytes, record: bytes, revision: int) -> bytes:
            try:
                return newly(sealed, record, revision)
            except OpenError:
                return formerly(sealed, record, revision)

        return open_row


@dataclass(frozen=True)
class Keyring:
    """
    The keys of one unlocked account. Left out of `repr`, so that no log line shows them.

    Those that few requests need are derived when they are asked for, and then remembered as long as the keyring is.

    Attributes:
        vault: 32 bytes, seals the account's own records and its care-link keys.
        retired: The keys before these, while what they sealed is being sealed anew. They only open.
    """

    vault: bytes = field(repr=False)
    _deriver: Deriver = field(repr=False, compare=False)
    retired: Self | None = field(default=None, repr=False)

    @cached_property
    def pins(self) -> bytes:
        """Derive the key that seals what this account believes of others, 32 bytes."""
        return self._deriver.derive("pins")

    @cached_property
    def identity_wrap(self) -> bytes:
        """Derive the key that seals the account's private identity, 32 bytes."""
        return self._deriver.derive("identity")

    @cached_property
    def mark(self) -> bytes:
        """
        Derive what identifies these keys, 32 bytes for each account key they come from.

        It opens nothing, and nothing of a key can be learned from it: it may be remembered.
        """
        older = self.retired.mark if self.retired is not None else b""
        return self._deriver.derive("mark") + older

    @cached_property
    def _wrapper(self) -> KeyWrapper:
        return KeyWrapper(self.vault)

    @classmethod
    def from_account_key(cls, account_key: bytes) -> Self:
        """
        Derive the vault key of an account, and prepare to derive its other keys.

        Args:
            account_key: 32 bytes, from a key slot or a web session.

        Raises:
            KeySizeError: If *account_key* is not 32 bytes long.
        """
        require_size(account_key, KEY_SIZE, "An account key")
        deriver = Deriver(account_key)
        return cls(deriver.derive("vault"), deriver)

    def retire(self, account_key: bytes, *, account: bytes) -> bytes:
        """
        Wrap the account key before this one, so that it can be used until all is sealed anew.

        Args:
            account_key: 32 bytes, the one before.
            account: 16 bytes, the account's id.

        Returns:
            62 bytes.
        """
        return self._wrapper.wrap(account_key, context=Context("retired-key", account, NO_RECORD))

    def with_retired(self, wrapped: bytes, *, account: bytes) -> Self:
        """
        Return these keys with the ones before them, which `retire` wrapped.

        Raises:
            OpenError: If it was wrapped under other keys, for another account, or changed.
            FormatError: If the version or algorithm is unknown.
        """
        older = self._wrapper.unwrap(wrapped, context=Context("retired-key", account, NO_RECORD))
        return replace(self, retired=self.from_account_key(older))

    def vault_sealer(self) -> Sealer:
        """Set up the cipher of the account's own records."""
        return Sealer(self.vault) if self.retired is None else FallbackSealer(self.vault, self.retired.vault)

    def pin_sealer(self) -> Sealer:
        """Set up the cipher of what the account believes of others."""
        return Sealer(self.pins) if self.retired is None else FallbackSealer(self.pins, self.retired.pins)

    def wrap(self, key: bytes, *, context: Context) -> bytes:
        """
        Wrap 32 bytes under the vault key.

        Returns:
            62 bytes.

        Raises:
            KeySizeError: If *key* is not 32 bytes long.
        """
        return self._wrapper.wrap(key, context=context)

    def unwrap(self, wrapped: bytes, *, context: Context) -> bytes:
        """
        Open a key that is wrapped under the vault key.

        Returns:
            32 bytes.

        Raises:
            OpenError: If neither the vault key nor the retired one opens it.
            FormatError: If the version or algorithm is unknown.
        """
        try:
            return self._wrapper.unwrap(wrapped, context=context)
        except OpenError:
            if self.retired is None:
                raise
        return self.retired.unwrap(wrapped, context=context)
