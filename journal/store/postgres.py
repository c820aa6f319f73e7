"""
What is PostgreSQL's own: the limits that are asked of each connection, how long anything waits for one, and how times
are read from it.

A connection is used once it has said itself that it keeps to what was asked of it: a pooler in between may not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, OperationalError

from journal.store.errors import DatabaseRefused
from journal.store.progress import committing, is_writing


class ReadingConnections:
    """Connections that only read, each for one statement at a time."""

    def __init__(self, pool: asyncpg.Pool, most: int, patience: float) -> None:
        """
        Use all connections of *pool*.

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


LOCK = 5.0  # seconds that a statement waits for a lock
IDLE = (
    20.0  # seconds between two statements of one transaction: what is sealed meanwhile takes a tenth at most
)
POOL = 5.0  # seconds until one of the pool's connections is free, or a new one is made
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's own
MICROSECOND = timedelta(microseconds=1)
BEFORE_ALL, AFTER_ALL = datetime.min, datetime.max  # noqa: DTZ901 - without a zone, as no time of ours
FIRST_TICK, LAST_TICK = -(2**63), 2**63 - 1  # -infinity and infinity
ISOLATION = "read committed"
"""What the locks of the domain are written for: what is read after a lock came is what the one before left."""
KEPT = "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])"
OTHERWISE = (
    "PostgreSQL does not keep to what is asked of its connections: {} is {} and not {}. Connect to the server itself,"
    " or to a pooler that passes settings on: HEARTHSIDE_DATABASE_URL."
)


def settings_for(statement: float | None) -> dict[str, str]:
    """
    Return what is asked of each connection, as PostgreSQL writes it: times in milliseconds.

    Args:
        statement: Seconds that a statement may take. None is for work on whole tables, which may take any time, and
            still waits for a lock no longer than others.
    """
    return {
        "lock_timeout": _milliseconds(LOCK),
        "statement_timeout": _milliseconds(statement or 0),
        "idle_in_transaction_session_timeout": _milliseconds(0 if statement is None else IDLE),
        "default_transaction_isolation": ISOLATION,
    }


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


async def check(connection: Any, wanted: Mapping[str, str]) -> None:
    """
    Verify that a new connection has the settings that were asked for.

    Raises:
        DatabaseRefused: If it has others.
    """
    kept = dict(await connection.fetch(KEPT, list(wanted)))
    for name, value in wanted.items():
        if kept.get(name) != value:
            raise DatabaseRefused(OTHERWISE.format(name, kept.get(name), value))


async def read_any_time(connection: Any) -> None:
    """
    Read a time before the year 1 or after 9999 as one wrong value.

    The driver's own reading raises an error for it, and with it every row of the statement would be lost.
    """
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_ticks, decoder=_moment, format="tuple"
    )


def _ticks(moment: datetime) -> tuple[int]:
    if moment is BEFORE_ALL or moment is AFTER_ALL:
        return (FIRST_TICK if moment is BEFORE_ALL else LAST_TICK,)
    return ((moment - EPOCH) // MICROSECOND,)


def _moment(ticks: tuple[int]) -> datetime:
    try:
        return EPOCH + ticks[0] * MICROSECOND
    except OverflowError:
        return BEFORE_ALL if ticks[0] < 0 else AFTER_ALL


async def _acquire(pool: Any) -> Any:
    """Return a connection of *pool*; if this fails, nothing was sent."""
    try:
        return await pool.acquire(timeout=POOL)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise DBConnectionError(error) from error


async def _release(pool: Any, connection: Any, error: BaseException | None) -> None:
    """Return a connection to the pool; one that does not answer is closed."""
    if isinstance(error, TimeoutError):
        connection.terminate()
    await pool.release(connection)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """
    A connection that comes back to the pool as it is.

    The driver's own puts settings, locks and listeners back with a statement after each use. Nothing here changes any
    of them but for the length of a transaction.
    """

    __slots__ = ()

    def get_reset_query(self) -> str:
        """Return no statement."""
        return ""


class _Lent(PoolConnectionWrapper[Any]):
    """A connection for one statement, waited for no longer than `POOL`."""

    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self.connection = await _acquire(self.client._pool)  # noqa: SLF001
        return self.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _release(self.client._pool, self.connection, error)  # noqa: SLF001


class _Transaction(TransactionContextPooled):
    """
    A transaction, whose connection is waited for no longer than `POOL`, and comes back however it ends.

    The library's own keeps the connection for good when BEGIN fails, and tells of a failed ROLLBACK instead of its
    reason.
    """

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        client = cast(TransactionWrapper, self.client)
        client._connection = await _acquire(client._parent._pool)  # noqa: SLF001
        try:
            await client.begin()
        except BaseException as error:
            client._connection.terminate()  # noqa: SLF001
            await _release(client._parent._pool, client._connection, error)  # noqa: SLF001
            raise
        self.token = get_connections().set(self.connection_name, client)
        return client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        client = cast(TransactionWrapper, self.client)
        try:
            if error is None and not client._finalized:  # noqa: SLF001
                with committing():
                    await client.commit()
            elif not client._finalized and not isinstance(error, TimeoutError):  # noqa: SLF001
                with suppress(Exception):  # a connection that is gone has rolled back, and its reason is told
                    await client.rollback()
        except BaseException as failed:
            error = failed
            raise
        finally:
            get_connections().reset(self.token)
            await _release(client._parent._pool, client._connection, error)  # noqa: SLF001


class BoundedClient(AsyncpgDBClient):
    """
    The ORM's client for PostgreSQL. It waits for nothing for ever, and notes what is committed.

    Half of its connections are for reading alone, unless it has only one.
    """

    reading: ReadingConnections | None = None

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        """Create the pools; each connection is checked before its first use."""
        wanted = dict(self.server_settings)

        async def begin(connection: Any) -> None:
            await check(connection, wanted)
            await read_any_time(connection)

        options |= {"init": begin, "connection_class": _Connection}
        most = options["max_size"]
        half = most // 2
        if half:
            readers = options | {"min_size": 0, "max_size": half}
            self.reading = ReadingConnections(await asyncpg.create_pool(None, **readers), half, POOL)
        options |= {"min_size": min(options["min_size"], most - half), "max_size": most - half}
        return await asyncpg.create_pool(None, **options)

    async def close(self) -> None:
        """Close every connection."""
        if self.reading is not None:
            await self.reading.close()
            self.reading = None
        await super().close()

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        """Return what lends a connection for one statement."""
        return _Lent(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        """Insert a row, and note it."""
        with committing():
            row: Any = await super().execute_insert(query, values)
        return row

    async def execute_many(self, query: str, values: list[Any]) -> None:
        """Run a statement for several rows, and note it."""
        with committing():
            await super().execute_many(query, values)

    async def execute_script(self, query: str) -> None:
        """Run several statements, and note them."""
        with committing():
            await super().execute_script(query)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Any]:
        """Run a statement, and note it if it changes something."""
        with committing() if is_writing(query) else nullcontext():
            done: tuple[int, Any] = await super().execute_query(query, values)
        return done


client_class = BoundedClient  # the name by which the ORM finds it
