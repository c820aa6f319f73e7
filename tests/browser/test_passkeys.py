"""Passkeys in a real Chromium, with authenticators that can and cannot hold a key."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, CDPSession, Page, expect

from journal.entries import entries
from journal.practice import practice
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk
from tests.browser.served import Served, at_a_desk, serving
from tests.cast import PASSWORDS, Furniture

HERS = "Zaunkoenig"
NEW = "seven small stones in a row"
NO_AUTOFILL = "PublicKeyCredential.isConditionalMediationAvailable = async () => false;"
DEVICE = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("passkeys")) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, server: Served) -> AsyncIterator[Desk]:
    """The browser, which comes by the name of this machine: a passkey is good for no number."""
    async with at_a_desk(browser, server, origin=named(server)) as desk:
        yield desk


def named(server: Served) -> str:
    """The server's address with a name in it."""
    return server.origin.replace("127.0.0.1", "localhost")


async def equipped(
    page: Page, *, prf: bool = True, verified: bool = True, autofill: bool = False
) -> tuple[CDPSession, str]:
    """Add an authenticator to the browser.

    It answers whoever asks: without *autofill* only a pressed button does.
    """
    if not autofill:
        await page.add_init_script(NO_AUTOFILL)
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = DEVICE | {"hasPrf": prf, "isUserVerified": verified}
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(made["authenticatorId"])


async def signed_in(page: Page, who: str) -> None:
    """Come in by password."""
    await page.goto("/sign-in")
    await page.get_by_label("E-mail address").fill(f"{who}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORDS[who])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")


async def added(page: Page, name: str) -> None:
    """Add a passkey by way of the account page."""
    await page.goto("/account")
    await page.get_by_role("link", name="Passkeys").click()
    await page.get_by_role("link", name="Add a passkey").click()
    await page.get_by_label("What you call it").fill(name)
    await page.get_by_role("button", name="Add the passkey").click()
    await expect(page).to_have_url(re.compile(r"/account/passkeys\?done="))


async def signed_out(page: Page) -> None:
    """Go, by the account page's own button."""
    await page.goto("/account")
    await page.get_by_role("main").get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()


async def at_rest(session: CDPSession, device: str, *, rests: bool = True) -> None:
    """Set whether somebody touches the authenticator: nobody, or without *rests* for whatever is asked."""
    sent = {"authenticatorId": device, "enabled": not rests}
    await session.send("WebAuthn.setAutomaticPresenceSimulation", sent)


async def nobody_is_in(page: Page) -> bool:
    """Return whether the browser has no session."""
    return "hearthside" not in {cookie["name"] for cookie in await page.context.cookies()}


async def test_one_tap_and_the_journal_is_open(desk: Desk, server: Served) -> None:
    """With a device that has a PRF: add, sign out, one tap, read. After removing it the tap opens nothing."""
    async with server.second_connection() as cast:
        document = EntryDocument("free", HERS, answers={"free.text": f"{HERS} sings"})
        await entries.save_entry(await cast.actor("alice"), uuid4(), 0, document)
    page = await desk.person()
    session, device = await equipped(page)
    await signed_in(page, "alice")
    await added(page, "My phone")
    await expect(page.get_by_text("It opens your journal by itself")).to_be_visible()
    await expect(page.get_by_text("Opens the journal by itself")).to_be_visible()
    await desk.axe(page)
    kept = await session.send("WebAuthn.getCredentials", {"authenticatorId": device})
    assert len(kept["credentials"]) == 1
    await signed_out(page)
    await desk.axe(page)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    await page.goto("/journal")
    await page.get_by_role("link", name=HERS).first.click()
    await expect(page.get_by_text(f"{HERS} sings")).to_be_visible()
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
    await page.goto("/account/passkeys")
    await page.get_by_role("link", name="My phone").click()
    await page.get_by_role("link", name="Remove").click()
    await page.get_by_role("button", name="Remove this passkey").click()
    await expect(page.get_by_text("No passkeys yet")).to_be_visible()
    await signed_out(page)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_text("does not belong to an account here")).to_be_visible()
    assert await nobody_is_in(page)


