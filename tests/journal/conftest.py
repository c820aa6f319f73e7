"""The domain on an open database with everybody signed in; each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from journal.store.database import Store
from tests.cast import Cast, Furniture, cast_of
from tests.postgres import PostgresServer


@pytest.fixture
async def cast(furnished_url: tuple[str, Furniture]) -> AsyncIterator[Cast]:
    """Everybody, on either database."""
    async with _alive(*furnished_url) as cast:
        yield cast


@pytest.fixture
async def sqlite_cast(furnished_sqlite_url: tuple[str, Furniture]) -> AsyncIterator[Cast]:
    """Everybody, on SQLite: for what only a file can show."""
    async with _alive(*furnished_sqlite_url) as cast:
        yield cast


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, of either kind."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path / 'older.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy_of("template0") as url:
        yield url


@asynccontextmanager
async def _alive(url: str, furniture: Furniture) -> AsyncIterator[Cast]:
    store = await Store.open(url)
    with store.use():
        yield cast_of(furniture)
    await store.close()
