"""Choosing reminders and making a calendar’s address: looked at, refused, saved and ended; without JavaScript too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_replies import look, press
from tests.cast import Furniture


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@pytest.mark.parametrize(
    ("who", "javascript", "scheme", "width"), [("alice", True, "dark", 390), ("bob", False, "light", 1280)]
)
async def test_reminders_and_a_calendar_from_nothing_to_the_end(
    desk: Desk, server: Served, who: str, javascript: bool, scheme: str, width: int
) -> None:
    """Axe finds nothing, nothing is wider than the screen, and what was typed outlasts each refusal."""
    page = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(page.context, who)
    await page.goto("/account/reminders")
    await look(desk, page, width, javascript)
    await page.get_by_role("checkbox").first.check()
    await page.get_by_label("Until").fill("21:00")
    await press(page, "Save")
    await expect(page.get_by_text("Quiet hours cannot end when they begin.").first).to_be_visible()
    await expect(page.get_by_role("checkbox").first).to_be_checked()
    await look(desk, page, width, javascript)
    await page.get_by_label("Until").fill("07:30")
    await press(page, "Save")
    await expect(page.get_by_text("Saved.").first).to_be_visible()

    await page.goto("/account/calendar")
    await look(desk, page, width, javascript)
    await page.get_by_label("Title of each appointment").fill("   ")
    await press(page, "Make an address")
    await expect(page.get_by_text("Write the title that your appointments have").first).to_be_visible()
    await look(desk, page, width, javascript)
    await page.get_by_label("Title of each appointment").fill("Piano")
    await press(page, "Make an address")
    await expect(page.get_by_text("This address is shown once")).to_be_visible()
    await look(desk, page, width, javascript)
    await page.goto("/account/calendar")
    await expect(page.get_by_text("No calendar has asked for it yet.")).to_be_visible()
    await look(desk, page, width, javascript)
    await press(page, "End this address")
    await expect(page.get_by_text("The address has ended.").first).to_be_visible()
    await look(desk, page, width, javascript)
