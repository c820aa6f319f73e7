"""Before the day, on a phone: a plan for getting frightened and a check list, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from journal.clinic import text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import ZONE, Furniture


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_plan_and_a_check_list(desk: Desk, server: Served, javascript: bool) -> None:
    """From the session's page: write what helps, read it large, tick and untick lines; each is tall enough to tap."""
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        local = f"{(alice.now + timedelta(days=1)).date()}T14:00"
        details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
        session = f"/sessions/{await session_plan.add_session(alice, alice.id, details)}"
        text = InstructionsDetails(fasting="As your prescriber told you", bring="A blanket\nWarm socks")
        await text_writing.save_instructions(await cast.actor("bob"), alice.id, None, text, is_checked=True)
    page = await desk.person(javascript=javascript, touch=True)
    await server.admit(page.context, "alice")
    await page.goto(session)
    await page.get_by_role("link", name="If I get frightened").tap()
    await page.get_by_role("link", name="Write it").tap()
    await page.get_by_text("Hold my hand").tap()
    await page.get_by_label("Words that help").fill("You are at home.\nIt passes.")
    await page.get_by_label("How I say stop").fill("Red")
    await page.get_by_role("button", name="Save and close").tap()
    await expect(page.locator(".comfort-parts dd")).to_have_text(
        ["Hold my hand", "You are at home.\nIt passes.", "Red"], use_inner_text=True
    )
    await page.goto(session)
    await page.get_by_role("link", name="Check list").tap()
    await page.get_by_label("Add a line").fill("Ask Jo")
    await page.get_by_role("button", name="Add", exact=True).tap()
    lines = page.locator(".check-line")
    await expect(lines).to_have_count(4)
    for name, state in (("Ask Jo", "Done"), ("A blanket", "Not for me"), ("Ask Jo", "Open")):
        line = lines.filter(has_text=name)
        await line.get_by_role("button", name=state, exact=True).tap()
        await expect(line.locator("[aria-pressed=true]")).to_have_text(state)
    for button in await page.locator(".check-line .ways-aside .button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    if javascript:
        await desk.axe(page)
        await page.goto("/comfort")
        await desk.axe(page)
