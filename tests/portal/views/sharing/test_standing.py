"""The page of what a clinician reads as it is completed, without JavaScript."""

from __future__ import annotations

from uuid import UUID

from journal.care import lifecycle
from journal.entries import entries
from journal.standing import standing
from journal.standing.kinds import list_lines
from tests.journal.standing.test_standing import planned
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import become, in_session, read_by, rested

READING = {"time": "14:20", "systolic": "128", "diastolic": "82", "pulse": "71"}


async def readings_of(portal: Portal) -> tuple[str, ...]:
    """Return the readings of the one copy that bob can read."""
    (document,) = await read_by(portal.cast, "bob")
    return list_lines(document.answers, "day.readings")


def where(portal: Portal) -> str:
    """Return the address of the page about bob."""
    return f"/sharing/{portal.cast.link}/standing"


async def noted(browser, session: UUID, **changes: str) -> Page:
    """Have alice note a reading on its page."""
    address = f"/sessions/{session}/readings"
    return await followed(browser, await browser.post(address, data=READING | changes))


async def given(browser, portal: Portal, **form: str) -> Page:
    """Have alice give readings to bob on the page that shows the example."""
    page = await opened(browser, f"{where(portal)}?kind=readings")
    data = page.filled({"go": "give", **form})
    return await followed(browser, await browser.post(where(portal), data=data))


async def test_an_example_is_seen_before_it_is_given_and_each_new_reading_goes(any_portal: Portal) -> None:
    """Example, question, list with who, what and since when; the page of readings says who reads them; end."""
    session = await planned(any_portal.cast)
    async with any_portal.client("alice") as browser:
        assert (
            "Nothing goes to Bob Example by itself" in (await opened(browser, where(any_portal)[:-9])).words
        )
        page = await opened(browser, where(any_portal))
        assert "Nothing at present" in page.words
        page = await opened(browser, f"{where(any_portal)}?kind=readings")
        assert "It is an example that nobody wrote." in page.words
        assert "blood pressure 120/80" in page.words
        assert "Also during a dosing session" not in page.words
        page = await given(browser, any_portal)
        assert "From now on Bob Example reads each new one." in page.words
        assert "Readings · No answer needed Since Sun 22 Nov 2026" in page.words
        assert (
            "Readings · No answer needed Since Sun 22 Nov 2026" in (await opened(browser, "/sharing")).words
        )
        page = await opened(browser, f"/sessions/{session}/readings")
        assert "Bob Example can read each new one as soon as you save it." in page.words
        page = await noted(browser, session)
        (document,) = await read_by(any_portal.cast, "bob")
        assert document.fields == ["day.readings"]
        (entry,) = [
            one
            for one in await entries.load_all_entries(await any_portal.cast.actor("alice"))
            if one.document.kind == "standing"
        ]
        assert (await browser.get(f"/journal/{entry.id}")).headers["location"] == "/sharing"
        page = await followed(
            browser, await browser.post(where(any_portal), data={"go": "end", "kind": "readings"})
        )
        assert "Nothing new goes to Bob Example by itself." in page.words
        await noted(browser, session, time="15:20")
    assert (await read_by(any_portal.cast, "bob"))[0] == document


async def test_a_correction_goes_only_when_it_is_shared(portal: Portal) -> None:
    """The copy says that it was changed since, as any copy does."""
    session = await planned(portal.cast)
    async with portal.client("alice") as browser:
        await given(browser, portal)
        await noted(browser, session)
        page = await opened(browser, f"/sessions/{session}/readings?position=0")
        assert "as soon as you save it" not in page.words
        sent = {name: page.value(name) for name in ("position", "revision")} | {"pulse": "99"}
        await noted(browser, session, **sent)
        assert "71" in (await readings_of(portal))[0]
        page = await opened(browser, where(portal))
        assert "pulse 99" in page.words


