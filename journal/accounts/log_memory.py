"""
What an account remembers of the log of public keys: one row, from the day on which the account is opened.

The account's access document says that the row exists, so one that was deleted is missed. What is compared with it is
in `journal.witness`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from crypto import Context, Keyring, LogHead
from journal.accounts import tables
from journal.actor import Actor
from journal.sealing import open_document, seal_document
from journal.store.database import execute, fetch_raw
from journal.store.rows import NonNegative, Row, filter_undamaged, parse_rows

NOT_IN_LOG = -1
"""The number of a leaf that there is none of."""
SELECT_MEMORY = "SELECT revision, sealed FROM witness WHERE id = $1"
INSERT_MEMORY = """
    INSERT INTO witness (id, owner_id, revision, sealed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
CONFIRM_MEMORY = "UPDATE witness SET revision = revision WHERE id = $1 AND sealed = $2"
"""Finds what was inserted: on PostgreSQL an insertion does not say whether it came about."""
UPDATE_MEMORY = "UPDATE witness SET revision = revision + 1, sealed = $1 WHERE id = $2 AND revision = $3"
UNREADABLE = (0, b"\0")


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


EMPTY = Memory(0, b"")
"""What an account remembers that has not looked yet."""


class MemoryRow(Row, frozen=True):
    """A row in which an account remembers the log."""

    revision: NonNegative
    sealed: bytes


def read_row(rows: Sequence[Sequence[object]]) -> tuple[int, bytes]:
    """Return revision and content of the row that `SELECT_MEMORY` found; zero and nothing without one."""
    if not rows:
        return 0, b""
    row = next(iter(filter_undamaged(parse_rows(MemoryRow, rows))), None)
    return (row.revision, row.sealed) if row and row.revision else UNREADABLE


async def load_row(actor: Actor) -> tuple[int, bytes]:
    """Return the actor's row as `read_row` does."""
    return read_row(await fetch_raw(SELECT_MEMORY, actor.id))


def open_memory(actor: Actor, revision: int, sealed: bytes) -> Memory | None:
    """Return what the actor remembers; None where that is nothing yet. Raises `Damaged` where it does not open."""
    if not revision and not sealed:
        return None
    return open_document(actor.keyring.pin_sealer(), sealed, memory_context(actor.id, revision), Memory)


async def begin_memory(account: UUID, keyring: Keyring) -> None:
    """
    Store that an account remembers nothing yet, in the transaction that makes its keys.

    What it remembered with keys of before is deleted; the revision goes up all the same.
    """
    before, _ = read_row(await fetch_raw(SELECT_MEMORY, account))
    await tables.Witness.filter(id=account).delete()
    sealed = seal_document(keyring.pin_sealer(), EMPTY, memory_context(account, before + 1))
    await execute(INSERT_MEMORY, account, account, before + 1, sealed)


async def store_memory(actor: Actor, memory: Memory, revision: int, before: bytes) -> bool:
    """Store what the actor remembers; return False where another browser of theirs did so first."""
    sealed = seal_document(actor.keyring.pin_sealer(), memory, memory_context(actor.id, revision + 1))
    if revision:
        return bool(await execute(UPDATE_MEMORY, sealed, actor.id, revision))
    if before:
        await tables.Witness.filter(id=actor.id).delete()  # a row that cannot be read
    await execute(INSERT_MEMORY, actor.id, actor.id, 1, sealed)
    return bool(await execute(CONFIRM_MEMORY, actor.id, sealed))


def memory_context(account: UUID, revision: int) -> Context:
    """Return the context of what an account remembers."""
    return Context("witness", account.bytes, account.bytes, revision)
