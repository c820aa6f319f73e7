"""
Open, migrate and scrub the database.

SQLite by default (WAL, every commit on disk before it is answered, deleted bytes overwritten); PostgreSQL by
address. Nothing here knows what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext, _current_context
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import BaseSchemaEditor
from tortoise.transactions import in_transaction

from journal.store.address import Address, SqliteFile, read_address
from journal.store.configuration import COMMAND, CONNECTIONS, OPENING, PATIENCE, configuration
from journal.store.errors import explained, of_driver
from journal.store.file import check_file, close_to_others, is_usable
from journal.store.postgres import BoundedClient
from journal.store.progress import committing, is_writing
from journal.store.shape import CURRENT, MIGRATABLE, Shape, refuse, shape_of_file, shape_of_server, tables_of
from journal.store.sqlite import CheckedClient, Reader, Readers
from journal.store.statements import as_text, each_of, one_of, with_question_marks, with_subqueries

transaction = in_transaction

SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
# Of this moment: `now()` is when the transaction began.
POSTGRES_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"

Statement = tuple[str, tuple[object, ...]]
"""SQL with `$1`, `$2`, … and its values."""

_reader: ContextVar[Reader] = ContextVar("reader")
_readers: ContextVar[Readers] = ContextVar("readers")


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. Rows can be used only inside `use()`."""

    url: str
    context: TortoiseContext
    reader: Reader = field(default_factory=Reader)
    readers: Readers = field(default_factory=Readers)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        patience: float | None = PATIENCE,
        connections: int = CONNECTIONS,
        allowed: Collection[Shape] = CURRENT,
    ) -> Self:
        """
        Open the database at *url* and verify that it can be used; *patience*, *connections* as for `configuration`.

        Args:
            allowed: What it may hold.

        Raises:
            DatabaseRefused: If it cannot be opened, holds something else, or does not do what is asked of it.
        """
        address, store = read_address(url), cls(url, TortoiseContext())
        try:
            with explained(address), store.use():
                async with asyncio.timeout(OPENING):
                    await store._connect(
                        address, configuration(url, patience=patience, connections=connections), allowed
                    )
        except BaseException:
            await store.close()
            raise
        return store

    async def _connect(self, address: Address, config: dict[str, Any], allowed: Collection[Shape]) -> None:
        await self.context.init(config=config)
        client, ours = connection(), tables_of(self.context.apps)
        if isinstance(address, SqliteFile):
            check_file(address.path, create=Shape.NOTHING in allowed)
            refuse(shape_of_file(address.path, ours), address, allowed)
            close_to_others(address.path)
        # At once: where the first statement fails to connect, the ORM lets the second wait for ever.
        await client.create_connection(with_db=True)
        if isinstance(client, SqliteClient):
            patience = config["connections"]["sqlite"]["credentials"]["patience"]
            self.reader.patience = self.readers.patience = patience
            self.reader.opened(client.filename)
        else:
            refuse(await shape_of_server(client, ours), address, allowed)

    @contextmanager
    def use(self) -> Iterator[None]:
        """
        Use this database in the current task.

        The library's own `with context` keeps one token per context; two requests would overwrite it.
        """
        token, reading = _current_context.set(self.context), _reader.set(self.reader)
        reading_aside = _readers.set(self.readers)
        try:
            yield
        finally:
            _current_context.reset(token)
            _reader.reset(reading)
            _readers.reset(reading_aside)

    async def close(self) -> None:
        """Close every connection."""
        self.reader.close()
        self.readers.close()
        with self.use():
            await self.context.close_connections()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """
    Open the database at *url* for one command, with short timeouts.

    Raises:
        DatabaseRefused: If it cannot be opened, or cannot be used later on.
    """
    store = await Store.open(url, patience=COMMAND)
    try:
        with explained(read_address(url)), store.use():
            yield store
    finally:
        await store.close()


class _Applied(MigrationRecorder):
    async def ensure_schema(self, schema_editor: BaseSchemaEditor) -> None:
        """Do nothing: on SQLite the script for this would commit what the transaction has done so far."""


async def migrate(url: str) -> None:
    """
    Migrate the database at *url* to this version's shape, if it is not there already.

    One transaction holds every step and the note that it was taken: who is interrupted begins again.

    Raises:
        DatabaseRefused: If it cannot be used. Then nothing was changed.
    """
    store = await Store.open(url, patience=None, allowed=MIGRATABLE)
    try:
        with explained(read_address(url)), store.use():
            apps = configuration(url)["apps"]
            await MigrationExecutor(connection(), apps).migrate([])  # makes the table of what was applied
            async with transaction():
                executor = MigrationExecutor(connection(), apps)
                executor.recorder = _Applied(connection())
                await executor.migrate([MigrationTarget("journal", "__latest__")])
    finally:
        await store.close()


@asynccontextmanager
async def joined() -> AsyncIterator[None]:
    """Join the open transaction, or begin one."""
    if isinstance(connection(), TransactionalDBClient):
        yield
    else:
        async with transaction():
            yield


def connection() -> BaseDBAsyncClient:
    """Return the current connection, or the current transaction's."""
    connections = get_connections()
    (name,) = connections.db_config
    return connections.get(name)


def is_sqlite() -> bool:
    """Return whether the current database is SQLite."""
    return connection().capabilities.dialect == "sqlite"


