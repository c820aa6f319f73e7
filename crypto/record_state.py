"""
What an account remembers of its own records, so that an older or a missing one is noticed.

An incremental multiset hash (Clarke et al., "Incremental Multiset Hash Functions", ASIACRYPT 2003): keyed hashes
of the members are added up, so one record more, less or other costs one addition, however many there are.
Format: docs/crypto-format.md section 17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from secrets import token_bytes

from crypto.context import ID_SIZE
from crypto.derive import KEY_SIZE
from crypto.envelope import TAG_SIZE
from crypto.errors import FormatError, require_size

Member = tuple[bytes, int, bytes]
"""Record id (16 bytes), revision, and the envelope or its end of 16 bytes at least."""

_MODULUS = 1 << 256
SET_SIZE = 4 + KEY_SIZE
"""Bytes of a set in a sealed state."""


@dataclass(frozen=True, slots=True)
class RecordSet:
    """How many records there are, and the sum of their keyed hashes modulo 2^256."""

    count: int = 0
    total: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class RecordState:
    """
    Several sets of records under one key of their own, which stands nowhere but in the sealed state.

    Whoever does not see the sums cannot make another set with the same sum.
    """

    key: bytes = field(repr=False)
    sets: tuple[RecordSet, ...]

    @classmethod
    def begin(cls, sets: int) -> RecordState:
        """Return so many empty sets, under a new key."""
        return cls(token_bytes(KEY_SIZE), (RecordSet(),) * sets)

    @classmethod
    def decode(cls, data: bytes, sets: int) -> RecordState:
        """
        Read what `encode` wrote.

        Raises:
            FormatError: If it is not a state of so many sets.
        """
        if len(data) != KEY_SIZE + sets * SET_SIZE:
            raise FormatError("This is not the state of an account's records.")
        starts = range(KEY_SIZE, len(data), SET_SIZE)
        read = int.from_bytes
        return cls(
            data[:KEY_SIZE],
            tuple(
                RecordSet(read(data[at : at + 4], "big"), read(data[at + 4 : at + SET_SIZE], "big"))
                for at in starts
            ),
        )

    def encode(self) -> bytes:
        """Return the key (32 bytes), and for every set its count (4) and its sum (32), big-endian."""
        sets = [one.count.to_bytes(4, "big") + one.total.to_bytes(KEY_SIZE, "big") for one in self.sets]
        return self.key + b"".join(sets)

    def change_set(
        self, place: int, *, removed: Iterable[Member] = (), added: Iterable[Member] = ()
    ) -> RecordState:
        """
        Return the state with records removed from the set at *place*, and others added.

        A count never falls below zero nor rises above 2^32 - 1, whatever storage made up.
        """
        less, more, before = self.hash_members(removed), self.hash_members(added), self.sets[place]
        after = RecordSet(
            min(max(before.count - less.count + more.count, 0), (1 << 32) - 1),
            (before.total - less.total + more.total) % _MODULUS,
        )
        return replace(self, sets=(*self.sets[:place], after, *self.sets[place + 1 :]))

    def hash_members(self, members: Iterable[Member]) -> RecordSet:
        """Return the count and sum of *members*, to be compared with a remembered set."""
        hashed = member_hash(self.key)
        hashes = [hashed(*member) for member in members]
        return RecordSet(len(hashes), sum(hashes) % _MODULUS)


def member_hash(key: bytes) -> Callable[[bytes, int, bytes], int]:
    """
    Prepare to hash many records.

    The last 16 bytes of an envelope are its authentication tag, which no other text, context or nonce gives under
    the same key, other than by one chance in 2^128 or so.

    Args:
        key: 32 bytes.

    Returns:
        A function of record id (16 bytes), revision (0 to 2^64 - 1) and envelope that returns keyed BLAKE2b
        (RFC 7693) with 32 bytes as a number.

    Raises:
        KeySizeError: If *key* is not 32 bytes long.
    """
    require_size(key, KEY_SIZE, "The key of a state")
    keyed = blake2b(key=key, digest_size=KEY_SIZE)

    def hashed(record: bytes, revision: int, sealed: bytes) -> int:
        end = sealed[-TAG_SIZE:]
        if len(record) != ID_SIZE or len(end) != TAG_SIZE or not 0 <= revision < 1 << 64:
            raise FormatError("This is not the place of a sealed record.")
        one = keyed.copy()
        one.update(record + revision.to_bytes(8, "big") + end)
        return int.from_bytes(one.digest(), "big")

    return hashed
