"""What a clinician noted of a shared copy, sealed under the care link's key and seen by both: talked about, filed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from crypto import Context, Sealer
from journal.care.documents import ShareDocument
from journal.errors import Damaged
from journal.sealing import encode_document, open_document, seal_document


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


class FiledLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That one revision of a copy was filed: when, UTC, ISO 8601, and the SHA-256 of what it held, in hex digits."""

    revision: int
    filed_at: str
    digest: str


class FiledDetails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each time that a copy was filed in the practice's record, the latest last; care-link key."""

    filed: list[FiledLine]


@dataclass(frozen=True, slots=True)
class Filing:
    """One time that a copy was filed: which revision of it, when, and the digest of what it held."""

    revision: int
    at: datetime
    digest: str


def filed_context(link: UUID, share: UUID) -> Context:
    """Return the context of when a copy was filed."""
    return Context("filed", link.bytes, share.bytes)


def compute_digest(document: ShareDocument) -> str:
    """Return the SHA-256 of what a copy holds, in hex digits."""
    return sha256(encode_document(document)).hexdigest()


def seal_filings(key: Sealer, link: UUID, share: UUID, filings: Sequence[Filing]) -> bytes:
    """Return when a copy was filed, sealed."""
    lines = [
        FiledLine(one.revision, one.at.astimezone(UTC).isoformat(timespec="seconds"), one.digest)
        for one in filings
    ]
    return seal_document(key, FiledDetails(lines), filed_context(link, share))


def open_filings(key: Sealer, link: UUID, share: UUID, sealed: bytes | None) -> tuple[Filing, ...]:
    """Return when a copy was filed; nothing where that does not open: the log has each time as well."""
    if sealed is None:
        return ()
    try:
        details = open_document(key, sealed, filed_context(link, share), FiledDetails)
        return tuple(
            Filing(one.revision, datetime.fromisoformat(one.filed_at), one.digest) for one in details.filed
        )
    except (Damaged, ValueError):
        return ()
