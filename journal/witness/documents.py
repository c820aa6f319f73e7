"""What is remembered of the log of public keys, what two people note for each other of it, and what can be amiss."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from crypto import Context, LogHead
from journal.care.documents import clinician_head_context, patient_head_context
from journal.roles import Role

NOT_IN_LOG = -1
"""The number of a leaf that there is none of."""


class Finding(StrEnum):
    """What can be amiss with the log, or with what somebody noted of it."""

    LOG = "log"
    """It is not the log that the person remembers, continued."""
    OWN = "own"
    """Keys that are not theirs stand in it as theirs, or theirs do not."""
    PEER = "peer"
    """The other person's keys are not the last that stand in it as theirs."""
    PARTED = "parted"
    """The other person was shown another log."""
    MISTAKEN = "mistaken"
    """The other person takes other keys for theirs."""
    OLDER = "older"
    """What two people noted for each other is gone, older than it was, or does not open."""


STOPPING = frozenset({Finding.PEER, Finding.PARTED, Finding.MISTAKEN})
"""After these, nothing goes over the care link until its owner has compared the safety code."""


class Noticed(msgspec.Struct, frozen=True):
    """That something was amiss: `link` is the id of a care link in hexadecimal digits, or empty."""

    kind: str
    at: datetime
    link: str = ""


class Believed(msgspec.Struct, frozen=True):
    """
    What an account believes over one care link.

    `leaf` is the number of the other person's last leaf, and `keys` the SHA-256 of the public keys in it, in
    hexadecimal digits. `heard` and `said` count the notes of theirs that were read, and its own. `size` is how long the
    log was that the last own note tells of. `seen` are the ends of both notes as they were last read, and `passed` is
    the end of one that does not open, once its owner knows. `by_hand`: the safety code was compared in person, since
    that leaf has other keys.
    """

    leaf: int
    keys: str
    heard: int = 0
    said: int = 0
    size: int = 0
    seen: str = ""
    passed: str = ""
    by_hand: bool = False

    @property
    def told_leaf(self) -> int:
        """Return the leaf that the other person is told of."""
        return NOT_IN_LOG if self.by_hand else self.leaf


class Memory(msgspec.Struct, frozen=True):
    """
    What an account remembers of the log; pin key.

    `own` is the number of its own last leaf, `links` are its beliefs by the ids of care links in hexadecimal digits,
    and `noticed` is what its owner has yet to read.
    """

    size: int
    root: bytes
    own: int = NOT_IN_LOG
    links: Mapping[str, Believed] = {}
    noticed: tuple[Noticed, ...] = ()

    @property
    def head(self) -> LogHead:
        """Return the head that is remembered."""
        return LogHead(self.size, self.root)


class HeadNote(msgspec.Struct, frozen=True):
    """
    What one person of a care link notes for the other; care-link key.

    `count` counts the writer's notes over this link, and `heard` is the count of the last that they read of the other.
    `leaf` is the number of the other's leaf that they go by; -1 where they go by none.
    """

    count: int
    size: int
    root: bytes
    heard: int
    leaf: int

    @property
    def head(self) -> LogHead:
        """Return the head that is told of."""
        return LogHead(self.size, self.root)


def memory_context(account: UUID, revision: int) -> Context:
    """Return the context of what an account remembers."""
    return Context("witness", account.bytes, account.bytes, revision)


def head_note_context(link: UUID, writer: Role) -> Context:
    """Return the context of what the person of a role notes over a care link."""
    return patient_head_context(link) if writer is Role.PATIENT else clinician_head_context(link)
