"""
The zip file of an archive, read strictly: there is one way to write it, and everything in it is bounded.

docs/export-format.md, section 3. `hearthside verify-records` waits for what this module imports.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from journal.errors import Damaged

MANIFEST = "manifest.json"
FILE_NAME = re.compile(r"(?:[a-z]+/)?[A-Za-z0-9-]{1,100}\.(?:css|csv|html|json|pdf|txt)")
"""The names of files in the archive: none that anybody typed, and no path out of the folder."""

MAX_FILES = 5000
MAX_ARCHIVE_BYTES = 512 * 2**20
MAX_UNPACKED_BYTES = 2**30
MAX_RATIO = 250  # of what a file unpacks to and what it takes up: prose comes to 3, and JSON to 30
CHUNK_BYTES = 2**16

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
OWNER_ONLY = 0o100600 << 16
"""The attributes of each file: a plain one, of its owner alone. As a link it would lead to what its words name."""
_FIRST_TOLD = (b"PK\1\2", 3 << 8 | 20, 20, 0, 8)  # made on Unix by 2.0, needs 2.0, no flags, deflate
_LAST_TOLD = (0, 0, 0, 0, OWNER_ONLY)  # no extra field, no comment, first disk
_CHECKSUM = b"sha256:"
_CHECKSUM_BYTES = len(_CHECKSUM) + 64


class TooLarge(Damaged):
    """There is more in it than an archive may hold; nothing was unpacked."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file: its compressed bytes, and the size and the CRC-32 that the directory tells."""

    compressed: memoryview
    size: int
    crc: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A zip file whose directory was read, and none of its files. `is_intact`: every byte is as it was written."""

    files: Mapping[str, PackedFile]
    is_intact: bool


def append_checksum(zipped: bytes) -> bytes:
    """Return a zip file with the hash of all that stands before as its comment, so that no bit of it can change."""
    before = zipped[:-2] + _CHECKSUM_BYTES.to_bytes(2, "little")
    return before + _CHECKSUM + sha256(before).hexdigest().encode()


def open_packed(data: bytes) -> Packed:
    """
    Read the directory of a zip file.

    Raises:
        TooLarge: If what it tells of its files is more than an archive may hold.
        Damaged: If it is not written as an archive is.
    """
    try:
        files = dict(_read_directory(data))
    except struct.error as error:
        raise Damaged from error
    before = memoryview(data)[:-_CHECKSUM_BYTES]
    return Packed(files, data[-_CHECKSUM_BYTES:] == _CHECKSUM + sha256(before).hexdigest().encode())


def unpack(file: PackedFile) -> Iterator[bytes]:
    """
    Unpack a file in pieces, and not one byte more than the directory tells.

    Raises:
        Damaged: If it does not unpack to that many, or to others: programs go by the CRC that stands beside it.
    """
    unpacking, left, crc = zlib.decompressobj(-zlib.MAX_WBITS), file.size, 0
    waiting: bytes | memoryview = file.compressed
    while not unpacking.eof:
        try:
            piece = unpacking.decompress(waiting, min(CHUNK_BYTES, left + 1))
        except zlib.error as error:
            raise Damaged from error
        waiting, left, crc = unpacking.unconsumed_tail, left - len(piece), zlib.crc32(piece, crc)
        if left < 0 or not (piece or unpacking.eof):
            raise Damaged
        yield piece
    if left or unpacking.unused_data or crc != file.crc:
        raise Damaged


def _read_directory(data: bytes) -> Iterator[tuple[str, PackedFile]]:
    """Yield the files, which stand one behind the other in the order of their names, each as the directory tells."""
    end = len(data) - _CHECKSUM_BYTES - _END.size
    if end < 0:
        raise Damaged
    _, _, _, _, count, _, place, _ = _END.unpack_from(data, end)
    closing = _END.pack(b"PK\5\6", 0, 0, count, count, end - place, place, _CHECKSUM_BYTES)
    if data[end : end + _END.size] != closing:
        raise Damaged
    if count > MAX_FILES:
        raise TooLarge
    start, at, last, unpacked = place, 0, "", 0
    for _ in range(count):
        told = _CENTRAL.unpack_from(data, place)
        size, length, offset = told[9], told[10], told[16]
        raw = data[place + _CENTRAL.size : place + _CENTRAL.size + length]
        header = _LOCAL.pack(b"PK\3\4", *told[2:11], 0) + raw
        name, begins, unpacked = raw.decode("ascii", "replace"), at + len(header), unpacked + size
        is_plain = told[:5] == _FIRST_TOLD and told[11:16] == _LAST_TOLD and FILE_NAME.fullmatch(name)
        if not (is_plain and offset == at and name > last and data[at:begins] == header):
            raise Damaged
        at, last, place = begins + told[8], name, place + _CENTRAL.size + length
        if unpacked > MAX_UNPACKED_BYTES or size > MAX_RATIO * (told[8] + CHUNK_BYTES):
            raise TooLarge
        if at > start:
            raise Damaged
        yield name, PackedFile(memoryview(data)[begins:at], size, told[7])
    if at != start or place != end:
        raise Damaged
