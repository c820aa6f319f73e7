"""What the clinic wrote, on one page of its patient's: read in any case, removed or hidden once care has ended."""

from __future__ import annotations

from journal.care import lifecycle
from journal.clinic import call_contacts, tables, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.instructions import InstructionsDetails
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import ZONE, Cast
from tests.portal.browsing import followed, opened
from tests.portal.conftest import Portal

NOT_WRITTEN = "Your clinic has not written this here. Ask them."


async def written(cast: Cast) -> tuple[str, str]:
    """Have bob write a contact and a text for alice's single sessions; return where to remove and to hide them."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    nurse = CallDetails(CallRole.NURSE, "Nurse Placeholder", "+49 30 5550 1", "Placeholder sickness")
    contact = await call_contacts.save_contact(bob, alice.id, nurse)
    details = InstructionsDetails("Placeholder tea", sitter_text="Placeholder chair")
    text = await text_writing.save_instructions(bob, alice.id, None, details, is_checked=True)
    return f"/clinic/contacts/{contact}/removal", f"/clinic/texts/{text}/hidden"


async def dose(cast: Cast, *said: Status, day: str = "2026-11-22") -> str:
    """Have alice plan a dosing session and say *said* of it; return the address of its page."""
    alice = await cast.actor("alice")
    details = SessionDetails(SessionKind.DOSING, f"{day}T13:00", ZONE, 120, Setting.HOME)
    ident = await session_plan.add_session(alice, alice.id, details)
    for status in said:
        await session_plan.change_status(alice, ident, status)
    return f"/sessions/{ident}"


async def test_while_care_lasts_it_is_read_and_nothing_else(any_portal: Portal) -> None:
    """Who wrote it stands there, no button takes it away, and a request by hand is told why not."""
    removal, hidden = await written(any_portal.cast)
    await dose(any_portal.cast, day="2026-11-23")
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/clinic")
        assert "1st dosing session · Tomorrow, 13:00" in page.words
        for words in ("Nurse Placeholder", "+49 30 5550 1", "Written by Bob Example on 22 Nov 2026"):
            assert words in page.words
        for words in ("Placeholder tea", "Placeholder chair", "Written and signed by Bob Example"):
            assert words in page.words
        assert "Their care has ended." not in page.words
        assert "/help-now" in page.answer.text
        for where in (removal, hidden):
            assert where not in page.answer.text
            refused = await browser.post(where, data={"hidden": "yes"})
            assert refused.status_code == 409
            assert "Whoever wrote this is in your care team." in refused.text
        assert (await opened(browser, "/clinic")).words == page.words


async def test_once_care_has_ended_the_number_goes_and_the_text_is_hidden(any_portal: Portal) -> None:
    """Each is asked about first. A hidden text is on the session's page no more, and comes again at one tap."""
    cast = any_portal.cast
    removal, hidden = await written(cast)
    session = await dose(cast, day="2026-11-24")
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    async with any_portal.client("alice") as browser:
        assert (await opened(browser, "/clinic")).words.count("Their care has ended.") == 2
        assert "+49 30 5550 1" in (await opened(browser, removal)).words
        page = await followed(browser, await browser.post(removal))
        assert "+49 30 5550 1" not in page.words
        assert NOT_WRITTEN in page.words
        assert "version 1" in (await opened(browser, hidden)).words
        page = await followed(browser, await browser.post(hidden, data={"hidden": "yes"}))
        assert "You hid this on 22 Nov 2026." in page.words
        shown = await opened(browser, session)
        assert "You hid what stood here." in shown.words
        assert "Placeholder tea" not in shown.words
        await browser.post(hidden, data={"hidden": "no"})
        assert "Placeholder tea" in (await opened(browser, session)).words


async def test_on_a_dosing_day_it_waits(any_portal: Portal) -> None:
    """Neither the question nor the act is there until the patient has slept; reading is."""
    cast = any_portal.cast
    removal, hidden = await written(cast)
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    await dose(cast, Status.IN_SESSION)
    async with any_portal.client("alice") as browser:
        for where in (removal, hidden):
            for answer in (await browser.get(where), await browser.post(where, data={"hidden": "yes"})):
                assert answer.status_code == 409
                assert "Some steps wait until tomorrow" in answer.text
        page = await opened(browser, "/clinic")
        assert "+49 30 5550 1" in page.words
        assert "Placeholder tea" in page.words


async def test_what_does_not_open_says_so_and_hides_nothing_else(any_portal: Portal) -> None:
    """A number that does not open has a button once nobody is in the team; of a text, no older version counts."""
    cast = any_portal.cast
    removal, hidden = await written(cast)
    ident = hidden.split("/")[3]
    await tables.InstructionsVersion.filter(id=ident).update(version=3)
    await tables.CallContact.filter(id=removal.split("/")[3]).update(revision=3)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/clinic")
        assert "This record cannot be opened" in page.words
        assert "What your clinic wrote here cannot be opened" in page.words
        assert removal not in page.answer.text
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        assert removal in (await opened(browser, "/clinic")).answer.text
        page = await followed(browser, await browser.post(removal))
        assert "This record cannot be opened" not in page.words
        assert (await browser.get(removal)).status_code == 404
        assert (await browser.get(hidden)).status_code == 404


async def test_another_patient_finds_nothing(any_portal: Portal) -> None:
    """Neither on the page of her own nor at alice's addresses."""
    removal, hidden = await written(any_portal.cast)
    async with any_portal.client("dana") as browser:
        page = await opened(browser, "/clinic")
        assert NOT_WRITTEN in page.words
        assert "Placeholder" not in page.words
        for where in (removal, hidden):
            assert (await browser.get(where)).status_code == 404
            assert (await browser.post(where, data={"hidden": "no"})).status_code == 404
