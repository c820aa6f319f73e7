"""The row in which an account remembers the log of public keys: opened, stored, and deleted with its keys."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from journal.actor import Actor
from journal.sealing import open_document, seal_document
from journal.store.database import execute, fetch_raw
from journal.store.rows import NonNegative, Row, filter_undamaged, parse_rows
from journal.witness import tables
from journal.witness.documents import Memory, memory_context

SELECT_MEMORY = "SELECT revision, sealed FROM witness WHERE id = $1"
INSERT_MEMORY = """
    INSERT INTO witness (id, owner_id, revision, sealed) VALUES ($1, $2, 1, $3) ON CONFLICT DO NOTHING
"""
CONFIRM_MEMORY = "UPDATE witness SET revision = 1 WHERE id = $1 AND sealed = $2"
"""Finds what was inserted: on PostgreSQL an insertion does not say whether it came about."""
UPDATE_MEMORY = "UPDATE witness SET revision = revision + 1, sealed = $1 WHERE id = $2 AND revision = $3"
UNREADABLE = (0, b"\0")


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


async def store_memory(actor: Actor, memory: Memory, revision: int, before: bytes) -> bool:
    """Store what the actor remembers; return False where another browser of theirs did so first."""
    sealed = seal_document(actor.keyring.pin_sealer(), memory, memory_context(actor.id, revision + 1))
    if revision:
        return bool(await execute(UPDATE_MEMORY, sealed, actor.id, revision))
    if before:
        await forget(actor.id)  # a row that cannot be read
    await execute(INSERT_MEMORY, actor.id, actor.id, sealed)
    return bool(await execute(CONFIRM_MEMORY, actor.id, sealed))


async def forget(account: UUID) -> None:
    """Delete what an account remembers, whose keys are replaced and lost."""
    await tables.Witness.filter(id=account).delete()
