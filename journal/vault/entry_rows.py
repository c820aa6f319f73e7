"""Rows of entries and of earlier versions, opened: one that does not open hides no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from crypto import Sealer
from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.errors import Damaged
from journal.i18n import N_
from journal.store.rows import (
    DamagedRow,
    NonNegative,
    Row,
    Timestamp,
    parse_rows,
)
from journal.vault.contents import ContentsLine, build_entry_line
from journal.vault.documents import (
    EntryDocument,
    build_entry_opener,
    decode_entry,
)
from journal.vault.record_snapshot import TAG_SIZE

SELECT_ENTRIES = (
    "SELECT id, revision, sealed, created_at, updated_at, deleted_at FROM entry WHERE owner_id = $1"
)

CANNOT_BE_OPENED = N_("This record cannot be opened: it is not what was saved.")

UNKNOWN_ID = UUID(int=0)

UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)


class EntryRow(Row, frozen=True):
    """A row of an entry, as `SELECT_ENTRIES` asks for it."""

    id: UUID
    revision: NonNegative
    sealed: bytes
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class Entry(msgspec.Struct, frozen=True):
    """
    One entry, opened. `tag` is the end of its envelope, which tells it from any other state of it.

    In a list, one that does not open is `damaged`, and its title says so. Where its row does not tell its id or its
    times, these are `UNKNOWN_ID` and `UNKNOWN_TIME`.
    """

    id: UUID
    revision: int
    document: EntryDocument
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    tag: bytes = b""
    damaged: bool = False

    @property
    def has_address(self) -> bool:
        """Return whether its id is known."""
        return self.id != UNKNOWN_ID

    @property
    def is_dated(self) -> bool:
        """Return whether it is known when it was begun."""
        return self.created_at is not UNKNOWN_TIME

    @property
    def line(self) -> ContentsLine:
        """Return its line in the table of contents; one that does not open has no title."""
        said = EntryDocument("") if self.damaged else self.document
        return build_entry_line(self.id, self.revision, self.tag, self.created_at, self.updated_at, said)


def open_entry(actor: Actor, row: EntryRow) -> Entry:
    """Open one of the actor's own entries; raises `Damaged`."""
    (found,) = open_entries(actor, (row,))
    if found.damaged:
        raise Damaged
    return found


def open_raw_entries(vault: Sealer, owner: UUID, rows: Sequence[Sequence[Any]]) -> tuple[Entry, ...]:
    """Open rows that `SELECT_ENTRIES` asked for."""
    return _open_entries(vault, owner, parse_rows(EntryRow, rows))


def open_entries(actor: Actor, rows: Iterable[EntryRow | DamagedRow]) -> tuple[Entry, ...]:
    """Open rows of the actor's own; one that does not open is among them as `damaged`."""
    return _open_entries(actor.vault, actor.id, rows)


def _open_entries(vault: Sealer, owner: UUID, rows: Iterable[EntryRow | DamagedRow]) -> tuple[Entry, ...]:
    found, plain_of = [], build_entry_opener(vault, owner)
    for row in rows:
        if isinstance(row, DamagedRow):
            found.append(build_placeholder(row))
            continue
        try:
            document = decode_entry(plain_of(row.sealed, row.id, row.revision))
        except Damaged:
            found.append(build_placeholder(row))
            continue
        times = row.created_at, row.updated_at, row.deleted_at
        found.append(Entry(row.id, row.revision, document, *times, row.sealed[-TAG_SIZE:]))
    return tuple(found)


def build_placeholder(row: EntryRow | DamagedRow) -> Entry:
    """Return a placeholder for a record that does not open."""
    known = row.readable if isinstance(row, DamagedRow) else msgspec.structs.asdict(row)
    created = known.get("created_at", UNKNOWN_TIME)
    return Entry(
        known.get("id", UNKNOWN_ID),
        known.get("revision", 0),
        EntryDocument(EntryKind.FREE.value, title=CANNOT_BE_OPENED),
        created,
        known.get("updated_at", created),
        known.get("deleted_at"),
        known.get("sealed", b"")[-TAG_SIZE:],
        damaged=True,
    )


class RevisionRow(Row, frozen=True):
    """A row of an earlier version."""

    id: UUID
    sealed: bytes
    created_at: Timestamp
    entry_id: UUID
