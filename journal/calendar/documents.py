"""What stands in the row of a calendar's address, and what its secret opens."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from crypto import Context, Sealer
from journal.roles import Role
from journal.sealing import encode_document, open_document
from journal.store.rows import NonNegative, Row, Timestamp


class FeedDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What the secret of an address opens.

    `event_key` makes the ids of events, the same ones in the account's next feed. `changes` counts how often the title
    or the initials were chosen anew, and `changed_at` is when that was last. `patients` are those whom a clinician's
    keys knew when it was sealed last, by the ids of their care links.
    """

    role: Role
    title: str
    has_initials: bool
    event_key: bytes
    changes: int
    changed_at: datetime
    patients: dict[UUID, UUID] = msgspec.field(default_factory=dict)


class FeedRow(Row, frozen=True):
    """A row of an address."""

    id: UUID
    account_id: UUID
    revision: NonNegative
    sealed: bytes | None
    key: bytes | None
    used_on: str | None
    created_at: Timestamp
    ended_at: Timestamp | None


def feed_context(account: UUID, feed: UUID, revision: int) -> Context:
    """Return the context of what an address opens."""
    return Context("feed", account.bytes, feed.bytes, revision)


def feed_key_context(account: UUID, feed: UUID) -> Context:
    """Return the context of a feed's key, as its owner keeps it."""
    return Context("feed-key", account.bytes, feed.bytes)


def open_document_of(row: FeedRow, key: bytes) -> FeedDocument:
    """Open what a row holds with its feed's key; raises `Damaged`."""
    place = feed_context(row.account_id, row.id, row.revision)
    return open_document(Sealer(key), row.sealed or b"", place, FeedDocument)


def seal_document_of(document: FeedDocument, key: bytes, account: UUID, feed: UUID, revision: int) -> bytes:
    """Seal a document with its feed's key."""
    return Sealer(key).seal(encode_document(document), context=feed_context(account, feed, revision))
