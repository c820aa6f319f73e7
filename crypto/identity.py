"""
An account's own identity: the private half of `PublicIdentity`, and how it is kept.

Format: docs/crypto-format.md section 9.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from crypto.context import NO_RECORD, Context
from crypto.envelope import open_sealed, seal
from crypto.errors import FormatError, OpenError, require_size
from crypto.keyring import Keyring
from crypto.public_identity import PublicIdentity, signed_bytes, verify

__all__ = [
    "PrivateIdentity",
    "PublicIdentity",
    "open_former_identity",
    "open_identity",
    "seal_identity",
    "verify",
]

MLKEM_SEED_SIZE = 64
SEED_SIZE = 32

_VERSION = b"\x01"
_PRIVATE_SIZE = 1 + MLKEM_SEED_SIZE + 2 * SEED_SIZE


@dataclass(frozen=True, slots=True)
class PrivateIdentity:
    """
    The seeds behind a `PublicIdentity`. Left out of `repr`, so that no log line shows them.

    The keys are expanded once, on construction: a clinician opens one care-link key per patient, and
    expanding them each time would cost more than the opening.

    Attributes:
        mlkem_seed: 64 bytes (FIPS 203: d || z).
        x25519_key: 32 bytes.
        signing_seed: 32 bytes (RFC 8032).
        hpke_key: The key to open with.
    """

    mlkem_seed: bytes = field(repr=False)
    x25519_key: bytes = field(repr=False)
    signing_seed: bytes = field(repr=False)
    hpke_key: MLKEM768X25519PrivateKey = field(init=False, repr=False, compare=False)
    _signing_key: Ed25519PrivateKey = field(init=False, repr=False, compare=False)
    _public: PublicIdentity = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """
        Expand the keys.

        Raises:
            KeySizeError: If a seed has the wrong length.
        """
        require_size(self.mlkem_seed, MLKEM_SEED_SIZE, "An ML-KEM seed")
        require_size(self.x25519_key, SEED_SIZE, "An X25519 key")
        require_size(self.signing_seed, SEED_SIZE, "A signing seed")
        mlkem = MLKEM768PrivateKey.from_seed_bytes(self.mlkem_seed)
        x25519 = X25519PrivateKey.from_private_bytes(self.x25519_key)
        signing = Ed25519PrivateKey.from_private_bytes(self.signing_seed)
        public = PublicIdentity(
            kem=mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw(),
            signing=signing.public_key().public_bytes_raw(),
        )
        # Frozen means frozen for callers; this is the one place that may still write.
        object.__setattr__(self, "hpke_key", MLKEM768X25519PrivateKey(mlkem, x25519))
        object.__setattr__(self, "_signing_key", signing)
        object.__setattr__(self, "_public", public)

    @classmethod
    def generate(cls) -> PrivateIdentity:
        """Draw a fresh identity."""
        return cls(token_bytes(MLKEM_SEED_SIZE), token_bytes(SEED_SIZE), token_bytes(SEED_SIZE))

    def encode(self) -> bytes:
        """Return 129 bytes: version || ML-KEM seed || X25519 key || Ed25519 seed."""
        return _VERSION + self.mlkem_seed + self.x25519_key + self.signing_seed

    @classmethod
    def decode(cls, data: bytes) -> PrivateIdentity:
        """
        Read what `encode` wrote.

        Raises:
            FormatError: If the version or length is unknown.
        """
        if len(data) != _PRIVATE_SIZE or data[:1] != _VERSION:
            raise FormatError("These are not the private keys of an account.")
        return cls(mlkem_seed=data[1:65], x25519_key=data[65:97], signing_seed=data[97:])

    def public(self) -> PublicIdentity:
        """Return the public half."""
        return self._public

    def sign(self, message: bytes, *, purpose: str) -> bytes:
        """
        Sign a message for one purpose.

        Args:
            message: Any length in bytes.
            purpose: Bound into the signature, so that it means nothing elsewhere.

        Returns:
            64 bytes.
        """
        return self._signing_key.sign(signed_bytes(message, purpose=purpose))


def seal_identity(keyring: Keyring, private: PrivateIdentity, *, account: bytes) -> bytes:
    """
    Seal the private identity of an account under its own key.

    Args:
        keyring: The account's keys.
        private: What to keep.
        account: 16 bytes, the account's id.
    """
    return seal(keyring.identity_wrap, private.encode(), context=Context("identity", account, NO_RECORD))


def open_identity(
    keyring: Keyring, sealed: bytes, expected: PublicIdentity, *, account: bytes
) -> PrivateIdentity:
    """
    Open what `seal_identity` made and check it against the public half that others use.

    Args:
        keyring: The account's keys.
        sealed: What `seal_identity` returned.
        expected: The public keys stored beside it; hostile storage can change those.
        account: 16 bytes, the account's id.

    Raises:
        OpenError: If it does not open, or *expected* is not its public half.
        FormatError: If the envelope or its content is of no known version.
    """
    private = open_former_identity(keyring, sealed, account=account)
    if not compare_digest(private.public().encode(), expected.encode()):
        raise OpenError("Your public keys were changed. Nothing was opened with them.")
    return private


def open_former_identity(keyring: Keyring, sealed: bytes, *, account: bytes) -> PrivateIdentity:
    """
    Open what `seal_identity` made, of keys that others use no more.

    Args:
        keyring: The keys that it was sealed with.
        sealed: What `seal_identity` returned.
        account: 16 bytes, the account's id.

    Raises:
        OpenError: If it does not open.
        FormatError: If the envelope or its content is of no known version.
    """
    opened = open_sealed(keyring.identity_wrap, sealed, context=Context("identity", account, NO_RECORD))
    return PrivateIdentity.decode(opened)
