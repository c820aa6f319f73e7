"""A measure on a phone: answers large enough to tap, the calm panel at once, nothing lost; without JavaScript too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def choose(page: Page, item: int, answer: str) -> None:
    """Tap an answer of one item."""
    await page.locator(f"#item{item}").get_by_text(answer, exact=True).tap()


@pytest.mark.parametrize(("javascript", "scheme"), [(True, "dark"), (False, "light")])
async def test_a_measure_is_answered(desk: Desk, server: Served, javascript: bool, scheme: str) -> None:
    """Half of it, then the rest; the panel stands there as soon as item 9 is answered, and goes with the answer."""
    page = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    await server.admit(page.context, "alice")
    await page.goto("/measures/phq9")
    panel = page.locator(".measure-panel")
    await expect(panel).to_be_hidden()
    for choice in await page.locator(".measure-choices .choice").all():
        box = await choice.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    for item in (1, 2, 3, 4, 5, 6, 7, 8):
        await choose(page, item, "Several days")
    await choose(page, 9, "Nearly every day")
    await expect(panel).to_be_visible()
    await expect(panel).to_contain_text("Nobody has been told.")
    await choose(page, 9, "Not at all")
    await expect(panel).to_be_hidden()
    await choose(page, 9, "Several days")
    if javascript:
        await expect(page.locator("#save-status")).to_contain_text("Saved")
        await desk.axe(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name="Save and close").tap()
    await expect(page.get_by_text("9 of 27", exact=True)).to_be_visible()
    await expect(panel).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    if javascript:
        await desk.axe(page)
        await page.goto("/measures")
        await desk.axe(page)
