"""What two people note for each other of the log of public keys, and what can be amiss."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from crypto import Context, LogHead
from journal.care.documents import clinician_head_context, patient_head_context
from journal.roles import Role


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


def head_note_context(link: UUID, writer: Role) -> Context:
    """Return the context of what the person of a role notes over a care link."""
    return patient_head_context(link) if writer is Role.PATIENT else clinician_head_context(link)