async def test_in_a_session_it_waits_and_is_chosen_after_rest(portal: Portal) -> None:
    """Nothing goes and the page of readings says so; after rest each is listed, none ticked; the rest stays."""
    async with portal.client("alice") as browser:
        await given(browser, portal)
    session = await in_session(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/sessions/{session}/readings")
        assert "they do not go to Bob Example. You are asked later." in page.words
        await noted(browser, session, time="14:20")
        await noted(browser, session, time="14:40", pulse="75")
        page = await opened(browser, where(portal))
        assert "until you have rested" in page.words
        assert page.markup.all("input", name="sections") == []
        refused = await browser.post(where(portal), data={"go": "give", "kind": "readings"})
        assert refused.status_code == 409
        assert await read_by(portal.cast, "bob") == ()
    await rested(portal.cast, session)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sessions/rest")
        assert f"/sharing/{portal.cast.link}/standing" in {
            one.attributes.get("href") for one in page.markup.all("a")
        }
        page = await opened(browser, where(portal))
        boxes = [
            one.attributes for one in page.markup.all("input") if one.attributes.get("name") == "sections"
        ]
        assert [one.get("checked") for one in boxes] == [None, None]
        every = [one["value"] for one in boxes]
        none = await browser.post(where(portal), data={"go": "some", "kind": "readings", "shares": every})
        assert none.status_code == 422
        form = {"go": "some", "kind": "readings", "shares": every, "sections": every[1:]}
        page = await followed(browser, await browser.post(where(portal), data=form))
        assert "Shared. The others stay with you." in page.words
        stale = await browser.post(where(portal), data=form)
        assert stale.status_code == 409
        assert [line[:5] for line in await readings_of(portal)] == ["14:40"]


async def test_a_nurse_can_be_given_readings_of_the_session_itself(portal: Portal) -> None:
    """The tick stands on the page beforehand, for a prescriber or nurse alone, and is not set."""
    await become(portal.cast, "bob", "nurse")
    async with portal.client("alice") as browser:
        page = await opened(browser, f"{where(portal)}?kind=readings")
        (box,) = [one for one in page.markup.all("input") if one.attributes.get("name") == "at_once"]
        assert "checked" not in box.attributes
        page = await given(browser, portal, at_once="yes")
        assert "also during a session" in page.words
    session = await in_session(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/sessions/{session}/readings")
        assert "Bob Example can read each new one as soon as you save it." in page.words
        await noted(browser, session)
        assert len(await read_by(portal.cast, "bob")) == 1
        done = await browser.post(where(portal), data={"go": "end", "kind": "readings"})
        assert done.status_code == 303
        await noted(browser, session, time="15:00")
    assert len(await readings_of(portal)) == 1


async def test_the_page_says_why_nothing_goes(portal: Portal) -> None:
    """While sharing is paused it says so on both pages, and offers nothing new."""
    async with portal.client("alice") as browser:
        await given(browser, portal)
        alice = await portal.cast.actor("alice")
        await lifecycle.pause_sharing(alice, portal.cast.link)
        for address in (where(portal), "/sharing", f"/sharing/{portal.cast.link}"):
            paused = await opened(browser, address)
            assert "Nothing goes to Bob Example while sharing is paused." in paused.words
        resumed = await browser.post(f"/sharing/{portal.cast.link}/resumption")
        assert "What you completed meanwhile" in (await followed(browser, resumed)).words
        await browser.post(where(portal), data={"go": "end", "kind": "readings"})
        await lifecycle.pause_sharing(alice, portal.cast.link)
        page = await opened(browser, f"{where(portal)}?kind=readings")
        assert "Share each new one" not in page.words
        assert (await browser.post(where(portal), data={"go": "give", "kind": "readings"})).status_code == 409


async def test_deleting_the_list_ends_what_stands_in_it(portal: Portal) -> None:
    """Whoever brings it back has given nothing by that."""
    async with portal.client("alice") as browser:
        await given(browser, portal)
        alice = await portal.cast.actor("alice")
        entry = (await standing.load_standing(alice)).entry
        assert entry is not None
        await browser.post(f"/journal/{entry.id}/deletion")
        await browser.post(f"/journal/{entry.id}/restoration")
        found = await standing.load_standing(await portal.cast.actor("alice"))
    assert [one.is_in_force for one in found.lines] == [False]
