"""
Open, migrate and scrub the database.

SQLite by default (WAL, every commit on disk before it is answered, deleted bytes overwritten); PostgreSQL by
address. Nothing here knows what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
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

from journal.store.address import Address, SqliteFile, parse_database_url
from journal.store.configuration import (
    COMMAND_STATEMENT_TIMEOUT,
    MAX_CONNECTIONS,
    OPEN_TIMEOUT,
    STATEMENT_TIMEOUT,
    build_configuration,
)
from journal.store.errors import translate_errors, unwrap_driver_error
from journal.store.file import check_file, is_usable, restrict_to_owner
from journal.store.postgres import BoundedClient
from journal.store.progress import is_writing, track_commit
from journal.store.schema_state import (
    CURRENT,
    MIGRATABLE,
    SchemaState,
    list_model_tables,
    read_file_state,
    read_server_state,
    require_state,
)
from journal.store.sqlite import CheckedClient, Reader, ReaderPool
from journal.store.statements import (
    combine_selects,
    combine_statements,
    convert_values,
    use_question_marks,
    write_subqueries,
)

transaction = in_transaction

SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
# Of this moment: `now()` is when the transaction began.
POSTGRES_NOW = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"

Statement = tuple[str, tuple[object, ...]]
"""SQL with `$1`, `$2`, … and its values."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. Rows can be used only inside `use()`."""

    url: str
    context: TortoiseContext
    reader: Reader = field(default_factory=Reader)
    readers: ReaderPool = field(default_factory=ReaderPool)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        statement_timeout: float | None = STATEMENT_TIMEOUT,
        connections: int = MAX_CONNECTIONS,
        allowed: Collection[SchemaState] = CURRENT,
    ) -> Self:
        """
        Open the database at *url* and verify that it can be used; *statement_timeout*, *connections* as for
        `build_configuration`.

        Args:
            allowed: What it may hold.

        Raises:
            DatabaseRefused: If it cannot be opened, holds something else, or does not do what is asked of it.
        """
        address, store = parse_database_url(url), cls(url, TortoiseContext())
        try:
            with translate_errors(address), store.use():
                async with asyncio.timeout(OPEN_TIMEOUT):
                    await store._connect(
                        address,
                        build_configuration(
                            url, statement_timeout=statement_timeout, connections=connections
                        ),
                        allowed,
                    )
        except BaseException:
            await store.close()
            raise
        return store

    async def _connect(
        self, address: Address, config: dict[str, Any], allowed: Collection[SchemaState]
    ) -> None:
        await self.context.init(config=config)
        client, ours = get_connection(), list_model_tables(self.context.apps)
        if isinstance(address, SqliteFile):
            check_file(address.path, create=SchemaState.NOTHING in allowed)
            require_state(read_file_state(address.path, ours), address, allowed)
            restrict_to_owner(address.path)
        # At once: where the first statement fails to connect, the ORM lets the second wait for ever.
        await client.create_connection(with_db=True)
        if isinstance(client, SqliteClient):
            statement_timeout = config["connections"]["sqlite"]["credentials"]["statement_timeout"]
            self.reader.statement_timeout = self.readers.statement_timeout = statement_timeout
            self.reader.connect(client.filename)
        else:
            require_state(await read_server_state(client, ours), address, allowed)

    def use(self) -> _StoreInUse:
        """
        Use this database in the current task.

        The library's own `with context` keeps one token per context; two requests would overwrite it.
        """
        return _StoreInUse(self)

    async def close(self) -> None:
        """Close every connection."""
        self.reader.close()
        self.readers.close()
        with self.use():
            await self.context.close_connections()


_current_store: ContextVar[Store] = ContextVar("store")


class _StoreInUse:
    """A block in which a store is used. Every request has one, and a generator would take twice as long."""

    __slots__ = ("_context_token", "_store", "_store_token")

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._context_token = _current_context.set(self._store.context)
        self._store_token = _current_store.set(self._store)

    def __exit__(self, *_: object) -> None:
        _current_store.reset(self._store_token)
        _current_context.reset(self._context_token)


