"""Shared "only if I bring it up" on a phone: at the desk it is a title in the brief until a tap, and both see that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.scenes import written

TITLE, MEANING = "The sea", "Maybe that I am allowed to rest."
ONLY = re.compile("^Only if I bring it up")


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def looked_at(desk: Desk, page: Page, javascript: bool, width: int) -> None:
    """Verify that a page fits, and that axe finds nothing where it can look."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if javascript:
        await page.evaluate("scrollTo(0, 0)")
        await desk.axe(page)


async def follow(page: Page, where: Locator) -> None:
    """Press a link or a button, and wait for the page that it leads to."""
    async with page.expect_event("load"):
        await where.click()


@pytest.mark.parametrize(("javascript", "scheme"), [(True, "dark"), (False, "light")])
async def test_a_title_until_a_tap(desk: Desk, server: Served, javascript: bool, scheme: str) -> None:
    """Hours written, shared, told by its title, opened, seen as opened; then nothing about it can be changed."""
    async with server.second_connection() as cast:
        entry, patient = (await written(cast)).id, (await cast.actor("alice")).id
    bob = await desk.person(javascript=javascript, scheme=scheme)
    await bob.set_viewport_size({"width": 1280, "height": 900})
    await server.admit(bob.context, "bob")
    await bob.goto("/account/reading-hours")
    await bob.get_by_text("Wed", exact=True).first.click()
    await bob.fill("#start0", "09:00")
    await bob.fill("#end0", "08:00")
    await follow(bob, bob.get_by_role("button", name="Save"))
    await expect(bob.get_by_text("These hours end before they begin.").first).to_be_visible()
    await looked_at(desk, bob, javascript, 1280)
    await bob.fill("#end0", "10:00")
    await follow(bob, bob.get_by_role("button", name="Save"))
    await expect(bob.get_by_text("Your reading hours are saved.")).to_be_visible()
    alice = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    await server.admit(alice.context, "alice")
    await alice.goto(f"/journal/{entry}/shares")
    await follow(alice, alice.get_by_role("button", name="Everything"))
    await expect(alice.get_by_text("Next: Wed 25 Nov 2026, 09:00.")).to_be_visible()
    await alice.get_by_text(ONLY).first.click()
    await looked_at(desk, alice, javascript, 390)
    await follow(alice, alice.get_by_role("button", name="Share this with Bob Example"))
    await expect(alice.get_by_text("Not opened yet.")).to_be_visible()
    await looked_at(desk, alice, javascript, 390)
    await bob.goto(f"/patients/{patient}/brief")
    await expect(bob.get_by_text("Only if they bring it up")).to_be_visible()
    await expect(bob.get_by_text(MEANING)).to_have_count(0)
    await looked_at(desk, bob, javascript, 1280)
    await follow(bob, bob.get_by_role("link", name=TITLE))
    await expect(bob.get_by_text(MEANING)).to_have_count(0)
    await looked_at(desk, bob, javascript, 1280)
    await alice.reload()
    await follow(alice, alice.get_by_role("link", name="Change what you ask"))
    await looked_at(desk, alice, javascript, 390)
    await follow(bob, bob.get_by_role("button", name="Open it"))
    await bob.locator(".shared-entry summary").first.click()
    await expect(bob.get_by_text(MEANING)).to_be_visible()
    await follow(alice, alice.get_by_role("button", name="Save"))
    await expect(alice.get_by_text("so this stays as it was")).to_be_visible()
    await looked_at(desk, alice, javascript, 390)
    await alice.goto(f"/journal/{entry}/shares")
    await expect(alice.get_by_text("Bob Example opened it on")).to_be_visible()
