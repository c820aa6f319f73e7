"""A finished entry is shared from home on a phone in at most five taps, and nothing is shared that was not shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from journal.catalogue.fields import EntryKind
from journal.vault.documents import EntryDocument
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_dosing_day import OBSCURED
from tests.cast import Cast, Furniture
from tests.scenes import connected, read_by, rewritten, shared, written
from tests.shared_material import everything

TITLE = "What the door might be"
PREVIEW = "What Bob Example will read"
SHARED = "Shared. It can be read from now on."


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


@dataclass
class Hand:
    """Alice's hand on her phone: whatever it taps is counted, and axe looks at each page."""

    desk: Desk
    page: Page
    has_scripts: bool
    taps: int = 0

    async def tap(self, target: Locator, comes: str) -> None:
        """Tap once, and look at the page that *comes*, by its words."""
        await target.tap()
        self.taps += 1
        await expect(self.page.get_by_role("main").get_by_text(comes).first).to_be_visible()
        if self.has_scripts:  # which axe is made of
            await self.desk.axe(self.page)


async def write_integration(cast: Cast, title: str) -> EntryDocument:
    """Have alice answer every question of an integration entry."""
    document = EntryDocument(
        "integration",
        title,
        "About my father",
        answers=everything(EntryKind.INTEGRATION, lambda field: f"({field})"),
    )
    await written(cast, document=document)
    return document


async def open_at_home(desk: Desk, server: Served, javascript: bool, scheme: str) -> Hand:
    """Have alice look at her home, signed in."""
    page = await desk.person(javascript=javascript, scheme=scheme, touch=True)
    await server.admit(page.context, "alice")
    await page.goto("/")
    return Hand(desk, page, javascript)


@pytest.mark.parametrize(("javascript", "scheme"), [(True, "light"), (True, "dark"), (False, "light")])
@pytest.mark.parametrize(("clinicians", "choice", "most"), [
    (1, "Everything", 4),
    (2, "Everything", 5),
    (2, "Same parts as last time", 5),
])  # fmt: skip
async def test_an_integration_entry_is_shared_in_five_taps(
    desk: Desk, server: Served, clinicians: int, choice: str, most: int, javascript: bool, scheme: str
) -> None:
    """From home: the entry, Share, for whom where there are several, what, and Share under exactly that."""
    async with server.second_connection() as cast:
        if clinicians == 2:
            await connected(cast, "charlie")
            last = await written(
                cast, document=EntryDocument("integration", "Last", answers={"int.top3": "sleep"})
            )
            await shared(cast, last, ("title", "int.top3"))
        document = await write_integration(cast, TITLE)
        before = len(await read_by(cast, "bob"))
        hand = await open_at_home(desk, server, javascript, scheme)
        page = hand.page
        await hand.tap(page.get_by_role("link", name=TITLE), "Go on writing")
        share = page.get_by_role("main").get_by_role("link", name="Share", exact=True)
        assert not await share.evaluate(OBSCURED)
        await hand.tap(share, "Bob Example")
        if clinicians == 2:
            await hand.tap(
                page.get_by_role("main").get_by_role("link", name=re.compile("^Bob Example")), choice
            )
        await hand.tap(page.get_by_role("button", name=choice, exact=True), PREVIEW)
        copy = page.locator("article.shared-entry")
        await expect(copy.get_by_text(TITLE)).to_be_visible()
        if choice == "Everything":  # with the content note, which keeps the words closed
            await copy.locator("summary").click()
        await expect(copy.get_by_text("(int.top3)")).to_be_visible()
        assert len(await read_by(cast, "bob")) == before
        await hand.tap(page.get_by_role("button", name="Share this with Bob Example"), SHARED)
        given = {one.title: one for one in await read_by(cast, "bob")}
        expected = document.answers if choice == "Everything" else {"int.top3": "(int.top3)"}
        assert given[TITLE].answers == expected
        assert await read_by(cast, "charlie") == () if clinicians == 2 else True
    assert hand.taps <= most


@pytest.mark.parametrize("javascript", [True, False])
async def test_an_update_is_three_taps(desk: Desk, server: Served, javascript: bool) -> None:
    """From home: the entry, Update beside the version that is told, and Share under the new words."""
    async with server.second_connection() as cast:
        entry = await written(cast)
        await shared(cast, entry)
        await rewritten(cast, entry, **{"int.meaning": "Newer words."})
        hand = await open_at_home(desk, server, javascript, "light")
        page = hand.page
        await hand.tap(page.get_by_role("link", name="The sea"), "Go on writing")
        await expect(
            page.get_by_text(re.compile("has the version of Sun 22 Nov 2026, 13:00")).first
        ).to_be_visible()
        lines = page.locator(".answer-readers > span:not(.icon)")
        before = await lines.evaluate_all(
            "(all) => all.map((one) => getComputedStyle(one, '::before').content)"
        )
        assert set(before) == {"none"}  # each line begins with its own words
        await hand.tap(page.get_by_role("link", name="Update").first, PREVIEW)
        await expect(page.locator("article.shared-entry").get_by_text("Newer words.")).to_be_visible()
        await hand.tap(page.get_by_role("button", name="Share this with Bob Example"), SHARED)
        (copy,) = await read_by(cast, "bob")
        assert copy.answers == {"int.meaning": "Newer words."}
    assert hand.taps == 3
