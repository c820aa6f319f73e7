"""Whoever leaves leaves nothing behind: not on the screen, not under the Back button, not on the server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from journal.entries import entries
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk, standing_still
from tests.browser.served import Served, chrome, serving
from tests.cast import Furniture
from tests.waiting import PATIENCE, browser_at

HERS = "Zaunkoenig"
TRACES = (HERS, "Alice", "alice@")
KNOWN = "hearthside-known"
SEEN = "hearthside-seen"
"""By which a browser is known again at the sign-in page; it opens nothing."""
TELL_WHEN_GOING = """
navigation.addEventListener("navigate", () => {
  console.info(`${document.title}${document.documentElement.innerText}`.trim() || "nothing");
});
"""


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("leaving")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser that may keep whole pages for its Back button, as people's own do and those of tests do not."""
    async with chrome(without=["--disable-back-forward-cache"]) as browser:
        yield browser


async def reading(desk: Desk, served: Served, *, javascript: bool = True, worker: bool = True) -> Page:
    """Have alice come in, and read an entry of hers by way of the list."""
    async with served.second_connection() as cast:
        entry = uuid4()
        document = EntryDocument("free", HERS, answers={"free.text": f"{HERS} sings"})
        await entries.save_entry(await cast.actor("alice"), entry, 0, document)
    page = await desk.person(javascript=javascript, worker=worker)
    await served.admit(page.context, "alice")
    await page.goto("/")
    await page.goto("/journal")
    await page.get_by_role("link", name=HERS).first.click()
    await expect(page.get_by_text(f"{HERS} sings")).to_be_visible()
    return page


async def cookie_of(page: Page) -> str:
    """Copy the cookie, as whoever has the machine might."""
    (cookie,) = [one for one in await page.context.cookies() if one["name"] == "hearthside"]
    return cookie["value"]


async def kept(page: Page) -> list[str]:
    """What the browser still holds that could open anything, or that a script could read; `SEEN` is sealed."""
    state = await page.context.storage_state(indexed_db=True)
    cookies = [
        one["name"] for one in state["cookies"] if not (one["name"] in (KNOWN, SEEN) and one["httpOnly"])
    ]
    return [*cookies, *map(str, state["origins"])]


async def nothing_kept(page: Page) -> None:
    """Wait until the browser holds nothing: the answer that takes the cookie back may come after the next page."""
    async with asyncio.timeout(PATIENCE):
        while await kept(page):
            pass


async def opens_nothing(served: Served, cookie: str) -> None:
    """Fail if a copied cookie still opens anything, once the request that a leaving page sends has arrived."""
    async with browser_at(served.origin, cookies={"hearthside": cookie}) as thief:
        async with asyncio.timeout(PATIENCE):
            while (await thief.get("/account")).status_code != 401:
                pass
        for path in ("/journal", "/account", "/records", "/sharing/log"):
            answer = await thief.get(path)
            assert answer.status_code == 401, path
            assert not [trace for trace in TRACES if trace in answer.text]


async def nothing_behind(page: Page, *, steps: int) -> None:
    """Go back as often as there are pages, then forward; fail if one of them tells anything."""
    for go in (page.go_back, page.go_forward):
        for _ in range(steps):
            await go(wait_until="commit")  # a page that was kept whole does not load again
            content = await page.content()
            assert not [trace for trace in TRACES if trace in content], page.url


async def by_button(page: Page) -> None:
    """Press the button that is on every page."""
    await page.get_by_role("button", name="Leave quickly").click(no_wait_after=True)


async def by_keys(page: Page) -> None:
    """Press Shift three times; the page's own clock stands still, so that no machine is too slow for it."""
    await standing_still(page)
    for _ in range(3):
        await page.keyboard.press("Shift")


@pytest.mark.parametrize("leave", [by_button, by_keys])
async def test_leaving_quickly(desk: Desk, server: Served, leave) -> None:
    """The page is empty before any answer comes, the session is over, and Back leads to nobody's pages."""
    # Without the worker, which would answer in its stead: here the next page is held back.
    page, told = await reading(desk, server, worker=False), list[str]()
    page.on("console", lambda message: told.append(message.text))
    await page.evaluate(TELL_WHEN_GOING)
    cookie, leaving, answer = await cookie_of(page), asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        leaving.set()
        await answer.wait()
        await route.continue_()

    await page.route("**/leave", hold)
    await leave(page)
    await leaving.wait()
    await opens_nothing(server, cookie)
    answer.set()
    await expect(page).to_have_url(re.compile("/leave$"))
    await expect(page).to_have_title("Weather")
    assert [one for one in told if "Clear-Site-Data" not in one] == ["nothing"]
    assert "hearth" not in (await page.content()).lower()
    await nothing_kept(page)
    await nothing_behind(page, steps=3)


async def test_leaving_quickly_asks_nothing(desk: Desk, server: Served) -> None:
    """Words that are not saved yet ask no question of somebody who has to go at once."""
    page, asked = await reading(desk, server), list[str]()
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    await page.goto("/journal/new?kind=free")
    await page.get_by_label("Write whatever you like").press_sequentially(HERS)
    cookie = await cookie_of(page)
    await by_keys(page)
    await expect(page).to_have_url(re.compile("/leave$"))
    assert asked == []
    await opens_nothing(server, cookie)
    await nothing_behind(page, steps=4)


async def test_capitals_are_not_a_way_out(desk: Desk, server: Served) -> None:
    """Shift that is pressed for capital letters, however many, leaves nothing."""
    page = await reading(desk, server)
    await page.goto("/journal/new?kind=free")
    words = page.get_by_label("Write whatever you like")
    await words.focus()
    for letter in "NEVER AGAIN":
        await page.keyboard.down("Shift")
        await page.keyboard.press(letter)
        await page.keyboard.up("Shift")
    await expect(words).to_have_value("NEVER AGAIN")
    await expect(page.locator("#save-status")).to_contain_text("Saved")


async def test_leaving_without_javascript(desk: Desk, server: Served) -> None:
    """The same button signs out where no script runs, and leads to the same page."""
    page = await reading(desk, server, javascript=False)
    cookie = await cookie_of(page)
    await by_button(page)
    await expect(page).to_have_title("Weather")
    assert "hearth" not in (await page.content()).lower()
    assert await kept(page) == []
    await opens_nothing(server, cookie)
    await nothing_behind(page, steps=3)


async def test_signing_out(desk: Desk, server: Served) -> None:
    """After signing out by the menu, the Back button shows nothing that was read."""
    page = await reading(desk, server)
    cookie = await cookie_of(page)
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("navigation", name="Main").get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    assert await kept(page) == []
    await opens_nothing(server, cookie)
    await nothing_behind(page, steps=3)
