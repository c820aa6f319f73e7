"""
The texts of the records on one page of a table of contents, joined so that a search opens one envelope for all.

It belongs to one state of the page, and is read for no other. Format: docs/crypto-format.md section 19.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from crypto.envelope import TAG_SIZE
from crypto.errors import FormatError

VERSION = 1

_HEAD = struct.Struct(f">BH{TAG_SIZE}sH")


@dataclass(frozen=True, slots=True)
class PageText:
    """Texts in UTF-8, one after the other; `ends` says where each one ends."""

    texts: bytes = field(repr=False)
    ends: tuple[int, ...]

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> PageText:
        """Join the texts of a page: fewer than 2^16 of them, and fewer than 2^32 bytes."""
        return cls(b"".join(texts), tuple(accumulate(map(len, texts))))

    @classmethod
    def decode(cls, data: bytes, *, fold: int, tag: bytes, count: int) -> PageText:
        """
        Read what `encode` wrote.

        Args:
            fold: How the texts have to be folded: a number of two bytes.
            tag: The last 16 bytes of the envelope of the page.
            count: How many lines the page has.

        Raises:
            FormatError: If it is no such text, is of another page or state of it, or is folded otherwise.
        """
        if len(data) < _HEAD.size or _HEAD.unpack_from(data) != (VERSION, fold, tag, count):
            raise _not_page_text()
        begin = _HEAD.size + 4 * count
        if len(data) < begin:
            raise _not_page_text()
        ends: tuple[int, ...] = struct.unpack_from(f">{count}I", data, _HEAD.size)
        last = ends[-1] if ends else 0
        if len(data) != begin + last or any(end < before for before, end in pairwise(ends)):
            raise _not_page_text()
        return cls(data[begin:], ends)

    def encode(self, *, fold: int, tag: bytes) -> bytes:
        """Return version, fold, the page's tag, number of texts, where each ends, and the texts; big-endian."""
        ends = struct.pack(f">{len(self.ends)}I", *self.ends)
        return _HEAD.pack(VERSION, fold, tag, len(self.ends)) + ends + self.texts

    def find_all(self, needles: Sequence[bytes]) -> list[int]:
        """Return the places of the texts that hold every one of *needles*; the longest is searched for first."""
        if not needles:
            return []
        texts, ends = self.texts, self.ends
        first, *others = sorted(needles, key=len, reverse=True)
        found, at = [], texts.find(first)
        while at >= 0:
            place = bisect_right(ends, at)
            begin, end = ends[place - 1] if place else 0, ends[place]
            if at + len(first) > end:  # the end of one text and the beginning of the next
                at = texts.find(first, at + 1)
                continue
            if all(texts.find(other, begin, end) >= 0 for other in others):
                found.append(place)
            at = texts.find(first, end)
        return found


def _not_page_text() -> FormatError:
    return FormatError("This is not the text of that page of a table of contents.")
