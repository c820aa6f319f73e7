"""
What is SQLite's own: what is asked of each connection, and what goes past the ORM.

A connection is used once it has said itself that it does what was asked of it: SQLite passes over a PRAGMA that it
cannot follow without a word.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from time import monotonic
from types import MappingProxyType, TracebackType
from typing import Any, cast

from tortoise.backends.base.client import (
    ConnectionWrapper,
    NestedTransactionContext,
    TransactionalDBClient,
    TransactionContext,
)
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, OperationalError

from journal.store.address import format_path
from journal.store.errors import DatabaseRefused
from journal.store.group_commit import GroupCommit
from journal.store.progress import is_writing, track_commit

WRITER_TIMEOUT = 15.0  # seconds until the one connection that writes is free
TRANSACTION_TIMEOUT = 60.0  # seconds from the beginning of a transaction to its end

CACHE_KIB = 32 * 1024  # a journal of ten thousand entries fits, and is searched a third faster for it
PROGRESS_STEPS = (
    100_000  # steps of SQLite's machine, a few milliseconds, after which the reader looks at the clock
)
SYNCHRONOUS_FULL = 2
Pragmas = Mapping[str, str | int]
PRAGMAS: Pragmas = MappingProxyType(
    {
        "journal_mode": "wal",
        "synchronous": SYNCHRONOUS_FULL,  # every commit is on the disk before it is answered
        "secure_delete": 1,  # deleted bytes are overwritten
        "foreign_keys": 1,
        "busy_timeout": 5000,  # milliseconds
        "journal_size_limit": 16384,  # bytes
    }
)
# What reads does so on the thread of the event loop, where nothing may be waited for: a request is done again instead.
READER_PRAGMAS: Pragmas = MappingProxyType(
    {"journal_mode": "wal", "busy_timeout": 20, "query_only": 1, "cache_size": -CACHE_KIB}
)


def apply_pragmas(connection: sqlite3.Connection, pragmas: Pragmas) -> None:
    """Set *pragmas* on a connection, and verify them."""
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")
    verify_pragmas(connection, pragmas)


def verify_pragmas(connection: sqlite3.Connection, pragmas: Pragmas) -> None:
    """
    Verify that a connection has these PRAGMAs.

    Raises:
        DatabaseRefused: If SQLite, or the disk, did not follow.
    """
    for name, value in pragmas.items():
        (said,) = connection.execute(f"PRAGMA {name}").fetchone() or (None,)
        if said != value:
            ((_, _, file),) = connection.execute("PRAGMA database_list").fetchall()
            raise DatabaseRefused(
                f"SQLite does not do what is needed for the database {format_path(Path(file))}: {name} is {said} and"
                " not"
                f" {value}. Keep the database on a local disk that can be written."
            )


async def _acquire_writer(lock: asyncio.Lock) -> None:
    """Acquire the writer's lock; if this fails, nothing was sent."""
    try:
        async with asyncio.timeout(WRITER_TIMEOUT):
            await lock.acquire()
    except TimeoutError as error:
        raise DBConnectionError(error) from error


class _LockedConnection(ConnectionWrapper[Any]):
    """
    The connection for one statement, waited for no longer than `WRITER_TIMEOUT`.

    A statement that takes longer than it may is interrupted, and SQLite undoes it, or its whole transaction.
    """

    _interrupt_timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Any:
        await _acquire_writer(self._lock)
        try:
            await self.ensure_connection()
            seconds = cast(CheckedClient | _TransactionClient, self.client).statement_timeout
            if seconds is not None:
                # The loop goes on meanwhile, since statements run on the connection's own thread.
                interrupt = self.connection._conn.interrupt  # noqa: SLF001
                self._interrupt_timer = asyncio.get_running_loop().call_later(seconds, interrupt)
        except BaseException:
            self._lock.release()
            raise
        return self.connection

    async def __aexit__(self, *_: object) -> None:
        if self._interrupt_timer is not None:
            self._interrupt_timer.cancel()
        self._lock.release()


class _TransactionClient(SqliteTransactionWrapper):
    """The client inside a transaction, or inside a part of one."""

    def __init__(self, client: CheckedClient | _TransactionClient) -> None:
        super().__init__(client)
        self.statement_timeout: float | None = client.statement_timeout

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        return _LockedConnection(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_TransactionClient(self))


class _Transaction(SqliteTransactionContext):
    """
    A transaction, which waits for its turn no longer than `WRITER_TIMEOUT`, and lets the next one come however it ends.

    The library's own keeps its turn for good when BEGIN fails, and leaves open what could not be committed. One that
    takes longer than `TRANSACTION_TIMEOUT` is undone, whatever it waits for; but one of a command that has all the
    time it needs.
    """

    _limit: asyncio.Timeout

    async def __aenter__(self) -> TransactionalDBClient:
        await _acquire_writer(self._trxlock)
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self._limit = asyncio.timeout(
            None
            if cast(_TransactionClient, self.connection).statement_timeout is None
            else TRANSACTION_TIMEOUT
        )
        await self._limit.__aenter__()
        self.token = get_connections().set(self.connection_name, self.connection)
        client: TransactionalDBClient = self.connection
        return client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self.connection._finalized:  # noqa: SLF001
                await self._end(undo=error is not None)
        except BaseException as failed:
            await self._limit.__aexit__(type(failed), failed, failed.__traceback__)
            raise
        finally:
            get_connections().reset(self.token)
            self._trxlock.release()
        await self._limit.__aexit__(kind, error, trace)

    async def _end(self, *, undo: bool) -> None:
        if undo:
            await self.connection.rollback()
            return
        try:
            with track_commit():
                await self.connection.commit()
        except BaseException:
            with suppress(Exception):
                await self.connection.rollback()
            raise


