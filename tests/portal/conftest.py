"""The application as a browser meets it, without the network."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from jinja2 import Environment
from starlette.applications import Starlette

from portal.app import create_app
from portal.config import Config
from portal.web.pages import build_environment
from tests.cast import SERVER_KEY, Cast, Furniture, cast_of

ORIGIN = "http://127.0.0.1:8000"


@dataclass
class Portal:
    """A running application with the cast in its database."""

    app: Starlette
    cast: Cast

    def client(self, name: str | None = None) -> AsyncClient:
        """A browser in which *name* is signed in, or nobody."""
        cookies = {}
        if name is not None:
            cookies = {"hearthside": urlsafe_b64encode(self.cast.tokens[name]).rstrip(b"=").decode()}
        return AsyncClient(
            transport=ASGITransport(self.app),
            base_url=ORIGIN,
            cookies=cookies,
            headers={"origin": ORIGIN, "sec-fetch-site": "same-origin"},
        )


@cache
def compiled_once() -> Environment:
    """Return the product's pages, which take longer to compile anew for each test than most tests take."""
    return build_environment()


@asynccontextmanager
async def running(url: str, furniture: Furniture, data: Path) -> AsyncIterator[Portal]:
    """Run the application on the furnished database at *url*; the store is in use for the test as well."""
    cast = cast_of(furniture)
    config = Config(data, url, SERVER_KEY, ORIGIN, "127.0.0.1", 8000)
    app = create_app(config, clock=cast.clock, quick=True)
    app.state.templates = compiled_once()
    async with app.router.lifespan_context(app):
        with app.state.store.use():
            yield Portal(app, cast)


async def no_chores() -> None:
    """End what is done beside the pages, whose statements would be counted as well."""
    tasks = [task for task in asyncio.all_tasks() if "run_forever" in str(task.get_coro())]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(tasks) > 1


@pytest.fixture
async def portal(furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Portal]:
    """The application on SQLite."""
    async with running(*furnished_sqlite_url, tmp_path) as portal:
        yield portal


@pytest.fixture
async def any_portal(furnished_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Portal]:
    """The application on SQLite, and once more on PostgreSQL."""
    async with running(*furnished_url, tmp_path) as portal:
        yield portal
