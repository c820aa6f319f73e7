"""A few words while dosed: the cursor stands in one large dark box, words save themselves, one tap leads back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.served import Served
from tests.browser.test_calm_cover import IS_DARK, NIGHT, server, where
from tests.browser.test_dosing_day import OBSCURED

__all__ = ["server", "where"]
WORDS = "A long blue hall"


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_a_few_words(desk: Desk, server: Served, where: str, javascript: bool) -> None:
    """From the calm page: one tap, type, one tap; without scrolling, and with or without JavaScript."""
    page = await desk.person(javascript=javascript)
    await server.admit(page.context, "alice")
    await page.goto(where)
    await page.get_by_role("link", name="Write a few words").click()
    box = page.get_by_label("In your own words")
    await expect(box).to_be_focused()
    shape = await box.bounding_box()
    assert shape is not None
    assert shape["height"] > 844 / 3
    if javascript:
        assert not await box.evaluate(OBSCURED)
        assert not await page.get_by_role("button", name="Save and close").first.evaluate(OBSCURED)
    assert await page.get_by_label("Images, colours, scenes").is_hidden()
    assert await page.get_by_label("Title").is_hidden()
    await page.keyboard.type(WORDS)
    if javascript:
        assert await page.evaluate(IS_DARK) == NIGHT
        await expect(page.locator("#save-status")).to_have_text("Saved 13:00")
        await desk.axe(page)
    await page.get_by_text("More questions").click()
    await page.get_by_label("Where in the body, what quality").fill("Warm hands")
    await page.get_by_role("button", name="Save and close").last.click()
    await expect(page.get_by_role("status")).to_have_text("Your words are saved.")
    await expect(page.get_by_role("heading", name="You are here. There is nothing to do.")).to_be_visible()
    await page.goto("/journal")
    await expect(page.get_by_text("Capture").first).to_be_visible()
