"""An entry with a content note stays closed, and can be read with a look around before and after it."""

from __future__ import annotations

from uuid import uuid4

from journal.catalogue.grounding_skills import SKILLS
from journal.entries import entries
from journal.vault.documents import EntryDocument
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal

HERS = "the ward smelled of soap"


async def test_a_marked_entry_leads_to_a_page_that_grounds_before_and_after(any_portal: Portal) -> None:
    """The words are folded on its own page; the other page has them between two looks around, in three screens."""
    marked, plain = uuid4(), uuid4()
    alice = await any_portal.cast.actor("alice")
    for ident, note in ((marked, "about the hospital"), (plain, "")):
        document = EntryDocument("free", "Ward", note, answers={"free.text": HERS})
        await entries.save_entry(alice, ident, 0, document)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{marked}")
        assert page.markup.one("summary").text.strip() == "Before you read: about the hospital"
        assert f"/journal/{marked}/grounded" in page.answer.text
        assert f"/journal/{plain}/grounded" not in (await opened(browser, f"/journal/{plain}")).answer.text
        page = await opened(browser, f"/journal/{marked}/grounded")
        parts = [one.text for one in page.markup.all("section", **{"class": "ground-step"})]
        assert [HERS in one for one in parts] == [False, True, False]
        for step in SKILLS["orient"].steps:
            assert [step in one for one in parts] == [True, False, True]
        assert "Before you read: about the hospital" in page.words


async def test_an_entry_that_is_not_hers_is_not_found(portal: Portal) -> None:
    """Neither by an unknown id nor by somebody else's."""
    theirs = uuid4()
    dana = await portal.cast.actor("dana")
    await entries.save_entry(dana, theirs, 0, EntryDocument("free", "Hers", answers={"free.text": HERS}))
    async with portal.client("alice") as browser:
        for ident in (theirs, uuid4()):
            answer = await browser.get(f"/journal/{ident}/grounded")
            assert (answer.status_code, HERS in Page.of(answer).words) == (404, False)
