"""A clinician's own notes on their pages: nothing typed is lost, nobody else reads one, after care they are asked."""

from __future__ import annotations

from uuid import UUID, uuid4

from httpx import AsyncClient

from journal.care import lifecycle, tables
from journal.own_notes import notes
from journal.own_notes.documents import MAX_LENGTH
from journal.store.database import execute
from tests.cast import Cast
from tests.portal.browsing import Page, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import connected, signed_in_again

WORDS = "Begin with the stairs.\n\nLeave time."
STANDING = "This is not the clinical record"


async def place_of(cast: Cast) -> str:
    """Return the address of bob's notes about alice."""
    return f"/patients/{(await cast.actor('alice')).id}/my-notes"


async def noted(cast: Cast, text: str = WORDS, who: str = "bob") -> UUID:
    """Have a clinician write a note about alice."""
    cast.clock.forward(seconds=1)
    return await notes.save_note(await cast.actor(who), (await cast.actor("alice")).id, uuid4(), text)


async def asked(cast: Cast) -> None:
    """Have care end, and 90 days pass."""
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    cast.clock.forward(days=90)
    await signed_in_again(cast)


async def sent(browser: AsyncClient, page: Page, **typed: str) -> Page:
    """Press the button of a page's form; return the page that follows."""
    answer = await pressed(browser, page, **typed)
    return await followed(browser, answer) if answer.status_code == 303 else Page.of(answer)


def form_to(page: Page, ending: str) -> str:
    """Return where the one form goes whose address ends so."""
    (form,) = [one for one in page.markup.all("form") if one.attributes["action"].endswith(ending)]
    return form.attributes["action"]


async def test_a_note_is_written_edited_and_deleted(any_portal: Portal) -> None:
    """On its page, with the standing line on each; the patient's page leads there, and deleting asks first."""
    place = await place_of(any_portal.cast)
    async with any_portal.client("bob") as browser:
        for path in (place.removesuffix("/my-notes"), place.replace("/my-notes", "/brief")):
            assert f'href="{place}"' in (await opened(browser, path)).answer.text
        page = await opened(browser, place)
        assert "No note yet" in page.words
        page = await sent(browser, page, note=WORDS)
        assert page.heading == "My notes about Alice Sample"
        for words in (
            "Your note is saved.",
            "Begin with the stairs.",
            STANDING,
            "which Alice Sample may ask to see",
        ):
            assert words in page.words
        (note,) = await notes.load_all(await any_portal.cast.actor("bob"))
        page = await opened(browser, f"{place}/{note.id}")
        assert STANDING in page.words
        assert page.value("note").replace("\r\n", "\n") == WORDS
        page = await sent(browser, page, note="Begin later.")
        assert "Begin later." in page.words
        assert "Edited" in page.words
        page = await opened(browser, f"{place}/{note.id}/deletion")
        assert "Begin later." in page.words
        page = await followed(browser, await browser.post(form_to(page, "/deletion")))
        assert "Deleted." in page.words
        assert "No note yet" in page.words


async def test_what_cannot_be_saved_stays_in_the_form(portal: Portal) -> None:
    """Nothing, or more than a note holds: said beside the box, which keeps it whole."""
    note, place = await noted(portal.cast), await place_of(portal.cast)
    async with portal.client("bob") as browser:
        for path in (place, f"{place}/{note}"):
            for text in (" ", "x" * (MAX_LENGTH + 1)):
                page = Page.of(await pressed(browser, await opened(browser, path), note=text))
                assert page.answer.status_code == 422
                assert page.markup.all("p", id="note-error")
                assert page.value("note") == text
    assert await tables.OwnNote.all().count() == 1


async def test_a_change_of_another_page_is_not_written_over_unseen(any_portal: Portal) -> None:
    """What is saved stands above what was typed; of a note that is gone, what was typed becomes a new one."""
    cast = any_portal.cast
    note, place = await noted(cast), await place_of(cast)
    async with any_portal.client("bob") as browser:
        form = await opened(browser, f"{place}/{note}")
        await pressed(browser, form, note="From the first page.")
        await pressed(browser, form, note="From the first page.")  # twice
        page = await sent(browser, form, note="From the second page.")
        assert page.answer.status_code == 409
        assert "From the first page." in page.words
        assert page.value("note") == "From the second page."
        stale = page
        page = await sent(browser, page)
        assert "From the second page." in page.words
        await browser.post(f"{place}/{note}/deletion")
        page = await sent(browser, stale, note="From the third page.")
        assert page.answer.status_code == 409
        assert "This note is not there any more" in page.words
        assert page.value("note") == "From the third page."
        page = await sent(browser, page)
        assert "From the third page." in page.words
    assert await tables.OwnNote.all().count() == 1


async def test_after_care_what_was_typed_is_kept_on_the_page(any_portal: Portal) -> None:
    """A new note and an edit are refused with a reason; the notes are read, the form is gone."""
    cast = any_portal.cast
    note, place = await noted(cast), await place_of(cast)
    async with any_portal.client("bob") as browser:
        forms = [await opened(browser, path) for path in (place, f"{place}/{note}")]
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        for form in forms:
            page = Page.of(await pressed(browser, form, note="Typed too late."))
            assert page.answer.status_code == 409
            for words in (
                "Care has ended, so nothing new is written here",
                "Typed too late.",
                "Begin with the",
            ):
                assert words in page.words
            assert not page.markup.all("textarea")
        page = await opened(browser, place)
        assert "write no new ones" in page.words
        assert STANDING in page.words
        assert "What becomes of these notes?" not in page.words
        assert (await browser.get(f"{place}/{note}")).headers["location"] == place
        assert "What becomes" not in (await opened(browser, "/patients")).words
        page = await opened(browser, "/my-notes")
        assert "Alice Sample" in page.words
        page = await followed(browser, await browser.post(f"{place}/{note}/deletion"))
        assert page.heading == "Notes from care that ended"
        assert "There are none" in page.words
        assert (await browser.get(place)).status_code == 404


