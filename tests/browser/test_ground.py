"""Grounding on a phone: two taps away, a step a screen, silent and still, and there without a network."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from journal.catalogue.grounding_skills import SKILLS, list_acute_skills
from journal.entries import entries
from journal.grounding import steadying
from journal.store.database import Store
from journal.vault.documents import EntryDocument
from portal.views.public.offline import PAGES
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import NAMES, Furniture, cast_of

HERS = "The heron stands in the shallow water."
KEPT = """
async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const one of await cache.keys()) {
      found.push([new URL(one.url).pathname, await (await cache.match(one)).text()]);
    }
  }
  return found;
}
"""


async def kept_offline(page: Page) -> None:
    """Wait until the worker that keeps pages answers for *page*: at its next load, where it came while it loaded."""
    await page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    if not await page.evaluate("Boolean(navigator.serviceWorker.controller)"):
        await page.reload()
    await page.wait_for_function("Boolean(navigator.serviceWorker.controller)")


async def set_up(database: Path, furniture: Furniture) -> None:
    """Have alice have a phrase, a skill of her own and an entry."""
    store = await Store.open(f"sqlite://{database}")
    with store.use():
        alice = await cast_of(furniture).actor("alice")
        await steadying.add_phrase(alice, HERS)
        await steadying.save_own_skill(alice, "", 0, "River stones", ["Take one.", "Feel its edge."])
        await entries.save_entry(alice, furniture.link, 0, EntryDocument("free", HERS))
    await store.close()


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A practice in which alice has something of her own, which a test may stop."""
    database, furniture = furnished_sqlite
    copied = tmp_path / "practice.sqlite3"
    shutil.copyfile(database, copied)
    asyncio.run(set_up(copied, furniture))
    (tmp_path / "data").mkdir()
    with serving(copied, furniture, tmp_path / "data") as served:
        yield served


async def steps_through(page: Page, steps: tuple[str, ...]) -> None:
    """Go from the first step to the last: at each, only that one is on the screen."""
    for place, step in enumerate(steps, 1):
        shown = page.locator(".ground-step:visible")
        await expect(shown).to_have_count(1)
        await expect(shown).to_contain_text(step)
        await expect(shown).to_contain_text(f"Step {place} of {len(steps)}")
        if place < len(steps):
            await shown.get_by_role("link", name="Next").click()


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_skill_is_two_taps_away_and_goes_a_step_at_a_time(
    desk: Desk, server: Served, scheme: str, javascript: bool
) -> None:
    """Signed out from the sign-in page and signed in from the journal, with one hand; Back goes a step back."""
    page = await desk.person(scheme=scheme, javascript=javascript, worker=True)
    for path in ("/sign-in", "/journal"):
        if path == "/journal":
            await server.admit(page.context, "alice")
        for skill in list_acute_skills():
            await page.goto(path)
            await page.get_by_role("link", name="Ground", exact=True).click()
            await page.locator(".ground-list").get_by_role("link", name=skill.title, exact=True).click()
            await expect(page.locator("h1")).to_have_text(skill.title)
            if javascript:
                await desk.axe(page)
            await steps_through(page, skill.steps)
            for button in await page.locator(".ground-step:visible .button").all():
                box = await button.bounding_box()
                assert box is not None
                assert box["height"] >= 56
        await page.go_back()
        await expect(page.locator(".ground-step:visible")).to_contain_text(skill.steps[-2])


async def test_a_circle_moves_only_for_who_asked_and_likes_motion(desk: Desk, server: Served) -> None:
    """It is closed at first; opened, it moves; with less motion asked for on the device it is not offered at all."""
    page = await desk.person(worker=True)
    for name, skill in SKILLS.items():
        await page.goto(f"/ground/{name}")
        circle = page.locator(".ground-circle")
        if not skill.pace:
            await expect(circle).to_have_count(0)
            continue
        await expect(circle).to_be_hidden()
        await page.get_by_text("Show a slow circle").click()
        assert await circle.evaluate("one => one.getAnimations().length") == 1
    await desk.axe(page)
    await page.emulate_media(reduced_motion="reduce")
    for name in SKILLS:
        await page.goto(f"/ground/{name}")
        await expect(page.locator(".ground-pace:visible")).to_have_count(0)
    assert await page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("who", [None, "alice"])
