"""Three things set for a talk: answered and shared, said not now to, talked about; without JavaScript too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.journal.coming_talk.test_coming_talk import talk_on


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def look(desk: Desk, page: Page, width: int, javascript: bool) -> None:
    """Have nothing stand out at the side, and axe find nothing, which needs JavaScript."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if javascript:
        await page.evaluate("window.scrollTo(0, 0)")
        await desk.axe(page)


async def press(page: Page, name: str) -> None:
    """Press a button, and wait for the page that follows."""
    async with page.expect_event("load"):
        await page.get_by_role("button", name=name, exact=True).first.click()


@pytest.mark.parametrize(("javascript", "scheme", "width"), [(True, "dark", 390), (False, "light", 1280)])
async def test_it_is_set_answered_and_talked_about(
    desk: Desk, server: Served, javascript: bool, scheme: str, width: int
) -> None:
    """Both see what the other gave, and no more; every tap works without JavaScript."""
    alice = await desk.person(javascript=javascript, scheme=scheme, width=width)
    bob = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(alice.context, "alice")
    await server.admit(bob.context, "bob")
    await alice.goto("/talk")
    await expect(alice.get_by_text("Nothing is set for a talk")).to_be_visible()
    await look(desk, alice, width, javascript)

    await bob.goto("/patients")
    await bob.get_by_role("link", name="Alice Sample", exact=True).click()
    patient = bob.url.rpartition("/")[2].partition("?")[0]
    async with server.second_connection() as cast:
        await talk_on(cast)
    await bob.goto(f"/patients/{patient}/talk")
    await press(bob, "Set it")
    await expect(bob.get_by_text("Choose what to set.").first).to_be_visible()
    await look(desk, bob, width, javascript)
    for thing, words in (("question:own", "How was the river?"), ("skill:orient", ""), ("reading:pace", "")):
        await bob.locator("#thing").select_option(thing)
        await bob.locator("#words").fill(words)
        await bob.locator("#why").fill("We begin there.")
        await press(bob, "Set it")
    await expect(bob.get_by_text("3 of 5 set")).to_be_visible()
    await look(desk, bob, width, javascript)

    await alice.goto("/talk")
    await look(desk, alice, width, javascript)
    await alice.get_by_role("link", name="Read", exact=True).click()
    await expect(alice.get_by_role("heading", name="Going at your own pace")).to_be_visible()
    await look(desk, alice, width, javascript)
    await press(alice, "Not for me")
    await expect(alice.get_by_text("You said: not for me.")).to_be_visible()
    await alice.get_by_role("link", name="Write", exact=True).click()
    await expect(alice.locator("#title")).to_have_value("How was the river?")
    await alice.locator("[name='free.text']").fill("High, and brown.")
    await alice.get_by_role("button", name="Save and close").click()
    await alice.goto("/talk")
    await expect(alice.get_by_text("Only you know that.")).to_be_visible()

    await bob.goto(f"/patients/{patient}/talk")
    await expect(bob.get_by_text(": not for me.")).to_be_visible()
    await expect(bob.get_by_text("shared an answer")).to_have_count(0)
    await alice.get_by_role("link", name="Open your answer").click()
    await alice.get_by_role("main").get_by_role("link", name="Share", exact=True).click()
    await press(alice, "Everything")
    await press(alice, "Share this with Bob Example")
    await alice.goto("/talk")
    await expect(alice.get_by_text("You shared your answer with Bob Example.")).to_be_visible()
    await look(desk, alice, width, javascript)

    await bob.goto(f"/patients/{patient}/talk")
    await look(desk, bob, width, javascript)
    await bob.get_by_role("link", name="Alice Sample shared an answer").click()
    await press(bob, "Talked about")
    await expect(bob.get_by_text("Talked about, 22 Nov 2026.")).to_be_visible()
    await look(desk, bob, width, javascript)
    await bob.goto(f"/patients/{patient}/talk")
    await press(bob, "Let go")
    await expect(bob.get_by_text("2 of 5 set")).to_be_visible()
    await bob.get_by_label("Name of the set").fill("First talks")
    await press(bob, "Keep as a set")
    await expect(bob.get_by_text("First talks")).to_be_visible()
    await look(desk, bob, width, javascript)
    await alice.goto("/talk")
    await look(desk, alice, width, javascript)
