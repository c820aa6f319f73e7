"""A phone that its owner keeps for 7 days: after twelve hours only her passkey opens it, on a page and on a cover."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Locator, Page, expect

from journal.entries import entries
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk, standing_still
from tests.browser.served import Served, at_a_desk, serving
from tests.browser.test_passkeys import added, equipped, named, signed_in, signed_out
from tests.cast import PASSWORDS, Furniture

TITLE = "Seven small stones"
WORDS = "They lay in a row on the sill"
USE = "Use a passkey"
NOTHING_CAME = "Nothing came from your device. You can try once more, or sign in again."


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each test, whose clock is ours to move."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, server: Served) -> AsyncIterator[Desk]:
    """The browser, which comes by a name."""
    async with at_a_desk(browser, server, origin=named(server)) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def entry(server: Served) -> str:
    """Return the address of an entry of alice's."""
    async with server.second_connection() as cast:
        ident = uuid4()
        document = EntryDocument("free", TITLE, answers={"free.text": WORDS})
        await entries.save_entry(await cast.actor("alice"), ident, 0, document)
    return f"/journal/{ident}"


async def keep_phone(page: Page) -> None:
    """Keep this device, by the account page's own button."""
    await page.goto("/account/sessions")
    await page.get_by_role("button", name="Keep this device").click()
    await expect(page.get_by_role("heading", name="This device is kept for 7 days")).to_be_visible()


@pytest_asyncio.fixture(loop_scope="session")
async def phone(desk: Desk) -> tuple[Page, CDPSession, str]:
    """Alice's phone, which she keeps, with its authenticator."""
    page = await desk.person()
    session, device = await equipped(page)
    await signed_in(page, "alice")
    await added(page, "My phone")
    await keep_phone(page)
    return page, session, device


def way_in(page: Page) -> Locator:
    """The button that asks for the passkey."""
    return page.get_by_role("button", name=USE)


async def test_after_twelve_hours_the_passkey_alone_opens_the_page(
    desk: Desk, server: Served, phone: tuple[Page, CDPSession, str], entry: str
) -> None:
    """It names nobody and takes no password; the passkey opens what was asked for; after 7 days nothing does."""
    page, _, _ = phone
    server.forward(hours=13)
    await page.goto(entry)
    await expect(page.get_by_role("heading", name="Locked", level=1)).to_be_visible()
    await expect(page.locator("input[type=password]")).to_have_count(0)
    seen = await page.content()
    assert [one for one in ("Alice", "alice", "Sample", TITLE) if one in seen] == []
    await expect(way_in(page)).to_be_visible()
    await expect(page.get_by_text("This browser cannot use passkeys")).to_be_hidden()
    await desk.axe(page)
    await way_in(page).click()
    await expect(page.get_by_text(WORDS)).to_be_visible()
    server.forward(days=6, hours=12)
    await page.goto(entry)
    await expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    await expect(page.get_by_label("Password", exact=True)).to_be_visible()


async def nothing_opens(page: Page) -> None:
    """Try the passkey: the page says what can be done, and nobody is in."""
    await way_in(page).click()
    await expect(page.get_by_text(NOTHING_CAME)).to_be_visible()
    assert (await page.context.request.get("/journal")).status == 401


async def test_whoever_is_not_verified_opens_nothing(
    server: Served, phone: tuple[Page, CDPSession, str], entry: str
) -> None:
    """A touch by somebody whom the device does not know opens nothing, and the page says what can be done."""
    page, session, device = phone
    server.forward(hours=13)
    await page.goto(entry)
    await session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    await nothing_opens(page)


async def test_without_a_prf_it_opens_nothing(
    server: Served, phone: tuple[Page, CDPSession, str], entry: str
) -> None:
    """Her passkey, on a browser that evaluates no PRF, opens no kept device."""
    page, _, _ = phone
    server.forward(hours=13)
    await page.goto(entry)
    await page.evaluate("PublicKeyCredential.prototype.getClientExtensionResults = () => ({})")
    await nothing_opens(page)


async def test_signing_out_ends_it(server: Served, phone: tuple[Page, CDPSession, str], entry: str) -> None:
    """Whoever signs out keeps no device."""
    page, _, _ = phone
    await signed_out(page)
    await page.goto(entry)
    await expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()


async def test_a_covered_page_asks_for_the_passkey_too(
    desk: Desk, server: Served, phone: tuple[Page, CDPSession, str]
) -> None:
    """Where twelve hours pass under a cover, its password's field goes; the passkey opens the page as it was."""
    page, _, _ = phone
    await standing_still(page)
    await page.goto("/journal/new?kind=free")
    await page.locator("main textarea").first.fill(WORDS)
    await page.clock.fast_forward("30:05")
    dialog = page.get_by_role("dialog", name="Locked")
    await expect(dialog.get_by_label("Your password")).to_be_visible()
    await expect(way_in(page)).to_be_visible()
    server.forward(hours=13)
    await page.clock.fast_forward("12:30:00")
    await page.keyboard.press("Shift")
    await expect(dialog.get_by_label("Your password")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Locked")).to_be_focused()
    await expect(way_in(page)).to_be_visible()
    await page.clock.resume()
    await desk.axe(page)
    await way_in(page).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("main textarea").first).to_have_value(WORDS)
    await page.locator("main textarea").first.fill(f"{WORDS}, still")
    await expect(page.locator("#save-status")).to_contain_text("Saved")


async def test_a_password_typed_too_late_gives_way_to_the_passkey(
    server: Served, phone: tuple[Page, CDPSession, str]
) -> None:
    """Whoever was typing the password as the twelve hours ended is shown what opens it now."""
    page, _, _ = phone
    await standing_still(page)
    await page.goto("/account")
    await page.clock.fast_forward("30:05")
    dialog = page.get_by_role("dialog", name="Locked")
    await expect(way_in(page)).to_be_visible()
    await dialog.get_by_label("Your password").fill(PASSWORDS["alice"])
    server.forward(hours=13)
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_label("Your password")).to_have_count(0)
    await way_in(page).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()


async def test_words_typed_past_twelve_hours_stay_on_their_page(
    server: Served, phone: tuple[Page, CDPSession, str]
) -> None:
    """A page in use is covered when saving finds it locked; after the passkey what was typed is saved."""
    page, _, _ = phone
    await page.goto("/journal/new?kind=free")
    field = page.locator("main textarea").first
    await field.fill(WORDS)
    await expect(page.locator("#save-status")).to_contain_text("Saved")
    server.forward(hours=13)
    await field.fill(f"{WORDS}, and late")
    dialog = page.get_by_role("dialog", name="Locked")
    await expect(way_in(page)).to_be_visible()
    await expect(dialog.get_by_label("Your password")).to_have_count(0)
    await way_in(page).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(field).to_have_value(f"{WORDS}, and late")
    await expect(page.locator("#save-status")).to_contain_text("Saved")
