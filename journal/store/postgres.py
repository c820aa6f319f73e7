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
from journal.store.progress import is_writing, track_commit


class ReadPool:
    """Connections that only read, each for one statement at a time."""

    def __init__(self, pool: asyncpg.Pool, max_connections: int, acquire_timeout: float) -> None:
        """
        Use all connections of *pool*.

        Args:
            max_connections: How many connections it has.
            acquire_timeout: Seconds until one has to be free, or made.
        """
        self._pool = pool
        self._slots = asyncio.Semaphore(max_connections)
        self._idle: list[Any] = []
        self._acquire_timeout = acquire_timeout

    async def fetch(self, sql: str, values: Sequence[object]) -> list[Any]:
        """Run a SELECT; raises as the ORM's client does."""
        await self._acquire_slot()
        try:
            connection = await self._get_connection()
            try:
                rows: list[Any] = await connection.fetch(sql, *values)
            except asyncpg.PostgresError:
                self._idle.append(
                    connection
                )  # it was told, and goes on; where it does not, the next one sees that
                raise
            except BaseException:  # nobody knows what is still under way on it
                await self._discard(connection)
                raise
            self._idle.append(connection)
        except (asyncpg.SyntaxOrAccessError, asyncpg.DataError) as error:
            raise OperationalError(error) from error
        finally:
            self._slots.release()
        return rows

    async def close(self) -> None:
        """Close every connection; whoever still reads is cut off."""
        self._idle.clear()
        self._pool.terminate()

    async def _acquire_slot(self) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(self._acquire_timeout):
                await self._slots.acquire()
        except TimeoutError as error:
            raise DBConnectionError(error) from error

    async def _get_connection(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._discard(connection)
        try:
            return await self._pool.acquire(timeout=self._acquire_timeout)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise DBConnectionError(error) from error

    async def _discard(self, connection: Any) -> None:
        connection.terminate()
        await self._pool.release(connection)


LOCK_TIMEOUT = 5.0  # seconds that a statement waits for a lock
IDLE_TIMEOUT = (
    20.0  # seconds between two statements of one transaction: what is sealed meanwhile takes a tenth at most
)
ACQUIRE_TIMEOUT = 5.0  # seconds until one of the pool's connections is free, or a new one is made
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's own
MICROSECOND = timedelta(microseconds=1)
MIN_TIME, MAX_TIME = datetime.min, datetime.max  # noqa: DTZ901 - without a zone, as no time of ours
MIN_TICK, MAX_TICK = -(2**63), 2**63 - 1  # -infinity and infinity
ISOLATION = "read committed"
"""What the locks of the domain are written for: what is read after a lock came is what the one before left."""
SELECT_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])"
SETTING_IGNORED = (
    "PostgreSQL does not keep to what is asked of its connections: {} is {} and not {}. Connect to the server itself,"
    " or to a pooler that passes settings on: HEARTHSIDE_DATABASE_URL."
)


def build_server_settings(statement_timeout: float | None) -> dict[str, str]:
    """
    Return what is asked of each connection, as PostgreSQL writes it: times in milliseconds.

    Args:
        statement_timeout: Seconds that a statement may take. None is for work on whole tables, which may take any time,
            and still waits for a lock no longer than others.
    """
    return {
        "lock_timeout": _format_milliseconds(LOCK_TIMEOUT),
        "statement_timeout": _format_milliseconds(statement_timeout or 0),
        "idle_in_transaction_session_timeout": _format_milliseconds(
            0 if statement_timeout is None else IDLE_TIMEOUT
        ),
        "default_transaction_isolation": ISOLATION,
    }


def _format_milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


async def verify_settings(connection: Any, expected: Mapping[str, str]) -> None:
    """
    Verify that a new connection has the settings that were asked for.

    Raises:
        DatabaseRefused: If it has others.
    """
    kept = dict(await connection.fetch(SELECT_SETTINGS, list(expected)))
    for name, value in expected.items():
        if kept.get(name) != value:
            raise DatabaseRefused(SETTING_IGNORED.format(name, kept.get(name), value))


async def register_time_codec(connection: Any) -> None:
    """
    Read a time before the year 1 or after 9999 as one wrong value.

    The driver's own reading raises an error for it, and with it every row of the statement would be lost.
    """
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=_encode_time, decoder=_decode_time, format="tuple"
    )


def _encode_time(moment: datetime) -> tuple[int]:
    if moment is MIN_TIME or moment is MAX_TIME:
        return (MIN_TICK if moment is MIN_TIME else MAX_TICK,)
    return ((moment - EPOCH) // MICROSECOND,)


def _decode_time(ticks: tuple[int]) -> datetime:
    try:
        return EPOCH + ticks[0] * MICROSECOND
    except OverflowError:
        return MIN_TIME if ticks[0] < 0 else MAX_TIME


async def _acquire(pool: Any) -> Any:
    """Return a connection of *pool*; if this fails, nothing was sent."""
    try:
        return await pool.acquire(timeout=ACQUIRE_TIMEOUT)
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


class _PooledConnection(PoolConnectionWrapper[Any]):
    """A connection for one statement, waited for no longer than `ACQUIRE_TIMEOUT`."""

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
    A transaction, whose connection is waited for no longer than `ACQUIRE_TIMEOUT`, and comes back however it ends.

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
                with track_commit():
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

    read_pool: ReadPool | None = None

    async def create_pool(self, **options: Any) -> asyncpg.Pool:
        """Create the pools; each connection is checked before its first use."""
        wanted = dict(self.server_settings)

        async def begin(connection: Any) -> None:
            await verify_settings(connection, wanted)
            await register_time_codec(connection)

        options |= {"init": begin, "connection_class": _Connection}
        most = options["max_size"]
        half = most // 2
        if half:
            readers = options | {"min_size": 0, "max_size": half}
            self.read_pool = ReadPool(await asyncpg.create_pool(None, **readers), half, ACQUIRE_TIMEOUT)
        options |= {"min_size": min(options["min_size"], most - half), "max_size": most - half}
        return await asyncpg.create_pool(None, **options)

    async def close(self) -> None:
        """Close every connection."""
        if self.read_pool is not None:
            await self.read_pool.close()
            self.read_pool = None
        await super().close()

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        """Return what lends a connection for one statement."""
        return _PooledConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        """Insert a row, and note it."""
        with track_commit():
            row: Any = await super().execute_insert(query, values)
        return row

    async def execute_many(self, query: str, values: list[Any]) -> None:
        """Run a statement for several rows, and note it."""
        with track_commit():
            await super().execute_many(query, values)

    async def execute_script(self, query: str) -> None:
        """Run several statements, and note them."""
        with track_commit():
            await super().execute_script(query)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Any]:
        """Run a statement, and note it if it changes something."""
        with track_commit() if is_writing(query) else nullcontext():
            done: tuple[int, Any] = await super().execute_query(query, values)
        return done


client_class = BoundedClient  # the name by which the ORM finds it