@asynccontextmanager
async def open_for_command(url: str) -> AsyncIterator[Store]:
    """
    Open the database at *url* for one command, with short timeouts.

    Raises:
        DatabaseRefused: If it cannot be opened, or cannot be used later on.
    """
    store = await Store.open(url, statement_timeout=COMMAND_STATEMENT_TIMEOUT)
    try:
        with translate_errors(parse_database_url(url)), store.use():
            yield store
    finally:
        await store.close()


class _TransactionalRecorder(MigrationRecorder):
    async def ensure_schema(self, schema_editor: BaseSchemaEditor) -> None:
        """Do nothing: on SQLite the script for this would commit what the transaction has done so far."""


async def migrate(url: str) -> None:
    """
    Migrate the database at *url* to this version's shape, if it is not there already.

    One transaction holds every step and the note that it was taken: who is interrupted begins again.

    Raises:
        DatabaseRefused: If it cannot be used. Then nothing was changed.
    """
    store = await Store.open(url, statement_timeout=None, allowed=MIGRATABLE)
    try:
        with translate_errors(parse_database_url(url)), store.use():
            apps = build_configuration(url)["apps"]
            await MigrationExecutor(get_connection(), apps).migrate([])  # makes the table of what was applied
            async with transaction():
                executor = MigrationExecutor(get_connection(), apps)
                executor.recorder = _TransactionalRecorder(get_connection())
                await executor.migrate([MigrationTarget("journal", "__latest__")])
    finally:
        await store.close()


@asynccontextmanager
async def ensure_transaction() -> AsyncIterator[None]:
    """Join the open transaction, or begin one."""
    if is_in_transaction():
        yield
    else:
        async with transaction():
            yield


def is_in_transaction() -> bool:
    """Return whether a transaction is open."""
    return isinstance(get_connection(), TransactionalDBClient)


def get_connection() -> BaseDBAsyncClient:
    """Return the current connection, or the current transaction's."""
    connections = get_connections()
    (name,) = connections.db_config
    return connections.get(name)


def is_sqlite() -> bool:
    """Return whether the current database is SQLite."""
    return get_connection().capabilities.dialect == "sqlite"


async def fetch_raw(sql: str, *values: object) -> Sequence[Sequence[Any]]:
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
    client = get_connection()
    if isinstance(client, SqliteClient) and not isinstance(client, TransactionalDBClient):
        return _current_store.get().reader.fetch(
            client.filename, use_question_marks(sql), convert_values(values)
        )
    if isinstance(client, BoundedClient) and client.read_pool is not None:
        return await client.read_pool.fetch(sql, values)
    return (await _run(client, sql, values))[1]


async def fetch_each(*selects: Statement) -> Sequence[Sequence[Sequence[Any]]]:
    """Run several SELECTs like `fetch_raw`, all of which see one moment: on PostgreSQL as one statement."""
    selects = tuple(write_subqueries(sql, values) for sql, values in selects)
    client = get_connection()
    if isinstance(client, SqliteClient):
        if isinstance(client, TransactionalDBClient):
            return [await fetch_raw(sql, *values) for sql, values in selects]
        return _current_store.get().reader.fetch_each(
            client.filename, [(use_question_marks(sql), convert_values(values)) for sql, values in selects]
        )
    if len(selects) == 1:
        return [await fetch_raw(selects[0][0], *selects[0][1])]
    sql = combine_selects(tuple((sql, len(values)) for sql, values in selects))
    ((*each,),) = await fetch_raw(sql, *(value for _, values in selects for value in values))
    return each


