"""A course summary in the browser: a card for each session on a phone, a table on a desk, and one sheet on paper."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.conftest import Desk
from tests.browser.served import at_a_desk, chrome
from tests.browser.test_brief_print import serve
from tests.cast import Furniture
from tests.course_material import share_a_course
from tests.portal.conftest import ORIGIN, Portal, running
from tests.portal.views.patients.test_clinic_readings import form_of, planned
from tests.portal.web.test_quoted_language import speak
from tests.shared_material import WORDS

SMALLEST = """() => Math.min(...[...document.querySelectorAll("main *")]
  .filter((one) => one.checkVisibility() && one.textContent.trim())
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
UNLINKED = """() => [...document.querySelectorAll(".summary-table:first-of-type td, .summary-table tbody th")]
  .filter((one) => !one.closest(".summary-below") && one.textContent.trim() && !one.querySelector("a")).length"""

CLIPPED = """() => [...document.querySelectorAll(".summary-table *")]
  .filter((one) => getComputedStyle(one).overflowX !== "visible" && one.clientWidth > 1)
  .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"""
"""What does not fit into its cell, and is cut off at its side."""


@pytest_asyncio.fixture(loop_scope="session")
async def portal(furnished_sqlite_url: tuple[str, Furniture], tmp_path) -> AsyncIterator[Portal]:
    """The application, on SQLite."""
    async with running(*furnished_sqlite_url, tmp_path) as portal:
        yield portal


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser that people print with."""
    async with chrome(whole=True) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    """A browser at an address at which no server listens."""
    async with at_a_desk(browser, origin=ORIGIN) as desk:
        yield desk


async def count_sheets(page: Page) -> int:
    """Print on the paper that the page asks for, and count its sheets."""
    printed = await page.pdf(prefer_css_page_size=True)
    assert re.search(rb"/MediaBox\s*\[\s*0 0 84[12][.0-9]* 59[45]", printed), "A4, across"
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))


async def test_twelve_sessions_on_a_phone_on_a_desk_and_on_one_sheet(portal: Portal, desk: Desk) -> None:
    """With long words in every cell; nothing goes beyond the screen, and on paper letters of seven points or more."""
    await share_a_course(portal.cast, 12, months=6, words=WORDS)
    alice = (await portal.cast.actor("alice")).id
    async with portal.client("bob") as client:
        page = await desk.person()
        await serve(page, client)
        await page.goto(f"{ORIGIN}/patients/{alice}")
        await page.get_by_role("link", name="Course summary").click()
        await page.wait_for_url(f"**/patients/{alice}/summary")
        for width, scheme in ((390, "dark"), (1280, "light")):
            await page.emulate_media(
                color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
            )
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await page.evaluate("scrollTo(0, 0)")
            await desk.axe(page)
            display = await page.evaluate("getComputedStyle(document.querySelector('td')).display")
            assert display == ("grid" if width == 390 else "table-cell")
        assert await page.locator(".summary-table:not(.summary-below *) tbody tr").count() == 12
        assert await page.evaluate(UNLINKED) == 0
        await page.evaluate("document.fonts.ready")
        assert await count_sheets(page) == 1
        await page.emulate_media(media="print")
        assert await page.evaluate(SMALLEST) >= 7 * 96 / 72 - 0.01
        await page.emulate_media(media="screen")
        await page.goto(f"{ORIGIN}{await form_of(portal.cast, await planned(portal.cast))}")
        await desk.axe(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
        await page.go_back()
        await page.get_by_role("link", name="14:45 151/94").first.click()
        await page.wait_for_url("**/shared/*")
        assert "151" in await page.locator("main").inner_text()


async def test_no_reading_is_cut_off_in_either_language(portal: Portal, desk: Desk) -> None:
    """On a phone, on a desk, and where the table is at its narrowest; a number stays beside its percent."""
    await share_a_course(portal.cast, 2, months=1)
    alice = (await portal.cast.actor("alice")).id
    for language, reading in {"en": "oxygen 9", "es": "oxígeno 9"}.items():
        await speak(portal, "bob", language)
        async with portal.client("bob") as client:
            page = await desk.person()
            await serve(page, client)
            await page.goto(f"{ORIGIN}/patients/{alice}/summary")
            await page.evaluate("document.fonts.ready")
            lines = page.locator(".summary-line", has_text=reading)
            assert await lines.count() > 1
            for width in (390, 1156, 1280):
                await page.set_viewport_size({"width": width, "height": 800})
                assert await page.evaluate(CLIPPED) == [], (language, width)
