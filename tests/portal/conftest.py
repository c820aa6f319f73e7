"""The application as a browser meets it, without the network."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette

from journal.store.database import Store
from portal.app import create_app
from portal.config import Config
from portal.web.pages import Templates
from tests.cast import SERVER_KEY, Cast, Furniture, cast_of
from tests.pages import build_shared_templates

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
def compiled_once() -> Templates:
    """Return the product's pages, which take longer to compile anew for each test than most tests take."""
    return build_shared_templates()


@asynccontextmanager
async def running(url: str, furniture: Furniture, data: Path) -> AsyncIterator[Portal]:
    """Run the application on the furnished database at *url*; the store is in use for the test as well."""
    portal = _made(url, furniture, data)
    async with portal.app.router.lifespan_context(portal.app):
        with portal.app.state.store.use():
            yield portal


@asynccontextmanager
async def answering(url: str, furniture: Furniture, data: Path) -> AsyncIterator[Portal]:
    """
    Have the application answer as in `running`, and nothing done beside its pages, neither at its start nor later.

    What is done then takes longer than most tests of a page, which is the same without it.
    """
    portal = _made(url, furniture, data)
    store = portal.app.state.store = await Store.open(url)
    try:
        with store.use():
            await portal.app.state.practice.load(portal.app.state.installation)
            yield portal
    finally:
        await store.close()


def _made(url: str, furniture: Furniture, data: Path) -> Portal:
    cast = cast_of(furniture)
    config = Config(data, url, SERVER_KEY, ORIGIN, "127.0.0.1", 8000)
    app = create_app(config, clock=cast.clock, quick=True)
    app.state.templates = compiled_once()
    return Portal(app, cast)


@pytest.fixture
async def portal(furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Portal]:
    """The application on SQLite."""
    async with answering(*furnished_sqlite_url, tmp_path) as portal:
        yield portal


@pytest.fixture
async def any_portal(furnished_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Portal]:
    """The application on SQLite, and once more on PostgreSQL."""
    async with answering(*furnished_url, tmp_path) as portal:
        yield portal
