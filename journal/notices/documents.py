"""The documents of notices inside sealed columns, and their contexts. None holds an answer or a word about one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from crypto import Context

HOURS = (1, 2, 4, 8, 24, 48, 72)
"""After how many hours an open notice may go to the backup."""
MAX_LOOKS_LENGTH = 120


class Terms(msgspec.Struct, frozen=True):
    """
    What one of two people proposed about notices, and when the other agreed; times are UTC, ISO 8601.

    `backup` is the hex id of the backup's care link, empty for none, with the name by which the patient knows them;
    `looks` is when the clinician usually looks, in their words and `language`; `by` the role of who proposed it.
    """

    id: str
    hours: int
    by: str
    at: str
    backup: str = ""
    backup_name: str = ""
    looks: str = ""
    agreed_at: str = ""
    language: str = ""

    @property
    def agreed_on(self) -> datetime | None:
        """Return when the second of both agreed, UTC; None where that cannot be read."""
        try:
            return datetime.fromisoformat(self.agreed_at)
        except ValueError:
            return None


class PolicyDocument(msgspec.Struct, frozen=True):
    """What is agreed over one care link, and what is proposed in its place; care-link key."""

    agreed: Terms | None = None
    proposed: Terms | None = None


class NoticeDocument(msgspec.Struct, frozen=True):
    """
    A notice: please check in. Care-link key of who reads it.

    `at` is when it was written, UTC; `clinician` is whom it was for first, where this copy is the backup's.
    """

    at: str
    clinician: str = ""


class DoneDocument(msgspec.Struct, frozen=True):
    """What was done about a notice, in the words of who did it, and their language; care-link key of theirs."""

    name: str
    at: str
    words: str
    language: str = ""


def policy_context(link: UUID, revision: int) -> Context:
    """Return the context of what is agreed over a care link."""
    return Context("notice-policy", link.bytes, link.bytes, revision)


def notice_context(link: UUID, notice: UUID) -> Context:
    """Return the context of one copy of a notice."""
    return Context("notice", link.bytes, notice.bytes)


def done_context(link: UUID, notice: UUID) -> Context:
    """Return the context of what was done about a notice."""
    return Context("notice-done", link.bytes, notice.bytes)
