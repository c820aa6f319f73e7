"""A share with a last day that may be filed, by two people in two browsers: chosen, read, filed, and over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.scenes import written

TODAY, FILED = "2026-11-22", "filed it in the record of the practice on Sun 22 Nov 2026"


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for this walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def press(page: Page, name: str) -> None:
    """Press a button, and wait for the page that follows."""
    async with page.expect_event("load"):
        await page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


async def follow(page: Page, name: str) -> None:
    """Follow a link, and wait for the page."""
    async with page.expect_event("load"):
        await page.get_by_role("main").get_by_role("link", name=name).first.click()


async def look(desk: Desk, page: Page) -> None:
    """Verify that a page fits, and that axe finds nothing, also in the dark."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    await page.evaluate("scrollTo(0, 0)")
    for scheme in ("dark", "light"):
        await page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
        )
        await desk.axe(page)


async def test_a_share_is_filed_and_over(desk: Desk, server: Served) -> None:
    """Both see at each step until when, whether it may be filed, that it was, and on the next day that it is over."""
    async with server.second_connection() as cast:
        entry, patient = (await written(cast)).id, (await cast.actor("alice")).id
    alice, bob = await desk.person(), await desk.person(width=1280)
    await server.admit(alice.context, "alice")
    await server.admit(bob.context, "bob")
    await alice.goto(f"/journal/{entry}/shares")
    if await alice.get_by_role("link", name="Bob Example").count():
        await follow(alice, "Bob Example")
    await press(alice, "Everything")
    await expect(alice.locator("#until_date")).to_be_hidden()
    await alice.get_by_text("Last day, and filing").click()
    await alice.locator("#until_date").fill("2026-11-20")
    await alice.get_by_label("may file this").check()
    await press(alice, "Share this with Bob Example")
    await expect(alice.locator("#until_date")).to_have_value(
        "2026-11-20"
    )  # refused, open, and as it was typed
    await look(desk, alice)
    await alice.locator("#until_date").fill(TODAY)
    await press(alice, "Share this with Bob Example")
    await expect(
        alice.get_by_text("Until 22 Nov 2026, then it ends by itself · May be filed")
    ).to_be_visible()
    await look(desk, alice)
    await bob.goto(f"/patients/{patient}")
    await follow(bob, "The sea")
    await expect(bob.get_by_text("Shared until 22 Nov 2026")).to_be_visible()
    await follow(bob, "File it in the record of your practice")
    await look(desk, bob)
    await press(bob, "File it")
    await expect(bob.get_by_text("Filed on Sun 22 Nov 2026, 13:00")).to_be_visible()
    await look(desk, bob)
    async with bob.expect_download() as coming:
        await bob.get_by_role("link", name="Save as PDF").click()
    assert (await coming.value).suggested_filename == "filed.pdf"
    await alice.reload()
    await expect(alice.get_by_text(FILED)).to_be_visible()
    await follow(alice, "Change what they may do")
    await look(desk, alice)
    for page in (alice, bob):
        await page.goto("about:blank")
    server.forward(days=1)
    await server.admit(alice.context, "alice")
    await server.admit(bob.context, "bob")
    await alice.goto(f"/journal/{entry}/shares")
    await expect(alice.get_by_text("could read this until 22 Nov 2026. It ended by itself.")).to_be_visible()
    await expect(alice.get_by_text(FILED)).to_be_visible()
    await look(desk, alice)
    await bob.goto(f"/patients/{patient}")
    await expect(
        bob.get_by_text("shared something with you until 22 Nov 2026. It ended by itself")
    ).to_be_visible()
    await expect(bob.get_by_text("The sea")).to_have_count(0)
    await look(desk, bob)
