"""Once a try worked, a page that stays as it is says nothing any more of the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import PASSWORDS, Furniture

SUMMARY, ERROR = "Please look at this once more", ".error[id], [aria-invalid]"


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("errors")) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="session")
async def page(desk: Desk, server: Served) -> AsyncIterator[Page]:
    """A page of alice's."""
    page = await desk.person()
    await server.admit(page.context, "alice")
    yield page


@pytest.mark.parametrize(
    ("path", "button"), [("/records", "Create the encrypted file"), ("/sharing/disclosures", "Save the file")]
)
async def test_a_file_takes_the_error_away(desk: Desk, page: Page, path: str, button: str) -> None:
    """A wrong password, then the right one: the file comes, and the page that stays shows no error."""
    await page.goto(path)
    await page.get_by_label("Your password", exact=True).fill("another lamp by another lake")
    await page.get_by_role("button", name=button).click()
    await expect(page.get_by_text(SUMMARY)).to_be_visible()
    await page.get_by_label("Your password", exact=True).fill(PASSWORDS["alice"])
    async with page.expect_download():
        await page.get_by_role("button", name=button).click()
    await expect(page.get_by_text(SUMMARY)).to_have_count(0)
    await expect(page.locator(ERROR)).to_have_count(0)
    await desk.axe(page)


@pytest.mark.parametrize("path", ["/records", "/sharing/disclosures"])
async def test_without_scripts_the_error_says_which_try_it_is_about(
    desk: Desk, server: Served, path: str
) -> None:
    """No page can take the sentence away then, so it says itself when it is out of date."""
    page = await desk.person(javascript=False)
    await server.admit(page.context, "alice")
    await page.goto(path)
    sentence = page.get_by_text("If your browser saves a file after the next one, that one worked.")
    await expect(sentence).to_have_count(0)
    await page.get_by_label("Your password", exact=True).fill("another lamp by another lake")
    await page.get_by_label("Your password", exact=True).press("Enter")
    await expect(sentence).to_be_visible()


async def test_a_save_takes_the_error_away(desk: Desk, page: Page) -> None:
    """What the button was told is gone once the corrected words are saved by themselves."""
    await page.goto("/journal/new?kind=reframe")
    belief = page.locator("[name='reframe.old_belief_before']")
    await page.get_by_label("The sentence it left you with").fill("It was up to me.")
    await belief.evaluate("(field) => { field.value = '500'; }")
    await page.get_by_role("button", name="Save and close").click()
    await expect(page.get_by_text(SUMMARY)).to_be_visible()
    await belief.fill("50")
    await expect(page.locator("#save-status")).to_contain_text("Saved")
    await expect(page.get_by_text(SUMMARY)).to_have_count(0)
    await expect(page.locator(ERROR)).to_have_count(0)
    await desk.axe(page)


async def test_a_longer_password_takes_the_error_away(desk: Desk, page: Page) -> None:
    """A password that was too short, then one that is not: nothing on the page asks for more any longer."""
    await page.goto("/account/password")
    password, error = page.get_by_label("New password", exact=True), page.locator("#password-error")
    await page.get_by_label("Your password now", exact=True).fill(PASSWORDS["alice"])
    await password.fill("a short one")
    await page.get_by_label("The same password again").fill("a short one")
    await page.get_by_role("button", name="Save").click()
    await expect(error).to_contain_text("at least 15 characters")
    await password.fill("a lamp that hums beside the lake")
    await expect(page.locator("#password-strength")).to_have_text("Long enough, and very strong.")
    await expect(error).to_have_count(0)
    await expect(page.get_by_text(SUMMARY)).to_have_count(0)
