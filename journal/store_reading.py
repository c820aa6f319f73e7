"""
PostgreSQL's connections for reading: each stays taken from its pool, ready for the next statement.

To lend a connection and put it back takes longer than most statements do. Nothing is left behind on one: it runs single
SELECTs, outside of any transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError


class ReadingConnections:
    """As many connections as the pool has, each for one reading at a time."""

    def __init__(self, pool: asyncpg.Pool, most: int, patience: float) -> None:
        """
        Take all of a pool.

        Args:
            most: How many connections it has.
            patience: Seconds until one has to be free, or made.
        """
        self._pool = pool
        self._turns = asyncio.Semaphore(most)
        self._idle: list[Any] = []
        self._patience = patience

    async def fetch(self, sql: str, values: Sequence[object]) -> list[Any]:
        """Run a SELECT; raises as the ORM's client does."""
        await self._take_turn()
        try:
            connection = await self._ready()
            try:
                rows: list[Any] = await connection.fetch(sql, *values)
            except asyncpg.PostgresError:
                self._idle.append(
                    connection
                )  # it was told, and goes on; where it does not, the next one sees that
                raise
            except BaseException:  # nobody knows what is still under way on it
                await self._let_go(connection)
                raise
            self._idle.append(connection)
        except (asyncpg.SyntaxOrAccessError, asyncpg.DataError) as error:
            raise OperationalError(error) from error
        finally:
            self._turns.release()
        return rows

    async def close(self) -> None:
        """Close every connection; whoever still reads is cut off."""
        self._idle.clear()
        self._pool.terminate()

    async def _take_turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError as error:
            raise DBConnectionError(error) from error

    async def _ready(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._let_go(connection)
        try:
            return await self._pool.acquire(timeout=self._patience)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise DBConnectionError(error) from error

    async def _let_go(self, connection: Any) -> None:
        connection.terminate()
        await self._pool.release(connection)
