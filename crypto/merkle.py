"""
A log to which leaves are only added: a Merkle tree as RFC 6962 section 2.1 defines it, with its two kinds of proof.

A head stands for everything up to it. Whoever keeps one notices whatever is later taken out or changed before it, and
whoever compares theirs with somebody else's notices that the two were shown different logs.
Format: docs/crypto-format.md section 25.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from hmac import compare_digest

from crypto.errors import FormatError, OpenError

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

_LEAF, _NODE = b"\x00", b"\x01"

Place = tuple[int, int]
"""A complete subtree: its level, with 2^level leaves, and how many of that level stand left of it."""
Span = tuple[int, int]
"""Leaves from the first number up to, and without, the second."""
Nodes = Mapping[Place, bytes]


@dataclass(frozen=True, slots=True)
class LogHead:
    """What a log was at one moment: how many leaves it had, and the hash over all of them, 32 bytes."""

    size: int
    root: bytes


EMPTY_HEAD = LogHead(0, EMPTY_ROOT)


def hash_leaf(leaf: bytes) -> bytes:
    """Return the hash of a leaf, which no node can have: 32 bytes."""
    return sha256(_LEAF + leaf).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its two halves: 32 bytes."""
    return sha256(_NODE + left + right).digest()


class Frontier:
    """The right edge of a log: all that is needed to add leaves to it."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """
        Stand at the end of a log.

        Args:
            size: How many leaves it has.
            peaks: The hashes of `list_peaks(size)`, from the left.

        Raises:
            OpenError: If there are not as many as a log of that size has.
        """
        self.size, self._peaks = size, list(peaks)
        if size < 0 or len(self._peaks) != size.bit_count():
            raise OpenError("The log is not as long as it says.")

    @property
    def head(self) -> LogHead:
        """Return the head of the log."""
        return LogHead(self.size, _join(self._peaks) if self._peaks else EMPTY_ROOT)

    def append(self, leaf_hash: bytes) -> tuple[bytes, ...]:
        """Add a leaf; return the hashes of the complete subtrees that end with it, from level 0 on."""
        ending, number = [leaf_hash], self.size
        while number & 1:
            ending.append(hash_node(self._peaks.pop(), ending[-1]))
            number >>= 1
        self._peaks.append(ending[-1])
        self.size += 1
        return tuple(ending)


def list_peaks(size: int) -> list[Place]:
    """Return the complete subtrees that make up a log of *size* leaves, from the left."""
    return list(_cover((0, size))) if size else []


def find_row(place: Place) -> int:
    """Return the number of the leaf that completes a subtree: its hash is stored with that leaf."""
    level, index = place
    return ((index + 1) << level) - 1


def read_head(size: int, nodes: Nodes) -> LogHead:
    """Return the head of a log of *size* leaves; raises `OpenError` where a node is missing, or for no size."""
    if size < 0:
        raise OpenError("A log has no fewer leaves than none.")
    return LogHead(size, _hash_span((0, size), nodes) if size else EMPTY_ROOT)


def list_inclusion(number: int, size: int) -> list[Span]:
    """
    Return which spans prove that leaf *number* is in a log of *size* (RFC 6962 section 2.1.1), from the leaf upwards.

    Raises:
        FormatError: If there is no such leaf.
    """
    if not 0 <= number < size:
        raise FormatError("There is no such leaf in this log.")
    spans, first, last = [], 0, size
    while last - first > 1:
        middle = first + _split(last - first)
        if number < middle:
            spans.append((middle, last))
            last = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def list_consistency(old: int, size: int) -> list[Span]:
    """
    Return which spans prove that a log of *size* began as one of *old* leaves (RFC 6962 section 2.1.2).

    Raises:
        FormatError: If *old* is not from 1 to *size*.
    """
    if not 0 < old <= size:
        raise FormatError("A log has no end before its beginning.")
    spans: list[Span] = []
    first, last, is_whole = 0, size, True
    while last != old:
        middle = first + _split(last - first)
        if old <= middle:
            spans.append((middle, last))
            last = middle
        else:
            spans.append((first, middle))
            first, is_whole = middle, False
    return [*([] if is_whole else [(first, last)]), *spans[::-1]]


def list_places(spans: Iterable[Span]) -> list[Place]:
    """Return the complete subtrees from which the hashes of *spans* are made."""
    return [place for span in spans for place in _cover(span)]


def prove(spans: Iterable[Span], nodes: Nodes) -> tuple[bytes, ...]:
    """Return the hashes of *spans*; raises `OpenError` where a node is missing."""
    return tuple(_hash_span(span, nodes) for span in spans)


def verify_inclusion(leaf_hash: bytes, number: int, head: LogHead, proof: Sequence[bytes]) -> None:
    """
    Verify that a leaf stands in the log of *head* under its number (RFC 9162 section 2.1.3.2).

    Raises:
        OpenError: If it does not, or the proof is another one's.
    """
    if not 0 <= number < head.size:
        raise OpenError("This leaf does not stand in this log.")
    reached = leaf_hash
    for one, is_left in _climb(number, head.size - 1, proof):
        reached = hash_node(one, reached) if is_left else hash_node(reached, one)
    if not compare_digest(reached, head.root):
        raise OpenError("This leaf does not stand in this log.")


def verify_consistency(old: LogHead, new: LogHead, proof: Sequence[bytes]) -> None:
    """
    Verify that the log of *new* began as that of *old* (RFC 9162 section 2.1.4.2).

    Raises:
        OpenError: If it did not, or the proof is another one's.
    """
    path = list(proof)
    if old.size in (0, new.size):
        if path or not compare_digest(old.root, EMPTY_ROOT if old.size == 0 else new.root):
            raise OpenError("These are two different logs.")
        return
    if not 0 < old.size < new.size:
        raise OpenError("This log is shorter than it was.")
    if not old.size & (old.size - 1):  # it is one subtree, which the proof leaves out
        path.insert(0, old.root)
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0] if path else b""
    for one, is_left in _climb(place, last, path[1:]):
        before = hash_node(one, before) if is_left else before
        after = hash_node(one, after) if is_left else hash_node(after, one)
    if not (compare_digest(before, old.root) and compare_digest(after, new.root)):
        raise OpenError("These are two different logs.")


def _climb(place: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each hash of a proof with whether it stands left of what was reached; the proof has to end at the root."""
    for one in proof:
        if last <= 0:
            raise OpenError("This proof is not of this log.")
        is_left = bool(place & 1) or place == last
        yield one, is_left
        while is_left and place and not place & 1:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last != 0:
        raise OpenError("This proof is not of this log.")


def _split(count: int) -> int:
    """Return the largest power of two that is smaller than *count*, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _cover(span: Span) -> Iterator[Place]:
    """Yield the complete subtrees of a span as the tree has them, from the left: it begins where a subtree does."""
    first, last = span
    while first < last:
        level = (last - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def _hash_span(span: Span, nodes: Nodes) -> bytes:
    try:
        return _join([nodes[place] for place in _cover(span)])
    except KeyError:
        raise OpenError("A part of the log is missing.") from None


def _join(peaks: Sequence[bytes]) -> bytes:
    return reduce(lambda right, left: hash_node(left, right), reversed(peaks))
