"""
What others know of an account: the key they seal to and the key they check its signatures with.

HPKE (RFC 9180) with ML-KEM-768 and X25519 together, so that a share stays closed if either is broken;
Ed25519 (RFC 8032) for signatures. Format: docs/crypto-format.md section 9.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PublicKey

from crypto.context import join_fields
from crypto.errors import FormatError, OpenError, require_size

MLKEM_PUBLIC_SIZE = 1184
KEM_PUBLIC_SIZE = MLKEM_PUBLIC_SIZE + 32
SIGNING_SIZE = 32
SIGNATURE_SIZE = 64

_VERSION = b"\x01"
PUBLIC_SIZE = 1 + KEM_PUBLIC_SIZE + SIGNING_SIZE
_SIGNATURE_DOMAIN = b"hearthside/v1/signature"
_PROBE = X25519PrivateKey.from_private_bytes(bytes(range(32)))
"""Any private key does: it only finds out whether a public key is of small order."""

_FIELD = 2**255 - 19
_ORDER_8 = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL_ORDER_Y = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})
"""The y coordinates of the eight Ed25519 points under which one signature fits many messages."""


@dataclass(frozen=True, slots=True)
class PublicIdentity:
    """
    What others know of an account. A value with unusable keys cannot be made.

    Attributes:
        kem: 1,216 bytes: ML-KEM-768 encapsulation key (1,184) || X25519 public key (32).
        signing: 32 bytes, Ed25519 public key.
    """

    kem: bytes
    signing: bytes

    def __post_init__(self) -> None:
        """
        Refuse keys that are malformed or of small order.

        Raises:
            KeySizeError: If a key has the wrong length.
            FormatError: If a key is no usable public key.
        """
        require_size(self.kem, KEM_PUBLIC_SIZE, "A public HPKE key")
        require_size(self.signing, SIGNING_SIZE, "A public signing key")
        y = int.from_bytes(self.signing, "little") & (2**255 - 1)
        try:
            MLKEM768PublicKey.from_public_bytes(self.kem[:MLKEM_PUBLIC_SIZE])
            # Against a point of small order every exchange gives zero, which the library refuses.
            _PROBE.exchange(X25519PublicKey.from_public_bytes(self.kem[MLKEM_PUBLIC_SIZE:]))
        except ValueError:
            raise FormatError("The public HPKE key is not usable.") from None
        if y >= _FIELD or y in _SMALL_ORDER_Y:
            raise FormatError("The public signing key is not usable.")

    def encode(self) -> bytes:
        """Return 1,249 bytes: version || kem || signing."""
        return _VERSION + self.kem + self.signing

    @classmethod
    def decode(cls, data: bytes) -> PublicIdentity:
        """
        Read what `encode` wrote.

        Raises:
            FormatError: If the version or length is unknown, or a key is not usable.
        """
        if len(data) != PUBLIC_SIZE or data[:1] != _VERSION:
            raise FormatError("These are not the public keys of an account.")
        return cls(kem=data[1 : 1 + KEM_PUBLIC_SIZE], signing=data[1 + KEM_PUBLIC_SIZE :])

    def hpke_key(self) -> MLKEM768X25519PublicKey:
        """Return the key to seal to."""
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(self.kem[:MLKEM_PUBLIC_SIZE]),
            X25519PublicKey.from_public_bytes(self.kem[MLKEM_PUBLIC_SIZE:]),
        )


def signed_bytes(message: bytes, *, purpose: str) -> bytes:
    """Encode what a signature covers: our domain, the purpose and the message."""
    return join_fields(_SIGNATURE_DOMAIN, purpose.encode(), message)


def verify(public: PublicIdentity, message: bytes, signature: bytes, *, purpose: str) -> None:
    """
    Verify that the account behind *public* signed *message* for *purpose*.

    Raises:
        OpenError: If it did not.
    """
    key = Ed25519PublicKey.from_public_bytes(public.signing)
    try:
        key.verify(signature, signed_bytes(message, purpose=purpose))
    except InvalidSignature:
        raise OpenError("The signature is not by this account, or what it signed was changed.") from None