async def test_the_browser_offers_it_where_the_address_is_typed(desk: Desk) -> None:
    """Nothing is pressed: the request waits with the page, and choosing the passkey in the field signs in."""
    page = await desk.person()
    session, device = await equipped(page, autofill=True)
    await signed_in(page, "bob")
    await added(page, "My laptop")
    await at_rest(session, device)
    async with page.expect_response("**/sign-in/passkey"):
        await signed_out(page)
    await expect(page.locator("#email")).to_have_attribute("autocomplete", "username webauthn")
    await expect(page.get_by_role("status")).to_be_empty()
    await desk.axe(page)
    await at_rest(session, device, rests=False)
    await page.reload()
    await expect(page.get_by_role("heading", name="Patients", level=1)).to_be_visible()


async def test_a_browser_that_cannot_offer_it_asks_for_nothing(desk: Desk) -> None:
    """No challenge is drawn for a page that is only looked at where no passkey could be filled in."""
    page = await desk.person()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.add_init_script(NO_AUTOFILL)
    await page.goto("/sign-in")
    await expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    assert not [one for one in asked if one.endswith("/sign-in/passkey")]


async def test_from_signing_in_to_saved_words_in_two_taps(desk: Desk) -> None:
    """The passkey, then *Write*; what is typed there saves itself."""
    page = await desk.person()
    await equipped(page)
    await signed_in(page, "alice")
    await added(page, "Another phone")
    await signed_out(page)
    taps = await counting_taps(page)
    await page.get_by_role("button", name="Use a passkey").click()
    await page.get_by_role("main").get_by_role("link", name="Write", exact=True).click()
    await expect(page.locator("main textarea").first).to_be_focused()
    await page.keyboard.type(f"{HERS} again")
    await expect(page.locator("#save-status")).to_contain_text("Saved")
    assert len(taps) == 2


async def counting_taps(page: Page) -> list[str]:
    """Note every click from now on, on whichever page."""
    taps: list[str] = []
    await page.expose_function("noteTap", lambda text: taps.append(text))
    note = (
        "addEventListener('click', ({isTrusted, target}) => isTrusted && noteTap(target.textContent), true)"
    )
    await page.add_init_script(note)
    await page.evaluate(note)
    return taps


async def keep_recovery_key(page: Page) -> str:
    """Make a recovery key, prove that it was kept, and return it."""
    await page.get_by_role("button", name="Show me my recovery key").click()
    groups = await page.locator("#recovery-key span").all_inner_texts()
    await page.get_by_label("Type the last group").fill(groups[-1])
    await page.get_by_role("button", name="I have it: go on").click()
    return "-".join(groups)


async def register(page: Page, server: Served, name: str) -> str:
    """Open an account with a set-up link, up to its recovery key, and return that key."""
    async with server.second_connection() as cast:
        link = await practice.create_setup_link(cast.installation)
    await page.goto(f"/setup/{link}")
    await page.get_by_label("Your name").fill(name)
    await page.locator("#email").fill(f"{name}@example.org")
    await page.locator("#password").fill(NEW)
    await page.locator("#repeated").fill(NEW)
    await page.get_by_role("button", name="Open my account").click()
    return await keep_recovery_key(page)


