"""Beginning anew as people meet it: a link in person, a code compared, and a journal that fills again."""

from __future__ import annotations

import re

import pytest
from httpx import AsyncClient

from journal.clinic import text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from tests.cast import PASSWORDS
from tests.portal.browsing import opened
from tests.portal.conftest import ORIGIN, Portal
from tests.portal.views.account.test_account import NEW, field, groups
from tests.scenes import shared, written

EMAIL = "alice@example.org"
FORM = {"email": EMAIL, "password": NEW, "repeated": NEW, "understood": "yes"}


async def handed_over(browser: AsyncClient, patient: str) -> str:
    """Have bob make a link; return its path."""
    answer = await browser.post(f"/patients/{patient}/restart")
    assert answer.status_code == 303
    shown = (await browser.get(f"/patients/{patient}/restart")).text
    found = re.search(rf"{ORIGIN}(/restart/[\w-]+)", shown)
    assert found
    return found[1]


async def came_in(browser: AsyncClient, path: str) -> None:
    """Begin anew behind a link, and confirm the new kit."""
    answer = await browser.post(path, data=FORM)
    assert answer.headers["location"] == "/account/recovery-key"
    shown = (await browser.post("/account/recovery-key")).text
    offer = {"offer": field(shown, "offer"), "typed": groups(shown)[-1]}
    assert (await browser.post("/account/recovery-key/confirmation", data=offer)).status_code == 303


async def test_everything_lost_and_what_comes_back(any_portal: Portal) -> None:
    """From the clinician's link to a journal that holds what was shared, and then all of it again."""
    cast = any_portal.cast
    entry = await written(cast)
    await shared(cast, entry)
    alice = str((await cast.actor("alice")).id)
    async with any_portal.client("bob") as bob, any_portal.client() as browser:
        assert "/restart" in (await bob.get(f"/patients/{alice}")).text
        path = await handed_over(bob, alice)
        page = await opened(browser, path)
        assert "What stays closed otherwise" in page.words
        assert EMAIL not in page.answer.text
        assert "Alice" not in page.answer.text
        await came_in(browser, path)
        assert "The sea" not in (await browser.get("/journal")).text
        assert "can be given back" in (await bob.get(f"/patients/{alice}")).text
        giving = f"/patients/{alice}/giving-back"
        refused = await bob.post(giving)
        assert refused.status_code == 422
        assert "Compare the safety code first" in refused.text
        assert (await bob.post(giving, data={"compared": "yes"})).status_code == 303
        team = await opened(browser, "/sharing")
        assert "has given something back" in team.words
        returned = re.search(r"/sharing/[\w-]+/returned", team.answer.text)
        assert returned
        assert "The sea" in (await opened(browser, returned[0])).words
        assert (await browser.post(returned[0], data={"go": "take"})).headers["location"] == "/journal"
        assert "The sea" in (await browser.get("/journal")).text
        assert "Restore" in (await opened(browser, "/account")).words
        again = await browser.post("/account/set-aside", data={"secret": PASSWORDS["alice"]})
        assert again.headers["location"] == "/account/set-aside?back=1"
        assert (await opened(browser, f"/journal/{entry.id}")).heading == "The sea"


