"""
One secret, many keys: HKDF-SHA256 (RFC 5869) with a label for every use.

Format: docs/crypto-format.md section 5.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from crypto.errors import KeySizeError

KEY_SIZE = 32
MINIMUM_SECRET = 16
LABEL_PREFIX = "hearthside/v1/"


class Deriver:
    """
    Derive several keys from one secret with full entropy.

    What HKDF extracts from a secret is the same for all of them, and takes as long as deriving one.
    """

    __slots__ = ("_extracted",)

    def __init__(self, secret: bytes, salt: bytes = b"") -> None:
        """
        Extract what all keys are derived from.

        Args:
            secret: At least 16 bytes, uniformly random; never a password.
            salt: Empty, or random bytes of a length fixed for the labels that it is used with.

        Raises:
            KeySizeError: If *secret* is shorter than 16 bytes.
        """
        if len(secret) < MINIMUM_SECRET:
            raise KeySizeError(f"A secret has at least {MINIMUM_SECRET} bytes, not {len(secret)}.")
        self._extracted = extract(secret, salt=salt)

    def derive(self, label: str, *, context: bytes = b"") -> bytes:
        """
        Derive the key for one use.

        Args:
            label: Names the use, ASCII without NUL; two labels give unrelated keys.
            context: Anything else the key is bound to; several values go through `join_fields`.

        Returns:
            32 bytes. The HKDF info is "hearthside/v1/" || label, then 0x00 || context unless that is empty.
        """
        info = (LABEL_PREFIX + label).encode("ascii")
        if context:
            # Labels hold no NUL, so the first one ends the label and the info reads in one way only.
            info += b"\0" + context
        return expand(self._extracted, info=info, size=KEY_SIZE)


def derive_key(secret: bytes, label: str, salt: bytes = b"", *, context: bytes = b"") -> bytes:
    """
    Derive the key for one use from a secret of which nothing else is derived at the same time; see `Deriver`.

    Raises:
        KeySizeError: If *secret* is shorter than 16 bytes.
    """
    return Deriver(secret, salt).derive(label, context=context)


def extract(secret: bytes, *, salt: bytes) -> bytes:
    """
    Run the first step of HKDF-SHA256 (RFC 5869 section 2.2) with nothing of ours added.

    Args:
        secret: Input keying material, any length in bytes.
        salt: Any length in bytes; empty stands for 32 zero bytes.

    Returns:
        32 bytes.
    """
    return HKDF.extract(hashes.SHA256(), salt, secret)


def expand(extracted: bytes, *, info: bytes, size: int) -> bytes:
    """
    Run the second step of HKDF-SHA256 (RFC 5869 section 2.3) with nothing of ours added.

    Args:
        extracted: 32 bytes.
        info: Any length in bytes.
        size: Bytes to return, at most 8,160.
    """
    return HKDFExpand(algorithm=hashes.SHA256(), length=size, info=info).derive(extracted)
