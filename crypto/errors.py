"""What can go wrong, as three answers a caller tells apart by class and never by text."""

from __future__ import annotations


class CryptoError(Exception):
    """The root of every error this package raises on purpose."""


class OpenError(CryptoError):
    """The key, the context or the bytes are not the ones that were sealed; nothing was revealed."""


class FormatError(CryptoError):
    """The bytes are of no format this version reads, or a stored value lies outside its bounds."""


class KeySizeError(CryptoError):
    """A key or secret has the wrong length, so it cannot be the one that was meant."""


def require_size(value: bytes, size: int, name: str) -> None:
    """
    Check the length of a key before any cipher sees it.

    Args:
        value: The key or secret.
        size: The one allowed length in bytes.
        name: What to call it in the message; never the value itself.

    Raises:
        KeySizeError: If the length differs.
    """
    if len(value) != size:
        raise KeySizeError(f"{name} is {size} bytes long, not {len(value)}.")
