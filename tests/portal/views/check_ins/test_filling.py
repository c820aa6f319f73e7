"""Check-ins on the page: filled in without JavaScript, what they say at their end, and to whom they go."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from journal.care import lifecycle
from journal.check_ins import records
from journal.clinic import call_contacts
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.standing import standing
from journal.vault.documents import EntryDocument
from tests.cast import ZONE
from tests.portal.browsing import Page, action, autosaved, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import in_session, read_by, rested, signed_in_again, written

VERDICTS = ("cleared", "safe to go on", "overdue", "worse", "well done", "score")


async def session_of(portal: Portal) -> UUID:
    """Have alice have had a session, and have rested."""
    session = await in_session(portal.cast)
    await rested(portal.cast, session)
    return session


async def named(portal: Portal) -> None:
    """Have the care team name whom to call."""
    bob, alice = await portal.cast.actor("bob"), await portal.cast.actor("alice")
    for role, number in (
        (CallRole.PRESCRIBER, "+49 30 5550 1"),
        (CallRole.THERAPIST, "+49 30 5550 2"),
        (CallRole.NURSE, "+49 30 5550 3"),
    ):
        await call_contacts.save_contact(bob, alice.id, CallDetails(role, "", number))


async def test_the_next_day_is_filled_in_read_and_corrected(any_portal: Portal) -> None:
    """Side effects by how severe they were and whether they are still there; an entry with the patient's words."""
    session = await session_of(any_portal)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/sessions/{session}/check-in/next-day")
        assert "checkin.blood" not in page.answer.text
        answer = await pressed(
            browser,
            page,
            checkin__felt="hard-to-say",
            checkin__difficulty="7",
            checkin__unplanned=["fell"],
            checkin__unplanned_words="The step by the door",
            effect__nausea="moderate.still",
            effect__taste="mild",
        )
        page = await followed(browser, answer)
        for words in (
            "hard to say",
            "The step by the door",
            "nausea",
            "an odd taste",
            "a fall",
            "In the first days after",
        ):
            assert words in page.words, words
        (made,) = await records.load_made(await any_portal.cast.actor("alice"))
        answers = made.entry.document.answers
        assert answers["checkin.effects_moderate"] == answers["checkin.effects_still"] == ["nausea"]
        assert answers["checkin.effects_mild"] == ["taste"]
        again = await followed(browser, await browser.get(f"/journal/{made.entry.id}/edit"))
        assert again.value("effect.nausea") == "moderate.still"
        assert again.value("checkin.difficulty") == "7"
        page = await followed(browser, await pressed(browser, again, effect__nausea=""))
        assert "nausea" not in page.words
        listed = await opened(browser, "/check-ins")
        assert "In the first days after" in listed.words


@pytest.mark.parametrize(
    ("moment", "typed", "said", "numbers"),
    [
        ("next-day", {"checkin__extra": "yes"}, "call your prescriber", ("5550 1", "1-800-222-1222", "911")),
        ("next-day", {"checkin__wanted": "therapist"}, "Tell your therapist", ("5550 2",)),
        ("next-day", {"checkin__wanted": "now"}, "Help now", ("911", "112")),
        ("monthly", {"checkin__blood": "yes"}, "Tell your prescriber", ("5550 1", "5550 3")),
    ],
)
async def test_what_an_answer_says(
    portal: Portal, moment: str, typed: dict[str, str], said: str, numbers: tuple[str, ...]
) -> None:
    """The sentence with its numbers, after the button and after a second of rest; no verdict; the words are kept."""
    session = await session_of(portal)
    await named(portal)
    path = "/check-ins/monthly" if moment == "monthly" else f"/sessions/{session}/check-in/{moment}"
    async with portal.client("alice") as browser:
        blank = await opened(browser, path)
        assert said not in blank.words.replace("Help now", "") or said == "Help now"
        line = await autosaved(browser, blank, **typed)
        assert line.status_code == 200
        assert said in line.text
        page = await opened(browser, path)
        page = await followed(browser, await pressed(browser, page, **typed))
        assert said in page.words
        for number in numbers:
            assert number in page.words, number
        assert not [word for word in VERDICTS if word in page.words.lower()]


