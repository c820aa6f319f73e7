"""What is sealed of a reply and of a clinician's draft, and how much of either there may be."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from crypto import Context
from journal.time_zones import parse_stored

MAX_LENGTH = 4000
"""Letters of a reply."""
MAX_DRAFT_LENGTH = 16_000
"""Letters of a draft: what was typed is kept, even where it is too long to be sent."""
MAX_REPLIES = 100
"""Replies to one copy, of both people together, those withdrawn among them."""
MAX_DRAFTS = 200
"""Drafts of one clinician."""
PURPOSE = "reply"
"""The kind under which the signature of a reply is made."""


class ReplyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A reply; care-link key. `share` and `entry` are hex ids, `author` a role, `written_at` UTC, ISO 8601.

    `number` counts the author's own replies to this copy from 1, those withdrawn among them, so that one which is gone
    is noticed. One that was withdrawn has no text. `language` is that of the page on which it was sent.
    """

    share: str
    entry: str
    author: str
    written_by: str
    number: int
    text: str
    written_at: str
    withdrawn: bool = False
    signature: bytes = b""
    language: str = ""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a time that is none: such a reply does not open, and breaks nobody's page."""
        parse_stored(self.written_at)

    @property
    def at(self) -> datetime:
        """Return when it was written."""
        return datetime.fromisoformat(self.written_at)


class DraftDocument(msgspec.Struct, frozen=True):
    """
    A clinician's draft; their vault key. `about` and `to` are the names of the piece and of the patient, as they were.

    `sitting` is the random name of the page that saved it, `language` that of the text, `about_language` that of the
    piece's name.
    """

    text: str
    to: str = ""
    about: str = ""
    sitting: str = ""
    about_language: str = ""
    language: str = ""


def reply_context(link: UUID, reply: UUID, revision: int) -> Context:
    """Return the context of a reply: revision 1 as it was sent, 2 once it was withdrawn."""
    return Context("reply", link.bytes, reply.bytes, revision)


def draft_context(owner: UUID, draft: UUID, revision: int) -> Context:
    """Return the context of a clinician's draft."""
    return Context("reply-draft", owner.bytes, draft.bytes, revision)
