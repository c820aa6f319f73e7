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

import msgspec
from tortoise.exceptions import IntegrityError

from crypto import CryptoError
from journal.errors import JournalError
from journal.installation.installation import House
from journal.key_rotation.server_columns import SEALED, Sealed
from journal.store.database import change, fetch, scrub
from journal.store.rows import bytes_of

FIRST = "SELECT {columns} FROM {table} WHERE {column} IS NOT NULL ORDER BY id LIMIT $1"
NEXT = "SELECT {columns} FROM {table} WHERE id > $1 AND {column} IS NOT NULL ORDER BY id LIMIT $2"
ONE = "SELECT {columns} FROM {table} WHERE id = $1 AND {column} IS NOT NULL"
SWAP = "UPDATE {table} SET {column} = $1 WHERE id = $2 AND {column} = $3"
SWAP_BOTH = (
    "UPDATE {table} SET {column} = $1, {indexed} = $2 WHERE id = $3 AND {column} = $4 AND {indexed} = $5"
)
AT_ONCE = 200
TRIES = 100


class State(StrEnum):
    """Which key a row is sealed under."""

    NEW = "new"  # under the newest key
    OLD = "old"  # under an older one
    CLOSED = "closed"  # under none of them


class TwiceTaken(JournalError):
    """Two accounts have one address, which only a change in the database itself can cause."""


@dataclass(slots=True)
class Count:
    """The counts of one table: rows, how many were resealed (or have to be), and those that no key opens."""

    table: str
    rows: int = 0
    old: int = 0
    closed: int = 0


async def renew(
    house: House, told: Callable[[Count], object] | None = None, *, at_once: int = AT_ONCE
) -> list[Count]:
    """
    Reseal every row that is not under the newest key yet.

    Args:
        told: Called after each page of rows with the count of its table so far.
        at_once: How many rows a page has.

    Returns:
        A count for each table. Where something was `old`, more may have been written meanwhile: run it again.
    """
    house.server.look()
    counts = []
    for sealed in SEALED:
        count = Count(sealed.table)
        async for page in _pages(sealed, at_once):
            for row in page:
                _add(count, await _renewed(house, sealed, row))
            if told:
                told(count)
        counts.append(count)
    if any(count.old for count in counts):
        await scrub()  # what was sealed under the older key leaves the file
    return counts


async def look_over(house: House) -> list[Count]:
    """Return a count for each table, and change nothing."""
    counts = []
    for sealed in SEALED:
        count = Count(sealed.table)
        async for page in _pages(sealed, AT_ONCE):
            for row in page:
                _add(count, _state(house, sealed, row)[0])
        counts.append(count)
    return counts


def _add(count: Count, state: State) -> None:
    count.rows += 1
    count.old += state is State.OLD
    count.closed += state is State.CLOSED


async def _pages(sealed: Sealed, at_once: int) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Yield the rows of a table by their ids, so many at a time."""
    page = await fetch(sealed.sql(FIRST), at_once)
    while page:
        yield page
        page = await fetch(sealed.sql(NEXT), page[-1][0], at_once)


def _state(house: House, sealed: Sealed, row: Sequence[Any]) -> tuple[State, bytes, str]:
    """Return how a row is sealed, its plaintext, and the address that it is found by, if any."""
    try:
        plain, newest = house.server.open_and_tell(bytes_of(row[1]), sealed.where(row))
        address = sealed.address(plain)
    except (CryptoError, msgspec.MsgspecError, TypeError, ValueError):
        # The last two where a column is not of its type.
        return State.CLOSED, b"", ""
    fits = newest and not (address and _is_found_by_an_older_key(house, row[2], address))
    return State.NEW if fits else State.OLD, plain, address


def _is_found_by_an_older_key(house: House, index: str, address: str) -> bool:
    every = [one.hex() for one in house.server.blind_indexes(address)]
    return index in every and index != house.server.index_in_place_of(index, address)


async def _renewed(house: House, sealed: Sealed, row: Sequence[Any]) -> State:
    """Reseal one row if necessary; return the state it was in."""
    for _ in range(TRIES):
        state, plain, address = _state(house, sealed, row)
        if state is not State.OLD:
            return state
        fresh = house.server.seal(plain, sealed.where(row))
        if await _swapped(house, sealed, row, fresh, address):
            return state
        found = await fetch(sealed.sql(ONE), row[0])
        if not found:  # deleted meanwhile
            return State.NEW
        row = found[0]
    raise JournalError(f"A row of {sealed.table} is being written all the time. Run the command again.")


async def _swapped(house: House, sealed: Sealed, row: Sequence[Any], fresh: bytes, address: str) -> bool:
    """Replace what was read with *fresh*, unless it was written meanwhile."""
    if not sealed.indexed:
        return bool(await change(sealed.sql(SWAP), fresh, row[0], row[1]))
    server = house.server
    indexes = (server.index_in_place_of(row[2], address), server.spelling_index(address).hex())
    for index in dict.fromkeys(indexes):
        with suppress(IntegrityError):  # another account has this address, in another spelling
            return bool(await change(sealed.sql(SWAP_BOTH), fresh, index, row[0], row[1], row[2]))
    raise TwiceTaken(
        f"Another {sealed.table} has the same address as {row[0]}. Remove one of them, and run the command again."
    )
