"""An evaluation: asked for, filled in on a phone, shared, reviewed at a desk, read, and shown as changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.scenes import become

LOOKS = [(True, "dark"), (False, "light")]
PAGES_OF_PAPER = re.compile(rb"/Type /Page\b")


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def looked_at(desk: Desk, page: Page, javascript: bool, width: int = 390) -> None:
    """Verify that a page fits, and that axe finds nothing where it can look."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if javascript:
        await page.evaluate("scrollTo(0, 0)")
        await desk.axe(page)


async def follow(page: Page, where: Locator) -> None:
    """Press a link or a button, and wait for the page that it leads to."""
    async with page.expect_event("load"):
        await where.click()


async def share(page: Page) -> None:
    """Share everything with bob, after the preview."""
    await follow(page, page.get_by_role("link", name="Share", exact=True))
    everything = page.get_by_role("button", name="Everything")
    if await everything.count():
        await follow(page, everything)
    await follow(page, page.get_by_role("button", name=re.compile("^Share this with")))


@pytest.mark.parametrize(("javascript", "scheme"), LOOKS)
async def test_from_the_question_to_the_review(
    desk: Desk, server: Served, javascript: bool, scheme: str
) -> None:
    """Asked for, answered on three pages, shared, reviewed in words, and changed: each says so to whom it is for."""
    async with server.second_connection() as cast:
        await become(cast, "bob", "prescriber")
        patient = (await cast.actor("alice")).id
    bob = await desk.person(javascript=javascript, scheme=scheme)
    await bob.set_viewport_size({"width": 1280, "height": 900})
    await server.admit(bob.context, "bob")
    await bob.goto(f"/patients/{patient}")
    await follow(bob, bob.get_by_role("button", name="Ask for an evaluation"))
    await looked_at(desk, bob, javascript, 1280)
    alice = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    await server.admit(alice.context, "alice")
    await alice.goto("/")
    await follow(alice, alice.get_by_role("link", name="Open the evaluation"))
    await looked_at(desk, alice, javascript)
    await follow(alice, alice.get_by_role("link", name="Conditions"))
    await alice.get_by_label("Raised pressure in an eye", exact=True).select_option("not-sure")
    await alice.get_by_label("In your words: Raised pressure in an eye").fill("Looked at years ago")
    if javascript:
        await expect(alice.locator("#save-status")).to_contain_text("Saved")
    await looked_at(desk, alice, javascript)
    await follow(alice, alice.get_by_role("button", name="Save and close"))
    await follow(alice, alice.get_by_role("link", name="Earlier treatments", exact=True))
    await alice.get_by_label("What", exact=True).fill("Sertraline")
    await alice.get_by_label("Helped").select_option("a-little")
    await follow(alice, alice.get_by_role("button", name="Save, and add another"))
    await looked_at(desk, alice, javascript)
    await follow(alice, alice.get_by_role("button", name="Save and close"))
    await follow(alice, alice.get_by_role("button", name="I am done"))
    await looked_at(desk, alice, javascript)
    await share(alice)
    await alice.goto("/evaluation/ledger")
    await looked_at(desk, alice, javascript)
    assert len(PAGES_OF_PAPER.findall(await alice.pdf(prefer_css_page_size=True))) == 1
    await bob.goto(f"/patients/{patient}")
    await expect(bob.get_by_text("Not yet reviewed")).to_be_visible()
    await follow(bob, bob.get_by_role("complementary").get_by_role("link", name="Evaluation"))
    await expect(bob.get_by_text("Looked at years ago")).to_be_visible()
    await bob.get_by_label("more needed").check()
    await bob.get_by_label("In words that").fill("Please have your eyes looked at")
    await looked_at(desk, bob, javascript, 1280)
    await follow(bob, bob.get_by_role("button", name="Sign and save"))
    await looked_at(desk, bob, javascript, 1280)
    await alice.goto("/evaluation")
    await expect(alice.get_by_text("Please have your eyes looked at")).to_be_visible()
    await looked_at(desk, alice, javascript)
    await alice.goto("/evaluation/conditions")
    await alice.get_by_label("Raised pressure in an eye", exact=True).select_option("no")
    await follow(alice, alice.get_by_role("button", name="Save and close"))
    await follow(alice, alice.get_by_role("button", name="I am done"))
    await expect(alice.get_by_text("You changed answers since.")).to_be_visible()
    await share(alice)
    await bob.goto(f"/patients/{patient}/evaluation")
    await expect(bob.get_by_text("It was changed since it was reviewed.")).to_be_visible()
    await expect(bob.get_by_text("not sure · Looked at years ago → no")).to_be_visible()
    await looked_at(desk, bob, javascript, 1280)
