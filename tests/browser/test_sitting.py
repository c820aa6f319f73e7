"""Somebody sits with alice, on a phone of their own: the clock, notes, a network that goes, and her reading them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionKind, Status
from journal.sitter import links, tables
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.scenes import signed_in_again
from tests.shared_material import plan_session, write

HINT, WORDS, EVENT, SAID = "Say the kettle is on", "Humming, warm hands", "The cup fell", "The sea is inside"
STORED = """
async () => {
  const found = [localStorage.length, sessionStorage.length];
  for (const name of await caches.keys()) {
    for (const one of await (await caches.open(name)).keys()) found.push(one.url);
  }
  return found;
}
"""
OFFLINE = "ERR_INTERNET_DISCONNECTED"


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server whose clock the test moves."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def open_part(page: Page, part: str) -> None:
    """Open a part of the form."""
    await page.locator("summary", has_text=part).click()


async def axe(desk: Desk, page: Page) -> None:
    """Look at a page from its top, where the strip at the foot of the screen covers no field by half."""
    await page.evaluate("scrollTo(0, 0)")
    await desk.axe(page)


async def make_link(desk: Desk, server: Served, session: str) -> str:
    """Have alice give the sitter her words, and that what she says is written down; return the link's address."""
    page = await desk.person(touch=True)
    await server.admit(page.context, "alice")
    await page.goto(f"/sessions/{session}/sitter")
    for choice in await page.get_by_role("checkbox").all():
        await choice.check()
    await page.get_by_role("button", name="Make a link").click()
    address = await page.get_by_label("Link", exact=True).input_value()
    await page.context.close()
    return address.removeprefix(server.origin)


