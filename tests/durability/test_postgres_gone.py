"""PostgreSQL goes away and comes back: kind words meanwhile, then all is well again without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from journal import entries, store
from tests.cast import furnish
from tests.durability.test_no_room import FULL
from tests.portal.browsing import Page, action, autosaved, opened, pressed
from tests.portal.conftest import running
from tests.postgres import PostgresServer, running_postgres


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that this test may stop."""
    with running_postgres() as server:
        yield server


async def test_a_database_that_goes_away_comes_back(own_server: PostgresServer, tmp_path: Path) -> None:
    """While the server is down every page is a 503 in kind words; what was typed is saved once it is back."""
    url = own_server.url("hearth")
    await own_server.create("hearth")
    await store.migrate(url)
    furniture = await furnish(url)
    async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        assert (await autosaved(browser, page, title="Before")).status_code == 200
        kept = await opened(browser, page_of(page))
        await asyncio.to_thread(own_server.stop)
        for _ in range(2):
            told = await autosaved(browser, kept, title="After", **FULL)
            assert (told.status_code, "Saved" in told.text) == (503, False)
            told = await pressed(browser, kept, title="After", **FULL)
            assert told.status_code == 503
            given_back = Page.of(told)
            assert "Nothing was saved" in given_back.words or "cannot tell" in given_back.words
            assert (await browser.get("/journal")).status_code == 503
            for name in (None, "alice"):
                async with portal.client(name) as watch:
                    assert (await watch.get("/readyz")).status_code == 503
                    for path in ("/healthz", "/help-now", "/leave"):
                        assert (await watch.get(path)).status_code == 200, path
        await asyncio.to_thread(own_server.start)
        told = await autosaved(browser, kept, title="After", **FULL)
        assert (told.status_code, "Saved" in told.text) == (200, True)
        assert (await browser.get("/readyz")).status_code == 200
        (entry,) = await entries.every(await portal.cast.actor("alice"))
        assert entry.document.title == "After"
        # Without scripts the page that said so has the words, and a button that sends them once more.
        again = await browser.post(action(given_back), data=given_back.fields)
        assert again.status_code == 303
        (entry,) = await entries.every(await portal.cast.actor("alice"))
        assert (entry.document.title, entry.document.answers) == (
            "After",
            {"free.text": FULL["free__text"]},
        )


def page_of(page: Page) -> str:
    """Where a writing page's entry is edited."""
    return page.markup.one("form", **{"class": "form"}).attributes["action"] + "/edit"
