"""The cast of two acts at once; HEARTHSIDE_TEST_TIMINGS=50 tries more timings than every run does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from journal.store.database import Store
from tests.cast import Cast, Furniture, cast_of


@pytest.fixture
async def cast(furnished_url: tuple[str, Furniture]) -> AsyncIterator[Cast]:
    """Everybody, on either database."""
    url, furniture = furnished_url
    store = await Store.open(url)
    with store.use():
        yield cast_of(furniture)
    await store.close()
