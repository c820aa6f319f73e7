"""The administrator's pages, and what patients see of professions and suspensions."""

from __future__ import annotations

from uuid import uuid4

import pytest

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.practice import people
from portal.views.administration.audit_words import ROOMS, SENTENCES
from tests.cast import PASSWORDS, ZONE
from tests.log import logged
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.scenes import connected, opened_by, shared, written

PASSWORD = "seven small stones in a row"


async def test_home_says_what_an_administrator_looks_after(portal: Portal) -> None:
    """Calm and short: who can sign in, what waits, and that nothing people write can be opened."""
    async with portal.client("erin") as browser:
        page = await opened(browser, "/")
        assert "your account has no key to it" in page.words
        assert "3 of the staff can sign in. There are 2 patients." in page.words
        assert "You are the only administrator" in page.words


async def test_the_list_says_who_people_are_and_nothing_else(portal: Portal) -> None:
    """Names, addresses, professions and states; nothing about whom they care for or what they write."""
    await written(portal.cast)
    await people.suspend_person(await portal.cast.actor("erin"), (await portal.cast.actor("charlie")).id)
    async with portal.client("erin") as browser:
        page = await opened(browser, "/people")
        for words in ("Bob Example", "bob@example.org", "therapist", "Alice Sample", "patient", "suspended"):
            assert words in page.words
        assert "The sea" not in page.words
        bob = await portal.cast.actor("bob")
        page = await opened(browser, f"/people/{bob.id}")
        assert "1 person" in page.words
        assert "Alice" not in page.words


async def test_a_colleague_comes_in_by_a_link(portal: Portal) -> None:
    """The form asks for name and position; the link says what they become, and patients see it beside their name."""
    async with portal.client("erin") as browser:
        refused = await browser.post("/people/invitations", data={"name": "Nora"})
        assert refused.status_code == 422
        assert "Choose what they do here." in refused.text
        assert 'value="Nora"' in refused.text
        made = await browser.post("/people/invitations", data={"name": "Nora", "position": "nurse"})
        page = await opened(browser, made.headers["location"])
        assert "Set-up link for Nora" in page.words
        address = page.markup.one("input", id="copy-line").attributes["value"]
    path = address.removeprefix("http://127.0.0.1:8000")
    new = {"name": "Nora Nurse", "email": "nora@example.org", "password": PASSWORD, "repeated": PASSWORD}
    async with portal.client() as browser:
        assert "Open your account as nurse." in (await opened(browser, path)).words
        assert (await browser.post(path, data=new | {"time_zone": ZONE})).status_code == 303
    async with portal.client("erin") as browser:
        assert "nurseused" in (await opened(browser, "/people/invitations")).words
        assert address not in (await browser.get(made.headers["location"])).text


async def test_a_withdrawn_link_is_gone_for_its_user(portal: Portal) -> None:
    """Withdrawing is one button, and the link then reads like any that does not work."""
    async with portal.client("erin") as browser:
        made = await browser.post("/people/invitations", data={"name": "Nora", "position": "nurse"})
        page = await opened(browser, made.headers["location"])
        address = page.markup.one("input", id="copy-line").attributes["value"]
        assert (await browser.post(f"{made.headers['location']}/withdrawal")).status_code == 303
        assert "withdrawn" in (await opened(browser, "/people/invitations")).words
    async with portal.client() as browser:
        assert (await browser.get(address)).status_code == 404


async def test_a_suspended_cookie_opens_nothing_from_that_moment(any_portal: Portal) -> None:
    """The next request of a suspended person is asked to sign in, and the password says nothing more."""
    cast = any_portal.cast
    bob = await cast.actor("bob")
    async with any_portal.client("bob") as his, any_portal.client("erin") as browser:
        assert (await his.get("/patients")).status_code == 200
        page = await opened(browser, f"/people/{bob.id}/suspension")
        assert "1 person is in their care" in page.words
        done = await browser.post(f"/people/{bob.id}/suspension")
        assert "has been signed out everywhere" in (await opened(browser, done.headers["location"])).words
        assert (await his.get("/patients")).status_code == 401
        form = {"email": "bob@example.org", "password": PASSWORDS["bob"]}
        assert (await his.post("/sign-in", data=form)).status_code == 422
        assert (await browser.post(f"/people/{bob.id}/return")).status_code == 303
        assert (await his.get("/patients")).status_code == 401
        assert (await his.post("/sign-in", data=form)).status_code == 303
    assert len(await logged(Act.SUSPENDED, object_id=bob.id)) == 1


