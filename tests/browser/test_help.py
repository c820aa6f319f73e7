"""One tap to a human: numbers to call, counted in taps on a phone of 390 by 844 pixels."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route

from journal.accounts import details
from journal.practice import practice
from journal.practice.practice import PracticeSettings
from journal.store.database import Store
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_dosing_day import OBSCURED
from tests.cast import PRACTICE, Furniture, cast_of

NUMBERS = PracticeSettings(PRACTICE, "030 1234", "030 5678", "DE")
OWN, EMERGENCY = "Call 030 1234", "Call 112"
FINGER = 44
"""Pixels that a button for a number needs at least, both ways."""
PAGES = {
    "alice": ("/", "/journal", "/journal/new?kind=free", "/sessions", "/sharing", "/records", "/account"),
    "bob": ("/patients", "/invitations", "/records", "/account"),
    "erin": ("/", "/people", "/people/practice", "/people/audit", "/account"),
}


async def set_up(database: Path, furniture: Furniture) -> None:
    """Have erin have set the practice's numbers and region, and dana live elsewhere."""
    store = await Store.open(f"sqlite://{database}")
    with store.use():
        cast = cast_of(furniture)
        await practice.change_practice(await cast.actor("erin"), NUMBERS)
        await details.set_region(await cast.actor("dana"), "NZ")
    await store.close()


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A practice with two numbers and a region; nothing here changes it."""
    database, furniture = furnished_sqlite
    copied = tmp_path_factory.mktemp("help-database") / "practice.sqlite3"
    shutil.copyfile(database, copied)
    asyncio.run(set_up(copied, furniture))
    with serving(copied, furniture, tmp_path_factory.mktemp("help")) as served:
        yield served


async def is_at_hand(number: Locator) -> bool:
    """Return whether a number is wholly on the screen as it stands, uncovered, and large enough for a finger."""
    box = await number.bounding_box()
    assert box is not None
    return min(box["width"], box["height"]) >= FINGER and not await number.evaluate(OBSCURED)


def number(page: Page, words: str) -> Locator:
    """Find the first button that calls a number."""
    return page.locator("main a.call[href^='tel:']").filter(has_text=words).first


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_help_has_a_number_on_its_first_screen(desk: Desk, server: Served, scheme: str) -> None:
    """Signed in, on Help now, one tap rings: the practice's own numbers stand first, then the region's."""
    page = await desk.person(scheme=scheme)
    await server.admit(page.context, "alice")
    await page.goto("/help-now")
    await number(page, OWN).wait_for()
    calls = await page.locator("a.call").evaluate_all(
        "all => all.slice(0, 3).map((one) => one.getAttribute('href'))"
    )
    assert calls == ["tel:0301234", "tel:0305678", "tel:112"]
    for words in (OWN, "Call 030 5678", EMERGENCY):
        assert await is_at_hand(number(page, words)), words
    await desk.axe(page)


async def test_every_page_of_a_signed_in_person_has_a_number(desk: Desk, server: Served) -> None:
    """One tap, wherever somebody is: the region's emergency number stands at the foot of each page."""
    for name, paths in PAGES.items():
        page = await desk.person()
        await server.admit(page.context, name)
        for path in paths:
            await page.goto(path)
            found = page.locator("footer a[href='tel:112']")
            box = await found.bounding_box()
            assert box is not None, path
            assert box["height"] >= FINGER, path
            await found.click(trial=True)  # nothing covers it


@pytest.mark.parametrize("javascript", [True, False])
async def test_signed_out_a_number_is_two_taps_away(desk: Desk, javascript: bool) -> None:
    """From the sign-in page: Help now, and the number; both without scrolling."""
    page = await desk.person(javascript=javascript)
    await page.goto("/sign-in")
    way = page.locator("nav.strip a", has_text="Help now")
    box = await way.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 844
    await way.click()
    assert await is_at_hand(number(page, EMERGENCY))
    assert "030" not in await page.locator("main").inner_text()


async def test_without_scripts_the_practices_number_is_a_link_away(desk: Desk, server: Served) -> None:
    """The link stands where the number would, and leads to a page with it."""
    page = await desk.person(javascript=False)
    await server.admit(page.context, "alice")
    await page.goto("/help-now")
    way = page.get_by_role("link", name="Your practice’s number")
    assert await is_at_hand(way)
    await way.click()
    assert await is_at_hand(number(page, OWN))
    await page.get_by_role("link", name="Help now", exact=True).first.click()
    assert await is_at_hand(number(page, EMERGENCY))


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_region_is_chosen_on_a_device_in_three_taps(desk: Desk, javascript: bool) -> None:
    """Another place, its name, and the button; then its numbers come first, here, until another is chosen."""
    page = await desk.person(javascript=javascript)
    await page.goto("/help-now")
    await page.get_by_text("Another place", exact=True).click()
    await page.locator("summary", has_text="New Zealand").click()
    await desk.axe(page) if javascript else None
    place = page.locator("details[open] details[open]")
    assert await place.locator("a[href='tel:1737']").is_visible()
    await place.get_by_role("button", name="Show this first on this device").click()
    assert await page.locator("#place").inner_text() == "New Zealand"
    assert await is_at_hand(number(page, "Call 111"))
    await page.goto("/sign-in")
    assert await page.locator("footer a[href='tel:111']").is_visible()


async def test_a_device_follows_the_account_that_signs_in(desk: Desk, server: Served) -> None:
    """Dana chose her own region; her phone shows it after she signed in, and still when she has left."""
    page = await desk.person()
    await server.admit(page.context, "dana")
    await page.goto("/help-now")
    assert await page.locator("#place").inner_text() == "New Zealand"
    await page.get_by_role("button", name="Leave quickly").click()
    await page.wait_for_url("**/leave")
    await page.goto("/help-now")
    assert await page.locator("#place").inner_text() == "New Zealand"


@pytest.mark.parametrize("status", [0, 401, 503])
async def test_a_number_that_does_not_come_leaves_the_page_whole(
    desk: Desk, server: Served, status: int
) -> None:
    """Nothing moves under a finger: with the number, without it, and while it is on its way."""
    page = await desk.person()
    await server.admit(page.context, "alice")
    asked, answer = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await answer.wait()
        await (route.fulfill(status=status, body="<p>proxy</p>") if status else route.continue_())

    await page.route("**/help-now/practice", hold)
    await page.goto("/help-now")
    await asked.wait()
    before = await number(page, EMERGENCY).bounding_box()
    await page.evaluate(
        "addEventListener('htmx:finally:request', () => { document.body.dataset.answered = 1; })"
    )
    answer.set()
    await page.locator("body[data-answered]").wait_for()
    if status:
        assert await page.get_by_role("link", name="Your practice’s number").is_visible()
        assert await page.get_by_text("proxy").count() == 0
    else:
        await number(page, OWN).wait_for()
    assert await number(page, EMERGENCY).bounding_box() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_forms_are_for_everybody(desk: Desk, server: Served, scheme: str) -> None:
    """Where the practice and a region are set, nothing is wrong for axe."""
    for name, path in (("erin", "/people/practice"), ("alice", "/account/help-numbers")):
        page = await desk.person(scheme=scheme)
        await server.admit(page.context, name)
        await page.goto(path)
        await desk.axe(page)
        await page.get_by_role("button", name="Save").click()
        await page.locator("[role=status]").wait_for()
        await desk.axe(page)
