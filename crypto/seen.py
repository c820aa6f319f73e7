"""
How far an account had come when a browser last saw it, as that browser keeps it.

Format: docs/crypto-format.md section 24.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from crypto.context import NO_RECORD, Context
from crypto.errors import FormatError
from crypto.keyring import Keyring

TAG_SIZE = 7
SEEN_SIZE = 62  # bytes, sealed
LAYOUT = Struct(f">?IQIII{TAG_SIZE}s")
NO_TAG = bytes(TAG_SIZE)


@dataclass(frozen=True, slots=True)
class SeenState:
    """
    An account as it was seen.

    Attributes:
        epoch: Goes up with each change of its keys, below 2^32.
        revision: Goes up with each write of its records, below 2^64; 0 where it has none.
        at: Whole seconds since 1970, UTC, below 2^32.
        tag: 7 bytes that tell two states of one revision apart; zeros where it has none.
        factor: Revision of its second factor, which goes up with each change and each code, below 2^32.
        events: Number of the last event in the log of its practice, below 2^32.
        is_missed: The account was found behind this state since, and its owner was not told yet.
    """

    epoch: int
    revision: int
    at: int
    tag: bytes = NO_TAG
    factor: int = 0
    events: int = 0
    is_missed: bool = False

    @classmethod
    def from_row(
        cls, epoch: int, revision: object, at: float, tag: object, factor: object, events: object
    ) -> SeenState:
        """Return an account's state as storage has it; a number that storage spoiled counts as none."""
        known = tuple(one if isinstance(one, int) and 0 < one < 2**32 else 0 for one in (factor, events))
        if (
            isinstance(revision, int)
            and 0 < revision < 2**63
            and isinstance(tag, bytes)
            and len(tag) == TAG_SIZE
        ):
            return cls(epoch, revision, int(at), tag, known[0], known[1])
        return cls(epoch, 0, int(at), NO_TAG, known[0], known[1])

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """Return the numbers that only ever go up."""
        return self.epoch, self.revision, self.factor, self.events

    def is_behind(self, other: SeenState) -> bool:
        """Return whether this one is not *other*, and did not come after it either."""
        if any(one < seen for one, seen in zip(self.numbers, other.numbers, strict=True)):
            return True
        return (self.epoch, self.revision) == (other.epoch, other.revision) and self.tag != other.tag

    def encode(self) -> bytes:
        """
        Write it as 32 bytes.

        Raises:
            FormatError: If a number does not fit, or the tag is not 7 bytes long.
        """
        numbers = ((self.epoch, 32), (self.revision, 64), (self.factor, 32), (self.events, 32), (self.at, 32))
        if len(self.tag) != TAG_SIZE or any(not 0 <= one < 2**bits for one, bits in numbers):
            raise FormatError("A seen state has numbers that fit and a tag of 7 bytes.")
        return LAYOUT.pack(
            self.is_missed, self.epoch, self.revision, self.factor, self.events, self.at, self.tag
        )

    def seal(self, keyring: Keyring, *, account: bytes) -> bytes:
        """
        Seal it under the account's vault key, for a browser to keep.

        Returns:
            62 bytes.

        Raises:
            FormatError: If a number does not fit, or the tag is not 7 bytes long.
        """
        return keyring.wrap(self.encode(), context=_context(account))


def open_seen_state(keyring: Keyring, sealed: bytes, *, account: bytes) -> SeenState:
    """
    Open what a browser kept of an account.

    Raises:
        OpenError: If it is of another account or other keys, or was changed.
        FormatError: If the version or algorithm is unknown.
    """
    is_missed, epoch, revision, factor, events, at, tag = LAYOUT.unpack(
        keyring.unwrap(sealed, context=_context(account))
    )
    return SeenState(epoch, revision, at, tag, factor, events, is_missed)


def _context(account: bytes) -> Context:
    return Context("seen-state", account, NO_RECORD)