async def test_the_last_administrator_stays(portal: Portal) -> None:
    """Whoever would shut themselves out of the only way back in is told so."""
    erin = await portal.cast.actor("erin")
    async with portal.client("erin") as browser:
        asked = await opened(browser, f"/people/{erin.id}/suspension")
        assert "only another administrator can let you sign in again" in asked.words
        refused = await browser.post(f"/people/{erin.id}/suspension")
        assert refused.status_code == 422
        assert "You are the only administrator who can sign in." in refused.text
        assert (await browser.get("/people")).status_code == 200


async def test_patients_see_professions_and_who_cannot_sign_in(portal: Portal) -> None:
    """Beside the name on the care team, where one chooses whom to share with, and in the log."""
    cast = portal.cast
    await connected(cast, "charlie")
    entry = await written(cast)
    await opened_by(cast, "bob", await shared(cast, entry))
    await people.suspend_person(await cast.actor("erin"), (await cast.actor("charlie")).id)
    async with portal.client("alice") as browser:
        team = await opened(browser, "/sharing")
        assert "Bob Example, therapist" in team.words
        assert "Charlie Outsider cannot sign in at present" in team.words
        assert "Bob Example cannot sign in" not in team.words
        assert team.words.count("sees the plan of your sessions: when and where, the route") == 2
        choosing = await opened(browser, f"/journal/{entry.id}/shares")
        assert "Charlie Outsider, therapist" in choosing.words
        assert "Cannot sign in at present" in choosing.words
        assert "Bob Example (therapist) opened" in (await opened(browser, "/sharing/log")).words
        assert "Bob Example (therapist)" in (await opened(browser, "/sharing/disclosures")).words


async def test_the_log_names_people_and_no_words(any_portal: Portal) -> None:
    """Plain sentences with names, filtered and paged; no title; and the look itself is the first line."""
    cast = any_portal.cast
    await opened_by(cast, "bob", await shared(cast, await written(cast)))
    alice = await cast.actor("alice")
    async with any_portal.client("erin") as browser:
        page = await opened(browser, "/people/audit")
        assert "Erin Keeper opened this log" in page.words
        assert "Bob Example opened something that Alice Sample shares" in page.words
        assert "A set-up link was made on the command line" in page.words
        assert "hearthside-audit 1 " in page.markup.one("input", id="head").attributes["value"]
        assert "The sea" not in page.words
        only = await opened(browser, f"/people/audit?person={alice.id}&room=share")
        assert "Alice Sample shared something with Bob Example" in only.words
        assert "signed in" not in only.words
        assert (await browser.get(f"/people/audit?person={cast.link}")).status_code == 404
        assert (await browser.get("/people/audit?person=nobody")).status_code == 404
        assert (await browser.get("/people/audit?room=nothing&before=x")).status_code == 200
    async with any_portal.client("alice") as browser:
        log = await opened(browser, "/sharing/log")
        assert "An administrator looked at what is written here about you" in log.words


async def test_a_long_log_goes_on_on_the_next_page(portal: Portal) -> None:
    """A hundred events on a page, and a way to the older ones that keeps the filter."""
    alice = await portal.cast.actor("alice")
    await audit_log.record_events(alice, Act.SESSION_CHANGED, alice.id, [uuid4() for _ in range(100)])
    async with portal.client("erin") as browser:
        page = await opened(browser, "/people/audit?room=session")
        assert not [link for link in page.markup.elements if "before=" in link.attributes.get("href", "")]
        page = await opened(browser, "/people/audit")
        (older,) = [link for link in page.markup.elements if "before=" in link.attributes.get("href", "")]
        first = await opened(browser, older.attributes["href"])
        assert "Bob Example opened an account" in first.words


@pytest.mark.parametrize("act", Act)
def test_every_class_of_event_has_words(act: Act) -> None:
    """No event is left out of the administrator's log, and each belongs to a class one can ask for."""
    assert act in SENTENCES
    assert act.value.partition(".")[0] in ROOMS
