"""A course on a phone, from planning to "Nothing is waiting": at each hour the first page has the thing that fits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.time_zones import parse_zone
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import ZONE, Furniture

LOOKS = [(True, "dark"), (False, "light")]


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


class Walk:
    """A patient who opens the first page now and then."""

    def __init__(self, desk: Desk, server: Served, page: Page, *, javascript: bool) -> None:
        self.desk, self.server, self.page, self.javascript = desk, server, page, javascript

    async def wait(self, **passed: float) -> None:
        """Move the clock on, as with the phone put away."""
        await self.page.goto("about:blank")
        self.server.forward(**passed)
        await self.server.admit(self.page.context, "alice")

    async def look(self, title: str) -> None:
        """Verify that the first thing of home is *title*: one heading, one primary button at most, and axe is clean."""
        await self.page.goto("/")
        main = self.page.get_by_role("main")
        heading = main.locator("h2, .notice-title").first
        await expect(heading).to_have_text(title)
        assert await main.locator(".button-primary").count() <= 1, title
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= 390, title
        if self.javascript:
            await self.page.evaluate("scrollTo(0, 0)")
            await self.desk.axe(self.page)

    async def tap(self, where: Locator) -> None:
        """Tap a link or a button, and wait for the page that it leads to."""
        async with self.page.expect_event("load"):
            await where.tap()


@pytest.mark.parametrize(("javascript", "scheme"), LOOKS)
async def test_a_course_has_one_next_thing_at_each_hour(
    desk: Desk, server: Served, javascript: bool, scheme: str
) -> None:
    """Prepare, check list, the day, calm page, rest, check-in, integrate, what stayed; nothing between and after."""
    page = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    walk = Walk(desk, server, page, javascript=javascript)
    await server.admit(page.context, "alice")
    await walk.look("Nothing is waiting")
    start = server.now + timedelta(days=8)
    local = start.astimezone(parse_zone(ZONE)).strftime("%Y-%m-%dT%H:%M")
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
        session = await session_plan.add_session(alice, alice.id, details)
    await walk.look("Nothing is waiting")
    await walk.wait(days=2)
    await walk.look("Prepare for your session")
    await walk.tap(page.locator(".thing-first .button-primary"))
    await page.get_by_label("In one line: what would you like to be open to?").fill("The sea")
    await walk.tap(page.get_by_role("button", name="Save and close").first)
    await walk.look("Nothing is waiting")
    await walk.wait(days=5, hours=2)
    await walk.look("Look at your check list")
    await walk.wait(hours=21)
    await walk.look("1st dosing session")
    await walk.tap(page.get_by_role("link", name="Go to its page to start"))
    await walk.tap(page.get_by_role("button", name="I am starting now"))
    await walk.look("You are in a session")
    await walk.wait(hours=3)
    await page.goto(f"/sessions/{session}")
    await walk.tap(page.get_by_role("button", name="It is over, I am resting"))
    await walk.look("You are resting after a session")
    await walk.wait(hours=3)
    await walk.look("You are resting after a session")
    await walk.wait(hours=15)
    await walk.look("Have you slept?")
    await walk.tap(page.get_by_role("button", name="I have slept and feel rested"))
    await walk.look("Check-in: In the first days after")
    await walk.tap(page.get_by_role("link", name="Open the check-in"))
    await page.get_by_role("group", name="How difficult was it?").get_by_text("3", exact=True).tap()
    await walk.tap(page.get_by_role("button", name="Save and close"))
    await walk.wait(hours=4)
    await walk.look("What may it mean?")
    await walk.tap(page.locator(".thing-first .button-primary"))
    await page.get_by_label("What might this be showing you, if anything?").fill("That the sea is there")
    await walk.tap(page.get_by_role("button", name="Save and close").first)
    await walk.look("Nothing is waiting")
    await walk.wait(days=2)
    await walk.look("What may it mean?")
    await walk.wait(days=4, hours=3)
    await walk.look("Check-in: About a week after")
    await walk.tap(page.get_by_role("link", name="What else there is"))
    await expect(page.get_by_role("heading", name="What stayed?")).to_be_visible()
    if javascript:
        await desk.axe(page)
    await walk.tap(page.locator(".thing .button").first)
    await page.get_by_label("What stayed with you?").fill("The green door")
    await walk.tap(page.get_by_role("button", name="Save and close").first)
    await walk.wait(days=80)
    await walk.look("Nothing is waiting")
