"""
Rotate the server key while the service runs.

The new key stands first in the key file before anything is sealed under it, and the old one stays there until nothing
needs it. Each row is compared and swapped on its own, beside whoever writes it; after an interruption, a new run skips
what is done.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tortoise.exceptions import IntegrityError

from crypto import CryptoError
from journal.errors import Damaged, JournalError
from journal.installation.installation import Installation
from journal.key_rotation.server_columns import SERVER_COLUMNS, ServerColumn
from journal.store.database import execute, fetch_raw, flush_deleted
from journal.store.rows import as_bytes

SELECT_FIRST = "SELECT {columns} FROM {table} WHERE {column} IS NOT NULL ORDER BY id LIMIT $1"
SELECT_NEXT = "SELECT {columns} FROM {table} WHERE id > $1 AND {column} IS NOT NULL ORDER BY id LIMIT $2"
SELECT_ROW = "SELECT {columns} FROM {table} WHERE id = $1 AND {column} IS NOT NULL"
UPDATE_VALUE = "UPDATE {table} SET {column} = $1 WHERE id = $2 AND {column} = $3"
UPDATE_VALUE_AND_INDEX = (
    "UPDATE {table} SET {column} = $1, {indexed} = $2 WHERE id = $3 AND {column} = $4 AND {indexed} = $5"
)
BATCH_SIZE = 200
ATTEMPTS = 100


class KeyState(StrEnum):
    """Which key a row is sealed under."""

    NEW = "new"  # under the newest key
    OLD = "old"  # under an older one
    UNOPENED = "closed"  # under none of them


class DuplicateAddress(JournalError):
    """Two accounts have one address, which only a change in the database itself can cause."""


@dataclass(slots=True)
class ColumnCount:
    """The counts of one table: rows, how many were resealed (or have to be), and those that no key opens."""

    table: str
    rows: int = 0
    old: int = 0
    unopened: int = 0


async def reseal_all(
    installation: Installation,
    report: Callable[[ColumnCount], object] | None = None,
    *,
    batch_size: int = BATCH_SIZE,
) -> list[ColumnCount]:
    """
    Reseal every row that is not under the newest key yet.

    Args:
        report: Called after each page of rows with the count of its table so far.
        batch_size: How many rows a page has.

    Returns:
        A count for each table. Where something was `old`, more may have been written meanwhile: run it again.
    """
    installation.server_keys.reload_if_changed()
    counts = []
    for sealed in SERVER_COLUMNS:
        count = ColumnCount(sealed.table)
        async for page in _load_batches(sealed, batch_size):
            for row in page:
                _count_row(count, await _reseal_row(installation, sealed, row))
            if report:
                report(count)
        counts.append(count)
    if any(count.old for count in counts):
        await flush_deleted()  # what was sealed under the older key leaves the file
    return counts


async def count_rows(installation: Installation) -> list[ColumnCount]:
    """Return a count for each table, and change nothing."""
    counts = []
    for sealed in SERVER_COLUMNS:
        count = ColumnCount(sealed.table)
        async for page in _load_batches(sealed, BATCH_SIZE):
            for row in page:
                _count_row(count, _open_row(installation, sealed, row)[0])
        counts.append(count)
    return counts


def _count_row(count: ColumnCount, state: KeyState) -> None:
    count.rows += 1
    count.old += state is KeyState.OLD
    count.unopened += state is KeyState.UNOPENED


async def _load_batches(sealed: ServerColumn, batch_size: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Yield the rows of a table by their ids, so many at a time."""
    page = await fetch_raw(sealed.format_sql(SELECT_FIRST), batch_size)
    while page:
        yield page
        page = await fetch_raw(sealed.format_sql(SELECT_NEXT), page[-1][0], batch_size)


def _open_row(
    installation: Installation, sealed: ServerColumn, row: Sequence[Any]
) -> tuple[KeyState, bytes, str]:
    """Return how a row is sealed, its plaintext, and the address that it is found by, if any."""
    try:
        plain, newest = installation.server_keys.open_with_status(as_bytes(row[1]), sealed.get_context(row))
        address = sealed.get_address(plain)
    except (CryptoError, Damaged, TypeError, ValueError):
        # The last two where a column is not of its type.
        return KeyState.UNOPENED, b"", ""
    fits = newest and not (address and _has_older_index(installation, row[2], address))
    return KeyState.NEW if fits else KeyState.OLD, plain, address


def _has_older_index(installation: Installation, index: str, address: str) -> bool:
    indexes = [one.hex() for one in installation.server_keys.blind_indexes(address)]
    return index in indexes and index != installation.server_keys.renew_index(index, address)


async def _reseal_row(installation: Installation, sealed: ServerColumn, row: Sequence[Any]) -> KeyState:
    """Reseal one row if necessary; return the state it was in."""
    for _ in range(ATTEMPTS):
        state, plain, address = _open_row(installation, sealed, row)
        if state is not KeyState.OLD:
            return state
        fresh = installation.server_keys.seal(plain, sealed.get_context(row))
        if await _replace_value(installation, sealed, row, fresh, address):
            return state
        found = await fetch_raw(sealed.format_sql(SELECT_ROW), row[0])
        if not found:  # deleted meanwhile
            return KeyState.NEW
        row = found[0]
    raise JournalError(f"A row of {sealed.table} is being written all the time. Run the command again.")


async def _replace_value(
    installation: Installation, sealed: ServerColumn, row: Sequence[Any], fresh: bytes, address: str
) -> bool:
    """Replace what was read with *fresh*, unless it was written meanwhile."""
    if not sealed.index_column:
        return bool(await execute(sealed.format_sql(UPDATE_VALUE), fresh, row[0], row[1]))
    server = installation.server_keys
    indexes = (server.renew_index(row[2], address), server.spelling_index(address).hex())
    for index in dict.fromkeys(indexes):
        with suppress(IntegrityError):  # another account has this address, in another spelling
            return bool(
                await execute(sealed.format_sql(UPDATE_VALUE_AND_INDEX), fresh, index, row[0], row[1], row[2])
            )
    raise DuplicateAddress(
        f"Another {sealed.table} has the same address as {row[0]}. Remove one of them, and run the command again."
    )
