"""On a dosing day what covers a page, and the page of a locked session, are calm: help first, and nobody's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from journal.catalogue.crisis_contacts import list_regions
from journal.clinic import call_contacts
from journal.scheduling import plan as session_plan
from journal.sessions import tables as sessions_tables
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from portal.web.pages import build_environment
from tests.cast import PASSWORDS, Cast
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.portal.markup import Markup
from tests.shared_material import write
from tests.test_architecture import ROOT

HTMX = {"hx-request": "true"}
WORDS = ("Alice", "Sample", "To let the sea be", "Kim", "as told", "Nobody")
"""What the person typed, and her name."""
STATES = {
    "nothing": ((), False),
    "under way": ((Status.IN_SESSION,), True),
    "resting": ((Status.IN_SESSION, Status.RECOVERING), True),
    "stopped early": ((Status.IN_SESSION, Status.STOPPED_EARLY), True),
    "cancelled": ((Status.CANCELLED,), False),
}


async def dose(cast: Cast, *said: Status) -> UUID:
    """Have alice plan a dosing session for now, write her intention, and say *said* of it."""
    alice = await cast.actor("alice")
    details = SessionDetails(
        SessionKind.DOSING,
        "2026-11-22T13:00",
        "Europe/Berlin",
        120,
        Setting.HOME,
        sitter="Kim",
        dose_text="as told",
    )
    ident = await session_plan.add_session(alice, alice.id, details)
    one = await session_plan.load_session(alice, ident)
    await write(cast, "preparation", {"prep.intention": "To let the sea be."}, about=one)
    before = replace(alice, now=alice.now - timedelta(hours=1))
    for status in said:
        if status is Status.CANCELLED:
            await session_plan.change_status(before, ident, status, "ill")
        else:
            await session_plan.change_status(alice, ident, status)
    return ident


def is_dark(page: Page) -> bool:
    """Return whether a page is dark whatever the device says."""
    return page.markup.one("html").attributes.get("class") == "dark large"


async def cover(browser: AsyncClient) -> Page:
    """Return what a script covers a page with."""
    answer = await browser.get("/unlock", headers=HTMX)
    assert answer.status_code == 200
    return Page.of(answer)


@pytest.mark.parametrize("state", STATES)
async def test_on_a_dosing_day_a_locked_session_is_calm(any_portal: Portal, state: str) -> None:
    """From start to rest: dark, grounding, help and numbers to call first, the password below, no word of hers."""
    said, calm = STATES[state]
    where = f"/sessions/{await dose(any_portal.cast, *said)}"
    async with any_portal.client("alice") as browser:
        await browser.post("/lock")
        for page in [Page.of(await browser.get(path)) for path in (where, "/unlock", "/")]:
            assert (is_dark(page), page.heading != "Locked") == (calm, calm)
            assert [words for words in WORDS if words in page.answer.text] == []
            (password,) = page.markup.all("input", type="password")
            assert ("details" in password.within) is calm
            if calm:
                assert "There is nothing to do." in page.heading
                text = page.answer.text
                assert (
                    text.index("Help now", text.index("<h1>"))
                    < text.index("Look around")
                    < text.index('type="password"')
                )
                assert page.markup.one("a", href="tel:112").words == "112"
                assert "details" not in page.markup.one("a", href="tel:112").within
        sent = page.filled({"asked-again": PASSWORDS["alice"]})
        assert (await browser.post("/unlock", data=sent)).status_code == 303


@pytest.mark.parametrize("state", STATES)
async def test_on_a_dosing_day_a_cover_is_calm(any_portal: Portal, state: str) -> None:
    """Locked or not yet, what a script covers a page with follows the day, and holds no word of hers."""
    said, calm = STATES[state]
    await dose(any_portal.cast, *said)
    async with any_portal.client("alice") as browser:
        for _ in range(2):
            page = await cover(browser)
            assert ("cover-calm" in page.markup.one("div", role="dialog").attributes["class"].split()) is calm
            assert ("Look around" in page.answer.text) is calm
            assert [words for words in WORDS if words in page.answer.text] == []
            assert "/unlock/passkey" not in page.answer.text
            await browser.post("/lock")


def brought(page: Page) -> str:
    """Return the cover that a page brings, for when there is no network."""
    return page.answer.text.partition('<template id="cover"')[2].partition("</template>")[0]


@pytest.mark.parametrize("state", STATES)
async def test_every_page_brings_the_cover_of_the_day(any_portal: Portal, state: str) -> None:
    """From start to rest each page of hers brings the calm cover, without a word of hers; no page of others does."""
    said, calm = STATES[state]
    where = f"/sessions/{await dose(any_portal.cast, *said)}"
    pages = ("/", where, "/sessions", "/journal", "/journal/new?kind=free", "/sharing", "/account", "/guide")
    async with any_portal.client("alice") as browser:
        for path in pages:
            page = await opened(browser, path)
            assert ("cover-calm" in brought(page)) is calm, path
            assert [words for words in WORDS if words in brought(page)] == []
            assert is_dark(page) is calm
    for name in ("bob", "dana"):
        async with any_portal.client(name) as browser:
            page = await opened(browser, "/account")
            assert "cover-calm" not in brought(page)
    async with any_portal.client("bob") as browser:
        assert not is_dark(await opened(browser, where))


async def test_what_pages_bring_ends_with_the_day(any_portal: Portal) -> None:
    """It follows each step: started, over, taken back; it ends in the morning, and with the rest that she confirms."""
    cast = any_portal.cast
    ident = await dose(cast, Status.IN_SESSION)
    for status, title in (
        (Status.RECOVERING, "Rest. There is nothing to do."),
        (Status.IN_SESSION, "You are here. There is nothing to do."),
        (Status.STOPPED_EARLY, "Rest. There is nothing to do."),
    ):
        await session_plan.change_status(await cast.actor("alice"), ident, status)
        async with any_portal.client("alice") as browser:
            assert title in brought(await opened(browser, "/account"))
    cast.clock.forward(hours=19)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        assert "cover-calm" not in brought(await opened(browser, "/account"))
        assert "Nothing is waiting" in (await browser.post("/sessions/rest")).text
        assert "cover-calm" not in brought(await opened(browser, "/account"))


async def test_a_start_that_her_therapist_records_is_known_as_well(any_portal: Portal) -> None:
    """In the clinic the therapist says that it begins; her pages bring the calm cover."""
    cast = any_portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    details = SessionDetails(SessionKind.DOSING, "2026-11-22T13:00", "Europe/Berlin", 120, Setting.CLINIC)
    ident = await session_plan.add_session(bob, alice.id, details)
    await session_plan.change_status(bob, ident, Status.IN_SESSION)
    async with any_portal.client("alice") as browser:
        assert "cover-calm" in brought(await opened(browser, "/journal"))


async def test_the_next_morning_it_is_a_lock_again(any_portal: Portal) -> None:
    """The calm screen ends when rest can be confirmed."""
    await dose(any_portal.cast, Status.IN_SESSION)
    clock = any_portal.cast.clock
    clock.forward(hours=10, minutes=59)
    async with any_portal.client("alice") as browser:
        assert Page.of(await browser.get("/journal")).heading == "You are here. There is nothing to do."
    clock.forward(hours=9)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        await browser.post("/lock")
        assert Page.of(await browser.get("/journal")).heading == "Locked"


async def test_a_damaged_plan_locks_as_ever(any_portal: Portal) -> None:
    """A session that does not open makes no page calm, and breaks none."""
    ident = await dose(any_portal.cast, Status.IN_SESSION)
    await sessions_tables.KapSession.filter(id=ident).update(sealed=b"bent")
    async with any_portal.client("alice") as browser:
        await browser.post("/lock")
        assert Page.of(await browser.get("/journal")).heading == "Locked"


async def test_what_waits_for_a_calm_page_goes_on(any_portal: Portal) -> None:
    """A form that came too late waits in the closed part, which a wrong password opens; the right one sends it."""
    await dose(any_portal.cast, Status.IN_SESSION)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        action = page.markup.one("form", **{"class": "form"}).attributes["action"]
        await browser.post("/lock")
        locked = Page.of(await browser.post(action, data=page.filled({"free.text": "Still here"}, "done")))
        wrong = await browser.post(action, data=locked.filled({"asked-again": "not the password"}))
        again = Page.of(wrong)
        assert [one for one in again.markup.all("details") if "open" in one.attributes]
        right = await browser.post(action, data=again.filled({"asked-again": PASSWORDS["alice"]}))
        assert right.status_code == 307
        assert right.next_request is not None
        assert (await browser.send(right.next_request)).status_code == 303


async def test_nobody_learns_of_anothers_day(portal: Portal) -> None:
    """A signed-out browser, and somebody else's, get nothing of it."""
    await dose(portal.cast, Status.IN_SESSION)
    async with portal.client() as browser:
        answer = await browser.get("/unlock", headers=HTMX)
        assert (answer.status_code, "Look around" in answer.text) == (401, False)
    for name in ("bob", "dana"):
        async with portal.client(name) as browser:
            assert "Look around" not in (await cover(browser)).answer.text