async def test_the_first_note_that_comes_too_late_is_given_back(portal: Portal) -> None:
    """Where there is neither care nor a note, the page is the same for whoever was never in that care."""
    cast = portal.cast
    place = await place_of(cast)
    async with portal.client("bob") as browser, portal.client("charlie") as outsider:
        form = await opened(browser, place)
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        answers = [await one.post(place, data=form.filled({"note": WORDS})) for one in (browser, outsider)]
        for answer in answers:
            assert answer.status_code == 404
            assert "This patient is not in your care, so nothing was saved." in answer.text
            assert "Leave time." in answer.text
        assert (await browser.get(place)).status_code == 404


async def test_they_are_asked_once_ninety_days_have_passed(any_portal: Portal) -> None:
    """On the first page and on that of the notes; kept, it is quiet for as long again; deleted after a question."""
    cast = any_portal.cast
    await noted(cast)
    place = await place_of(cast)
    await asked(cast)
    async with any_portal.client("bob") as browser:
        page = await opened(browser, "/patients")
        assert "What becomes of your notes about one person?" in page.words
        assert "Alice" not in page.words
        assert "Waits for your answer" in (await opened(browser, "/my-notes")).words
        page = await opened(browser, place)
        assert "What becomes of these notes?" in page.words
        assert page.markup.all("a", href="/records")
        page = await followed(browser, await browser.post(place, data={"go": "keep"}))
        assert "Your notes are kept. You are asked again on" in page.words
        assert "What becomes of these notes?" not in page.words
        assert "What becomes" not in (await opened(browser, "/patients")).words
        page = await opened(browser, f"{place}/deletion")
        assert "for good?" in page.heading
        page = await followed(browser, await browser.post(f"{place}/deletion"))
        assert "Deleted." in page.words
        assert "Notes from care that ended" not in (await opened(browser, "/patients")).words
    assert not await tables.OwnNote.all().exists()


async def test_all_are_deleted_in_care_too_and_nothing_is_asked_then(portal: Portal) -> None:
    """From the foot of the page, after a question; where there is none, there is no such page."""
    place = await place_of(portal.cast)
    for text in (WORDS, "Second."):
        await noted(portal.cast, text)
    async with portal.client("bob") as browser:
        assert (await browser.post(place, data={"go": "keep"})).status_code == 404
        page = await opened(browser, place)
        assert page.markup.all("a", href=f"{place}/deletion")
        page = await opened(browser, f"{place}/deletion")
        page = await followed(browser, await browser.post(form_to(page, "/deletion")))
        assert page.heading == "My notes about Alice Sample"
        assert "No note yet" in page.words
        for answer in (await browser.get(f"{place}/deletion"), await browser.post(f"{place}/deletion")):
            assert answer.status_code == 404


async def test_a_colleague_of_the_same_patient_and_the_patient_see_nothing(portal: Portal) -> None:
    """Not on the notes' page, by no address, and not in the patient's log, archive offer or search."""
    cast = portal.cast
    note, place = await noted(cast), await place_of(cast)
    await connected(cast, "charlie")
    async with portal.client("charlie") as browser:
        page = await opened(browser, place)
        assert "No note yet" in page.words
        for ending in ("", "/deletion"):
            assert (await browser.get(f"{place}/{note}{ending}")).status_code == 404
        assert (await browser.post(f"{place}/{note}/deletion")).status_code == 404
        for path in (place.removesuffix("/my-notes"), "/patients", "/my-notes", "/records"):
            assert "stairs" not in (await opened(browser, path)).answer.text
    async with portal.client("alice") as browser:
        assert (await browser.get(place)).status_code == 404
        assert (await browser.get("/my-notes")).status_code == 404
        for path in ("/", "/sharing/log", "/sharing", "/clinic", "/journal"):
            assert "stairs" not in (await opened(browser, path)).answer.text
        found = await browser.post("/journal", data={"q": "stairs"})
        assert "Begin with the stairs" not in found.text
    assert await tables.OwnNote.all().count() == 1


async def test_a_note_that_does_not_open_hides_no_other(portal: Portal) -> None:
    """It is said, and can be deleted; the other one is read."""
    cast = portal.cast
    note, place = await noted(cast), await place_of(cast)
    await noted(cast, "Whole.")
    await execute("UPDATE own_note SET revision = 2 WHERE id = $1", note)
    async with portal.client("bob") as browser:
        page = await opened(browser, place)
        assert "One note cannot be opened" in page.words
        assert "Whole." in page.words
        page = await opened(browser, f"{place}/{note}/deletion")
        assert "it is not what was saved" in page.words
        page = await followed(browser, await browser.post(f"{place}/{note}/deletion"))
        assert "cannot be opened" not in page.words


async def test_older_notes_stand_on_a_page_of_their_own(portal: Portal) -> None:
    """Ten a page, the newest first; a page that there is not is calm."""
    for count in range(11):
        await noted(portal.cast, f"Note number {count}.")
    place = await place_of(portal.cast)
    async with portal.client("bob") as browser:
        page = await opened(browser, place)
        assert "Note number 10." in page.words
        assert "Note number 0." not in page.words
        (older,) = page.markup.all("a", rel="next")
        page = await opened(browser, older.attributes["href"])
        assert "Note number 0." in page.words
        assert "Note number 1." not in page.words
        for number in ("0", "-1", "9", "999999999", "x"):
            assert (await browser.get(f"{place}?page={number}")).status_code == 200
