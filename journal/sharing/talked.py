"""That a clinician marked a shared copy as talked about: sealed under the care link's key, and seen by both."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from crypto import Context, Sealer
from journal.errors import Damaged
from journal.sealing import open_document, seal_document


class TalkedDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a copy was marked, UTC, ISO 8601, and its revision: a newer one was not talked about; care-link key."""

    revision: int
    marked_at: str


def talked_context(link: UUID, share: UUID) -> Context:
    """Return the context of the mark of a copy."""
    return Context("talked", link.bytes, share.bytes)


def seal_talked(key: Sealer, link: UUID, share: UUID, revision: int, now: datetime) -> bytes:
    """Return the mark of a copy, sealed."""
    details = TalkedDetails(revision, now.astimezone(UTC).isoformat(timespec="seconds"))
    return seal_document(key, details, talked_context(link, share))


def open_talked(key: Sealer, link: UUID, share: UUID, revision: int, sealed: bytes | None) -> datetime | None:
    """
    Return when this revision of a copy was marked as talked about; None where it was not.

    A mark that does not open is none: it only puts a copy behind others, and hides nothing.
    """
    if sealed is None:
        return None
    try:
        details = open_document(key, sealed, talked_context(link, share), TalkedDetails)
        return datetime.fromisoformat(details.marked_at) if details.revision == revision else None
    except (Damaged, ValueError):
        return None