class CheckedClient(SqliteClient):
    """
    The ORM's client for SQLite.

    It uses no connection that does not do what was asked of it, reads text in no encoding as bytes, waits for no
    statement for long, and notes commits.
    """

    def __init__(self, file_path: str, *, statement_timeout: float | None = None, **pragmas: Any) -> None:
        """Set the file, the PRAGMAs, and how many seconds a statement may take; None for any time."""
        super().__init__(file_path, **pragmas)
        self.statement_timeout: float | None = statement_timeout

    async def create_connection(self, with_db: bool) -> None:
        """Connect, and end no query for one wrong cell; a connection that is not as it should be is closed."""
        try:
            await super().create_connection(with_db)
            held = self._connection
            if held is not None:
                held.text_factory = decode_text
                # aiosqlite has no public way to run a function on its thread.
                await held._execute(verify_pragmas, held._conn, self.pragmas)  # type: ignore[no-untyped-call]  # noqa: SLF001
        except BaseException:
            await self.close()
            raise

    @cached_property
    def group_commit(self) -> GroupCommit:
        """Return what writes that need no transaction of their own go through."""
        return GroupCommit(self.acquire_connection)

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        """Return what lends the connection for one statement."""
        return _LockedConnection(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(_TransactionClient(self), self._lock)

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        """Insert a row, and note it."""
        with track_commit():
            row: int = await super().execute_insert(query, values)
        return row

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        """Run a statement for several rows, and note it."""
        with track_commit():
            await super().execute_many(query, values)

    async def execute_script(self, query: str) -> None:
        """Run several statements, and note them."""
        with track_commit():
            await super().execute_script(query)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        """Run a statement, and note it if it changes something."""
        with track_commit() if is_writing(query) else nullcontext():
            done: tuple[int, Sequence[Any]] = await super().execute_query(query, values)
        return done


client_class = CheckedClient  # the name by which the ORM finds it


@dataclass(slots=True)
class Reader:
    """
    A second connection to an SQLite file, which only reads, on the thread of the event loop itself.

    Looking a row up takes SQLite less time than waking another thread takes, and in WAL mode a reader waits for
    no writer. It sees what is committed: what a transaction has written is read over the transaction's own.

    Attributes:
        statement_timeout: How many seconds a statement may take; None for any time.
    """

    connection: sqlite3.Connection | None = None
    statement_timeout: float | None = None
    deadline: float = 0
    check_thread: bool = True

    def fetch(self, path: str, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Read rows from the file at *path*, which is opened the first time."""
        self.deadline = monotonic() + (self.statement_timeout or 0)
        try:
            return self.connect(path).execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if hasattr(error, "sqlite_errorcode") or self.connection is None:
                raise OperationalError(error) from error
        # No error of SQLite's own: Python found text that is no UTF-8, and gives up all rows for it.
        self.connection.text_factory = decode_text
        try:
            return self.connection.execute(sql, values).fetchall()
        finally:
            self.connection.text_factory = str

    def fetch_each(
        self, path: str, selects: Iterable[tuple[str, Sequence[Any]]]
    ) -> list[list[tuple[Any, ...]]]:
        """Read the rows of several SELECTs as at one moment, for which SQLite locks the file once and not each time."""
        connection = self.connect(path)
        connection.execute("BEGIN")
        try:
            return [self.fetch(path, sql, values) for sql, values in selects]
        finally:
            connection.execute("COMMIT")

    def connect(self, path: str) -> sqlite3.Connection:
        """Return the connection to the file at *path*, which is made the first time."""
        if self.connection is None:
            self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=self.check_thread)
            try:
                apply_pragmas(self.connection, READER_PRAGMAS)
                if self.statement_timeout is not None:
                    # What is asked here holds up everything else, so nothing but SQLite itself can look at a clock.
                    self.connection.set_progress_handler(self._is_late, PROGRESS_STEPS)
            except BaseException:
                self.close()
                raise
        return self.connection

    def _is_late(self) -> bool:
        return monotonic() > self.deadline

    def close(self) -> None:
        """Close the file."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@dataclass(slots=True)
class ReaderPool:
    """
    Connections that only read, each in one thread at a time: for what takes too long on that of the event loop.

    One is kept for the next who asks. A new one would read the whole schema again, and each page of the file.
    `statement_timeout` is as a reader's.
    """

    idle: Reader | None = None
    statement_timeout: float | None = None
    is_closed: bool = False
    lock: Lock = field(default_factory=Lock)

    def fetch(self, path: str, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Read rows from the file at *path*, in whichever thread."""
        with self.lock:
            reader, self.idle = self.idle or Reader(None, self.statement_timeout, check_thread=False), None
        try:
            return reader.fetch(path, sql, values)
        finally:
            self._put_back(reader)

    def _put_back(self, reader: Reader) -> None:
        with self.lock:
            if self.idle is None and not self.is_closed:
                self.idle = reader
            else:
                reader.close()

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.is_closed, reader, self.idle = True, self.idle, None
        if reader is not None:
            reader.close()


def decode_text(raw: bytes) -> str | bytes:
    """Read what SQLite holds as text; bytes where it is no UTF-8, for others to find of the wrong type."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
