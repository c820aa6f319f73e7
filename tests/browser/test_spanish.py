"""Spanish sentences are longer than English ones, and fit a phone all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture

PAGES = (
    "/",
    "/journal",
    "/journal/new?kind=integration",
    "/sessions",
    "/sharing",
    "/measures",
    "/account",
    "/help-now",
)


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for the walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def test_the_main_pages_fit_a_phone_in_spanish(desk: Desk, server: Served) -> None:
    """Nothing is wider than the screen."""
    alice = await desk.person(scheme="light", width=390)
    await alice.context.set_extra_http_headers({"accept-language": "es"})
    await server.admit(alice.context, "alice")
    for path in PAGES:
        await alice.goto(path)
        assert await alice.evaluate("document.documentElement.lang") == "es"
        assert await alice.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
