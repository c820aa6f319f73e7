"""
Open, migrate and scrub the database.

SQLite by default (WAL, every commit on disk before it is answered, deleted bytes overwritten); PostgreSQL by
address. Nothing here knows what is stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

from tortoise import connections
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext, _current_context
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.transactions import in_transaction

SQLITE_PRAGMAS = "journal_mode=WAL&synchronous=FULL&secure_delete=ON&foreign_keys=ON&busy_timeout=5000"
transaction = in_transaction


def configuration(url: str) -> dict[str, Any]:
    """
    Give the ORM's configuration for *url* (`sqlite:///path/file.db` or `postgres://…`).

    The connection is named after its kind: the ORM keeps prepared statements by that name, for the whole process.
    """
    kind = "sqlite" if url.startswith("sqlite:") else "postgres"
    if kind == "sqlite":
        url = f"{url}?{SQLITE_PRAGMAS}"
    elif url.startswith("postgresql:"):
        url = "postgres:" + url.removeprefix("postgresql:")
    app = {"models": ["journal.tables"], "default_connection": kind, "migrations": "journal.migrations"}
    return {"connections": {kind: url}, "apps": {"journal": app}, "use_tz": True, "timezone": "UTC"}


MIGRATIONS = configuration("sqlite://:memory:")  # for `tortoise -c journal.store.MIGRATIONS makemigrations`


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. Rows can be used only inside `use()`."""

    url: str
    context: TortoiseContext

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database at *url*; the first statement connects."""
        store = cls(url, TortoiseContext())
        with store.use():
            await store.context.init(config=configuration(url))
        return store

    @contextmanager
    def use(self) -> Iterator[None]:
        """
        Make this the database of the current task.

        The library's own `with context` keeps one token per context, which two requests at once would overwrite.
        """
        token = _current_context.set(self.context)
        try:
            yield
        finally:
            _current_context.reset(token)

    async def close(self) -> None:
        """Close every connection."""
        with self.use():
            await self.context.close_connections()


async def migrate(url: str) -> None:
    """Bring the database at *url* to this version's shape; does nothing when it is there already."""
    store = await Store.open(url)
    try:
        with store.use():
            executor = MigrationExecutor(connection(), configuration(url)["apps"])
            await executor.migrate([MigrationTarget("journal", "__latest__")])
    finally:
        await store.close()


def connection() -> BaseDBAsyncClient:
    """Give the current connection, or the current transaction's."""
    (name,) = connections.db_config
    client: BaseDBAsyncClient = connections.get(name)
    return client


def is_sqlite() -> bool:
    """Tell whether the current database is SQLite."""
    return connection().capabilities.dialect == "sqlite"


async def fetch(sql: str, *values: object) -> Sequence[Sequence[Any]]:
    """
    Run a statement as it is written, for what nearly every request asks.

    The ORM takes longer to put such a statement together and to convert its rows than the database takes to
    answer it: docs/performance.md has the figures. Everything else goes through the ORM.

    Args:
        sql: With `$1`, `$2`, … for the values, each once and in their order.
        values: Text, numbers, bytes, ids and times.

    Returns:
        Rows as the driver gives them: read ids with `key_of` and times with `time_of`.
    """
    return (await _execute(sql, values))[1]


async def change(sql: str, *values: object) -> int:
    """Run an UPDATE as it is written, like `fetch`; gives how many rows it changed."""
    return (await _execute(sql, values))[0]


async def _execute(sql: str, values: Sequence[object]) -> tuple[int, Sequence[Sequence[Any]]]:
    client = connection()
    if client.capabilities.dialect == "sqlite":
        sql, values = _with_question_marks(sql), [_as_text(value) for value in values]
    changed, rows = await client.execute_query(sql, list(values))
    return changed, rows  # type: ignore[return-value]  # rows of either driver can be read by position


@lru_cache
def _with_question_marks(sql: str) -> str:
    return re.sub(r"\$\d+", "?", sql)


def _as_text(value: object) -> object:
    """Write ids and times as the ORM does."""
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat(" ") if isinstance(value, datetime) else value


async def scrub() -> None:
    """
    Make what was just deleted leave the files.

    SQLite overwrites deleted cells (`secure_delete`), but older pages stay in the write-ahead log until it is
    emptied. PostgreSQL reclaims rows on its own schedule; docs/threat-model.md says what that means.
    """
    if is_sqlite():
        await connection().execute_query("PRAGMA wal_checkpoint(TRUNCATE)")


def key_of(value: object) -> UUID:
    """Read an id as it comes from a bare query: SQLite gives text, PostgreSQL a UUID."""
    return value if isinstance(value, UUID) else UUID(str(value))


def time_of(value: Any) -> datetime:
    """Read a time as it comes from a bare query: SQLite gives text, PostgreSQL a datetime."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
