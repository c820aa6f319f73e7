"""
Padmé padding: hide the length of a text in a few size classes.

Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
PoPETs 2019(4), section 4: a length L keeps only its top floor(log2(log2 L)) + 1 bits, so it costs at
most 12 % and leaks O(log log L) bits. Format: docs/crypto-format.md section 4.
"""

from __future__ import annotations

import struct

from crypto.errors import FormatError, OpenError

MINIMUM = 256
"""Padmé hides little below this, and a one-line note is no less private than a page."""

_LENGTH = struct.Struct(">I")
_PREFIX = _LENGTH.size
_MAX_TEXT = 2**32 - 1


def padded_size(size: int) -> int:
    """
    Round a length up to its size class.

    Args:
        size: Bytes of the length prefix and the text together, at least 1.

    Returns:
        Bytes to fill; at least `MINIMUM`, and at most 12 % more than *size* above that.
    """
    if size <= MINIMUM:
        return MINIMUM
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (size + mask) & ~mask


def pad(text: bytes) -> bytes:
    """
    Prefix *text* with its length and fill with zero bytes to the next size class.

    Args:
        text: Fewer than 2^32 bytes.

    Returns:
        Length (4 bytes, big-endian) || text || zeros.

    Raises:
        FormatError: If *text* is too long for its length to be written.
    """
    size = len(text)
    if size > _MAX_TEXT:
        raise FormatError("A sealed text holds fewer than 2^32 bytes.")
    return (_LENGTH.pack(size) + text).ljust(padded_size(_PREFIX + size), b"\0")


def unpad(padded: bytes) -> bytes:
    """
    Undo `pad`, accepting only what it makes: one text has exactly one padded form.

    Args:
        padded: What `pad` returned.

    Returns:
        The text.

    Raises:
        OpenError: If the length, the size class or the filling is not what `pad` makes.
    """
    size = len(padded)
    if size >= MINIMUM:
        end = _PREFIX + _LENGTH.unpack_from(padded)[0]
        if size == padded_size(end) and padded.endswith(bytes(size - end)):
            return padded[_PREFIX:end]
    raise OpenError("The sealed text is not padded as this format asks.")
