"""Two people reply to each other about a shared entry: on a phone and at a desk, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.scenes import shared, written


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
    """Press a button that brings another page."""
    async with page.expect_event("load"):
        await page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize(("javascript", "scheme"), [(True, "dark"), (False, "light")])
async def test_a_question_and_its_answer(desk: Desk, server: Served, javascript: bool, scheme: str) -> None:
    """Asked at 390 pixels, withdrawn, asked again, answered at 1280, and read; a draft stays with its author."""
    async with server.second_connection() as cast:
        entry = await written(cast)
        share = await shared(cast, entry)
        patient, link = (await cast.actor("alice")).id, cast.link
    alice = await desk.person(javascript=javascript, scheme=scheme)
    bob = await desk.person(javascript=javascript, scheme=scheme, width=1280)
    await server.admit(alice.context, "alice")
    await server.admit(bob.context, "bob")
    await alice.goto(f"/journal/{entry.id}")
    async with alice.expect_event("load"):
        await alice.get_by_role("link", name="Replies with Bob Example").click()
    await expect(alice.get_by_text("This is not watched live")).to_be_visible()
    await look(desk, alice, 390, javascript)
    await press(alice, "Send")
    await expect(alice.locator("#reply-error")).to_be_visible()
    await look(desk, alice, 390, javascript)
    await alice.locator("#reply").fill("What did you mean by the door?")
    await press(alice, "Send")
    await expect(alice.get_by_text("Not read yet")).to_be_visible()
    await press(alice, "Withdraw")
    await expect(alice.locator("#reply")).to_have_value("What did you mean by the door?")
    await press(alice, "Send")
    await alice.locator("#reply").fill("And the lamp")
    await press(alice, "Keep as draft")
    await expect(alice.get_by_role("status")).to_contain_text("Kept as your draft")
    await look(desk, alice, 390, javascript)

    await bob.goto(f"/patients/{patient}")
    await expect(bob.get_by_text("New reply")).to_be_visible()
    await look(desk, bob, 1280, javascript)
    await bob.goto(f"/patients/{patient}/shared/{share}")
    await expect(bob.get_by_text("What did you mean by the door?")).to_be_visible()
    await expect(bob.get_by_text("And the lamp")).to_have_count(0)
    await look(desk, bob, 1280, javascript)
    await bob.locator("#reply").fill("The one in your picture.")
    await press(bob, "Send")
    await look(desk, bob, 1280, javascript)

    await alice.goto("/")
    async with alice.expect_event("load"):
        await alice.get_by_role("link", name="Bob Example replied to").click()
    await expect(alice.get_by_text("The one in your picture.")).to_be_visible()
    await expect(alice.get_by_text("Read on")).to_be_visible()
    await expect(alice.locator("#reply")).to_have_value("And the lamp")
    await look(desk, alice, 390, javascript)
    await alice.goto(f"/journal/{entry.id}/shares")
    await look(desk, alice, 390, javascript)
    await alice.goto("/sharing")
    await press(alice, "Pause all sharing")
    await alice.goto(f"/journal/{entry.id}/replies/{link}")
    await expect(alice.locator("#reply")).to_have_count(0)
    await expect(alice.get_by_text("And the lamp")).to_be_visible()
    await look(desk, alice, 390, javascript)
