"""What goes to SQLite itself, past the ORM: reading where the request is, and several statements at one go."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from tortoise.backends.sqlite.client import SqliteClient
from tortoise.exceptions import IntegrityError, OperationalError

CACHE_KIB = 32 * 1024  # a journal of ten thousand entries fits, and is searched a third faster for it


@dataclass(slots=True)
class Reader:
    """
    A second connection to an SQLite file, which only reads, on the thread of the event loop itself.

    Looking a row up takes SQLite less time than waking another thread takes, and in WAL mode a reader waits for
    no writer. It sees what is committed: what a transaction has written is read over the transaction's own.
    """

    connection: sqlite3.Connection | None = None

    def fetch(self, path: str, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Read rows from the file at *path*, which is opened the first time."""
        try:
            if self.connection is None:
                self.connection = sqlite3.connect(path, isolation_level=None)
                self.connection.execute("PRAGMA query_only = ON")
                self.connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            return self.connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if hasattr(error, "sqlite_errorcode") or self.connection is None:
                raise OperationalError(error) from error
        # No error of SQLite's own: Python found text that is no UTF-8, and gives up all rows for it.
        self.connection.text_factory = text_or_bytes
        try:
            return self.connection.execute(sql, values).fetchall()
        finally:
            self.connection.text_factory = str

    def close(self) -> None:
        """Let go of the file."""
        if self.connection is not None:
            self.connection.close()


class LenientClient(SqliteClient):
    """The ORM's connection to an SQLite file, which reads text that is no UTF-8 as bytes."""

    async def create_connection(self, with_db: bool) -> None:
        """Connect, and end no query for one wrong cell."""
        await super().create_connection(with_db)
        if self._connection is not None:
            self._connection.text_factory = text_or_bytes


client_class = LenientClient  # the ORM looks for it in the module that its configuration names


def text_or_bytes(raw: bytes) -> str | bytes:
    """Read what SQLite holds as text; bytes where it is no UTF-8, for others to find of the wrong type."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def run_all(connection: sqlite3.Connection, lines: Sequence[tuple[str, list[object]]]) -> int | None:
    """Run statements as one transaction on the connection's own thread; see `journal.store.change_all`."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for place, (sql, values) in enumerate(lines):
            if not connection.execute(sql, values).rowcount:
                connection.execute("ROLLBACK")
                return place
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.IntegrityError):
            raise IntegrityError(error) from error
        if isinstance(error, sqlite3.OperationalError):
            raise OperationalError(error) from error
        raise
    return None


@lru_cache
def with_question_marks(sql: str) -> str:
    """Write places for values as SQLite does."""
    return re.sub(r"\$\d+", "?", sql)


def as_text(values: Sequence[object]) -> list[object]:
    """Write ids and times as the ORM does."""
    return [
        str(value)
        if isinstance(value, UUID)
        else value.isoformat(" ")
        if isinstance(value, datetime)
        else value
        for value in values
    ]
