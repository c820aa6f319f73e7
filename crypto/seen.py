"""
How far an account had come when a browser last saw it, as that browser keeps it.

Format: docs/crypto-format.md section 24.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import lt
from struct import Struct

from crypto.context import NO_RECORD, Context
from crypto.errors import FormatError
from crypto.keyring import Keyring

TAG_SIZE = 7
SEEN_SIZE = 62  # bytes, sealed
LAYOUT = Struct(f">?IQIII{TAG_SIZE}s")
REVISION_BITS = 40  # of eight bytes; the three before them are the memory's
NO_TAG = bytes(TAG_SIZE)


@dataclass(frozen=True, slots=True)
class SeenState:
    """
    An account as it was seen.

    Attributes:
        epoch: Goes up with each change of its keys, below 2^32.
        revision: Goes up with each write of its records, below 2^40; 0 where it has none.
        at: Whole seconds since 1970, UTC, below 2^32.
        tag: 7 bytes that tell two states of one revision apart; zeros where it has none.
        factor: Revision of its second factor, which goes up with each change and each code, below 2^32.
        events: Number of the last event in the log of its practice, below 2^32.
        memory: Revision of what it remembers of the log of public keys, below 2^24; 0 where there is none.
        is_missed: The account was found behind this state since, and its owner was not told yet.
    """

    epoch: int
    revision: int
    at: int
    tag: bytes = NO_TAG
    factor: int = 0
    events: int = 0
    memory: int = 0
    is_missed: bool = False

    @classmethod
    def from_row(
        cls,
        epoch: int,
        revision: object,
        at: float,
        tag: object,
        factor: object,
        events: object,
        memory: object,
    ) -> SeenState:
        """Return an account's state as storage has it; a number that storage spoiled counts as none."""
        known = _read(revision, REVISION_BITS)
        if not known or not isinstance(tag, bytes) or len(tag) != TAG_SIZE:
            known, tag = 0, NO_TAG
        others = _read(factor, 32), _read(events, 32), _read(memory, 24)
        return cls(epoch, known, int(at), tag, *others)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers that only ever go up."""
        return self.epoch, self.revision, self.factor, self.events, self.memory

    def is_behind(self, other: SeenState) -> bool:
        """Return whether this one is not *other*, and did not come after it either."""
        if any(map(lt, self.numbers, other.numbers)):
            return True
        return (self.epoch, self.revision) == (other.epoch, other.revision) and self.tag != other.tag

    def encode(self) -> bytes:
        """
        Write it as 32 bytes.

        Raises:
            FormatError: If a number does not fit, or the tag is not 7 bytes long.
        """
        small = (self.epoch, self.factor, self.events, self.at)
        numbers = [(self.revision, REVISION_BITS), (self.memory, 24), *((one, 32) for one in small)]
        if len(self.tag) != TAG_SIZE or any(not 0 <= one < 2**bits for one, bits in numbers):
            raise FormatError("A seen state has numbers that fit and a tag of 7 bytes.")
        revisions = self.memory << REVISION_BITS | self.revision
        return LAYOUT.pack(self.is_missed, self.epoch, revisions, self.factor, self.events, self.at, self.tag)

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
    is_missed, epoch, revisions, factor, events, at, tag = LAYOUT.unpack(
        keyring.unwrap(sealed, context=_context(account))
    )
    memory, revision = divmod(revisions, 2**REVISION_BITS)
    return SeenState(epoch, revision, at, tag, factor, events, memory, is_missed)


def _read(number: object, bits: int) -> int:
    return number if isinstance(number, int) and 0 < number < 2**bits else 0


def _context(account: bytes) -> Context:
    return Context("seen-state", account, NO_RECORD)