async def test_a_poison_line_is_promised_only_where_there_is_one(portal: Portal) -> None:
    """Elsewhere the emergency number of the chosen place stands alone."""
    session = await session_of(portal)
    async with portal.client("alice") as browser:
        for code, number, has_line in (("US", "911", True), ("DE", "112", False)):
            await browser.post("/help-now", data={"region": code})
            page = await opened(browser, f"/sessions/{session}/check-in/next-day")
            page = await followed(browser, await pressed(browser, page, checkin__extra="yes"))
            assert ("there is a poison line" in page.words, "1-800-222-1222" in page.words) == (
                has_line,
                has_line,
            )
            assert number in page.words


async def test_the_form_says_who_reads_it(portal: Portal) -> None:
    """Whom each new one goes to, at its foot as well; what is said of answers holds with them and without."""
    here = "/check-ins/monthly"
    async with portal.client("alice") as browser:
        assert "Only you can read this." in (await opened(browser, here)).words
        await standing.give_standing(await portal.cast.actor("alice"), portal.cast.link, "check-ins")
        page = await opened(browser, here)
        assert "Shared with Bob Example, once you save and close it" in page.words
        assert "Only you can read this." not in page.words
        page = await followed(browser, await pressed(browser, page, checkin__blood="yes"))
        assert "reaches nobody but those you share it with" in page.words


async def test_before_says_whom_to_tell_and_stops_with_the_start(portal: Portal) -> None:
    """Any yes says to tell the prescriber; without a number, to ask the clinic."""
    async with portal.client("alice") as browser:
        session = await in_session(portal.cast)
        page = await opened(browser, f"/sessions/{session}/check-in/before")
        assert "has begun" in page.words
        assert not page.markup.all("form", **{"class": "form"})
        await rested(portal.cast, session)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/sessions/{session}/check-in/before")
        assert "has begun" in page.words


async def test_before_at_its_planned_time_is_kept_and_says_that_it_stays(portal: Portal) -> None:
    """Whoever reads new ones reads none in a hold, and the page says so; from the next morning on it is asked first."""
    cast = portal.cast
    alice = await cast.actor("alice")
    await standing.give_standing(alice, cast.link, "check-ins")
    details = SessionDetails(SessionKind.DOSING, "2026-11-22T13:30", ZONE, 120, Setting.HOME)
    session = await session_plan.add_session(alice, alice.id, details)
    before = f"/sessions/{session}/check-in/before"
    async with portal.client("alice") as browser:
        assert "can read each new one" in (await opened(browser, before)).words
    cast.clock.forward(minutes=45)
    await signed_in_again(cast)
    async with portal.client("alice") as browser:
        for path in ("/today", "/check-ins", f"/sessions/{session}"):
            assert (await opened(browser, path)).markup.all("a", href=before), path
        page = await opened(browser, before)
        assert "can read each new one" not in page.words
        assert "New ones stay with you for now" in page.words
        assert (await pressed(browser, page, checkin__illness="yes")).status_code == 303
        assert await read_by(cast, "bob") == ()
    cast.clock.forward(hours=20)
    await signed_in_again(cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, before)
        assert "whether it took place" in page.words
        assert page.markup.all("a", href="/sessions/rest")
        for path in ("/", "/today", "/check-ins", f"/sessions/{session}"):
            assert not (await opened(browser, path)).markup.all("a", href=before), path


async def test_one_of_the_signs_leads_to_the_number_at_once(portal: Portal) -> None:
    """No question is left to answer first, and what was typed is kept."""
    session = await session_of(portal)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/sessions/{session}/check-in/next-day")
        page = await followed(browser, await pressed(browser, page, "call", checkin__difficulty="9"))
        assert page.heading == "Call emergency services now"
        assert "911" in page.words
        (made,) = await records.load_made(await portal.cast.actor("alice"))
        assert made.entry.document.answers["checkin.difficulty"] == 9
        assert made.day is None


