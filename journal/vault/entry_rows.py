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
    Counted,
    DamagedRow,
    Moment,
    Row,
    typed,
)
from journal.vault.contents import Line, entry_line
from journal.vault.documents import (
    EntryDocument,
    decode_entry,
    entry_bytes_opener,
)
from journal.vault.record_snapshot import END

OWN = "SELECT id, revision, sealed, created_at, updated_at, deleted_at FROM entry WHERE owner_id = $1"

UNOPENED = N_("This record cannot be opened: it is not what was saved.")

NOWHERE = UUID(int=0)

NO_TIME = datetime.fromtimestamp(0, UTC)


class EntryRow(Row, frozen=True):
    """A row of an entry, as `OWN` asks for it."""

    id: UUID
    revision: Counted
    sealed: bytes
    created_at: Moment
    updated_at: Moment
    deleted_at: Moment | None


class Entry(msgspec.Struct, frozen=True):
    """
    One entry, opened. `end` is the end of its envelope, which tells it from any other state of it.

    In a list, one that does not open is `damaged`, and its title says so. Where its row does not even tell its id or
    its times, it is `NOWHERE`, at `NO_TIME`.
    """

    id: UUID
    revision: int
    document: EntryDocument
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    end: bytes = b""
    damaged: bool = False

    @property
    def has_address(self) -> bool:
        """Return whether its id is known."""
        return self.id != NOWHERE

    @property
    def is_dated(self) -> bool:
        """Return whether it is known when it was begun."""
        return self.created_at is not NO_TIME

    @property
    def line(self) -> Line:
        """Return what stands for it in the table of contents; of one that does not open no title."""
        said = EntryDocument("") if self.damaged else self.document
        return entry_line(self.id, self.revision, self.end, self.created_at, self.updated_at, said)


def opened(actor: Actor, row: EntryRow) -> Entry:
    """Open one of the actor's own entries; raises `Damaged`."""
    (found,) = all_opened(actor, (row,))
    if found.damaged:
        raise Damaged
    return found


def opened_by(vault: Sealer, owner: UUID, rows: Sequence[Sequence[Any]]) -> tuple[Entry, ...]:
    """Open rows that `OWN` asked for."""
    return _opened_by(vault, owner, typed(EntryRow, rows))


def all_opened(actor: Actor, rows: Iterable[EntryRow | DamagedRow]) -> tuple[Entry, ...]:
    """Open rows of the actor's own; one that does not open is among them as `damaged`."""
    return _opened_by(actor.vault, actor.id, rows)


def _opened_by(vault: Sealer, owner: UUID, rows: Iterable[EntryRow | DamagedRow]) -> tuple[Entry, ...]:
    found, plain_of = [], entry_bytes_opener(vault, owner)
    for row in rows:
        if isinstance(row, DamagedRow):
            found.append(unopened(row))
            continue
        try:
            document = decode_entry(plain_of(row.sealed, row.id, row.revision))
        except Damaged:
            found.append(unopened(row))
            continue
        times = row.created_at, row.updated_at, row.deleted_at
        found.append(Entry(row.id, row.revision, document, *times, row.sealed[-END:]))
    return tuple(found)


def unopened(row: EntryRow | DamagedRow) -> Entry:
    """Return what stands for a record that does not open: the others of a list are shown all the same."""
    known = row.known if isinstance(row, DamagedRow) else msgspec.structs.asdict(row)
    created = known.get("created_at", NO_TIME)
    return Entry(
        known.get("id", NOWHERE),
        known.get("revision", 0),
        EntryDocument(EntryKind.FREE.value, title=UNOPENED),
        created,
        known.get("updated_at", created),
        known.get("deleted_at"),
        known.get("sealed", b"")[-END:],
        damaged=True,
    )


class RevisionRow(Row, frozen=True):
    """A row of an earlier version."""

    id: UUID
    sealed: bytes
    created_at: Moment
    entry_id: UUID
