"""A list of time zones has the one of the device on top, by whatever name the device knows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from journal.practice import practice
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("zones")) as served:
        yield served


@pytest.mark.parametrize(
    ("device", "place"),
    [("Asia/Kolkata", "Asia/Kolkata"), ("Europe/Kyiv", "Europe/Kyiv"), ("America/Lima", "America/Lima")],
)
async def test_the_zone_of_the_device_is_proposed(
    browser: Browser, server: Served, device: str, place: str
) -> None:
    """Browsers tell some zones by their old names: whoever opens an account finds the current one chosen."""
    async with server.second_connection() as cast:
        link = f"{server.origin}/setup/{await practice.create_setup_link(cast.installation)}"
    context = await browser.new_context(timezone_id=device)
    page = await context.new_page()
    await page.goto(link)
    await expect(page.locator("#time_zone")).to_have_value(place)
    assert await page.locator("#time_zone option").first.get_attribute("value") == place
    await context.close()


async def test_a_zone_that_was_chosen_stays_chosen(desk: Desk, server: Served, browser: Browser) -> None:
    """On a journey the device's zone is on top of the list, and the account's own one is still selected."""
    context = await browser.new_context(timezone_id="America/Lima", base_url=server.origin)
    await server.admit(context, "alice")
    page = await context.new_page()
    for address, name in (("/account/details", "#time_zone"), ("/sessions/new", "#zone")):
        await page.goto(address)
        await expect(page.locator(name)).to_have_value("Europe/Berlin")
        assert await page.locator(f"{name} option").first.get_attribute("value") == "America/Lima"
    await desk.axe(page)
    await context.close()
