"""Spanish sentences are longer than English ones, and fit a phone all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from portal.views.public.offline import PAGES as KEPT_PAGES
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_ground import KEPT, kept_offline
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

RENEWED = """
async (before) => {
  const workers = navigator.serviceWorker;
  const changed = new Promise((resolve) => workers.addEventListener("controllerchange", resolve));
  if ((await caches.keys()).join() === before) await changed;
  const now = workers.controller;
  while (now.state !== "activated") await new Promise((resolve) => now.addEventListener("statechange", resolve));
  return caches.keys();
}
"""
"""Waits until another worker has taken the place of the one before; returns what is kept then."""


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


@pytest.mark.parametrize("who", [None, "alice"])
async def test_what_is_kept_for_no_network_follows_the_language(
    desk: Desk, server: Served, who: str | None
) -> None:
    """Chosen at the foot of a page, or for the account: once a page was opened then, nothing of before stays."""
    page = await desk.person(worker=True)
    if who:
        await server.admit(page.context, who)
    await page.goto("/account/details" if who else "/sign-in")
    await kept_offline(page)
    (before,) = await page.evaluate("caches.keys()")
    async with page.expect_event("load"):
        if who:
            await page.get_by_label("Language").select_option("es")
            await page.get_by_role("button", name="Save").click()
        else:
            await page.get_by_role("button", name="Español").click()
    assert await page.evaluate("document.documentElement.lang") == "es"
    assert before not in await page.evaluate(RENEWED, before)
    kept = {path: text for path, text in await page.evaluate(KEPT) if path in KEPT_PAGES}
    assert [path for path, text in kept.items() if '<html lang="es"' not in text] == []
    server.stop()
    for path, title in (("/help-now", "Ayuda ahora"), ("/ground", "Volver al presente")):
        await page.goto(path)
        await expect(page.locator("html")).to_have_attribute("lang", "es")
        await expect(page.get_by_role("heading", name=title).first).to_be_visible()
    server.start()
    desk.troubles[:] = [one for one in desk.troubles if "ERR_CONNECTION_REFUSED" not in one]
