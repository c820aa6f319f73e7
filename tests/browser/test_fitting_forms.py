"""Forms ask what fits: a session's fields follow its kind, and words are picked with a finger or a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("fitting")) as served:
        yield served


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_sessions_fields_follow_its_kind(desk: Desk, server: Served, javascript: bool) -> None:
    """Each kind shows its own; what was typed for another kind is pointed out and never dropped."""
    page = await desk.person(javascript=javascript)
    await server.admit(page.context, "alice")
    await page.goto("/sessions/new")
    dose, about = (
        page.get_by_label("Dose, as told"),
        page.get_by_label("Which dosing session does it belong to?"),
    )
    await page.get_by_label("Dosing session", exact=True).check()
    await expect(dose).to_be_visible()
    await expect(about).to_be_hidden()
    await dose.fill("as told")
    await page.get_by_label("Integration session", exact=True).check()
    await expect(dose).to_be_hidden()
    await expect(about).to_be_visible()
    await page.get_by_label("Day", exact=True).fill("2026-12-01")
    await page.get_by_label("Time", exact=True).fill("10:00")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("A dose belongs to a dosing session.").first).to_be_visible()
    await expect(dose).to_be_visible()
    await expect(dose).to_have_value("as told")
    if javascript:
        await desk.axe(page)
    await dose.fill("")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("h1")).to_contain_text("Integration session")


async def test_words_are_picked_and_saved(desk: Desk, server: Served) -> None:
    """Each word is a checkbox as large as a thumb; what was picked is saved by itself and shown in words."""
    page = await desk.person()
    await server.admit(page.context, "alice")
    await page.goto("/journal/new?kind=preparation")
    group = page.get_by_role("group", name="Words that fit")
    await group.get_by_text("Tired", exact=True).click()
    await group.get_by_label("On edge").focus()
    await page.keyboard.press("Space")
    heights = await group.locator("label").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    await expect(page.locator("#save-status")).to_contain_text("Saved")
    await desk.axe(page)
    await page.get_by_role("button", name="Save and close").click()
    await expect(page.get_by_role("main")).to_contain_text("Tired")
    await expect(page.get_by_role("main")).to_contain_text("On edge")
