"""A password can be looked at before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import PASSWORDS, Furniture


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("passwords")) as served:
        yield served


async def test_a_password_is_shown_until_it_is_sent(desk: Desk) -> None:
    """One button shows and hides it, is large enough, and what is sent is a password again."""
    page = await desk.person()
    await page.goto("/sign-in")
    field = page.locator("#password")
    await field.fill("not the one")
    button = page.get_by_role("button", name="Show password")
    box = await button.bounding_box()
    assert box is not None
    assert min(box["height"], box["width"]) >= 44
    await button.click()
    await expect(field).to_have_attribute("type", "text")
    await expect(field).to_have_value("not the one")
    await desk.axe(page)
    await page.get_by_role("button", name="Hide password").click()
    await expect(field).to_have_attribute("type", "password")
    await page.get_by_role("button", name="Show password").click()
    # What the form looks like as it leaves is what a browser remembers of it.
    await page.evaluate(
        "document.querySelector('#password').form.addEventListener('submit', (event) => event.preventDefault())"
    )
    await page.locator("#email").fill("alice@example.org")
    await page.keyboard.press("Enter")
    await expect(field).to_have_attribute("type", "password")
    await expect(page.get_by_role("button", name="Show password")).to_be_visible()


async def test_the_password_of_a_cover_can_be_shown(desk: Desk, server: Served) -> None:
    """A covered page has the button as well, and opens with what was shown."""
    page = await desk.person()
    await server.admit(page.context, "alice")
    await page.goto("/account")
    await page.evaluate(
        "new BroadcastChannel('hearthside').postMessage("
        "{what: 'covered', whose: document.querySelector('template#cover').content.firstElementChild.dataset.whose})"
    )
    cover = page.get_by_role("dialog", name="Locked")
    await cover.get_by_label("Your password").fill(PASSWORDS["alice"])
    await cover.get_by_role("button", name="Show password").click()
    await expect(cover.get_by_label("Your password")).to_have_attribute("type", "text")
    await desk.axe(page)
    await cover.get_by_role("button", name="Open").click()
    await expect(cover).to_have_count(0)
