"""The cast, as the cryptographic layer sees them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from crypto import Keyring, PrivateIdentity, PublicIdentity


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an account id, keys and an identity."""

    id: bytes
    keyring: Keyring
    private: PrivateIdentity

    @property
    def public(self) -> PublicIdentity:
        return self.private.public()

    @classmethod
    def named(cls, name: str) -> Person:
        seed = sha256(name.encode()).digest()
        return cls(seed[:16], Keyring.from_account_key(seed), PrivateIdentity.generate())
