"""A reframe that goes on, by taps on a phone: offer, status, moment, revisit, picture, trigger, step, later sharing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from journal.entries import entries
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@pytest.mark.parametrize(
    ("javascript", "scheme", "width"),
    [(True, "light", 390), (True, "dark", 390), (False, "light", 390), (False, "dark", 1280)],
)
async def test_a_reframe_goes_on(
    desk: Desk, server: Served, javascript: bool, scheme: str, width: int
) -> None:
    """With or without JavaScript, by day and night; nothing is wrong for axe on any page of it."""
    page = await desk.person(javascript=javascript, scheme=scheme, width=width)
    await server.admit(page.context, "alice")

    async def look(name: str) -> None:
        if javascript:
            await desk.axe(page)
        assert await page.locator("main h1").count() == 1, name

    async with server.second_connection() as cast:
        alice = await cast.actor("alice")
        alice = replace(alice, now=alice.now - timedelta(days=8))
        document = EntryDocument("reframe", "From before", answers={"reframe.old_meaning": "I am a burden."})
        await entries.save_entry(alice, uuid4(), 0, document)
    await page.goto("/")
    offer = page.locator("section.offer")
    assert not await offer.get_by_text("I am a burden.").is_visible()
    await offer.locator("summary").click()
    assert await offer.get_by_text("I am a burden.").is_visible()
    await look("offer")
    await offer.get_by_role("button", name="Yes").click()
    await page.locator("[name=old_belief]").fill("60")
    await page.get_by_role("button", name="Save").click()
    await page.goto("/")
    assert await page.locator("section.offer").count() == 0  # one a day, and it was answered
    await page.goto("/journal/new?kind=reframe")
    await page.locator("[name='reframe.old_meaning']").fill("I am too much.")
    await page.locator("[name='reframe.new_meaning']").fill("I was a child, and I was tired.")
    await page.locator("[name='reframe.test_action']").fill("Ask for the window seat.")
    await page.locator("summary", has_text="More questions").click()
    await page.locator("[name='reframe.old_belief_before']").fill("80")
    await page.locator("[name='reframe.trigger_name']").fill("The window seat")
    await page.get_by_role("button", name="Save and close").click()
    await page.get_by_role("button", name="Resting").click()
    assert await page.locator("[aria-pressed=true]").inner_text() == "Resting"
    await look("status")
    where = page.url.split("#")[0]
    for old in ("30", "20", "70"):
        await page.get_by_role("link", name="Look at it again").click()
        await page.locator("summary", has_text="The words of then").click()
        await page.locator("[name=old_belief]").fill(old)
        await page.locator("[name=line]").fill("A little softer than it was.")
        await look("revisit")
        await page.get_by_role("button", name="Save").click()
    assert await page.get_by_text("Half-way back between").is_visible()
    await look("picture")
    await page.goto(f"{where}/revisits")
    await page.locator("[name=old_belief]").fill("800")
    await page.get_by_role("button", name="Save").click()
    await page.locator("#errors").wait_for()
    await page.locator("summary", has_text="What you added so far").click()
    await look("refused")
    await page.goto("/")
    await page.get_by_role("link", name="A moment when it was a little true").click()
    await page.locator("[name=line]").fill("She laughed, and I stayed.")
    await page.locator("label", has_text="I was a child, and I was tired.").click()
    await look("moment")
    await page.get_by_role("button", name="Save").click()
    assert await page.get_by_text("She laughed, and I stayed.").is_visible()
    await page.get_by_role("link", name="Where else you gave this name").click()
    assert await page.locator("h1").inner_text() == "The window seat"
    assert await page.get_by_text("I am too much.").is_visible()
    await look("trigger")
    await page.goto(where)
    await page.get_by_role("link", name="How the small step went").click()
    await page.locator("label", has_text="In part").click()
    await look("step")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Keep the new sentence").click()
    await page.get_by_text("It is among the phrases").wait_for()
    await look("phrase")
    await page.goto(f"{where}/shares")
    await page.get_by_role("button", name="Everything").click()
    await page.get_by_role("button", name="Share this with Bob").click()
    await page.get_by_role("link", name="Back to the entry").click()
    await page.get_by_role("button", name="Share later ones").click()
    await look("later")
    await page.get_by_role("button", name="Stop sharing later ones").click()
    his = await desk.person(javascript=javascript, scheme=scheme, width=1280)
    await server.admit(his.context, "bob")
    await his.goto("/patients")
    await his.get_by_role("link", name="Alice Sample", exact=True).click()
    await his.locator("a[href*='/shared/']").first.click()
    assert await his.get_by_text("Half-way back between").is_visible()
    await desk.axe(his) if javascript else None
