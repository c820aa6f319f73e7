"""
The root of an account's table of contents: what it remembers of every page of it, and of what stands on no page.

A page lists records; the root lists pages. So one record is proven by the root and one page, however many there are.
Format: docs/crypto-format.md section 19.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from crypto.derive import KEY_SIZE
from crypto.envelope import TAG_SIZE
from crypto.errors import FormatError
from crypto.record_state import RecordSet

VERSION = 2
"""Stands first; the state of section 17, which has no version, is told from it by its length."""
MOST_PAGES = 1 << 16

_HEAD = struct.Struct(f">B{KEY_SIZE}sI32sI32s")
_PAGE = struct.Struct(f">IQHq{TAG_SIZE}s")


@dataclass(frozen=True, slots=True)
class PageMark:
    """
    What the root remembers of a page.

    `oldest` is the moment of its first line, in microseconds since 1970, UTC; `count` is the number of its lines, at
    least one; `tag` is the last 16 bytes of its envelope.
    """

    number: int
    revision: int
    count: int
    oldest: int
    tag: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordRoot:
    """
    The pages of a table of contents, the oldest first, and the sums of the sets that stand on no page.

    `key` is the key of the sums, 32 bytes; see `RecordState`.
    """

    key: bytes = field(repr=False)
    earlier: RecordSet = field(default_factory=RecordSet)
    shared: RecordSet = field(default_factory=RecordSet)
    pages: tuple[PageMark, ...] = ()

    @property
    def count(self) -> int:
        """How many lines all pages have."""
        return sum(page.count for page in self.pages)

    @classmethod
    def decode(cls, data: bytes) -> RecordRoot:
        """
        Read what `encode` wrote.

        Raises:
            FormatError: If it is no root, or its pages are out of order or named twice.
        """
        rest = len(data) - _HEAD.size
        if rest < 0 or rest % _PAGE.size or rest // _PAGE.size > MOST_PAGES or data[0] != VERSION:
            raise _no_root()
        _, key, earlier, earlier_total, shared, shared_total = _HEAD.unpack_from(data)
        pages = tuple(PageMark(*one) for one in _PAGE.iter_unpack(data[_HEAD.size :]))
        _require_order(pages)
        return cls(
            key,
            RecordSet(earlier, int.from_bytes(earlier_total, "big")),
            RecordSet(shared, int.from_bytes(shared_total, "big")),
            pages,
        )

    def encode(self) -> bytes:
        """
        Return the version, the key, both sets as in `RecordState.encode`, and 38 bytes for every page, big-endian.

        Raises:
            FormatError: If the pages are out of order or named twice, or there are more than 2^16.
        """
        if len(self.pages) > MOST_PAGES:
            raise _no_root()
        _require_order(self.pages)
        head = _HEAD.pack(
            VERSION,
            self.key,
            self.earlier.count,
            self.earlier.total.to_bytes(KEY_SIZE, "big"),
            self.shared.count,
            self.shared.total.to_bytes(KEY_SIZE, "big"),
        )
        marks = (
            _PAGE.pack(page.number, page.revision, page.count, page.oldest, page.tag) for page in self.pages
        )
        return head + b"".join(marks)


def _require_order(pages: tuple[PageMark, ...]) -> None:
    moments = [page.oldest for page in pages]
    numbers = {page.number for page in pages}
    if moments != sorted(moments) or len(numbers) != len(pages) or any(page.count == 0 for page in pages):
        raise _no_root()


def _no_root() -> FormatError:
    return FormatError("This is not the root of a table of contents.")