async def test_a_new_account_is_offered_a_passkey_once(desk: Desk, server: Served) -> None:
    """One calm notice with one button; whoever says not now, or opens the page again, is not asked again."""
    page = await desk.person()
    await equipped(page)
    await register(page, server, "frida")
    offer = page.get_by_text("Sign in faster on this device?")
    await expect(offer).to_be_visible()
    await expect(page.get_by_role("link", name="Add a passkey")).to_have_count(1)
    await desk.axe(page)
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(offer).to_have_count(0)
    await page.goto("/?offer=passkey")
    await page.get_by_role("link", name="Not now").click()
    await expect(page.get_by_role("heading", name="Patients", level=1)).to_be_visible()
    await expect(offer).to_have_count(0)
    await page.goto("/?offer=passkey")
    await page.get_by_role("link", name="Add a passkey").click()
    await page.get_by_role("button", name="Add the passkey").click()
    await expect(page).to_have_url(re.compile(r"/account/passkeys\?done="))


async def test_after_the_recovery_key_a_passkey_is_offered(desk: Desk, server: Served) -> None:
    """Whoever lost a password gets something that cannot be forgotten, two pages later."""
    page = await desk.person()
    key = await register(page, server, "hedda")
    await expect(page.get_by_role("heading", name="Patients", level=1)).to_be_visible()
    await signed_out(page)
    await equipped(page)
    await page.goto("/recover")
    await page.locator("#email").fill("hedda@example.org")
    await page.locator("#recovery_key").fill(key)
    await page.locator("#password").fill(NEW)
    await page.locator("#repeated").fill(NEW)
    await page.get_by_role("button", name="Set the new password").click()
    await keep_recovery_key(page)
    await expect(page.get_by_text("Sign in faster on this device?")).to_be_visible()
    await desk.axe(page)


async def test_a_device_that_cannot_have_one_offers_none(desk: Desk, server: Served) -> None:
    """Without an authenticator of its own there is no notice."""
    page = await desk.person()
    await register(page, server, "greta")
    await expect(page.get_by_role("heading", name="Patients", level=1)).to_be_visible()
    await expect(page).to_have_url(re.compile("/patients$"))
    await expect(page.get_by_text("Sign in faster on this device?")).to_be_hidden()


async def test_a_device_without_a_prf_is_no_way_in(desk: Desk) -> None:
    """Its passkey is kept, and said to need the password; it opens nothing, and confirms who somebody is."""
    page = await desk.person()
    await equipped(page, prf=False)
    await signed_in(page, "dana")
    await added(page, "Old key")
    await expect(page.get_by_text("This device cannot hold the key to your journal")).to_be_visible()
    await expect(page.get_by_text("Works with your password", exact=True)).to_be_visible()
    await page.goto("/confirm?next=/account/passkeys")
    await desk.axe(page)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading", name="Passkeys", level=1)).to_be_visible()
    await signed_out(page)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_text("Please sign in with your password")).to_be_visible()
    assert await nobody_is_in(page)


async def test_whoever_is_not_verified_gets_nothing(desk: Desk) -> None:
    """A device that cannot verify its person makes no passkey, and the page says so and stays as it was."""
    page = await desk.person()
    await equipped(page, verified=False)
    await signed_in(page, "charlie")
    await page.goto("/account/passkeys/new")
    await page.get_by_label("What you call it").fill("Found on the bus")
    await page.get_by_role("button", name="Add the passkey").click()
    await expect(page.get_by_text("Nothing came from your device")).to_be_visible()
    await expect(page.get_by_label("What you call it")).to_have_value("Found on the bus")
    await desk.axe(page)


async def test_where_there_can_be_none_there_is_no_offer(desk: Desk, server: Served) -> None:
    """Without JavaScript, and where people come by a number, the password is the way and nothing is broken."""
    plain = await desk.person(javascript=False)
    await plain.goto("/sign-in")
    await expect(plain.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await expect(plain.get_by_role("button", name="Use a passkey")).to_be_hidden()
    desk.origin = server.origin
    page = await desk.person()
    await equipped(page)
    await page.goto("/sign-in")
    await expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    await signed_in(page, "bob")
    await page.goto("/account/passkeys")
    await expect(page.get_by_role("link", name="Add a passkey")).to_be_hidden()
    await expect(page.get_by_role("link", name=named(server))).to_be_visible()
    await desk.axe(page)
