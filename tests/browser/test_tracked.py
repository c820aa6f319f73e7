"""What is tracked, on a phone: from a session's day to the next day's check-in, and a fortnight of lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
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


async def looked_at(desk: Desk, page: Page, javascript: bool) -> None:
    """Verify that a page fits the phone, and that axe finds nothing where it can look."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    if javascript:
        await page.evaluate("scrollTo(0, 0)")
        await desk.axe(page)


async def follow(page: Page, where: Locator) -> None:
    """Tap a link or a button, and wait for the page that it leads to."""
    async with page.expect_event("load"):
        await where.tap()


@pytest.mark.parametrize(("javascript", "scheme"), LOOKS)
async def test_from_the_day_of_a_session_to_the_check_in_of_the_next(
    desk: Desk, server: Served, javascript: bool, scheme: str
) -> None:
    """Asked before the start, nothing while it lasts, then offered once rested; what to do stands there at once."""
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        local = server.now.astimezone(parse_zone(ZONE)).strftime("%Y-%m-%dT%H:%M")
        details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
        session = await session_plan.add_session(alice, alice.id, details)
    page = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    await server.admit(page.context, "alice")
    await page.goto(f"/sessions/{session}?start=yes")
    await follow(page, page.get_by_role("link", name="Has anything changed?"))
    await page.locator("[id='checkin.illness']").check(force=True)
    await follow(page, page.get_by_role("button", name="Save and close"))
    await expect(page.get_by_text("Tell your prescriber before you go on")).to_be_visible()
    await looked_at(desk, page, javascript)
    async with server.second_connection() as cast:
        for status in (Status.IN_SESSION, Status.RECOVERING):
            await session_plan.change_status(await cast.actor("alice"), session, status)
    await page.goto(f"/sessions/{session}/check-in/next-day")
    await expect(page.get_by_text("wait while a dosing session")).to_be_visible()
    await page.goto("about:blank")
    server.forward(hours=22)
    await server.admit(page.context, "alice")
    await page.goto("/sessions/rest")
    await follow(page, page.get_by_role("button", name="I have slept and feel rested"))
    await page.goto("/")
    await follow(page, page.get_by_role("link", name="Open the check-in"))
    await looked_at(desk, page, javascript)
    await page.locator("#effect-nausea").select_option("moderate.still")
    await page.get_by_role("group", name="How difficult was it?").get_by_text("7", exact=True).tap()
    await (
        page.get_by_role("group", name="Did you take more than was agreed?")
        .get_by_text("yes", exact=True)
        .tap()
    )
    panel = page.locator("#advice")
    if javascript:
        await expect(panel).to_contain_text("call your prescriber")
        await expect(page.locator("#save-status")).to_contain_text("Saved")
        await looked_at(desk, page, javascript)
    await follow(page, page.get_by_role("button", name="Save and close"))
    await expect(panel).to_contain_text("1-800-222-1222")
    await looked_at(desk, page, javascript)
    await follow(page, page.get_by_role("link", name="See what you wrote"))
    await expect(page.get_by_text("nausea").first).to_be_visible()
    await looked_at(desk, page, javascript)
    await page.goto(f"/sessions/{session}/check-in/next-day")
    await follow(page, page.get_by_role("button", name="Yes, one of these"))
    await expect(page.get_by_role("heading", name="Call emergency services now")).to_be_visible()
    await looked_at(desk, page, javascript)


@pytest.mark.parametrize(("javascript", "scheme"), LOOKS)
async def test_fourteen_days_of_lines(desk: Desk, server: Served, javascript: bool, scheme: str) -> None:
    """Asked for once, then three taps a day; a day that was left out is not marked, and one filled in later is."""
    page = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    await server.admit(page.context, "alice")
    await page.goto("/day-lines")
    await follow(page, page.get_by_role("button", name="Offer it at home"))
    for day in range(14 if javascript else 4):
        await page.goto("/")
        if day != 2:
            await follow(page, page.get_by_role("link", name="Write the line"))
            for scale in ("Mood", "Tension"):
                await page.get_by_role("group", name=scale).get_by_text(str(day % 11), exact=True).tap()
            await follow(page, page.get_by_role("button", name="Save", exact=True))
            await expect(page.get_by_text("Saved.")).to_be_visible()
        await page.goto("about:blank")
        server.forward(days=1)
        await server.admit(page.context, "alice")
    await page.goto("/day-lines?day=2026-11-24")
    await looked_at(desk, page, javascript)
    await page.get_by_label("A sentence").fill("Filled in later")
    await follow(page, page.get_by_role("button", name="Save", exact=True))
    await expect(page.get_by_text("written later", exact=True)).to_be_visible()
    await looked_at(desk, page, javascript)
