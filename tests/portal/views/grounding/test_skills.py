"""The guided skills: for anybody, at once, a step a screen, and without a database."""

from __future__ import annotations

import pytest

from journal.catalogue.grounding_skills import SAFETY_NOTES, SKILLS, list_acute_skills
from journal.clinic import call_contacts
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.grounding import steadying
from journal.store.database import execute
from tests.cast import ZONE
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.portal.test_statements import counted
from tests.scenes import in_session

ACUTE = [f"/ground/{skill.id}" for skill in list_acute_skills()]
OTHERS = [f"/ground/{skill.id}" for skill in SKILLS.values() if not skill.in_acute_mode]


def offered(page: Page) -> list[str]:
    """The addresses of the skills that a page offers, in its order."""
    return [
        one.attributes["href"]
        for one in page.markup.all("a", within="ground-list")
        if one.attributes["href"].startswith("/ground/")
    ]


async def test_nobody_has_to_be_signed_in_and_no_database_is_asked(portal: Portal) -> None:
    """The five skills that are safe at any time stand first; every one opens with all its steps and its caution."""
    async with portal.client() as browser, counted(portal) as asked:
        page = await opened(browser, "/ground")
        assert offered(page) == ACUTE + OTHERS
        assert all(note in page.words for note in SAFETY_NOTES)
        for skill in SKILLS.values():
            shown = await opened(browser, f"/ground/{skill.id}")
            assert shown.heading == skill.title
            steps = [one.words for one in shown.markup.all("p", **{"class": "ground-words"})]
            assert steps == list(skill.steps)
            assert skill.caution in shown.words
            assert all(note in shown.words for note in SAFETY_NOTES)
            assert shown.markup.all("form", within="main") == []
        assert asked == []
        assert (await browser.get("/ground/nothing")).status_code == 404


@pytest.mark.parametrize("name", SKILLS)
async def test_each_step_leads_to_the_next_without_a_script(portal: Portal, name: str) -> None:
    """From the first step to the last by links within the page, and back; looking around is never far."""
    async with portal.client() as browser:
        page = await opened(browser, f"/ground/{name}")
    ids = {one.attributes["id"] for one in page.markup.all("section") if "id" in one.attributes}
    links = [one.attributes["href"] for one in page.markup.all("a", within="main")]
    count = len(SKILLS[name].steps)
    assert ids == {f"step-{place}" for place in range(1, count + 1)}
    assert set(links) >= {f"#step-{place}" for place in range(1, count + 1)}
    assert {"/ground", "/help-now"} <= set(links)
    assert name == "orient" or "/ground/orient" in links


async def test_who_cannot_be_told_gets_the_page_of_everybody(portal: Portal) -> None:
    """Where the database does not answer, or the cookie opens nothing, the skills are there all the same."""
    async with portal.client() as browser:
        browser.cookies.set(portal.app.state.config.cookie, "made up")
        strange = await opened(browser, "/ground")
    await execute("ALTER TABLE web_session RENAME TO somewhere_else")
    async with portal.client("alice") as browser:
        for path in ("/ground", *ACUTE, *OTHERS):
            assert (await browser.get(path)).status_code == 200
        assert (await opened(browser, "/ground")).words == strange.words
    await execute("ALTER TABLE somewhere_else RENAME TO web_session")


