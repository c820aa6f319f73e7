"""An address at a domain in other letters, in a real browser: what is typed is what is sent, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Page, expect

from journal.accounts import details as account_details
from journal.care import invitations
from journal.practice import people
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import PASSWORDS, Furniture

TYPED, SENT = "alice@bücher.example", "alice@xn--bcher-kva.example"
NEW = "seven small stones in a row"


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """The cast's practice."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def sign_in(page: Page, email: str, password: str, *, kind: str = "text") -> str:
    """Type address and password into a field of some kind; return the address that the browser sent."""
    await page.goto("/sign-in")
    field = page.get_by_label("E-mail address")
    await field.evaluate("(field, kind) => { field.type = kind; }", kind)
    await field.fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    async with page.expect_request(lambda request: request.method == "POST") as sent:
        await page.get_by_role("button", name="Sign in", exact=True).click()
    return parse_qs((await sent.value).post_data or "")["email"][0]


@pytest.mark.parametrize(("kind", "sent"), [("text", TYPED), ("email", SENT)])
@pytest.mark.parametrize("before", [TYPED, SENT])
async def test_whatever_the_browser_sends_the_account_opens(
    desk: Desk, server: Served, kind: str, sent: str, before: str
) -> None:
    """Chromium writes a domain in ASCII in a field of type email, as pages had before, and others leave it alone."""
    async with server.second_connection() as cast:
        await account_details.change_email(await cast.actor("alice"), before)
    page = await desk.person()
    assert await sign_in(page, TYPED, PASSWORDS["alice"], kind=kind) == sent
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Hello, Alice")
    await page.goto("/account")
    await expect(page.get_by_role("main")).to_contain_text(TYPED)


async def test_no_field_makes_another_domain_of_what_is_typed(desk: Desk, server: Served) -> None:
    """In a field of type email Chromium sends `fass.example`, where somebody else lives: we have none."""
    async with server.second_connection() as cast:
        invited = await invitations.create_invitation(await cast.actor("bob"), "Frieda")
        await account_details.change_email(await cast.actor("alice"), "alice@faß.example")
    page = await desk.person()
    for path in ("/sign-in", "/recover", f"/invite/{invited.token}"):
        await page.goto(path)
        field = page.get_by_label("E-mail address")
        await field.fill("frieda@faß.example")
        assert await field.input_value() == "frieda@faß.example"
        assert await field.evaluate("field => [field.inputMode, field.autocapitalize, field.spellcheck]") == [
            "email",
            "none",
            False,
        ]
        await desk.axe(page)
    assert await page.locator("input[type=email]").count() == 0
    for kind, sent in (("email", "alice@fass.example"), ("text", "alice@faß.example")):
        assert await sign_in(page, "alice@faß.example", PASSWORDS["alice"], kind=kind) == sent
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Hello, Alice")


@pytest.mark.parametrize("javascript", [True, False])
async def test_an_account_is_opened_with_what_was_typed(desk: Desk, server: Served, javascript: bool) -> None:
    """Also when the form came back once; it stands in the list of people as it was typed."""
    async with server.second_connection() as cast:
        invited = await invitations.create_invitation(await cast.actor("bob"), "Frieda")
    page = await desk.person(javascript=javascript)
    await page.goto(f"/invite/{invited.token}")
    await page.get_by_label("The name you go by").fill("Frieda Sample")
    await page.get_by_label("E-mail address").fill("frieda@faß..example")
    for address, adult in ((None, False), ("frieda@faß.example", True)):
        if address:
            await expect(page.get_by_label("E-mail address")).to_have_value("frieda@faß..example")
            await page.get_by_label("E-mail address").fill(address)
        await page.get_by_label("Password", exact=True).fill(NEW)
        await page.get_by_label("The same password again").fill(NEW)
        await page.get_by_label("I am 18 or older").set_checked(adult)
        await page.get_by_role("button", name="Accept and open my journal").click()
        if not adult:  # what is typed before the form is back goes with it
            await expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    await expect(page).to_have_url(f"{server.origin}/account/recovery-key")
    async with server.second_connection() as cast:
        (frieda,) = [
            one for one in await people.list_people(await cast.actor("erin")) if one.name == "Frieda Sample"
        ]
        assert frieda.email == "frieda@faß.example"
