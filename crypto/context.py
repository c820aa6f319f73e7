"""
Associated data: what a sealed value is, whose it is, and which one.

It is authenticated and never stored beside the ciphertext, so a value moved to another row, owner or
revision does not open. Format: docs/crypto-format.md section 2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

from crypto.errors import FormatError

FORMAT_VERSION = b"\x01"
ID_SIZE = 16
NO_RECORD = bytes(ID_SIZE)
"""The record id of things an account has exactly one of."""

_MAX_PURPOSE = 64
_RECORD_AND_REVISION = struct.Struct(f">I{ID_SIZE}sIQ")


def join_fields(*fields: bytes) -> bytes:
    """
    Join byte strings so that no two different lists give the same bytes.

    Args:
        fields: Any number of strings, each shorter than 2^32 bytes.

    Returns:
        For every field its length (4 bytes, big-endian) and then the field.
    """
    return b"".join([len(field).to_bytes(4, "big") + field for field in fields])


def require_id(value: bytes, name: str) -> None:
    """
    Check that *value* can be an account, link or record id.

    Raises:
        FormatError: If it is not 16 bytes long.
    """
    if len(value) != ID_SIZE:
        raise FormatError(f"{name} is {ID_SIZE} bytes long, not {len(value)}.")


@dataclass(frozen=True, slots=True)
class Context:
    """
    The place a sealed value belongs to.

    Attributes:
        purpose: What it is, 1 to 64 ASCII characters; docs/crypto-format.md lists those in use.
        owner: 16 bytes, the account or care link under whose key it is sealed.
        record: 16 bytes, the row it stands in.
        revision: 0 to 2^64 - 1; counts up where a record keeps its earlier versions.
    """

    purpose: str
    owner: bytes
    record: bytes
    revision: int = 0

    def encode(self) -> bytes:
        """
        Encode as associated data.

        Sizes are checked here and not on construction: a page opens thousands, and each is encoded once.

        Returns:
            The fields format version (1 byte), purpose, owner, record and revision (8 bytes,
            big-endian), each after its own length (4 bytes, big-endian).

        Raises:
            FormatError: If a field is outside the limits above.
        """
        return encode_owner(self.purpose, self.owner) + encode_record(self.record, self.revision)


@lru_cache(maxsize=256)
def encode_owner(purpose: str, owner: bytes) -> bytes:
    """Encode the first three fields, which thousands of contexts have in common."""
    require_id(owner, "An owner's id")
    if not 0 < len(purpose) <= _MAX_PURPOSE or not purpose.isascii():
        raise FormatError(f"A purpose is 1 to {_MAX_PURPOSE} ASCII characters.")
    return join_fields(FORMAT_VERSION, purpose.encode(), owner)


def encode_record(record: bytes, revision: int) -> bytes:
    """Encode the last two fields."""
    # The packing below would cut or fill a wrong size without a word.
    require_id(record, "A record's id")
    try:
        return _RECORD_AND_REVISION.pack(ID_SIZE, record, 8, revision)
    except struct.error:
        raise FormatError("A revision is a whole number from 0 to 2^64 - 1.") from None
