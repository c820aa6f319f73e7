"""If a patient gets frightened: written like an entry, read in one tap, and shared part by part."""

from __future__ import annotations

from datetime import timedelta

from journal.entries import revisions
from journal.preparing import comfort_plan
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.time_zones import parse_zone
from tests.cast import ZONE, Cast
from tests.portal.browsing import Page, autosaved, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import in_session, shared, written

NEW = "/journal/new?kind=comfort"


async def planned(cast: Cast, days: int) -> str:
    """Have alice plan a dosing session at noon, some days from now; return the address of its page."""
    alice = await cast.actor("alice")
    day = alice.now.astimezone(parse_zone(ZONE)).date() + timedelta(days=days)
    details = SessionDetails(SessionKind.DOSING, f"{day}T12:00", ZONE, 120, Setting.HOME)
    return f"/sessions/{await session_plan.add_session(alice, alice.id, details)}"


def leads(page: Page, where: str) -> bool:
    """Whether the main part of a page leads somewhere."""
    return bool(page.markup.all("a", within="page", href=where))


async def test_a_plan_is_begun_once_and_changed_like_an_entry(any_portal: Portal) -> None:
    """Without JavaScript: an empty page stores nothing; saved, it is read; another time the same plan is changed."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/comfort")
        assert leads(page, NEW)
        begun = await opened(browser, NEW)
        assert begun.heading == "If I get frightened"
        assert not {"session", "title", "note"} & begun.fields.keys()
        await pressed(browser, begun)
        assert (await comfort_plan.load_plan(await any_portal.cast.actor("alice"))).entry is None
        typed = {"comfort__touch": "ask", "comfort__words_help": "You are at home.\nIt is Sunday."}
        page = await followed(browser, await pressed(browser, begun, **typed, comfort__stop="Red"))
        assert [one.words for one in page.markup.all("dt")] == ["Touch", "Words that help", "How I say stop"]
        assert "Ask me first" in page.words
        assert "You are at home." in page.words
        again = await followed(browser, await browser.get(NEW))
        assert again.value("comfort.stop") == "Red"
        page = await followed(browser, await pressed(browser, again, comfort__stop="A bell"))
        assert "A bell" in page.words
        assert "Red" not in page.words
    seen = await comfort_plan.load_plan(await any_portal.cast.actor("alice"))
    assert seen.others == ()
    assert seen.entry is not None
    assert seen.entry.document.session_id is None


async def test_a_second_page_overwrites_nothing(any_portal: Portal) -> None:
    """Two empty pages: what the later one saves by itself is kept as an earlier version, and it says so."""
    async with any_portal.client("alice") as browser:
        one, other = [await opened(browser, NEW) for _ in range(2)]
        assert (await autosaved(browser, one, comfort__stop="Red")).status_code == 200
        told = await autosaved(browser, other, comfort__stop="A bell")
        assert told.status_code == 409
        alice = await any_portal.cast.actor("alice")
        entry = (await comfort_plan.load_plan(alice)).entry
        assert entry is not None
        assert f"/journal/{entry.id}" in told.text
        (kept,) = await revisions.list_revisions(alice, entry.id)
        assert kept.document.answers == {"comfort.stop": "A bell"}
        assert entry.document.answers == {"comfort.stop": "Red"}
        # The page that was first goes on as ever, also when the answer to its first save was lost.
        assert (await autosaved(browser, one, comfort__stop="Red, aloud")).status_code == 200


async def test_it_is_one_tap_away_before_and_during_a_session(portal: Portal) -> None:
    """From what steadies, from the session's page, on the eve from home, and from the calm screen: large, and alone."""
    cast = portal.cast
    async with portal.client("alice") as browser:
        assert leads(await opened(browser, "/steady"), "/comfort")
        assert not leads(await opened(browser, "/"), "/comfort")
        session = await planned(cast, 2)
        assert leads(await opened(browser, session), "/comfort")
        assert not leads(await opened(browser, "/"), "/comfort")
        await planned(cast, 1)
        assert leads(await opened(browser, "/"), "/comfort")


async def test_while_a_session_lasts_it_is_dark_and_there_is_nothing_to_change(portal: Portal) -> None:
    """The calm screen leads there in one tap; the plan alone is there, with help and a way back."""
    cast = portal.cast
    async with portal.client("alice") as browser:
        here = f"/sessions/{await in_session(cast)}"
        assert leads(await opened(browser, here), "/comfort")
        page = await opened(browser, "/comfort")
        assert "Nothing is written here." in page.words
        assert not leads(page, NEW)
        begun = await opened(browser, NEW)
        page = await followed(browser, await pressed(browser, begun, comfort__stop="Red"))
        assert page.markup.one("html").attributes["class"] == "dark large"
        assert "Red" in page.words
        links = {one.attributes["href"] for one in page.markup.all("a", within="page")}
        assert links == {"/help-now?look=dark", "/ground", here}


async def test_only_a_plan_begins_that_way(portal: Portal) -> None:
    """Choosing what to write does not list it, and an entry of another kind is begun as before."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new")
        assert not [one for one in page.markup.all("a") if "kind=comfort" in one.attributes["href"]]
        entry = await written(portal.cast)
        page = await opened(browser, f"/journal/{entry.id}")
        assert leads(page, f"/journal/{entry.id}/edit")


async def test_parts_are_shared_one_by_one(portal: Portal) -> None:
    """A clinician reads the parts that were chosen, in her words, and no sign of the others."""
    cast = portal.cast
    alice = await cast.actor("alice")
    async with portal.client("alice") as browser:
        begun = await opened(browser, NEW)
        await pressed(browser, begun, comfort__stop="Red lantern", comfort__light="Curtains closed")
        entry = (await comfort_plan.load_plan(alice)).entry
        assert entry is not None
        page = await opened(browser, f"/journal/{entry.id}/shares")
        assert {"comfort.stop", "comfort.light"} <= {
            one.attributes.get("value") for one in page.markup.elements
        }
        share = await shared(cast, entry, ("comfort.stop",))
    async with portal.client("bob") as clinician:
        page = await opened(clinician, f"/patients/{alice.id}/shared/{share}")
        assert "Red lantern" in page.words
        assert "Light" not in page.words
        assert "Curtains" not in page.answer.text
