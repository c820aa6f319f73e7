"""A patient's first page has one next thing, the rest is one link away, and a course says from when on."""

from __future__ import annotations

from uuid import UUID

from journal.clinic import text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.coming_talk import answers
from journal.coming_talk.documents import Word
from journal.scheduling import plan as session_plan
from journal.sessions.moments import Offsets
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import PASSWORDS, ZONE
from tests.journal.coming_talk.test_coming_talk import OWN, answered, seen_by_bob, set_for, talk_on
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.portal.test_statements import noted
from tests.portal.views.test_home import list_primary
from tests.scenes import signed_in_again
from tests.shared_material import write

LINK = "What else there is"


async def plan_dosing(portal: Portal, local: str) -> UUID:
    """Have alice plan a dosing session at home."""
    alice = await portal.cast.actor("alice")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
    return await session_plan.add_session(alice, alice.id, details)


async def opened_later(portal: Portal, *paths: str, **later: float) -> list[Page]:
    """Return pages that alice opens after some time."""
    portal.cast.clock.forward(**later)
    async with portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        return [await opened(browser, path) for path in paths]


def list_titles(page: Page) -> list[str]:
    """Return the headings of things on a page."""
    return [one.words for one in page.markup.all("h2") if "thing-title" in one.attributes.get("class", "")]


async def test_without_anything_nothing_is_waiting(any_portal: Portal) -> None:
    """The page says so in warm words, has one button, to write, and no link to more."""
    (page,) = await opened_later(any_portal, "/")
    assert list_titles(page) == ["Nothing is waiting"]
    assert list_primary(page) == ["Write"]
    assert LINK not in page.words
    (rest,) = await opened_later(any_portal, "/today")
    assert "Nothing else is waiting" in rest.words


async def test_one_thing_and_the_rest_behind_one_link(any_portal: Portal) -> None:
    """A week before a session preparing is next; a small thing of the day is on the page of the rest alone."""
    await plan_dosing(any_portal, "2026-11-27T14:00")
    async with any_portal.client("alice") as browser:
        await browser.post("/day-lines", data={"go": "on"})
        page = await opened(browser, "/")
        assert list_titles(page) == ["Prepare for your session"]
        assert len(list_primary(page)) == 1
        (link,) = [one for one in page.markup.all("a", within="main") if one.words == LINK]
        rest = await opened(browser, link.attributes["href"])
        assert list_primary(rest) == []
        assert "None of it has to be done" in rest.words
        assert "Prepare for your session" not in list_titles(rest)


async def test_written_about_it_makes_room(any_portal: Portal) -> None:
    """A preparation that belongs to the session is not asked for again."""
    await plan_dosing(any_portal, "2026-11-27T14:00")
    await write(any_portal.cast, "preparation", {"prep.intention": "Less on guard."})
    (page,) = await opened_later(any_portal, "/")
    assert list_titles(page) == ["Nothing is waiting"]
    assert "Dosing session" in page.words or "dosing session" in page.words


async def test_what_is_set_for_a_near_talk_is_one_thing_until_something_is_said(any_portal: Portal) -> None:
    """It is named with who set it, from a week before the talk on, never as a number, and not once all has a word."""
    far, near = await talk_on(any_portal.cast, "2026-12-03T15:00"), await talk_on(any_portal.cast)
    await set_for(any_portal.cast, far)
    (page,) = await opened_later(any_portal, "/")
    assert list_titles(page) == ["Nothing is waiting"]
    things = (*await set_for(any_portal.cast, near), *await set_for(any_portal.cast, near))
    for _ in things:
        (page,) = await opened_later(any_portal, "/")
        assert list_titles(page) == ["For your talk"]
        assert "Bob Example set something for it" in page.words
        assert list_primary(page) == ["See what is set"]
        assert page.markup.all("a", href="/talk")
        await answers.say_word(await any_portal.cast.actor("alice"), things[0], Word.NOT_NOW)
        things = things[::-1]
    (page,) = await opened_later(any_portal, "/")
    assert list_titles(page) == ["Nothing is waiting"]


async def test_an_answer_makes_room_and_what_is_set_costs_one_statement(portal: Portal) -> None:
    """Home finds the answer by the table of contents; while it is unanswered, home stays within eight statements."""
    talk = await talk_on(portal.cast)
    without = len(await noted(portal, "alice", "/"))
    await set_for(portal.cast, talk, OWN)
    assert len(await noted(portal, "alice", "/")) == without <= 8
    (page,) = await opened_later(portal, "/")
    assert list_titles(page) == ["For your talk"]
    (item,) = await seen_by_bob(portal.cast)
    await answered(portal.cast, item)
    (page,) = await opened_later(portal, "/")
    assert list_titles(page) == ["Nothing is waiting"]


