"""
The root of an account's table of contents: it has a mark of every page, and sums of what stands on no page.

A page lists records; the root lists pages. So one record is proven by the root and one page, however many there are.
Format: docs/crypto-format.md section 19.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from crypto.derive import KEY_SIZE
from crypto.envelope import TAG_SIZE
from crypto.errors import FormatError
from crypto.record_state import SET_SIZE, RecordState

VERSION = 2
"""Stands first. The state of section 17 has no version: it is told from a root by its length."""
MOST_PAGES = 1 << 16

BESIDE = 2
"""Sets that stand on no page: earlier versions, and what is shared."""

_HEAD = 1 + KEY_SIZE + BESIDE * SET_SIZE
_PAGE = struct.Struct(f">IQHqQ{TAG_SIZE}s")


class PageMark(NamedTuple):
    """
    What the root remembers of a page.

    `oldest` is the moment of its first line, in microseconds since 1970, UTC; `lines` is the number of its lines, at
    least one; `ties` has the bits of every session that a line is tied to (`bloom_bits`); `tag` is the last 16 bytes of
    its envelope. A tuple, since a root has hundreds and every page of a list reads it.
    """

    number: int
    revision: int
    lines: int
    oldest: int
    ties: int
    tag: bytes

    def __repr__(self) -> str:
        """Return which page it is about; no tag stands in a traceback."""
        return f"PageMark(number={self.number}, revision={self.revision})"


@dataclass(frozen=True, slots=True)
class RecordRoot:
    """The sums of the sets that stand on no page, and the pages of a table of contents, the oldest first."""

    beside: RecordState = field(default_factory=lambda: RecordState.begin(BESIDE))
    pages: tuple[PageMark, ...] = ()

    @property
    def count(self) -> int:
        """Return how many lines all pages have."""
        return sum(page.lines for page in self.pages)

    @classmethod
    def decode(cls, data: bytes) -> RecordRoot:
        """
        Read what `encode` wrote.

        Raises:
            FormatError: If it is no root, or its pages are out of order or named twice.
        """
        rest = len(data) - _HEAD
        if rest < 0 or rest % _PAGE.size or rest // _PAGE.size > MOST_PAGES or data[0] != VERSION:
            raise _not_a_root()
        pages = tuple(map(PageMark._make, _PAGE.iter_unpack(data[_HEAD:])))
        _require_order(pages)
        return cls(RecordState.decode(data[1:_HEAD], BESIDE), pages)

    def encode(self) -> bytes:
        """
        Return the version, the sums as `RecordState.encode` writes them, and 46 bytes for every page, big-endian.

        Raises:
            FormatError: If the pages are out of order or named twice, or there are more than 2^16.
        """
        if len(self.pages) > MOST_PAGES:
            raise _not_a_root()
        _require_order(self.pages)
        marks = b"".join(_PAGE.pack(*page) for page in self.pages)
        return bytes((VERSION,)) + self.beside.encode() + marks


def bloom_bits(record: bytes) -> int:
    """
    Return two bits of 64, or one, that stand for a record with a random id of 16 bytes.

    A page without both has no line that is tied to it; a page with both may have one.
    """
    return 1 << (record[0] % 64) | 1 << (record[1] % 64)


def _require_order(pages: tuple[PageMark, ...]) -> None:
    moments = [page.oldest for page in pages]
    numbers = {page.number for page in pages}
    if moments != sorted(moments) or len(numbers) != len(pages) or any(page.lines == 0 for page in pages):
        raise _not_a_root()


def _not_a_root() -> FormatError:
    return FormatError("This is not the root of a table of contents.")
