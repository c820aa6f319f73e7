"""A patient's home over a dosing day: at each hour one next thing, which follows what was said and not the clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from httpx import AsyncClient

from journal.dosing_day import requests
from journal.held_acts import Asked, HeldAct
from journal.scheduling import plan as session_plan
from journal.sessions import holds
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.scenes import written

TODAY = SessionDetails(SessionKind.DOSING, "2026-11-22T14:00", "Europe/Berlin", 120, Setting.HOME)


async def plan_today(portal: Portal) -> str:
    """Add alice's dosing session of today, 14:00; return its address. It is 13:00."""
    alice = await portal.cast.actor("alice")
    return f"/sessions/{await session_plan.add_session(alice, alice.id, TODAY)}"


async def home_of_alice(portal: Portal, **later: float) -> Page:
    """Return what alice finds on her home after some time."""
    portal.cast.clock.forward(**later)
    await portal.cast.in_use()
    async with portal.client("alice") as browser:
        return await opened(browser, "/")


async def move(browser: AsyncClient, where: str, *statuses: str) -> None:
    """Move a session on."""
    for status in statuses:
        assert (await browser.post(f"{where}/status", data={"status": status})).status_code == 303


def list_primary(page: Page) -> list[str]:
    """Return the words of the primary buttons of a page: the one next thing."""
    return [
        one.words
        for tag in ("a", "button")
        for one in page.markup.all(tag, within="main")
        if "button-primary" in one.attributes.get("class", "")
    ]


async def test_started_early_home_leads_to_the_calm_page(portal: Portal) -> None:
    """An hour before its time, once it was said to begin, nothing is prepared any more."""
    where = await plan_today(portal)
    before = await home_of_alice(portal)
    assert before.markup.all("a", href=f"/journal/new?kind=preparation&session={where.rsplit('/', 1)[1]}")
    async with portal.client("alice") as browser:
        await move(browser, where, "in_session")
    page = await home_of_alice(portal)
    assert "preparation" not in page.answer.text
    assert list_primary(page) == ["Open the calm page"]
    assert page.markup.one("a", **{"class": "button button-primary"}).attributes["href"] == where
    assert page.markup.all("a", href=f"/journal/new?kind=capture&session={where.rsplit('/', 1)[1]}")


@pytest.mark.parametrize("minutes", [-60, 10, 110])
async def test_not_begun_home_offers_to_start(portal: Portal, minutes: int) -> None:
    """From an hour before to the planned end, home leads to where it is started, and asks for no memory of it."""
    where = await plan_today(portal)
    page = await home_of_alice(portal, minutes=60 + minutes)
    assert list_primary(page) == ["Go to its page to start"]
    assert (
        page.markup.one("a", **{"class": "button button-primary"}).attributes["href"] == f"{where}?start=yes"
    )
    assert "kind=capture" not in page.answer.text


async def test_a_session_that_nobody_reported_is_asked_for(portal: Portal) -> None:
    """After its planned end, home asks what became of it, and takes a memory of it."""
    where = await plan_today(portal)
    page = await home_of_alice(portal, hours=6)
    assert list_primary(page) == ["Say whether it took place"]
    assert page.markup.one("a", **{"class": "button button-primary"}).attributes["href"] == where
    assert "kind=capture" in page.answer.text


async def test_capture_is_offered_two_to_four_hours_after_the_start(portal: Portal) -> None:
    """Before and after that home only leaves room, and nothing of before comes up during the session."""
    await written(portal.cast)
    where = await plan_today(portal)
    portal.cast.clock.forward(hours=1)
    await portal.cast.in_use()
    async with portal.client("alice") as browser:
        await move(browser, where, "in_session")
    for minutes, offered in ((0, False), (119, False), (2, True), (120, False)):
        page = await home_of_alice(portal, minutes=minutes)
        assert ("write down what is still there" in page.words) is offered, minutes
        assert "Recent entries" not in page.words, minutes


@pytest.mark.parametrize("end", ["recovering", "stopped_early"])
async def test_ended_or_stopped_early_home_lets_rest(portal: Portal, end: str) -> None:
    """However it ended, home says that this is rest; on the same day nobody is asked whether they have slept."""
    where = await plan_today(portal)
    async with portal.client("alice") as browser:
        await move(browser, where, "in_session", end)
    for hours in (0, 6):
        page = await home_of_alice(portal, hours=hours)
        assert "You are resting" in page.words
        assert list_primary(page) == (["Open the calm page"] if hours == 0 else [])
        assert "I have slept" not in page.words
        assert "preparation" not in page.answer.text


@pytest.mark.parametrize(
    "said", [["in_session"], ["in_session", "recovering"], ["in_session", "stopped_early"]]
)
async def test_next_morning_rest_is_confirmed_in_one_tap(any_portal: Portal, said: list[str]) -> None:
    """Also where nobody reported its end: one button on home, and then home offers integration."""
    where, alice = await plan_today(any_portal), await any_portal.cast.actor("alice")
    async with any_portal.client("alice") as browser:
        await move(browser, where, *said)
    any_portal.cast.clock.forward(hours=20)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        page = await opened(browser, "/")
        assert list_primary(page) == ["I have slept and feel rested"]
        assert "You are in a session" not in page.words
        (form,) = page.markup.all("form", action="/sessions/rest")
        assert form.attributes["method"] == "post"
        assert (await browser.post("/sessions/rest")).status_code == 200
        page = await opened(browser, "/")
        assert "I have slept" not in page.words
        assert f"/journal/new?kind=integration&session={where.rsplit('/', 1)[1]}" in {
            one.attributes["href"] for one in page.markup.all("a", within="main")
        }
    alice = replace(alice, now=any_portal.cast.clock.now)
    assert await holds.load_hold(alice) is None
    assert [one.status for one in await load_my_sessions(alice)] == [Status.INTEGRATING]


async def test_what_waits_is_no_entry_among_the_recent_ones(portal: Portal) -> None:
    """Home shows three entries, and not the record of what waits beside them."""
    alice = await portal.cast.actor("alice")
    for title in ("One", "Two", "Three"):
        await written(portal.cast, document=EntryDocument("free", title, answers={"free.text": "Sea"}))
    await requests.keep_request(alice, Asked(HeldAct.END_CARE, alice.id))
    page = await home_of_alice(portal)
    assert all(title in page.words for title in ("One", "Two", "Three"))
    assert "Waiting until you have rested" not in page.words


async def test_a_patient_is_told_that_care_was_ended(any_portal: Portal) -> None:
    """Home says for two weeks who ended care, and that nothing can be opened any more."""
    mine = (await any_portal.cast.actor("alice")).id
    assert "ended care" not in (await home_of_alice(any_portal)).words
    async with any_portal.client("bob") as browser:
        assert (await browser.post(f"/patients/{mine}/end")).status_code == 303
    page = await home_of_alice(any_portal)
    assert "Bob Example, therapist ended care on 22 Nov 2026" in page.words
    assert "They can open nothing of yours any more." in page.words
    assert "Nobody is connected with you yet" in page.words
    any_portal.cast.clock.forward(days=14)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        assert "ended care" not in (await opened(browser, "/")).words


async def test_who_ends_care_is_not_told_of_it(portal: Portal) -> None:
    """A patient who ended care herself needs no news of it."""
    async with portal.client("alice") as browser:
        team = await opened(browser, "/sharing")
        link = next(one.attributes["href"] for one in team.markup.all("a") if one.words == "End care")
        assert (await browser.post(link)).status_code == 303
    assert "ended care" not in (await home_of_alice(portal)).words