async def test_offsets_of_a_course_are_what_home_goes_by(any_portal: Portal) -> None:
    """A team that lets prepare from two days before only moves the first page; the usual course is not asked."""
    await plan_dosing(any_portal, "2026-11-27T14:00")
    bob, alice = await any_portal.cast.actor("bob"), await any_portal.cast.actor("alice")
    typed = InstructionsDetails("As told.", offsets=Offsets(prepare_days=2, prepare_until_days=1))
    await text_writing.save_instructions(bob, alice.id, None, typed, is_checked=True)
    (page,) = await opened_later(any_portal, "/")
    assert list_titles(page) == ["Nothing is waiting"]
    (page,) = await opened_later(any_portal, "/", days=3, hours=2)
    assert list_titles(page) == ["Prepare for your session"]


async def test_what_stayed_is_asked_in_the_entry_of_then(any_portal: Portal) -> None:
    """A week after the session the entry of its days asks what stayed and how its step went, however old it is."""
    ident = await plan_dosing(any_portal, "2026-11-22T13:00")
    alice = await any_portal.cast.actor("alice")
    for status in (Status.IN_SESSION, Status.RECOVERING):
        await session_plan.change_status(alice, ident, status)
    any_portal.cast.clock.forward(hours=22)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        await browser.post("/sessions/rest")
    any_portal.cast.clock.forward(days=4)
    await signed_in_again(any_portal.cast)
    entry = await write(
        any_portal.cast, "integration", {"int.one_action": "Ring Kim."}, at=any_portal.cast.clock.now
    )
    home, rest = await opened_later(any_portal, "/", "/today", days=2, hours=3)
    assert "What stayed?" in (*list_titles(home), *list_titles(rest))
    address = f"/journal/{entry}/edit?later=yes"
    assert any(page.markup.all("a", href=address) for page in (home, rest))
    (page,) = await opened_later(any_portal, address)
    fields = [one.attributes["value"] for one in page.markup.all("input", name="fields")]
    assert fields[:3] == ["int.stayed", "int.followup", "int.learned"]
    (new,) = await opened_later(any_portal, f"/journal/new?kind=integration&session={ident}&later=yes")
    fields = [one.attributes["value"] for one in new.markup.all("input", name="fields")]
    assert fields[0] == "int.stayed"
    assert "int.followup" not in fields


async def test_while_it_is_acute_the_rest_leads_home(portal: Portal) -> None:
    """There is one calm page; the address of the rest shows it too."""
    ident = await plan_dosing(portal, "2026-11-22T13:00")
    await session_plan.change_status(await portal.cast.actor("alice"), ident, Status.IN_SESSION)
    async with portal.client("alice") as browser:
        answer = await browser.get("/today")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert LINK not in (await opened(browser, "/")).words


async def test_the_rest_asks_for_what_it_shows(portal: Portal) -> None:
    """Who asks, plan, links, state, pages, texts of courses: nothing twice."""
    await plan_dosing(portal, "2026-11-27T14:00")
    await write(portal.cast, "free", {"free.text": "Sea"})
    asked = await noted(portal, "alice", "/today")
    assert len(asked) <= 6
    assert len(set(asked)) == len(asked)


async def test_a_clinician_is_led_to_the_brief_of_the_next_talk(any_portal: Portal) -> None:
    """The one button is the brief of the talk that comes next; without one, whoever has something new."""
    bob, alice = await any_portal.cast.actor("bob"), await any_portal.cast.actor("alice")
    async with any_portal.client("bob") as browser:
        assert list_primary(await opened(browser, "/patients")) == []
        details = SessionDetails(SessionKind.INTEGRATION, "2026-11-22T16:00", ZONE, 50, Setting.CLINIC)
        talk = await session_plan.add_session(bob, alice.id, details)
        page = await opened(browser, "/patients")
        assert list_titles(page) == ["Alice Sample"]
        (button,) = [
            one for one in page.markup.all("a") if "button-primary" in one.attributes.get("class", "")
        ]
        assert button.attributes["href"] == f"/patients/{alice.id}/brief?session={talk}"
        assert (button.words, button.attributes["aria-label"]) == (
            "Open the brief",
            "Open the brief for Alice Sample",
        )
        found = await browser.post("/patients", data={"q": "ali"})
        assert list_titles(Page.of(found)) == []
