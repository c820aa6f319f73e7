"""A patient names whom to call on a phone, and the therapist finds the numbers in one tap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture

PAGE = "/account/contact"


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server: each test takes away again what it gave."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("contact")) as served:
        yield served


@pytest.mark.parametrize(
    ("javascript", "scheme", "width"),
    [(True, "light", 390), (True, "dark", 1280), (False, "light", 1280), (False, "dark", 390)],
)
async def test_it_is_given_seen_and_removed(
    desk: Desk, server: Served, javascript: bool, scheme: str, width: int
) -> None:
    """With or without JavaScript, from the account's page; nothing is wrong for axe on any page of it."""
    page = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(page.context, "alice")
    await page.goto("/account")
    await page.get_by_role("link", name="Phone and emergency contact").click()
    await desk.axe(page) if javascript else None
    await page.get_by_label("Your phone number").fill("+49 (0)30 1")
    await page.get_by_label("Their name").fill("Juno Steinkauz")
    await page.get_by_role("button", name="Save").click()
    await page.locator("#errors").wait_for()
    assert await page.get_by_label("Their name").input_value() == "Juno Steinkauz"
    await desk.axe(page) if javascript else None
    await page.get_by_label("Your phone number").fill("030 123456")
    await page.get_by_label("Who they are to you").fill("my sister")
    await page.get_by_label("Their phone number").fill("030 654321")
    await page.get_by_role("button", name="Save").click()
    await page.locator("[role=status]").wait_for()
    his = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(his.context, "bob")
    await his.goto("/patients")
    await his.get_by_role("link", name="Alice Sample", exact=True).click()
    number = his.locator("a[href='tel:030654321']")
    assert not await number.is_visible()
    await his.locator("summary", has_text="Phone and emergency contact").click()
    assert await number.is_visible()
    await desk.axe(his) if javascript else None
    await page.goto(PAGE)
    await page.get_by_role("link", name="Remove").click()
    await desk.axe(page) if javascript else None
    await page.get_by_role("button", name="Remove").click()
    await page.locator("[role=status]").wait_for()
    await his.reload()
    assert await number.count() == 0
