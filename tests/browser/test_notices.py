"""Item 9 answered and the form abandoned: agreed on, written, sent by time, acknowledged; without JavaScript too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture

ASKED = "Alice Sample asks you to check in"


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def look(desk: Desk, page: Page, width: int, javascript: bool) -> None:
    """Have nothing stand out at the side, and axe find nothing, which needs JavaScript."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if javascript:
        await desk.axe(page)


@pytest.mark.parametrize(("javascript", "scheme", "width"), [(True, "dark", 390), (False, "light", 1280)])
async def test_item_nine_is_answered_and_the_form_abandoned(
    desk: Desk, server: Served, javascript: bool, scheme: str, width: int
) -> None:
    """With JavaScript the choice alone sends it in the end, over a power cut; without it a button of the panel does."""
    alice = await desk.person(javascript=javascript, scheme=scheme, width=width)
    bob = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(alice.context, "alice")
    await server.admit(bob.context, "bob")
    await alice.goto("/sharing/notices")
    await alice.get_by_role("button", name="Propose", exact=True).click()
    await expect(alice.get_by_text("You proposed this to Bob Example")).to_be_visible()
    await bob.goto("/patients")
    await bob.get_by_role("link", name="Alice Sample", exact=True).click()
    await bob.get_by_role("link", name="Notices agreed on").click()
    await bob.get_by_label("When you usually look").first.fill("on weekdays at nine")
    await bob.get_by_role("button", name="Agree", exact=True).click()
    await expect(bob.get_by_text("Agreed by both of you")).to_be_visible()
    await look(desk, bob, width, javascript)
    await alice.goto("/sharing/notices")
    await look(desk, alice, width, javascript)

    await alice.goto("/measures/phq9")
    panel = alice.locator(".measure-panel")
    await expect(panel).to_be_hidden()
    unsaved = panel.get_by_text("do not count on a notice")
    if javascript:  # nobody answers: the page promises nothing until somebody does
        server.stop(at_once=True)
    await alice.locator("#item9").get_by_text("Several days", exact=True).click()
    await expect(panel).to_be_visible()
    await expect(panel).to_contain_text("Nobody has been told yet.")
    if javascript:
        await expect(unsaved).to_be_visible()
        server.start()
    await expect(unsaved).to_be_hidden()
    # What a browser says of itself where nobody answers.
    desk.troubles[:] = [
        one for one in desk.troubles if "net::ERR_" not in one and "Failed to fetch" not in one
    ]
    if javascript:
        await expect(panel).to_contain_text("A notice to Bob Example is written. It goes at")
        await look(desk, alice, width, javascript)
        server.stop(at_once=True)
    else:
        await expect(panel).to_contain_text("saved together with this answer")
        server.stop()
    await alice.goto("about:blank")
    server.now += timedelta(minutes=11)
    server.start()
    await bob.goto("/patients")
    if not javascript:  # nothing was saved, as the page said, so there is nothing to send
        await expect(bob.get_by_text(ASKED)).to_have_count(0)
        await alice.goto("/measures/phq9")
        await alice.locator("#item9").get_by_text("Several days", exact=True).click()
        await alice.get_by_role("button", name="I would rather not say").click()
        await expect(panel).to_contain_text("A notice was sent to Bob Example")
        await look(desk, alice, width, javascript)
        await bob.goto("/patients")
    await expect(bob.get_by_text(ASKED)).to_be_visible()
    await look(desk, bob, width, javascript)
    await bob.get_by_role("link", name="Say what was done, and acknowledge it").click()
    await bob.get_by_label("What was done").fill("We spoke on the phone.")
    await look(desk, bob, width, javascript)
    await bob.get_by_role("button", name="Acknowledge").click()
    await expect(bob.get_by_text(ASKED)).to_have_count(0)
    await alice.goto("/measures/phq9")
    await expect(panel).to_be_visible()
    await expect(panel).to_contain_text("Bob Example acknowledged it at")
    await expect(panel).to_contain_text("We spoke on the phone.")
    await look(desk, alice, width, javascript)
