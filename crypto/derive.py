"""
One secret, many keys: HKDF-SHA256 (RFC 5869) with a label for every use.

Format: docs/crypto-format.md section 5.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crypto.errors import KeySizeError

KEY_SIZE = 32
MINIMUM_SECRET = 16
LABEL_PREFIX = "hearthside/v1/"


def derive_key(secret: bytes, label: str, salt: bytes = b"", *, context: bytes = b"") -> bytes:
    """
    Derive the key for one use from a secret with full entropy.

    Args:
        secret: At least 16 bytes, uniformly random; never a password.
        label: Names the use, ASCII without NUL; two labels give unrelated keys.
        salt: Empty, or random bytes of a length fixed for this label.
        context: Anything else the key is bound to; several values go through `join_fields`.

    Returns:
        32 bytes. The HKDF info is "hearthside/v1/" || label, then 0x00 || context unless that is empty.

    Raises:
        KeySizeError: If *secret* is shorter than 16 bytes.
    """
    if len(secret) < MINIMUM_SECRET:
        raise KeySizeError(f"A secret has at least {MINIMUM_SECRET} bytes, not {len(secret)}.")
    info = (LABEL_PREFIX + label).encode("ascii")
    if context:
        # Labels hold no NUL, so the first one ends the label and the info reads in one way only.
        info += b"\0" + context
    return hkdf(secret, salt=salt, info=info, size=KEY_SIZE)


def hkdf(secret: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
    """
    Run HKDF-SHA256 (RFC 5869 section 2) with nothing of ours added.

    Args:
        secret: Input keying material, any length in bytes.
        salt: Any length in bytes; empty stands for 32 zero bytes.
        info: Any length in bytes.
        size: Bytes to return, at most 8,160.
    """
    return HKDF(algorithm=hashes.SHA256(), length=size, salt=salt, info=info).derive(secret)
