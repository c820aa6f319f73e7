"""The journal is narrowed on a phone, with and without JavaScript; and what a therapist recognises in a list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from journal.sessions.session import SessionKind
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import NOON, Furniture
from tests.shared_material import dosing, plan_course, share, write

WIDE = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
LINES = "them => them.map(one => [one.offsetHeight < 40, getComputedStyle(one).direction])"
LONG = "A door at the end of the corridor, painted the green of old pears. " * 6


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each test."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def fill(server: Served) -> str:
    """Have alice have written around two of her sessions and shared some of it; return the address of her page."""
    async with server.second_connection() as cast:
        await plan_course(cast)
        sessions = await dosing(cast)
        for kind, field, words, about, days in (
            ("capture", "int.images", LONG, sessions[1], 8),
            ("capture", "int.images", "דלת ירוקה בקצה המסדרון", sessions[2], 1),
            ("free", "free.text", "In between", None, 6),
            ("integration", "int.meaning", "That I may rest.", sessions[1], 5),
        ):
            at = NOON - timedelta(days=days)
            entry = await write(cast, kind, {field: words}, about=about, at=at)
            if kind != "free":
                await share(cast, entry)
        assert {one.kind for one in sessions} == {SessionKind.DOSING}
        return f"/patients/{(await cast.actor('alice')).id}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
async def test_the_filter_is_a_tap_away_and_taken_off_by_one(
    desk: Desk, server: Served, javascript: bool, scheme: str
) -> None:
    """Filter, choose, show: the form closes and a line says what is active; "Show all" ends it. Nothing is too wide."""
    await fill(server)
    page = await desk.person(javascript=javascript, scheme=scheme)
    await server.admit(page.context, "alice")
    await page.goto("/journal")
    await expect(page.get_by_label("Kind")).to_have_count(0)
    await page.get_by_role("link", name="Filter").click()
    await expect(page.get_by_label("Kind")).to_be_visible()
    if javascript:
        await desk.axe(page)
    await page.get_by_label("Kind").select_option("Capture")
    await page.get_by_label("Session").select_option("2nd dosing session, 13 Nov 2026")
    await page.get_by_label("Who can read it").select_option("Shared")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_text("Only: Capture · 2nd dosing session · Shared")).to_be_visible()
    await expect(page.get_by_label("Kind")).to_be_hidden()
    await expect(page.locator(".entry-title")).to_have_text(["Capture, 2nd dosing session"])
    if javascript:
        await desk.axe(page)
        assert not await page.evaluate(WIDE)
    await page.get_by_role("link", name="Show all").click()
    await expect(page.locator(".entry-title")).to_have_count(4)


async def test_a_search_stays_within_what_is_narrowed(desk: Desk, server: Served) -> None:
    """With JavaScript, which swaps the page in place, what was chosen goes along and can be taken off."""
    await fill(server)
    page = await desk.person()
    await server.admit(page.context, "alice")
    await page.goto("/journal?kind=integration")
    await page.get_by_label("Search these entries").fill("rest")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("Only: Integration")).to_be_visible()
    await expect(page.locator(".entry-title")).to_have_text(["Integration, 2nd dosing session"])
    await desk.axe(page)
    await page.get_by_label("Search these entries").fill("door")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("Nothing was found")).to_be_visible()
    await page.get_by_role("button", name="Show all").click()
    await expect(page.locator(".entry-title")).to_have_text(["Capture, 2nd dosing session"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_therapist_recognises_what_is_new(desk: Desk, server: Served, scheme: str) -> None:
    """Each shared entry has one line of words in its own direction, and a mark while it was not opened."""
    path = await fill(server)
    page = await desk.person(scheme=scheme)
    await server.admit(page.context, "bob")
    await page.goto(path)
    await expect(page.locator(".chip-new")).to_have_text(["New", "New", "New"])
    lines = page.locator(".entry-excerpt")
    directions = await lines.evaluate_all(
        "them => them.map(one => [one.offsetHeight < 40, getComputedStyle(one).direction])"
    )
    assert directions == [[True, "rtl"], [True, "ltr"], [True, "ltr"]]
    assert not await page.evaluate(WIDE)
    await desk.axe(page)
    await page.get_by_role("link", name="Integration, 2nd dosing session").click()
    await page.goto(path)
    await expect(page.locator(".chip-new")).to_have_count(2)
