"""The pages that anybody meets before there is an account, and the two signs that are always there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.conftest import Desk, Server, served_empty


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One server for all the tests here, which only look."""
    async with served_empty(tmp_path_factory.mktemp("doorway") / "data") as server:
        yield server


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_doorway_is_open_to_everybody(desk: Desk, scheme: str) -> None:
    """Sign-in, recovery and help now have nothing that axe, the console or the policy complains of."""
    page = await desk.person(scheme=scheme)
    for path in ("/", "/sign-in", "/recover", "/help-now", "/leave", "/nowhere"):
        await page.goto(path)
        await desk.axe(page)
        if path != "/leave":
            assert await page.get_by_text("not an emergency service").count()