async def fetch_raw_in_thread(sql: str, *values: object) -> Sequence[Sequence[Any]]:
    """Run a SELECT that returns thousands of rows, like `fetch_raw`, but never on the event loop's thread."""
    client = get_connection()
    if isinstance(client, SqliteClient) and not isinstance(client, TransactionalDBClient):
        read = _current_store.get().readers.fetch
        return await asyncio.to_thread(read, client.filename, use_question_marks(sql), convert_values(values))
    return await fetch_raw(sql, *values)


async def execute(sql: str, *values: object) -> int:
    """Run an UPDATE as it is written, like `fetch_raw`; return how many rows it changed."""
    return (await _run(get_connection(), sql, values))[0]


class MayChangeNothing(tuple[str, tuple[object, ...]]):
    """A statement that may find nothing to change."""

    __slots__ = ()


class _NothingChanged(Exception):
    def __init__(self, place: int) -> None:
        super().__init__()
        self.position = place


async def execute_all(*statements: Statement) -> int | None:
    """
    Run several statements as one transaction, or in the one that is open.

    They take one way to SQLite's thread and back, with whatever else waits, or to PostgreSQL's server: outside of a
    transaction none may build on what another of them changes.

    Returns:
        None when each changed something, or is `MayChangeNothing`. Otherwise the place of the first that changed
        nothing: then all is undone, or has to be by whoever opened the transaction.
    """
    client = get_connection()
    if isinstance(client, CheckedClient):
        lines = [
            (use_question_marks(one[0]), convert_values(one[1]), isinstance(one, MayChangeNothing))
            for one in statements
        ]
        with track_commit():
            return await client.group_commit.run(lines)
    at_once = not isinstance(client, TransactionalDBClient) and all(is_writing(one[0]) for one in statements)
    if at_once and await _execute_in_one(client, statements):
        return None
    try:
        async with ensure_transaction():
            for place, one in enumerate(statements):
                sql, values = one
                if await execute(sql, *values) or isinstance(one, MayChangeNothing):
                    continue
                if not sql.lstrip().startswith("INSERT"):
                    raise _NothingChanged(place)
    except _NothingChanged as nothing:
        return nothing.position
    return None


async def _execute_in_one(client: BaseDBAsyncClient, statements: Sequence[Statement]) -> bool:
    """Run several statements as one; False, and nothing is changed, when one changed nothing: which is not said."""
    changes = tuple((one[0], len(one[1]), isinstance(one, MayChangeNothing)) for one in statements)
    try:
        await client.execute_query(
            combine_statements(changes), [value for one in statements for value in one[1]]
        )
    except OperationalError as error:
        if isinstance(unwrap_driver_error(error), asyncpg.DivisionByZeroError):
            return False
        raise
    return True


async def _run(
    client: BaseDBAsyncClient, sql: str, values: Sequence[object]
) -> tuple[int, Sequence[Sequence[Any]]]:
    if isinstance(client, SqliteClient):
        sql, values = use_question_marks(sql), convert_values(values)
    changed, rows = await client.execute_query(sql, list(values))
    return changed, rows  # type: ignore[return-value]  # rows of either driver can be read by position


def get_clock_sql() -> str:
    """Return SQL for the database's clock, in milliseconds since 1970: those of two workers differ."""
    return SQLITE_NOW if is_sqlite() else POSTGRES_NOW


async def is_read_only() -> bool:
    """Return whether nothing can be written: PostgreSQL is a standby or set to read only, or SQLite's files are."""
    client = get_connection()
    if isinstance(client, SqliteClient):
        return not is_usable(Path(client.filename))
    _, rows = await client.execute_query("SHOW transaction_read_only")
    return bool(rows[0][0] == "on")


async def flush_deleted() -> None:
    """
    Remove what was just deleted from the files.

    SQLite overwrites deleted cells (`secure_delete`), but older pages stay in the write-ahead log until it is
    emptied. PostgreSQL reclaims rows on its own schedule; docs/threat-model.md says what that means.
    """
    if is_sqlite():
        await get_connection().execute_query("PRAGMA wal_checkpoint(TRUNCATE)")
