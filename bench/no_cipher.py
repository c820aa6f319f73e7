"""
A cipher that encrypts nothing, to weigh what sealing costs.

Only a server that `bench.server` starts for the comparison calls `take_out`; the product has no such switch.
"""

from __future__ import annotations

from crypto import envelope

FLAG = "--without-cipher"


class NoCipher:
    """As long as what AES-256-GCM makes, and as quick as copying."""

    def __init__(self, key: bytes) -> None:
        pass

    def encrypt(self, _nonce: bytes, text: bytes, _associated: bytes) -> bytes:
        """Return the text with sixteen zero bytes in the tag's place."""
        return text + bytes(envelope.TAG_SIZE)

    def decrypt(self, _nonce: bytes, sealed: bytes, _associated: bytes) -> bytes:
        """Cut the sixteen bytes off again."""
        return sealed[: -envelope.TAG_SIZE]


def take_out() -> None:
    """Replace both ciphers of the envelope in this process, before any key is set up."""
    for cipher in ("AESGCM", "AESGCMSIV"):
        setattr(envelope, cipher, NoCipher)
