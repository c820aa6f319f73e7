"""The rows of replies: read, opened and verified, and sealed. Each is opened for one copy of one care link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from tortoise.queryset import QuerySet

from crypto import Sealer
from journal.actor import Actor
from journal.care import share_list, tables
from journal.care.documents import ShareDocument, share_context
from journal.care.links import Link
from journal.care.share_list import ShareList
from journal.care_notes.signing import sign_note, verify_note
from journal.errors import Damaged, NotFound
from journal.i18n import get_known_language
from journal.replies.documents import PURPOSE, ReplyDocument, reply_context
from journal.replies.lines import KeptReply
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import fetch_raw
from journal.store.rows import (
    JoinedValue,
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    fetch_rows,
    filter_undamaged,
    open_rows,
    require_undamaged,
)
from journal.vault.record_state import SELECT_RECORD_STATE

SENT, WITHDRAWN = 1, 2
"""The revisions that a reply has."""


class ReplyRow(Row, frozen=True):
    """A row of a reply."""

    id: UUID
    link_id: UUID
    share_id: UUID
    author: str
    revision: NonNegative
    sealed: bytes
    created_at: Timestamp
    read_at: Timestamp | None


class AboutRow(ReplyRow, frozen=True):
    """The same with the entry that its copy is of."""

    entry_id: UUID


class CopyRow(Row, frozen=True):
    """A shared copy that replies are about."""

    id: UUID
    link_id: UUID
    entry_id: UUID
    revision: NonNegative
    sealed: JoinedValue


@dataclass(frozen=True, slots=True)
class CopyName:
    """What replies hang on: the id of a copy, and the entry that it is of."""

    id: UUID
    entry: UUID


@dataclass(frozen=True, slots=True)
class Copy(CopyName):
    """A shared copy that opens, and what it holds."""

    document: ShareDocument


class CopyEnded(NotFound):
    """A copy that ended by itself: nobody opens it, and what was replied about it stays with its patient."""

    def __init__(self, copy: CopyName) -> None:
        super().__init__()
        self.copy = copy


@dataclass(frozen=True, slots=True)
class SentReply:
    """A reply as it was sealed and signed; `read_at` is when the other person opened it."""

    id: UUID
    share: UUID
    author: Role
    document: ReplyDocument
    read_at: datetime | None

    def build_kept(self) -> KeptReply:
        """Return it as its patient keeps it."""
        one = self.document
        language = get_known_language(one.language)
        return KeptReply(self.id, self.share, one.author, one.at, one.written_by, one.text, language)


async def load_copy(
    link: Link,
    key: Sealer,
    now: datetime,
    *,
    share: UUID | None = None,
    entry: UUID | None = None,
    listed: ShareList | None = None,
) -> Copy:
    """
    Open the copy of an id, or of an entry, that a care link holds.

    Args:
        listed: The list of its copies, where it is loaded already.

    Raises:
        CopyEnded: If it ended by itself.
        NotFound: If there is none.
        Damaged: If it is not what was shared, or sharing over the link is paused by its list.
    """
    there = tables.Share.filter(link_id=link.id, **({"id": share} if share else {"entry_id": entry}))
    rows = await fetch_rows(CopyRow, there)
    if not rows:
        raise NotFound
    row = require_undamaged(rows[0])
    listed = listed or await load_list(link, key)
    sealed = row.sealed if isinstance(row.sealed, bytes) else b""
    if listed is not None and listed.has_ended(row.id, now):
        raise CopyEnded(CopyName(row.id, row.entry_id))
    if not share_list.is_listed(listed, (row.id, row.revision, sealed), now):
        raise Damaged
    document = open_document(key, sealed, share_context(link.id, row.id, row.revision), ShareDocument)
    if document.entry_id != row.entry_id.hex:
        raise Damaged
    return Copy(row.id, row.entry_id, document)


async def load_list(link: Link, key: Sealer) -> ShareList | None:
    """Return the sealed list of the copies of a care link; None where it does not open."""
    found = await fetch_raw(SELECT_RECORD_STATE, link.id)
    return share_list.open_list(key, link.id, found[0]) if found else None


async def load_rows(actor: Actor, link: Link, key: Sealer, copy: CopyName) -> OpenedRows[SentReply]:
    """Return the replies to a copy that open and are signed, in the order of their times; the others are `damaged`."""
    rows = await fetch_rows(ReplyRow, tables.Reply.filter(link_id=link.id, share_id=copy.id))
    found = open_rows(rows, lambda row: open_reply(actor, link, key, copy.entry, row))
    ordered = sorted(found, key=lambda one: (one.document.written_at, one.document.number, one.id.hex))
    return OpenedRows(ordered, found.damaged)


async def load_all_rows(
    actor: Actor, link: Link, key: Sealer, listed: ShareList | None
) -> OpenedRows[SentReply]:
    """
    Return the replies about every listed copy of a care link that were sent and not withdrawn, the oldest first.

    Those about copies that ended are left out.
    """
    copies = listed.list_current(actor.now) if listed else ()
    rows = [
        row
        for row in await load_about(tables.Reply.filter(link_id=link.id, revision=SENT))
        if row.share_id.hex in copies
    ]
    found = open_rows(rows, lambda row: open_reply(actor, link, key, row.entry_id, row))
    return OpenedRows(sorted(found, key=lambda one: (one.document.written_at, one.id.hex)), found.damaged)


def open_reply(actor: Actor, link: Link, key: Sealer, entry: UUID, row: ReplyRow) -> SentReply:
    """Open a reply and verify who wrote it; raises `Damaged`."""
    document = open_document(key, row.sealed, reply_context(link.id, row.id, row.revision), ReplyDocument)
    author = next((one for one in (Role.PATIENT, Role.CLINICIAN) if one.value == document.author), None)
    place = (document.share, document.entry, document.author)
    if author is None or place != (row.share_id.hex, entry.hex, row.author):
        raise Damaged
    verify_note(actor, link, row.id, row.revision, PURPOSE, document, author=author)
    if document.withdrawn != (row.revision == WITHDRAWN):
        raise Damaged
    return SentReply(row.id, row.share_id, author, document, row.read_at)


def seal_reply(actor: Actor, link: Link, key: Sealer, reply: UUID, document: ReplyDocument) -> bytes:
    """Sign a reply as its author, and seal it under the care link's key."""
    revision = WITHDRAWN if document.withdrawn else SENT
    signature = sign_note(actor, link, reply, revision, PURPOSE, document)
    signed = msgspec.structs.replace(document, signature=signature)
    return seal_document(key, signed, reply_context(link.id, reply, revision))


def has_gap(found: Iterable[SentReply]) -> bool:
    """Return whether a reply is gone between others of the same author: their numbers leave one out."""
    numbers: dict[Role, list[int]] = {}
    for one in found:
        numbers.setdefault(one.author, []).append(one.document.number)
    return any(sorted(those) != list(range(1, len(those) + 1)) for those in numbers.values())


async def load_about(query: QuerySet[tables.Reply]) -> list[AboutRow]:
    """Return the rows of replies whatever copy they are about, without those that cannot be read."""
    rows = await fetch_rows(AboutRow, query, (*ReplyRow.__struct_fields__, "share__entry_id"))
    return filter_undamaged(rows)
