"""A page that nobody uses covers itself, and goes on in place: words, cursor and unsaved draft are still there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, Response, expect

from tests.browser.conftest import Desk, standing_still
from tests.browser.served import Served, serving
from tests.cast import PASSWORDS, Furniture

WORDS = "Nobody else is to read this"
SAVED = "Saved 13:00"  # the hour at which the cast lives, on alice's clock


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here: each comes in anew, and writes an entry of its own."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("idle")) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def page(desk: Desk, server: Served) -> AsyncIterator[Page]:
    """A page on which alice writes, five minutes of which nobody uses it lock it; her clock is ours to move."""
    page = await desk.person()
    await server.admit(page.context, "alice")
    await page.goto("/account/lock")
    await page.get_by_label("After 5 minutes").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("From now on it locks")
    await page.goto("/journal/new?kind=free")
    await written(page).fill(WORDS)
    await expect(page.locator("#save-status")).to_have_text(SAVED)
    await standing_still(page)
    await page.keyboard.press("Shift")  # somebody is there
    yield page
    await page.clock.resume()  # axe rests between its steps
    await desk.axe(page)


def written(page: Page) -> Locator:
    """Where the words go."""
    return page.get_by_label("Write whatever you like")


def cover(page: Page) -> Locator:
    """What lies over the page."""
    return page.get_by_role("dialog", name="Locked")


def a_save(answer: Response) -> bool:
    """Return whether words were saved."""
    return answer.request.method == "POST" and "/journal/" in answer.url and answer.ok


async def open_it(page: Page) -> None:
    """Type the password and press Enter, as the cursor already stands there."""
    await expect(page.get_by_label("Your password")).to_be_focused()
    await page.keyboard.type(PASSWORDS["alice"])
    await page.keyboard.press("Enter")
    await expect(cover(page)).to_have_count(0)


async def test_left_alone_it_covers_itself_and_goes_on_in_place(page: Page, server: Served) -> None:
    """Nothing of it can be read, heard or reached meanwhile; afterwards everything is as it was, and saves."""
    address, title = page.url, await page.title()
    await written(page).evaluate("area => { area.focus(); area.setSelectionRange(7, 11); }")
    other = await page.context.new_page()  # on the same clock
    await other.goto("/account")
    await page.clock.fast_forward("04:50")
    await expect(cover(page)).to_have_count(0)
    await page.keyboard.press("Shift")  # somebody is there
    await page.clock.fast_forward("04:50")
    await expect(cover(page)).to_have_count(0)
    await page.clock.fast_forward("00:15")
    await expect(cover(page)).to_be_visible()
    await expect(cover(other)).to_be_visible()
    await expect(written(page)).not_to_be_visible()
    assert WORDS not in await page.locator("body").aria_snapshot()
    assert await page.title() == "Locked · Hearthside"
    for _ in range(6):
        await page.keyboard.press("Tab")
        inside = (
            "() => document.activeElement === document.body || !!document.activeElement.closest('.cover')"
        )
        assert await page.evaluate(inside)
    assert (await page.context.request.get(f"{server.origin}/journal")).status == 401
    await page.get_by_label("Your password").focus()
    await page.keyboard.type("not the password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("That is not your password. Try again.")
    await page.get_by_label("Your password").fill("")
    await open_it(page)
    await expect(cover(other)).to_have_count(0)
    await expect(written(page)).to_have_value(WORDS)
    await expect(written(page)).to_be_focused()
    selected = await written(page).evaluate("area => [area.selectionStart, area.selectionEnd]")
    assert ((page.url, await page.title()), selected) == ((address, title), [7, 11])
    await page.keyboard.type("body")
    async with page.expect_response(a_save):
        await page.clock.run_for(1500)
    await expect(page.locator("#save-status")).to_have_text(SAVED)
    await page.reload()
    await expect(written(page)).to_have_value(WORDS[:7] + "body" + WORDS[11:])


async def test_a_draft_that_was_not_saved_is_saved_afterwards(page: Page, server: Served) -> None:
    """When the server locks first, the save that it refuses covers the page, and is made once it is open again."""
    headers = {"origin": server.origin, "sec-fetch-site": "same-origin"}
    answer = await page.context.request.post(f"{server.origin}/lock", headers=headers, max_redirects=0)
    assert answer.status == 303
    await written(page).press("End")
    await page.keyboard.type(", ever")
    await page.clock.run_for(1500)
    await expect(cover(page)).to_be_visible()
    async with page.expect_response(a_save):
        await open_it(page)
        await page.clock.run_for(3000)
    await expect(page.locator("#save-status")).to_have_text(SAVED)
    await page.reload()
    await expect(written(page)).to_have_value(f"{WORDS}, ever")


async def test_the_cover_can_be_used_by_everybody(page: Page, server: Served) -> None:
    """What covers the page has no barrier that axe finds; after waking up late it is there at once."""
    await page.clock.fast_forward("08:00:00")
    await page.keyboard.press("a")
    await expect(cover(page)).to_be_visible()
