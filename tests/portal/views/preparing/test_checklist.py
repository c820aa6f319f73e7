"""The check list as a page: one tap for each state, without JavaScript, and nothing is counted."""

from __future__ import annotations

import re
from uuid import UUID

from httpx import AsyncClient

from journal.care import lifecycle
from journal.clinic import ended_care, tables, text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.preparing import checklist
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.portal.views.preparing.test_comfort import leads, planned
from tests.scenes import in_session, shared


async def press(browser: AsyncClient, where: str, line: str, state: str) -> Page:
    """Press a button of a line; return the page that it leads to."""
    data = {"line": line, "number": "1", "state": state}
    return await followed(browser, await browser.post(f"{where}/state", data=data))


def pressed_states(page: Page) -> list[str]:
    """The state of each line, as its buttons say."""
    every = page.markup.all("button", within="check-line")
    return [one.words for one in every if one.attributes.get("aria-pressed") == "true"]


async def test_lines_are_added_ticked_changed_and_removed(any_portal: Portal) -> None:
    """With forms alone; the clinic's absence is said kindly, and the lines of one's own work all the same."""
    async with any_portal.client("alice") as browser:
        where = f"{await planned(any_portal.cast, 1)}/checklist"
        assert leads(await opened(browser, where.removesuffix("/checklist")), where)
        assert leads(await opened(browser, "/"), where)
        page = await opened(browser, where)
        assert "Your clinic has not written this here. Ask them." in page.words
        page = await followed(browser, await browser.post(where, data={"text": "Ask Jo", "go": "add"}))
        assert pressed_states(page) == ["Open"]
        assert pressed_states(await press(browser, where, "Ask Jo", "done")) == ["Done"]
        page = await press(browser, where, "Ask Jo", "not_for_me")
        assert pressed_states(page) == ["Not for me"]
        assert re.search(r"\d+ of \d+|%", page.words) is None
        refused = await browser.post(where, data={"text": "x" * 201, "go": "add"})
        assert refused.status_code == 422
        assert "x" * 201 in refused.text
        change = {"line": "Ask Jo", "text": "y" * 201, "go": "change"}
        refused = await browser.post(f"{where}/line", data=change)
        assert refused.status_code == 422
        assert "y" * 201 in refused.text
        page = await followed(browser, await browser.post(f"{where}/line", data=change | {"text": "Ask Kim"}))
        assert "Ask Kim" in page.words
        assert pressed_states(page) == ["Not for me"]
        gone = await browser.post(f"{where}/state", data={"line": "Ask Jo", "state": "done", "number": "1"})
        assert gone.status_code == 409
        page = await followed(
            browser, await browser.post(f"{where}/line", data={"line": "Ask Kim", "go": "remove"})
        )
        assert pressed_states(page) == []
        refused = await browser.post(f"{where}/line", data=change | {"text": "Ask the neighbours"})
        assert refused.status_code == 409
        assert "Ask the neighbours" in refused.text
        assert "Nothing was overwritten" in refused.text
        await browser.post(where, data={"text": "The dog", "go": "add"})
        after = f"{await planned(any_portal.cast, 8)}/checklist"
        page = await followed(browser, await browser.post(after, data={"go": "earlier"}))
        assert "The dog" in page.words


async def test_the_clinic_s_text_is_signed_dated_and_says_when_it_changed(portal: Portal) -> None:
    """It stands with who wrote it; what was ticked and then changed is open, beside its old words."""
    cast = portal.cast
    alice = await cast.actor("alice")
    where = f"{await planned(cast, 1)}/checklist"
    for base, words in enumerate(("A warm blanket for later", "A warm blanket for the way")):
        text = InstructionsDetails(bring=words)
        await text_writing.save_instructions(
            await cast.actor("bob"), alice.id, None, text, base=base, is_checked=True
        )
        async with portal.client("alice") as browser:
            page = await opened(browser, where)
            assert f"Written and signed by Bob Example on 22 Nov 2026, version {base + 1}" in page.words
            assert "To bring" in page.words
            assert page.words.count("Your clinic has not written this here. Ask them.") == 2
            assert pressed_states(page) == ["Open"]
            assert ("Changed since you ticked it" in page.words) is bool(base)
            assert "A warm blanket for later" in page.words
            assert pressed_states(await press(browser, where, words, "done")) == ["Done"]


async def test_a_text_that_does_not_count_says_why(portal: Portal) -> None:
    """Of ended care it says so; hidden or not to be opened it is not called unwritten."""
    cast, unwritten = portal.cast, "Your clinic has not written this here."
    alice = await cast.actor("alice")
    where = f"{await planned(cast, 1)}/checklist"
    told = InstructionsDetails("Placeholder tea", "Placeholder pill", "A blanket")
    text = await text_writing.save_instructions(
        await cast.actor("bob"), alice.id, None, told, is_checked=True
    )
    await lifecycle.end_care(alice, cast.link)
    async with portal.client("alice") as browser:
        page = await opened(browser, where)
        assert "version 1 · Their care has ended." in page.words
        await ended_care.hide_left_text(alice, text)
        page = await opened(browser, where)
        assert "You hid what stood here." in page.words
        assert unwritten not in page.words
        await tables.InstructionsVersion.filter(id=text).update(version=2)
        page = await opened(browser, where)
        assert "What your clinic wrote here cannot be opened" in page.words
        assert unwritten not in page.words


async def test_it_is_read_in_the_journal_and_changed_on_its_own_page(portal: Portal) -> None:
    """The entry says what is done; editing leads to the session's page, and no form of another page writes it."""
    cast = portal.cast
    alice = await cast.actor("alice")
    async with portal.client("alice") as browser:
        where = f"{await planned(cast, 1)}/checklist"
        await browser.post(where, data={"text": "Blanket from the attic", "go": "add"})
        await press(browser, where, "Blanket from the attic", "done")
        session = UUID(where.split("/")[2])
        entry = (await checklist.load_checklist(alice, session)).entry
        assert entry is not None
        page = await opened(browser, f"/journal/{entry.id}")
        assert page.heading == "Check list, 1st dosing session"
        assert "Done" in page.words
        assert (await browser.get(f"/journal/{entry.id}/edit")).headers["location"] == where
        sent = await browser.post(
            f"/journal/{entry.id}", data={"kind": "checklist", "check.own": "x", "revision": "2"}
        )
        assert sent.status_code == 404
        assert (await browser.get("/journal/new?kind=checklist")).status_code == 404
        found = await browser.post("/journal", data={"q": "attic"})
        assert f"/journal/{entry.id}" in found.text
    await checklist.add_lines(alice, session, ["A line that stays private"])
    entry = (await checklist.load_checklist(alice, session)).entry
    assert entry is not None
    share = await shared(cast, entry, ("check.done",))
    async with portal.client("bob") as clinician:
        page = await opened(clinician, f"/patients/{alice.id}/shared/{share}")
        assert "Blanket from the attic" in page.words
        assert "stays private" not in page.answer.text
        assert (await clinician.get(where)).status_code == 404


async def test_while_a_session_lasts_there_is_the_calm_screen(portal: Portal) -> None:
    """Nothing is left to be ticked then."""
    async with portal.client("alice") as browser:
        session = await in_session(portal.cast)
        told = await browser.get(f"/sessions/{session}/checklist")
        assert told.headers["location"] == f"/sessions/{session}"