async def test_a_patient_sees_their_own_and_not_what_they_hid(any_portal: Portal) -> None:
    """Own skills and phrases are on the pages of their owner alone; a hidden skill is not offered to them."""
    alice = await any_portal.cast.actor("alice")
    await steadying.add_phrase(alice, "The tide turns.")
    await steadying.hide_skill(alice, "container")
    place = await steadying.save_own_skill(alice, "", 0, "River stones", ["Take one.", "Feel its edge."])
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/ground")
        own = f"/ground/own?skill={place.rpartition('_')[2]}"
        assert own in offered(page)
        assert "/ground/container" not in offered(page)
        shown = await opened(browser, own)
        assert shown.heading == "River stones"
        assert "Feel its edge." in shown.words
        assert "The tide turns." in (await opened(browser, "/ground/kind_phrase")).words
        for strange in ("", "2", "99", "x", "٣", "1" * 5000):
            assert (await browser.get("/ground/own", params={"skill": strange})).status_code == 404
    for name in ("dana", "bob", None):
        async with any_portal.client(name) as browser:
            assert offered(await opened(browser, "/ground")) == ACUTE + OTHERS
            assert "tide" not in (await browser.get("/ground/kind_phrase")).text


async def test_while_a_session_may_be_felt_only_the_safe_ones_are_offered(any_portal: Portal) -> None:
    """No imagery, no breath to hold, no circle that moves; another skill's address leads back, and it is dark."""
    alice = await any_portal.cast.actor("alice")
    await steadying.save_own_skill(alice, "", 0, "River stones", ["Take one."])
    await steadying.add_phrase(alice, "The tide turns.")
    await in_session(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/ground")
        assert offered(page) == ACUTE
        assert 'class="dark large"' in page.answer.text
        for path in OTHERS:
            assert (await browser.get(path)).headers["location"] == "/ground"
        assert "ground-circle" not in (await browser.get("/ground/orient")).text
        assert "The tide turns." in (await opened(browser, "/ground/kind_phrase")).words
    async with any_portal.client() as browser:
        assert "ground-circle" in (await browser.get("/ground/orient")).text


async def test_to_reach_somebody_shows_whom_the_care_team_named(any_portal: Portal) -> None:
    """Their number stands below the emergency numbers, during a session too, and for their patient alone."""
    cast = any_portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    nurse = CallDetails(CallRole.NURSE, "Noor", "+49 30 5550143", "Sickness", ZONE)
    await call_contacts.save_contact(bob, alice.id, nurse)
    for calm in (False, True):
        if calm:
            await in_session(cast)
        async with any_portal.client("alice") as browser:
            page = await opened(browser, "/ground/reach_out")
            assert page.words.index("112") < page.words.index("+49 30 5550143")
            assert "5550143" not in (await browser.get("/ground/orient")).text
    for name in ("dana", "bob", None):
        async with any_portal.client(name) as browser:
            assert "5550143" not in (await browser.get("/ground/reach_out")).text


async def test_a_patient_hides_a_skill_on_its_page(portal: Portal) -> None:
    """One tap on an ordinary day, and it is not offered any more; it still opens where somebody knows its address."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/ground/box_breath")
        (form,) = page.markup.all("form", action="/steady/hidden")
        assert form.attributes["method"] == "post"
        answer = await browser.post("/steady/hidden", data={"skill": "box_breath", "go": "hide"})
        assert "Box breath" in (await opened(browser, answer.headers["location"])).words
        assert "/ground/box_breath" not in offered(await opened(browser, "/ground"))
        assert (await opened(browser, "/ground/box_breath")).markup.all("form", action="/steady/hidden") == []
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        assert (await opened(browser, "/ground/orient")).markup.all("form", action="/steady/hidden") == []
    async with portal.client("bob") as browser:
        assert (await opened(browser, "/ground/orient")).markup.all("form", action="/steady/hidden") == []


async def test_a_device_that_locked_meanwhile_offers_the_safe_ones_alone(portal: Portal) -> None:
    """Whoever lies there while it locks finds no imagery and no breath to hold either, and the page is dark."""
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        await browser.post("/lock")
        page = await opened(browser, "/ground")
        assert offered(page) == ACUTE
        assert 'class="dark large"' in page.answer.text
        assert 'class="dark large"' in (await browser.get(ACUTE[0])).text
        for path in OTHERS:
            assert (await browser.get(path)).headers["location"] == "/ground"
        assert (await browser.get("/journal")).status_code == 401
