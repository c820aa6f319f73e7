"""A password can be looked at before it is sent, and outlasts an error elsewhere on its page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from journal.account_reset import reset_links
from journal.care import invitations
from journal.practice import practice
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import PASSWORDS, Furniture

LONG = "a stove of tiles in the corner"
OTHER = "a stove of tiles in the kitchen"


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("passwords")) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def links(server: Served) -> AsyncIterator[dict[str, str]]:
    """Links that open an account or reset one."""
    async with server.second_connection() as cast:
        invited = await invitations.create_invitation(await cast.actor("bob"), "Frida")
        again = await reset_links.create_reset_link(await cast.actor("bob"), (await cast.actor("alice")).id)
        yield {
            "patient": f"/invite/{invited.token}",
            "staff": f"/setup/{await practice.create_setup_link(cast.installation)}",
            "reset": f"/restart/{again.token}",
        }


async def refused(page: Page, button: str) -> None:
    """Send a form that is refused; the errors stand in place and have the focus."""
    await page.get_by_role("button", name=button).click()
    await expect(page.locator("#errors")).to_be_focused()


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


@pytest.mark.parametrize("who", ["patient", "staff"])
async def test_passwords_outlast_an_error_elsewhere(desk: Desk, links: dict[str, str], who: str) -> None:
    """An address that is none changes nothing that was typed; mended, the account opens."""
    page = await desk.person()
    await page.goto(links[who])
    await page.get_by_label("name").last.fill("Frida")
    await page.locator("#email").fill("no address")
    await page.locator("#password").fill(LONG)
    await page.locator("#repeated").fill(OTHER)
    if who == "patient":
        await page.get_by_label("I am 18 or older").check()
    button = {"patient": "Accept and open my journal", "staff": "Open my account"}[who]
    await refused(page, button)
    await expect(page.locator("#email")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#email")).to_have_attribute("aria-describedby", re.compile("email-error"))
    await expect(page.locator("#password")).to_have_value(LONG)
    await expect(page.locator("#repeated")).to_have_value(OTHER)
    await desk.axe(page)
    await page.locator("#email").fill(f"frida.{who}@example.org")
    await refused(page, button)
    await expect(page.locator("#email-error")).to_have_count(0)
    await expect(page.locator("#email")).not_to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#repeated-error")).to_be_visible()
    await page.locator("#repeated").fill(LONG)
    await page.get_by_role("button", name=button).click()
    await expect(page).to_have_url(re.compile("/account/recovery-key"))


async def test_a_new_password_outlasts_a_wrong_old_one(desk: Desk, server: Served) -> None:
    """On the page that changes it."""
    page = await desk.person()
    await server.admit(page.context, "dana")
    await page.goto("/account/password")
    await page.locator("#current").fill("not the one")
    await page.locator("#password").fill(LONG)
    await page.locator("#repeated").fill(LONG)
    await refused(page, "Save")
    await expect(page.locator("#current-error")).to_be_visible()
    await expect(page.locator("#password")).to_have_value(LONG)
    await page.locator("#current").fill(PASSWORDS["dana"])
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your password is changed")).to_be_visible()


async def test_a_new_password_outlasts_a_wrong_recovery_key(desk: Desk) -> None:
    """So does what was typed for the key: neither comes back from the server."""
    page = await desk.person()
    await page.goto("/recover")
    await page.locator("#email").fill("alice@example.org")
    await page.locator("#recovery_key").fill("WRONG-KEY")
    await page.locator("#password").fill(LONG)
    await page.locator("#repeated").fill(LONG)
    await refused(page, "Set the new password")
    await expect(page.locator("#recovery_key")).to_have_value("WRONG-KEY")
    await expect(page.locator("#password")).to_have_value(LONG)


async def test_a_new_password_outlasts_an_error_of_a_reset(desk: Desk, links: dict[str, str]) -> None:
    """Whoever begins anew and forgot to tick a box types nothing twice."""
    page = await desk.person()
    await page.goto(links["reset"])
    await page.locator("#email").fill("alice@example.org")
    await page.locator("#password").fill(LONG)
    await page.locator("#repeated").fill(LONG)
    await refused(page, "Reset the account")
    await expect(page.locator("#understood-error")).to_be_visible()
    await expect(page.locator("#password")).to_have_value(LONG)


async def test_a_file_of_records_comes_after_an_error(desk: Desk, server: Served) -> None:
    """A wrong password beside an own passphrase takes nothing away, and the error goes when the file comes."""
    page = await desk.person()
    await server.admit(page.context, "alice")
    await page.goto("/records")
    await page.locator("#passphrase").fill(LONG)
    await page.locator("#current").fill("not the one")
    await refused(page, "Create the encrypted file")
    await expect(page.locator("#passphrase")).to_have_value(LONG)
    await page.locator("#current").fill(PASSWORDS["alice"])
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Create the encrypted file").click()
    assert (await coming.value).suggested_filename.endswith(".zip.age")
    await expect(page.locator("#errors")).to_have_count(0)
    await expect(page.locator("#current-error")).to_have_count(0)


async def test_without_a_server_nothing_typed_is_lost(desk: Desk) -> None:
    """The page says so and stays as it is."""
    page = await desk.person(worker=True)
    await page.goto("/recover")
    for name in ("email", "recovery_key", "password", "repeated"):
        await page.locator(f"#{name}").fill(LONG)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Set the new password").click()
    await expect(page.get_by_text("What you typed is still here")).to_be_focused()
    await expect(page.locator("#password")).to_have_value(LONG)
    desk.troubles = [one for one in desk.troubles if "ERR_INTERNET_DISCONNECTED" not in one]


async def test_without_javascript_they_are_asked_for_once_more(desk: Desk, links: dict[str, str]) -> None:
    """The server never writes a password into a page: it says so kindly, and there is no button that does nothing."""
    page = await desk.person(javascript=False)
    await page.goto(links["patient"])
    await expect(page.get_by_role("button", name="Show password")).to_have_count(0)
    await page.locator("#name").fill("Frida")
    await page.locator("#email").fill("no address")
    await page.locator("#password").fill(LONG)
    await page.locator("#repeated").fill(LONG)
    await page.get_by_role("button", name="Accept and open my journal").click()
    await expect(page.locator("#errors")).to_be_visible()
    await expect(page.locator("#email")).to_have_value("no address")
    await expect(page.locator("#password")).to_have_value("")
    await expect(page.get_by_text("Please type this once more")).to_have_count(2)
    assert LONG not in await page.content()