async def test_bad_input_keeps_what_was_typed_and_changes_nothing(portal: Portal) -> None:
    """A date that is none, and more words than fit: said beside the question, with everything still there."""
    session = await session_of(portal)
    async with portal.client("alice") as browser:
        path = f"/sessions/{session}/check-in/next-day"
        page = await opened(browser, path)
        answer = await pressed(
            browser, page, checkin__away_until="x" * 501, checkin__difficulty="4", effect__nausea="mild"
        )
        assert answer.status_code == 422
        shown = Page.of(answer)
        assert shown.value("checkin.away_until") == "x" * 501
        assert shown.value("checkin.difficulty") == "4"
        assert shown.value("effect.nausea") == "mild"
        assert "longer than one field" in shown.words
        answer = await pressed(browser, page, checkin__effects_other="x" * 501, checkin__away_until="x" * 501)
        assert [one.attributes["href"] for one in Page.of(answer).markup.all("a", within="error-list")] == [
            "#checkin.away_until",
            "#checkin.effects_other",
        ]
        assert (
            Page.of(answer).words.count(": This is longer") + Page.of(answer).words.count("? This is longer")
            == 2
        )
        assert (await autosaved(browser, page, checkin__away_until="x" * 501)).status_code == 409
        assert await records.load_made(await portal.cast.actor("alice")) == ()
        for path in ("/sessions/{}/check-in/tomorrow", "/sessions/{}/check-in/monthly"):
            assert (await browser.get(path.format(session))).status_code == 404


async def test_nothing_fades_or_has_gone_since_a_day_that_is_to_come(portal: Portal) -> None:
    """It is said beside the question, and nothing is saved until the day is one that has come."""
    session = await session_of(portal)
    portal.cast.clock.forward(days=7)
    await signed_in_again(portal.cast)
    today = portal.cast.clock.now.date()
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/sessions/{session}/check-in/7-days")
        late = {"checkin__still": "gone", "checkin__still_date": str(today + timedelta(days=1))}
        answer = await pressed(browser, page, **late)
        assert answer.status_code == 422
        shown = Page.of(answer)
        assert "Please give a day that has come" in shown.words
        assert shown.value("checkin.still_date") == late["checkin__still_date"]
        assert shown.value("checkin.still") == "gone"
        assert await records.load_made(await portal.cast.actor("alice")) == ()
        assert (await pressed(browser, page, **late | {"checkin__still_date": str(today)})).status_code == 303


async def test_a_completed_one_goes_to_whom_it_is_given(portal: Portal) -> None:
    """Not by autosave, not paused, and a correction never by itself."""
    cast = portal.cast
    session = await session_of(portal)
    await standing.give_standing(await cast.actor("alice"), cast.link, "check-ins")
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/sessions/{session}/check-in/next-day")
        assert "can read each new one" in page.words
        await autosaved(browser, page, checkin__difficulty="5")
        assert await read_by(cast, "bob") == ()
        page = await opened(browser, f"/sessions/{session}/check-in/next-day")
        await pressed(browser, page, checkin__difficulty="6")
        (read,) = await read_by(cast, "bob")
        assert read.answers["checkin.difficulty"] == 6
        page = await opened(browser, f"/sessions/{session}/check-in/next-day")
        await pressed(browser, page, checkin__difficulty="7")
        (read,) = await read_by(cast, "bob")
        assert read.answers["checkin.difficulty"] == 6
        await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
        page = await opened(browser, "/check-ins/monthly")
        await browser.post(action(page), data=page.filled({"checkin.pain": "no"}, "done"))
        await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
        assert len(await read_by(cast, "bob")) == 1


async def test_one_that_names_no_session_is_read_and_changed_like_any(portal: Portal) -> None:
    """As somebody who gave back a copy may have sealed it: home, the list, the entry and its form stay open."""
    strange = EntryDocument("check_in", session_id="of nobody", answers={"checkin.moment": "next-day"})
    plain = EntryDocument("free", session_id="of nobody", answers={"free.text": "Words"})
    entries = [await written(portal.cast, document=one) for one in (strange, plain)]
    async with portal.client("alice") as browser:
        for path in ("/", "/check-ins", *(f"/journal/{one.id}/edit" for one in entries)):
            assert (await browser.get(path, follow_redirects=True)).status_code == 200, path