def test_numbers_to_call_are_of_the_chosen_place() -> None:
    """With a place, its emergency number comes first and its lines below; without one, each emergency number once."""
    calls = build_environment().get_template("macros/calm.html").module.calls  # type: ignore[attr-defined]
    for region in list_regions():
        found = [one.attributes["href"] for one in Markup(str(calls(region))).all("a")]
        if region.emergency:
            lines = [one.href for one in region.contacts if one.kind == "call"]
            assert found == [region.emergency.href, *lines]
        else:
            assert found == [one.attributes["href"] for one in Markup(str(calls())).all("a")]
            assert found == ["tel:911", "tel:999", "tel:112", "tel:000", "tel:111"]


def test_no_page_of_a_locked_session_knows_a_name() -> None:
    """What is shown while a session is locked is made without a name."""
    for name in (
        "locked.html",
        "locked_cover.html",
        "locked_fragment.html",
        "macros/cover.html",
        "macros/calm.html",
    ):
        text = (ROOT / "templates" / name).read_text(encoding="utf-8").partition("#}")[2]
        assert "actor.name" not in text
        assert "owner" not in text


@pytest.mark.parametrize("state", STATES)
async def test_who_can_be_called_stands_on_a_calm_lock(portal: Portal, state: str) -> None:
    """On a calm page and cover, with when they answer, in the words of its reader; on every other day on neither."""
    said, calm = STATES[state]
    bob, alice = await portal.cast.actor("bob"), await portal.cast.actor("alice")
    nurse = call_contacts.CallDetails(call_contacts.CallRole.NURSE, "", "+49 30 5550100")
    await call_contacts.save_contact(bob, alice.id, nurse)
    await dose(portal.cast, *said)
    async with portal.client("alice") as browser:
        shown = [await cover(browser)]
        await browser.post("/lock")
        shown += [await cover(browser), Page.of(await browser.get("/unlock"))]
        for page in shown:
            assert ("+49305550100" in page.answer.text.replace(" ", "")) is calm
