"""
Open, migrate and scrub the database.

SQLite by default (WAL, every commit on disk before it is answered, deleted bytes overwritten); PostgreSQL by
address. Nothing here knows what is stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext, _current_context
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import BaseSchemaEditor
from tortoise.transactions import in_transaction

from journal.store_postgres import read_any_time
from journal.store_sqlite import Reader, as_text, run_all, with_question_marks

SQLITE_PRAGMAS = "journal_mode=WAL&synchronous=FULL&secure_delete=ON&foreign_keys=ON&busy_timeout=5000"
PATIENCE, CONNECTING = 60.0, 15  # seconds; a network that swallows everything gives no other sign
transaction = in_transaction


def configuration(url: str, *, patience: float | None = PATIENCE) -> dict[str, Any]:
    """
    Give the ORM's configuration for *url* (`sqlite:///path/file.db` or `postgres://…`).

    The connection is named after its kind: the ORM keeps prepared statements by that name.

    Args:
        patience: Seconds to wait for PostgreSQL's answer to one statement, unless *url* says `command_timeout`.
    """
    if url.startswith("sqlite:"):
        kind, where = "sqlite", expand_db_url(f"{url}?{SQLITE_PRAGMAS}") | {"engine": "journal.store_sqlite"}
    else:
        kind, where = "postgres", expand_db_url(url.replace("postgresql:", "postgres:", 1))
        asked = where["credentials"]
        asked["init"] = read_any_time
        asked["command_timeout"] = float(asked["command_timeout"]) if "command_timeout" in asked else patience
        asked.setdefault("timeout", CONNECTING)
    app = {"models": ["journal.tables"], "default_connection": kind, "migrations": "journal.migrations"}
    return {"connections": {kind: where}, "apps": {"journal": app}, "use_tz": True, "timezone": "UTC"}


MIGRATIONS = configuration("sqlite://:memory:")  # for `tortoise -c journal.store.MIGRATIONS makemigrations`


_reader: ContextVar[Reader] = ContextVar("reader")


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. Rows can be used only inside `use()`."""

    url: str
    context: TortoiseContext
    reader: Reader = field(default_factory=Reader)

    @classmethod
    async def open(cls, url: str, *, patience: float | None = PATIENCE) -> Self:
        """Open the database at *url*, with *patience* as for `configuration`; the first statement connects."""
        store = cls(url, TortoiseContext())
        with store.use():
            await store.context.init(config=configuration(url, patience=patience))
        return store

    @contextmanager
    def use(self) -> Iterator[None]:
        """
        Make this the database of the current task.

        The library's own `with context` keeps one token per context; two requests would overwrite it.
        """
        token, reading = _current_context.set(self.context), _reader.set(self.reader)
        try:
            yield
        finally:
            _current_context.reset(token)
            _reader.reset(reading)

    async def close(self) -> None:
        """Close every connection."""
        self.reader.close()
        with self.use():
            await self.context.close_connections()


class _Applied(MigrationRecorder):
    async def ensure_schema(self, schema_editor: BaseSchemaEditor) -> None:
        """Do nothing: on SQLite the script for this would commit what the transaction has done so far."""


async def migrate(url: str) -> None:
    """
    Bring the database at *url* to this version's shape; does nothing when it is there already.

    One transaction holds every step and the note that it was taken: who is interrupted begins again.
    """
    store = await Store.open(url, patience=None)
    try:
        with store.use():
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
    """Stay in the transaction that is open, or make one."""
    if isinstance(connection(), TransactionalDBClient):
        yield
    else:
        async with transaction():
            yield


def connection() -> BaseDBAsyncClient:
    """Give the current connection, or the current transaction's."""
    connections = get_connections()
    (name,) = connections.db_config
    return connections.get(name)


def is_sqlite() -> bool:
    """Tell whether the current database is SQLite."""
    return connection().capabilities.dialect == "sqlite"


async def fetch(sql: str, *values: object) -> Sequence[Sequence[Any]]:
    """
    Run a SELECT as it is written, for what nearly every request asks.

    The ORM takes longer to put such a statement together and to convert its rows than the database takes to
    answer it: docs/performance.md has the figures. Everything else has the ORM put it together: `journal/rows.py`.

    Args:
        sql: With `$1`, `$2`, … for the values, each once and in their order.
        values: Text, numbers, bytes, ids and times.

    Returns:
        Rows as the driver gives them, and as storage made them: `journal/rows.py` gives them their types.
    """
    client = connection()
    if isinstance(client, SqliteClient) and not isinstance(client, TransactionalDBClient):
        return _reader.get().fetch(client.filename, with_question_marks(sql), as_text(values))
    return (await _execute(client, sql, values))[1]


async def change(sql: str, *values: object) -> int:
    """Run an UPDATE as it is written, like `fetch`; gives how many rows it changed."""
    return (await _execute(connection(), sql, values))[0]


Statement = tuple[str, tuple[object, ...]]


class _NothingChanged(Exception):
    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


async def change_all(*statements: Statement) -> int | None:
    """
    Run several statements as one transaction, or in the one that is open.

    On SQLite they take one way to its thread and back: each of its own takes longer than to run it.

    Returns:
        None when each changed something. Otherwise the place of the first that changed nothing: then all is
        undone, or has to be by whoever opened the transaction.
    """
    client = connection()
    if isinstance(client, SqliteClient) and not isinstance(client, TransactionalDBClient):
        lines = [(with_question_marks(sql), as_text(values)) for sql, values in statements]
        async with client.acquire_connection() as held:
            # aiosqlite has no public way to run a function on its thread.
            return await held._execute(run_all, held._conn, lines)  # type: ignore[no-any-return]  # noqa: SLF001
    try:
        async with joined():
            for place, (sql, values) in enumerate(statements):
                if not await change(sql, *values) and not sql.lstrip().startswith("INSERT"):
                    raise _NothingChanged(place)
    except _NothingChanged as nothing:
        return nothing.place
    return None


async def _execute(
    client: BaseDBAsyncClient, sql: str, values: Sequence[object]
) -> tuple[int, Sequence[Sequence[Any]]]:
    if isinstance(client, SqliteClient):
        sql, values = with_question_marks(sql), as_text(values)
    changed, rows = await client.execute_query(sql, list(values))
    return changed, rows  # type: ignore[return-value]  # rows of either driver can be read by position


async def scrub() -> None:
    """
    Make what was just deleted leave the files.

    SQLite overwrites deleted cells (`secure_delete`), but older pages stay in the write-ahead log until it is
    emptied. PostgreSQL reclaims rows on its own schedule; docs/threat-model.md says what that means.
    """
    if is_sqlite():
        await connection().execute_query("PRAGMA wal_checkpoint(TRUNCATE)")


def key_of(value: object) -> UUID:
    """Read an id that is known to be one: SQLite gives text, PostgreSQL and the ORM a UUID."""
    return value if isinstance(value, UUID) else _id_of(str(value))


@lru_cache(maxsize=32_768)  # a page reads some eighty ids, and reading one takes as long as opening a record
def _id_of(text: str) -> UUID:
    return UUID(text)


def time_of(value: Any) -> datetime:
    """Read a time as it comes from a bare query: SQLite gives text, PostgreSQL a datetime."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
