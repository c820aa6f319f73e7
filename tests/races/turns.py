"""
Two acts at once, with pauses between their statements.

Each act stops before every statement that it sends to the database until it is its turn. How many statements a turn has
is drawn from a seed, so a run can be repeated. An act that waits for a lock of the other's gives its turn up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random
from typing import Any

import aiosqlite
import asyncpg
import pytest

from journal.errors import JournalError
from journal.store.database import get_connection

STUCK = 0.01
"""Seconds after which an act that has not come to its next statement is taken to wait for the other."""
LONGEST = 6  # statements of a turn

_act: ContextVar[tuple[Turns, str] | None] = ContextVar("act", default=None)


class Turns:
    """Whose turn it is, of two."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._changed = asyncio.Condition()
        self._busy = {"one", "other"}
        self._turn = "one"
        self._left = self._random.randint(0, LONGEST)

    async def wait(self, who: str) -> None:
        """Wait until it is the turn of *who*."""
        async with self._changed:
            while self._turn != who and len(self._busy) == 2:
                try:
                    await asyncio.wait_for(self._changed.wait(), STUCK)
                except TimeoutError:
                    self._pass_to(who)
            if self._left == 0:
                self._pass_to("other" if who == "one" else "one")
            else:
                self._left -= 1

    async def end(self, who: str) -> None:
        """Leave all turns to the other one."""
        async with self._changed:
            self._busy.discard(who)
            self._changed.notify_all()

    def _pass_to(self, who: str) -> None:
        self._turn, self._left = who, self._random.randint(1, LONGEST)
        self._changed.notify_all()


async def at_once(
    seed: int, one: Callable[[], Awaitable[Any]], other: Callable[[], Awaitable[Any]]
) -> list[Any]:
    """Run both; returns what each returned, or the error of the domain that it was refused with."""
    turns = Turns(seed)

    async def run(who: str, act: Callable[[], Awaitable[Any]]) -> Any:
        _act.set((turns, who))
        try:
            return await act()
        except JournalError as refused:
            return refused
        finally:
            await turns.end(who)

    return list(await asyncio.gather(run("one", one), run("other", other)))


@contextmanager
def pauses() -> Iterator[None]:
    """Let both drivers wait for their act's turn before each statement."""

    def waiting(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def waits(*args: Any, **named: Any) -> Any:
            if act := _act.get():
                await act[0].wait(act[1])
            return await method(*args, **named)

        return waits

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiosqlite.Connection, "_execute", waiting(aiosqlite.Connection._execute))
        for name in ("fetch", "fetchrow", "execute", "executemany"):
            patch.setattr(asyncpg.Connection, name, waiting(getattr(asyncpg.Connection, name)))
        yield


Rows = dict[str, list[tuple[Any, ...]]]


async def every_row(names: list[str]) -> Rows:
    """Read every row of these tables."""
    found: Rows = {}
    for name in names:
        _, rows = await get_connection().execute_query(f"SELECT * FROM {name}")
        found[name] = [tuple(row) for row in rows]
    return found


async def put_back(rows: Rows) -> None:
    """Put every row back as it was read."""
    client = get_connection()
    emptied = "".join(f"DELETE FROM {name};" for name in rows)
    async with client.acquire_connection() as held:
        # All tables are emptied with one statement: to wait for an answer takes longer than that.
        if client.capabilities.dialect == "sqlite":
            await held.executescript(f"PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE; {emptied}")
            ending, mark = ["COMMIT", "PRAGMA foreign_keys = ON"], "?"
        else:
            await held.execute(f"SET session_replication_role = replica; {emptied}")
            ending, mark = ["RESET session_replication_role"], ""
        for name, lines in rows.items():
            if lines:
                places = ", ".join(mark or f"${place}" for place in range(1, len(lines[0]) + 1))
                await held.executemany(f"INSERT INTO {name} VALUES ({places})", lines)
        for statement in ending:
            await held.execute(statement)
