"""On a dosing day a page that nobody uses covers itself calmly: dark, asking for nothing, and it opens in place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from journal.entries import entries
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk, standing_still
from tests.browser.served import Served, at_a_desk, serving
from tests.browser.test_passkeys import added, equipped, named, signed_in
from tests.cast import PASSWORDS, Furniture

TITLE = "You are here. There is nothing to do."
IS_DARK = """
() => matchMedia("(prefers-color-scheme: light)").matches
  && getComputedStyle(document.querySelector(".cover, body")).backgroundColor
"""
BAR = "document.querySelector('meta[name=theme-color]').content"  # how a phone colours its own bars
NIGHT = "oklch(0.178 0.011 48)"
INTENTION = "To let the sea be"


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each test."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def where(server: Served) -> str:
    """Return the address of alice's dosing session, which is under way."""
    return await start_session(server)


async def start_session(server: Served) -> str:
    """Start a dosing session of alice's; return its address."""
    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        details = SessionDetails(
            SessionKind.DOSING, "2026-11-22T12:50", "Europe/Berlin", 120, Setting.HOME, sitter="Kim Sitter"
        )
        ident = await session_plan.add_session(alice, alice.id, details)
        document = EntryDocument(
            "preparation", session_id=ident.hex, answers={"prep.intention": f"{INTENTION}."}
        )
        await entries.save_entry(alice, ident, 0, document)
        await session_plan.change_status(alice, ident, Status.IN_SESSION)
    return f"/sessions/{ident}"


@pytest_asyncio.fixture(loop_scope="session")
async def page(desk: Desk, server: Served, where: str) -> AsyncIterator[Page]:
    """A phone in alice's hand, whose clock is ours to move, in a bright scheme."""
    page = await desk.person(worker=True)
    await server.admit(page.context, "alice")
    yield page
    await page.clock.resume()  # axe rests between its steps
    await desk.axe(page)


def cover(page: Page, name: str = TITLE) -> Locator:
    """What lies over the page."""
    return page.get_by_role("dialog", name=name)


async def leave_alone(page: Page, path: str) -> None:
    """Open a page and use it no more until it covers itself."""
    await standing_still(page)
    await page.goto(path)
    await page.clock.fast_forward("30:05")


async def open_it(page: Page) -> None:
    """Open the closed part, where the cursor stands in the password's field, and type it."""
    await page.locator("summary", has_text="Open").click()
    await expect(page.get_by_label("Your password")).to_be_focused()
    await page.keyboard.type(PASSWORDS["alice"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_left_alone_it_asks_for_nothing(page: Page, where: str) -> None:
    """No field takes the keyboard, nothing that she typed is there, grounding works, and it opens in place."""
    await leave_alone(page, where)
    await expect(cover(page)).to_be_visible()
    assert await page.evaluate(IS_DARK) == NIGHT
    await expect(page.get_by_role("heading", name=TITLE)).to_be_focused()
    await page.keyboard.type("help")
    assert await page.locator(".cover input[type=password]").input_value() == ""
    await expect(page.get_by_label("Your password")).not_to_be_visible()
    seen = await page.locator("body").aria_snapshot()
    for words in (INTENTION, "Kim", "Alice", "Nobody used"):
        assert words not in seen
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("dialog").get_by_role("link", name="Help now")).to_be_focused()
    await page.get_by_text("Look around").last.click()
    await expect(page.get_by_text("Feel your feet on the floor").last).to_be_visible()
    number = page.get_by_role("dialog").get_by_role("link", name="Call 112")
    await expect(number).to_be_visible()  # without opening anything
    await expect(number).to_have_attribute("href", "tel:112")
    assert (await page.context.request.get("/journal")).status == 401
    await open_it(page)
    await expect(page.get_by_text(INTENTION)).to_be_visible()
    assert (await page.context.request.get("/journal")).status == 200


async def test_a_page_that_knew_nothing_of_the_day_asks(page: Page) -> None:
    """On any other page the cover that comes first gives way to the calm one."""
    await leave_alone(page, "/account")
    await expect(cover(page)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await expect(page.get_by_role("heading", name=TITLE)).to_be_focused()
    assert await page.evaluate(IS_DARK) == NIGHT
    assert await page.evaluate(BAR) == NIGHT
    await open_it(page)
    await expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
    assert await page.evaluate(IS_DARK) == NIGHT


@pytest.mark.parametrize("path", ["", "/account", "/journal", "/journal/new?kind=free", "/sharing"])
async def test_without_the_network_it_is_calm_as_well(desk: Desk, page: Page, where: str, path: str) -> None:
    """A phone in flight mode covers the calm page, and every other page, with the calm cover."""
    await standing_still(page)
    await page.goto(path or where)
    await page.context.set_offline(True)
    await page.clock.fast_forward("30:05")
    await expect(cover(page)).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("dialog").get_by_role("link", name="Help now")).to_be_focused()
    await page.context.set_offline(False)
    # Chromium itself writes a line for each request that goes nowhere.
    desk.troubles[:] = [one for one in desk.troubles if "net::ERR_INTERNET_DISCONNECTED" not in one]


async def test_a_page_that_was_open_before_learns_of_the_start(desk: Desk, server: Served) -> None:
    """A page that was open before the start is calm as well, without the network, once another page was opened."""
    page = await desk.person(worker=True)
    await server.admit(page.context, "alice")
    await standing_still(page)
    await page.goto("/journal")
    where = await start_session(server)
    other = await page.context.new_page()
    await other.goto(where)
    await page.wait_for_function("document.querySelector('template#cover').innerHTML.includes('cover-calm')")
    await page.context.set_offline(True)
    await page.clock.fast_forward("30:05")
    await expect(cover(page)).to_be_visible()
    await page.context.set_offline(False)
    desk.troubles[:] = [one for one in desk.troubles if "net::ERR_INTERNET_DISCONNECTED" not in one]


async def test_locking_now_covers_the_other_pages(page: Page, where: str) -> None:
    """What is open in another tab is covered at once, and goes on after its password."""
    other = await page.context.new_page()
    await other.goto(where)
    await page.goto("/account")
    await page.get_by_role("button", name="Lock now").click()
    await expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    await expect(cover(other)).to_be_visible()
    await open_it(other)


async def test_without_javascript_it_opens_below(desk: Desk, server: Served, where: str) -> None:
    """A locked session's page grounds, calls and opens by the browser's own means."""
    page = await desk.person(javascript=False)
    await server.admit(page.context, "alice")
    await page.goto("/account")
    await page.get_by_role("button", name="Lock now").click()
    await page.goto(where)
    await expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    await expect(page.get_by_label("Your password")).not_to_be_visible()
    await page.get_by_text("Look around").last.click()
    await expect(page.get_by_text("Feel your feet on the floor").last).to_be_visible()
    await page.locator("summary", has_text="Open").click()
    await page.get_by_label("Your password").fill(PASSWORDS["alice"])
    await page.get_by_role("button", name="Open").click()
    await expect(page.get_by_text(INTENTION)).to_be_visible()


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_passkey_opens_the_cover(browser: Browser, server: Served, where: str, who: str) -> None:
    """Whoever has one that opens their account uncovers the page by it, on a calm cover and on a plain one."""
    async with at_a_desk(browser, server, origin=named(server)) as desk:
        page = await desk.person(worker=True)
        await equipped(page)
        await signed_in(page, who)
        await added(page, "My phone")
        await leave_alone(page, "/account")
        if who == "alice":
            await page.locator("summary", has_text="Open").click()
        await expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
        await page.get_by_role("button", name="Use a passkey").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
        assert (await page.context.request.get("/account")).status == 200