async def fetch(sql: str, *values: object) -> Sequence[Sequence[Any]]:
    """
    Run a SELECT as it is written, for what nearly every request asks.

    The ORM takes longer to put such a statement together and to convert its rows than the database takes to
    answer it: docs/performance.md has the figures. The ORM puts everything else together: `journal/store/rows.py`.

    Args:
        sql: With `$1`, `$2`, … for the values, each once and in their order.
        values: Text, numbers, bytes, ids and times.

    Returns:
        Rows as the driver gives them, and as storage made them: `journal/store/rows.py` gives them their types.
    """
    client = connection()
    if isinstance(client, SqliteClient) and not isinstance(client, TransactionalDBClient):
        return _reader.get().fetch(client.filename, with_question_marks(sql), as_text(values))
    if isinstance(client, BoundedClient) and client.reading is not None:
        return await client.reading.fetch(sql, values)
    return (await _execute(client, sql, values))[1]


async def fetch_each(*selects: Statement) -> Sequence[Sequence[Sequence[Any]]]:
    """Run several SELECTs like `fetch`: on PostgreSQL as one statement, which sees all of them at one moment."""
    selects = tuple(with_subqueries(sql, values) for sql, values in selects)
    client = connection()
    if isinstance(client, SqliteClient):
        if isinstance(client, TransactionalDBClient):
            return [await fetch(sql, *values) for sql, values in selects]
        read, path = _reader.get().fetch, client.filename
        return [read(path, with_question_marks(sql), as_text(values)) for sql, values in selects]
    if len(selects) == 1:
        return [await fetch(selects[0][0], *selects[0][1])]
    sql = each_of(tuple((sql, len(values)) for sql, values in selects))
    ((*each,),) = await fetch(sql, *(value for _, values in selects for value in values))
    return each


async def fetch_aside(sql: str, *values: object) -> Sequence[Sequence[Any]]:
    """Run a SELECT that returns thousands of rows, like `fetch`, but never on the event loop's thread."""
    client = connection()
    if isinstance(client, SqliteClient) and not isinstance(client, TransactionalDBClient):
        read = _readers.get().fetch
        return await asyncio.to_thread(read, client.filename, with_question_marks(sql), as_text(values))
    return await fetch(sql, *values)


async def change(sql: str, *values: object) -> int:
    """Run an UPDATE as it is written, like `fetch`; return how many rows it changed."""
    return (await _execute(connection(), sql, values))[0]


class IfThere(tuple[str, tuple[object, ...]]):
    """A statement that may find nothing to change."""

    __slots__ = ()


class _NothingChanged(Exception):
    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


async def change_all(*statements: Statement) -> int | None:
    """
    Run several statements as one transaction, or in the one that is open.

    They take one way to SQLite's thread and back, with whatever else waits, or to PostgreSQL's server: outside of a
    transaction none may build on what another of them changes.

    Returns:
        None when each changed something, or is `IfThere`. Otherwise the place of the first that changed nothing:
        then all is undone, or has to be by whoever opened the transaction.
    """
    client = connection()
    if isinstance(client, CheckedClient):
        lines = [
            (with_question_marks(one[0]), as_text(one[1]), isinstance(one, IfThere)) for one in statements
        ]
        with committing():
            return await client.together.run(lines)
    at_once = not isinstance(client, TransactionalDBClient) and all(is_writing(one[0]) for one in statements)
    if at_once and await _changed_at_once(client, statements):
        return None
    try:
        async with joined():
            for place, one in enumerate(statements):
                sql, values = one
                if await change(sql, *values) or isinstance(one, IfThere):
                    continue
                if not sql.lstrip().startswith("INSERT"):
                    raise _NothingChanged(place)
    except _NothingChanged as nothing:
        return nothing.place
    return None


async def _changed_at_once(client: BaseDBAsyncClient, statements: Sequence[Statement]) -> bool:
    """Run several statements as one; False, and nothing is changed, when one changed nothing: which is not said."""
    changes = tuple((one[0], len(one[1]), isinstance(one, IfThere)) for one in statements)
    try:
        await client.execute_query(one_of(changes), [value for one in statements for value in one[1]])
    except OperationalError as error:
        if isinstance(of_driver(error), asyncpg.DivisionByZeroError):
            return False
        raise
    return True


async def _execute(
    client: BaseDBAsyncClient, sql: str, values: Sequence[object]
) -> tuple[int, Sequence[Sequence[Any]]]:
    if isinstance(client, SqliteClient):
        sql, values = with_question_marks(sql), as_text(values)
    changed, rows = await client.execute_query(sql, list(values))
    return changed, rows  # type: ignore[return-value]  # rows of either driver can be read by position


def database_now() -> str:
    """Return SQL for the database's clock, in milliseconds since 1970: those of two workers differ."""
    return SQLITE_NOW if is_sqlite() else POSTGRES_NOW


async def is_read_only() -> bool:
    """Return whether nothing can be written: PostgreSQL is a standby or set to read only, or SQLite's files are."""
    client = connection()
    if isinstance(client, SqliteClient):
        return not is_usable(Path(client.filename))
    _, rows = await client.execute_query("SHOW transaction_read_only")
    return bool(rows[0][0] == "on")


async def scrub() -> None:
    """
    Remove what was just deleted from the files.

    SQLite overwrites deleted cells (`secure_delete`), but older pages stay in the write-ahead log until it is
    emptied. PostgreSQL reclaims rows on its own schedule; docs/threat-model.md says what that means.
    """
    if is_sqlite():
        await connection().execute_query("PRAGMA wal_checkpoint(TRUNCATE)")