@pytest.mark.parametrize("by", ["bob", "the old password"])
async def test_words_of_sessions_are_closed_until_they_come_back(portal: Portal, by: str) -> None:
    """The page says so before, the session's page while they are; nothing was shared, and they come back even so."""
    alice = await portal.cast.actor("alice")
    bob_writes = await portal.cast.actor("bob")
    details = SessionDetails(
        SessionKind.DOSING, "2026-11-25T10:00", "Europe/Berlin", 120, Setting.CLINIC, note="Placeholder note"
    )
    where = f"/sessions/{await session_plan.add_session(bob_writes, alice.id, details)}"
    text = InstructionsDetails("Placeholder tea", sitter_text="chair")
    await text_writing.save_instructions(bob_writes, alice.id, None, text, is_checked=True)
    async with portal.client("bob") as bob, portal.client() as browser:
        assert "closed to you both" in (await bob.get(f"/patients/{alice.id}/restart")).text
        path = await handed_over(bob, str(alice.id))
        assert "What was written of your sessions" in (await opened(browser, path)).words
        await came_in(browser, path)
        theirs = f"/patients/{alice.id}/instructions"
        closed, text_closed = "Dose, names and note do not open here", "What was written here does not open"
        for one, place, said in (
            (browser, where, (closed, text_closed)),
            (bob, where, (closed,)),
            (bob, theirs, (text_closed,)),
            (bob, f"{theirs}/single", (text_closed,)),
        ):
            page = await opened(one, place)
            for words in said:
                assert words in page.words
            for words in ("Placeholder", "not signed by somebody"):
                assert words not in page.answer.text
        if by == "bob":
            patient = await opened(bob, f"/patients/{alice.id}")
            assert "can be opened again for both of you" in patient.words
            giving = f"/patients/{alice.id}/giving-back"
            assert "is closed to you both" in (await opened(bob, giving)).words
            assert (await bob.post(giving, data={"compared": "yes"})).status_code == 303
            assert "can be opened again" not in (await opened(bob, f"/patients/{alice.id}")).words
            assert (await bob.post(giving, data={"compared": "yes"})).status_code == 409
        else:
            again = await browser.post("/account/set-aside", data={"secret": PASSWORDS["alice"]})
            assert again.headers["location"] == "/account/set-aside?back=0"
        for one, place, said in (
            (browser, where, ("Placeholder note", "Placeholder tea")),
            (bob, where, ("Placeholder note",)),
            (bob, theirs, ("Placeholder tea",)),
        ):
            page = await opened(one, place)
            for words in said:
                assert words in page.words
            assert "not open" not in page.words


async def test_old_browsers_and_other_people_get_nowhere(portal: Portal) -> None:
    """The old cookie opens nothing after it; signed-in others find no such link, and a used one is gone."""
    alice = str((await portal.cast.actor("alice")).id)
    async with portal.client("bob") as bob, portal.client("alice") as old, portal.client() as browser:
        path = await handed_over(bob, alice)
        for who in ("dana", "charlie", "bob"):
            async with portal.client(who) as other:
                for answer in (await other.get(path), await other.post(path, data=FORM)):
                    assert answer.status_code == 404
        wrong = await browser.post(path, data=FORM | {"email": "dana@example.org"})
        assert wrong.status_code == 422
        assert "another address" in wrong.text
        assert (await old.get("/journal")).status_code == 200
        await came_in(browser, path)
        assert (await old.get("/journal")).status_code == 401
        assert (await browser.post("/sign-out")).status_code == 303
        for answer in (await browser.get(path), await browser.post(path, data=FORM)):
            assert answer.status_code == 404
            assert "This link no longer works" in answer.text


async def test_who_can_sign_in_only_renews_the_connection(portal: Portal) -> None:
    """Behind the same link, somebody signed in keeps the journal and every key."""
    entry = await written(portal.cast)
    alice = str((await portal.cast.actor("alice")).id)
    async with portal.client("bob") as bob, portal.client("alice") as browser:
        path = await handed_over(bob, alice)
        assert "nothing of it changes" in (await opened(browser, path)).words
        renewed = await browser.post(path)
        assert re.fullmatch(r"/sharing/[\w-]+", renewed.headers["location"])
        pages = ((browser, renewed.headers["location"]), (bob, f"/patients/{alice}/trust"))
        codes = [re.findall(r"<span>(\d{5})</span>", (await one.get(where)).text)
                 for one, where in pages]  # fmt: skip
        assert codes[0] == codes[1]
        assert len(codes[0]) == 12
        assert (await opened(browser, f"/journal/{entry.id}")).heading == "The sea"


async def test_a_link_that_is_withdrawn_works_no_more(portal: Portal) -> None:
    """The clinician takes it back on the page where it was made."""
    alice = str((await portal.cast.actor("alice")).id)
    async with portal.client("bob") as bob, portal.client() as browser:
        path = await handed_over(bob, alice)
        assert (await bob.post(f"/patients/{alice}/restart/withdrawal")).status_code == 303
        assert (await browser.post(path, data=FORM)).status_code == 404
