"""The domain on an open database with everybody signed in; each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from journal.store import Store
from tests.cast import Cast, Furniture, cast_of


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


@asynccontextmanager
async def _alive(url: str, furniture: Furniture) -> AsyncIterator[Cast]:
    store = await Store.open(url)
    with store.use():
        yield cast_of(furniture)
    await store.close()
