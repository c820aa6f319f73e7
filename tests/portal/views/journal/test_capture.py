"""A few words while dosed, or just after: one large box and nothing else to do; the questions come later, below it."""

from __future__ import annotations

from uuid import UUID

import pytest
from httpx import AsyncClient

from journal.records.collection import collect_patient_records
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import Cast
from tests.portal.browsing import Page, action, autosaved, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.shared_material import share, write

WORDS = "A long blue hall\nand no hurry"
QUESTIONS = ("Images, colours, scenes", "Where in the body, what quality", "Anything kind or beautiful")


async def dose(cast: Cast, *said: Status) -> UUID:
    """Have alice plan a dosing session for now, and say *said* of it."""
    alice = await cast.actor("alice")
    details = SessionDetails(
        SessionKind.DOSING, "2026-11-22T13:00", "Europe/Berlin", 120, Setting.HOME, sitter="Kim"
    )
    ident = await session_plan.add_session(alice, alice.id, details)
    for status in said:
        await session_plan.change_status(alice, ident, status)
    return ident


async def begun(browser: AsyncClient, session: UUID) -> Page:
    """Open the page of a few words by the calm page's own link."""
    link = (await opened(browser, f"/sessions/{session}")).markup.one(
        "a", href=f"/journal/new?kind=capture&session={session}"
    )
    return await opened(browser, link.attributes["href"])


@pytest.mark.parametrize(
    "said", [(Status.IN_SESSION,), (Status.IN_SESSION, Status.RECOVERING)], ids=["under way", "after"]
)
async def test_a_few_words_are_one_box(any_portal: Portal, said: tuple[Status, ...]) -> None:
    """The box comes first and has the cursor, in the dark; all else is closed. Saving leads back to the calm page."""
    session = await dose(any_portal.cast, *said)
    async with any_portal.client("alice") as browser:
        page = await begun(browser, session)
        assert page.markup.one("html").attributes["class"] == "dark large"
        visible = [one for one in page.markup.all("textarea", within="main") if "details" not in one.within]
        assert [one.attributes["name"] for one in visible] == ["int.remembered"]
        assert [one.attributes["name"] for one in page.markup.elements if "autofocus" in one.attributes] == [
            "int.remembered"
        ]
        open_fields = [
            one
            for one in page.markup.elements
            if one.tag in ("input", "select") and "main" in one.within and "details" not in one.within
        ]
        assert {one.attributes.get("type") for one in open_fields} == {"hidden", "checkbox"}
        assert not [one for one in page.markup.all("details") if "open" in one.attributes]
        assert [words for words in QUESTIONS if words not in page.words] == []
        assert [
            one.words for one in page.markup.all("button", within="main", name="go") if one.words != "Save"
        ] == [
            "Save and close",
            "Save and close",
            "One question at a time",
        ]
        assert (await autosaved(browser, page, int__remembered=WORDS)).status_code == 200
        back = await followed(browser, await pressed(browser, page, "session", int__remembered=WORDS))
        assert "There is nothing to do." in back.heading
        assert "Your words are saved." in back.words


async def test_nothing_typed_is_not_told_as_saved(portal: Portal) -> None:
    """Who writes nothing goes back to the calm page, which says nothing of it."""
    session = await dose(portal.cast, Status.IN_SESSION)
    async with portal.client("alice") as browser:
        back = await followed(browser, await pressed(browser, await begun(browser, session), "session"))
        assert "There is nothing to do." in back.heading
        assert "saved" not in back.words


async def test_later_the_questions_are_there(any_portal: Portal) -> None:
    """Opened again, the words stand in the box without the cursor, and the questions that were answered are open."""
    session = await dose(any_portal.cast, Status.IN_SESSION)
    async with any_portal.client("alice") as browser:
        page = await begun(browser, session)
        where = action(page)
        await pressed(browser, page, "done", int__remembered=WORDS)
        again = await opened(browser, f"{where}/edit")
        assert again.value("int.remembered").replace("\r", "") == WORDS
        assert not [one for one in again.markup.elements if "autofocus" in one.attributes]
        await pressed(browser, again, "done", int__body="Warm hands", title="The hall")
        third = await opened(browser, f"{where}/edit")
        assert [one for one in third.markup.all("details") if "open" in one.attributes]
        shown = await opened(browser, where)
        assert shown.words.index("A long blue hall") < shown.words.index("Warm hands")


async def test_on_any_other_day_it_is_as_bright_as_the_device(portal: Portal) -> None:
    """The same page, days later or without a session, follows the device, and keeps its ways out."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=capture")
        assert page.markup.one("html").attributes["class"] == ""
        assert "Enough for today" in page.words
        assert "int.remembered" in page.fields


async def test_one_question_at_a_time_begins_with_the_box(portal: Portal) -> None:
    """The eight questions come one after another, without a pause after the first."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=capture&prompt=first")
        assert "1 of 8" in page.words
        page = await followed(browser, await pressed(browser, page, "next", int__remembered=WORDS))
        assert "2 of 8" in page.words


async def test_a_few_words_go_wherever_words_go(any_portal: Portal) -> None:
    """Search finds them, a share carries them to the therapist, and an archive has them under their question."""
    cast = any_portal.cast
    entry = await write(cast, "capture", {"int.remembered": WORDS, "int.images": "Blue"}, title="Hall")
    async with any_portal.client("alice") as browser:
        found = await browser.post("/journal", data={"q": "no hurry"})
        assert "Hall" in Page.of(found).words
        choose = await opened(browser, f"/journal/{entry}/shares")
        assert "In your own words" in choose.words
    await share(cast, entry, "title", "int.remembered")
    records = await collect_patient_records(await cast.actor("alice"), "Quiet Practice")
    (kept,) = [answer for one in records.entries for answer in one.answers if answer.id == "int.remembered"]
    assert (kept.question, kept.value) == ("In your own words", WORDS)
    async with any_portal.client("bob") as browser:
        patient = await opened(browser, f"/patients/{(await cast.actor('alice')).id}")
        href = next(one.attributes["href"] for one in patient.markup.all("a") if "Hall" in one.words)
        copy = await opened(browser, href)
        assert "In your own words" in copy.words
        assert "A long blue hall" in copy.words
        assert "Blue" not in copy.words