async def test_a_sitter_notes_and_the_patient_reads_it_after_rest(desk: Desk, server: Served) -> None:
    """On a phone, dark and light, with and without JavaScript, with and without a network; each page passes axe."""
    async with server.second_connection() as cast:
        await write(cast, "comfort", {"comfort.words_help": HINT, "comfort.record": "yes"})
        session = await plan_session(cast, SessionKind.DOSING, "2026-11-22T14:00")
    link = await make_link(desk, server, str(session))

    page = await desk.person(scheme="dark")
    await page.clock.install(time=server.now)
    await page.goto(link)
    await expect(page.get_by_text(HINT)).to_be_visible()
    await axe(desk, page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_label("Asleep").check()
    await open_part(page, "Something unplanned")
    await page.get_by_label("What happened?").fill(EVENT)
    await page.get_by_role("button", name="Save the check").click()
    await expect(page.locator("#clock")).to_contain_text("Last check 13:00. Next check 13:15, in 15 min.")
    await expect(page.get_by_label("What happened?")).to_have_value(EVENT)  # of another part: nothing is lost
    await page.context.set_offline(True)
    await page.clock.fast_forward(6 * 60 * 1000)
    await expect(page.locator("#clock")).to_contain_text("in 9 min")

    await page.get_by_role("button", name="Save what happened").click()
    await expect(page.get_by_text("Not saved.")).to_be_visible()
    await expect(page.get_by_label("What happened?")).to_have_value(EVENT)
    await page.clock.fast_forward(12 * 60 * 1000)
    await expect(page.locator("#clock")).to_contain_text("3 min ago")
    await axe(desk, page)
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Save what happened").click()
    await expect(page.locator("#sit-times")).to_contain_text("13:00 and 13:00")
    await expect(page.get_by_label("What happened?")).to_have_value("")
    assert EVENT not in await page.content()
    await open_part(page, "A reading")
    await page.get_by_label("Upper blood pressure").fill("820")
    await page.get_by_label("Upper blood pressure").press("Enter")
    await expect(page.get_by_text("Is this right?")).to_be_visible()
    await axe(desk, page)
    await page.get_by_role("button", name="Save as it is").click()
    await expect(page.get_by_text("Is this right?")).to_have_count(0)
    kept = await page.evaluate(STORED)
    assert kept[:2] == [0, 0]
    assert [one for one in kept[2:] if "/sit/" in one] == []
    desk.troubles[:] = [one for one in desk.troubles if OFFLINE not in one]

    plain = await desk.person(javascript=False)
    await plain.goto(link)
    await open_part(plain, "What they said")
    await plain.get_by_label("In their own words").fill(SAID)
    await plain.get_by_label("Needs help").check()
    await plain.get_by_role("button", name="Save the check").click()
    await expect(plain.get_by_text("Saved. Nobody was told.")).to_be_visible()
    await expect(plain.get_by_label("In their own words")).to_have_value(SAID)
    await plain.get_by_role("button", name="Save what they said").click()
    await expect(plain.get_by_text("Saved.", exact=True)).to_be_visible()

    await page.get_by_label("Awake").check()
    await page.get_by_label("In a few words").fill(WORDS)
    async with server.second_connection() as cast:
        for status in (Status.IN_SESSION, Status.RECOVERING):
            await session_plan.change_status(await cast.actor("alice"), session, status)
        cast.clock.forward(hours=20)
        await signed_in_again(cast)
        await session_plan.confirm_rest(await cast.actor("alice"))
        assert await tables.SitterNote.all().count() == 5
    await page.get_by_role("button", name="Save the check").click()
    await expect(page.get_by_text("This link has ended. If you need help, call.")).to_be_visible()
    await expect(page.get_by_text(WORDS)).to_be_visible()
    await expect(page.get_by_role("heading", name="Not saved")).to_be_visible()
    await axe(desk, page)

    server.forward(hours=20)
    for scheme in ("dark", "light"):
        hers = await desk.person(scheme=scheme)
        await server.admit(hers.context, "alice")
        await hers.goto(f"/sessions/{session}/sitter/notes")
        for words in (EVENT, SAID, "What you said", "blood pressure 820/–", "Asleep", "Needs help"):
            await expect(hers.get_by_text(words)).to_be_visible()
        assert await hers.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await axe(desk, hers)
    await hers.get_by_role("checkbox", name="Something unplanned").check()
    await hers.get_by_role("button", name="Delete what is ticked").click()
    await axe(desk, hers)
    await hers.get_by_role("button", name="Delete for good").click()
    await hers.get_by_role("button", name="Keep all of them").click()
    await hers.get_by_role("link", name="Read it, or share parts of it").click()
    await expect(hers.get_by_text(SAID)).to_be_visible()
    await expect(hers.get_by_text(EVENT)).to_have_count(0)
    await axe(desk, hers)


async def test_an_open_page_begins_its_clock_and_keeps_when_it_was_written(
    desk: Desk, server: Served
) -> None:
    """It asks now and then while it is shown, not without a network; ended, it shows whom to call alone."""
    async with server.second_connection() as cast:
        session = await plan_session(cast, SessionKind.DOSING, "2026-11-22T14:00")
        link = await links.make_link(await cast.actor("alice"), session)
    page = await desk.person()
    await page.clock.install(time=server.now)
    await page.goto(f"/sit/{link.token}")
    await page.get_by_label("In a few words").fill(WORDS)
    await page.get_by_label("In a few words").evaluate("(field) => { field.id = 'same'; }")
    async with server.second_connection() as cast:
        await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    await page.clock.fast_forward(70 * 1000)
    await expect(page.locator("#clock")).to_contain_text("Next check 13:15,")
    await expect(page.locator("#same")).to_have_value(WORDS)

    await page.context.set_offline(True)
    await page.clock.fast_forward(4 * 60 * 1000)
    await page.get_by_label("Asleep").check()
    await page.get_by_role("button", name="Save the check").click()
    await expect(page.get_by_text("Not saved.")).to_be_visible()
    await page.get_by_label("Needs help").check()
    await page.get_by_role("button", name="Save the check").click()
    await expect(page.get_by_text("Not saved, and nobody was told.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Call now")).to_be_in_viewport()
    await expect(page.get_by_text("Not saved. What you wrote is still here.")).to_be_hidden()
    await page.get_by_label("Asleep").check()
    await page.get_by_role("button", name="Save the check").click()
    await expect(page.get_by_text("Not saved.")).to_be_visible()
    await page.clock.fast_forward(20 * 60 * 1000)
    server.forward(minutes=25)
    assert (
        len([one for one in desk.troubles if OFFLINE in one]) == 3
    )  # of the notes alone: the page itself was quiet
    desk.troubles.clear()
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Save the check").click()
    await expect(page.locator("#clock")).to_contain_text(re.compile("Last check 13:0[45]"))

    await page.context.set_offline(True)
    for minutes in (0, 10):  # pressed again so much later, without words, it is another check
        await page.clock.fast_forward(minutes * 60 * 1000)
        await page.get_by_label("Asleep").check()
        await page.get_by_role("button", name="Save the check").click()
        await expect(page.get_by_text("Not saved.")).to_be_visible()
    desk.troubles.clear()
    await page.clock.fast_forward(60 * 1000)
    server.forward(minutes=11)
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Save the check").click()
    await expect(page.locator("#clock")).to_contain_text(re.compile("Last check 13:3[5-7]"))

    async with server.second_connection() as cast:
        await signed_in_again(cast)  # by the server's clock nobody was there for half an hour
        await links.end_link(await cast.actor("alice"), session)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_text("This link has ended. If you need help, call.")).to_be_visible()
    await expect(page.locator("main form")).to_have_count(0)