async def test_without_a_network_it_is_there(desk: Desk, server: Served, who: str | None) -> None:
    """Once any page was opened: the list, every skill and Help now, as nobody's; after signing out as well."""
    page = await desk.person(worker=True)
    if who:
        await server.admit(page.context, who)
    await page.goto("/journal" if who else "/sign-in")
    await kept_offline(page)
    if who:
        await page.goto("/ground/kind_phrase")
        await expect(page.get_by_text(HERS)).to_be_visible()
        await page.goto("/journal")
    for signs_out in (False, True) if who else (False,):
        if signs_out:
            server.start()
            await page.goto("/journal")
            await page.get_by_role("button", name="Leave quickly").click()
            await page.wait_for_url("**/leave")
        server.stop()
        if who and not signs_out:  # the quick exit leads away from what is open all the same
            await page.get_by_role("button", name="Leave quickly").click()
            await expect(page).to_have_title("Weather")
            assert not await page.get_by_text(HERS).count()
        for path in PAGES:
            await page.goto(path)
            await expect(page).to_have_title("Weather" if path == "/leave" else "Notes")
            if path.startswith("/ground/"):
                skill = SKILLS[path.rpartition("/")[2]]
                await expect(page.locator("h1")).to_have_text(skill.title)
                await steps_through(page, skill.steps)
            content = await page.content()
            assert HERS not in content
            assert NAMES["alice"] not in content
        assert {one for one in desk.troubles if "ERR_CONNECTION_REFUSED" not in one} == set()
        desk.troubles.clear()
        await page.goto("/help-now")
        await expect(page.get_by_role("heading", name="Help now")).to_be_visible()
        assert await page.evaluate("getComputedStyle(document.body).fontFamily.startsWith('Literata')")
        desk.troubles[:] = [one for one in desk.troubles if "ERR_CONNECTION_REFUSED" not in one]
    server.start()


async def test_the_browser_keeps_no_private_page(desk: Desk, server: Served) -> None:
    """After a walk through everything that is alice's, only pages that anybody may read are stored, as nobody's."""
    page = await desk.person(worker=True)
    await server.admit(page.context, "alice")
    await page.goto("/journal")
    await kept_offline(page)
    private = (
        "/",
        "/journal",
        "/steady",
        "/ground",
        "/ground/own?skill=1",
        "/ground/kind_phrase",
        "/sharing",
    )
    for path in (*private, "/account", "/records", "/help-now", "/sessions"):
        await page.goto(path)
    kept = await page.evaluate(KEPT)
    paths = [path for path, _ in kept]
    assert set(PAGES) <= set(paths)
    assert [path for path in paths if path not in PAGES and not path.startswith("/static/")] == []
    assert len(paths) == len(set(paths))
    said = " ".join(text for _, text in kept)
    assert "Look around" in said
    for word in (HERS, "River stones", NAMES["alice"], NAMES["bob"], "Sign out", 'id="cover"'):
        assert word not in said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("javascript", [True, False])
async def test_a_note_is_one_tap_and_worse_brings_another_way(
    desk: Desk, server: Served, scheme: str, javascript: bool
) -> None:
    """From the last step: kept, said how it was, looking around at once, hidden, and shown again."""
    page = await desk.person(scheme=scheme, javascript=javascript, worker=True)
    await server.admit(page.context, "alice")
    await page.goto("/ground")
    await page.get_by_text("More skills").click()
    await page.get_by_role("link", name="The container").click()
    await steps_through(page, SKILLS["container"].steps)
    await page.get_by_role("button", name="Keep a note of this").click()
    await expect(page.get_by_text("Kept in your journal")).to_be_visible()
    if javascript:
        await desk.axe(page)
    await page.get_by_text("It got worse").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("h1")).to_have_text("Look around")
    assert re.search(r"/ground/worse\?log=[0-9a-f-]{36}$", page.url)
    if javascript:
        await desk.axe(page)
    await page.get_by_role("button", name="Do not show me").click()
    await expect(page.get_by_role("heading", name="Skills I hid")).to_be_visible()
    if javascript:
        await desk.axe(page)
    await page.get_by_role("button", name="Show again").click()
    await expect(page.get_by_text("The skill is shown again.")).to_be_visible()
    await page.get_by_role("link", name="Write a skill of my own").click()
    if javascript:
        await desk.axe(page)
