"""A session that is left alone locks, gives its key up, and goes on where it was after the password."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from crypto import session_id
from journal.accounts.profiles import LOCK_CHOICES
from journal.authentication import idle_lock
from journal.authentication import tables as authentication_tables
from journal.operations.retention import purge_deleted
from tests.cast import PASSWORDS, Cast
from tests.portal.browsing import Page, action, autosaved, opened
from tests.portal.conftest import Portal
from tests.scenes import written

FREE = "/journal/new?kind=free"


async def wrapped(cast: Cast, name: str = "alice") -> bytes | None:
    """What the row of somebody's session holds of their key."""
    return (await authentication_tables.WebSession.get(id=session_id(cast.tokens[name]).hex())).wrapped


async def test_left_alone_it_locks_and_leads_back(any_portal: Portal) -> None:
    """After the chosen time no page opens; the password leads to the one that was asked for, under a new cookie."""
    any_portal.cast.clock.forward(minutes=30, seconds=59)
    async with any_portal.client("alice") as browser:
        assert (await browser.get("/account")).status_code == 200
        any_portal.cast.clock.forward(minutes=31)
        answer = await browser.get("/journal?month=2026-11")
        page = Page.of(answer)
        assert (answer.status_code, page.heading) == (401, "Locked")
        assert not re.search("Alice|Sample|Nobody", answer.text)
        assert await wrapped(any_portal.cast) is None
        wrong = await browser.post("/unlock", data=page.filled({"asked-again": "not the password"}))
        assert (wrong.status_code, Page.of(wrong).heading) == (422, "Locked")
        right = await browser.post("/unlock", data=page.filled({"asked-again": PASSWORDS["alice"]}))
        assert (right.status_code, right.headers["location"]) == (303, "/journal?month=2026-11")
        assert (await browser.get("/journal")).status_code == 200
    async with any_portal.client("alice") as replayed:
        assert Page.of(await replayed.get("/journal")).heading == "Sign in"


async def test_what_was_sent_too_late_goes_on(any_portal: Portal) -> None:
    """A form that was typed while it locked comes back whole, and is saved by the password and nothing else."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, FREE)
        any_portal.cast.clock.forward(minutes=31)
        typed = page.filled({"free.text": 'what I  wrote\r\n& "kept"', "title": "Late"}, "done")
        answer = await browser.post(action(page), data=typed)
        locked = Page.of(answer)
        assert answer.status_code == 401
        sent = await browser.post(action(page), data=locked.filled({"asked-again": PASSWORDS["alice"]}))
        assert (sent.status_code, sent.headers["location"]) == (307, action(page))
        assert sent.next_request is not None
        saved = await browser.send(sent.next_request)
        assert saved.status_code == 303
        shown = await opened(browser, action(page))
        assert 'what I  wrote\n& "kept"' in unescape(shown.answer.text).replace("\r\n", "\n")
        assert PASSWORDS["alice"] not in shown.answer.text


async def test_a_page_that_saves_by_itself_is_told(portal: Portal) -> None:
    """Autosave gets 401 and a header for its script; with the new cookie the same words are saved."""
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        portal.cast.clock.forward(minutes=31)
        told = await autosaved(browser, page, title="Later")
        assert (told.status_code, told.headers["hearthside-locked"]) == (401, "1")
        assert "signed out" not in told.text
        form = {"asked-again": PASSWORDS["alice"], "whose": whose(page)}
        wrong = await browser.post(
            "/unlock", data=form | {"asked-again": "no"}, headers={"hx-request": "true"}
        )
        assert (wrong.status_code, wrong.text) == (422, "That is not your password. Try again.")
        done = await browser.post("/unlock", data=form, headers={"hx-request": "true"})
        assert (done.status_code, done.text) == (204, "")
        assert (await autosaved(browser, page, title="Later")).status_code == 200


async def test_nobody_else_uncovers_a_page(portal: Portal) -> None:
    """A page that covered itself stays covered when somebody else signs in beside it."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/account")
    async with portal.client("bob") as browser:
        form = {"asked-again": PASSWORDS["bob"], "whose": whose(page)}
        answer = await browser.post("/unlock", data=form, headers={"hx-request": "true"})
        assert answer.status_code == 401
        assert "Sign in again in another tab" in answer.text
        portal.cast.clock.forward(minutes=31)
        assert (await browser.post("/unlock", data=form, headers={"hx-request": "true"})).status_code == 401
        assert (await browser.post("/unlock/passkey", data=form)).status_code == 404
        assert (await browser.post("/unlock/passkey", data={"credential": "no"})).status_code == 422


async def test_writing_and_reading_keep_it_open(portal: Portal) -> None:
    """Whoever writes, or reads a long page that asks on their behalf, is not locked out."""
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        for _ in range(4):
            portal.cast.clock.forward(minutes=20)
            assert (await autosaved(browser, page, title="On")).status_code in (200, 409)
            portal.cast.clock.forward(minutes=20)
            assert (await browser.get("/here")).status_code == 204
        portal.cast.clock.forward(minutes=31)
        answer = await browser.get("/here")
        assert (answer.status_code, answer.headers["hearthside-locked"]) == (401, "1")


@pytest.mark.parametrize("minutes", LOCK_CHOICES)
async def test_people_choose_how_long(portal: Portal, minutes: int) -> None:
    """Each of the choices holds at once, to the minute and never early."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/account/lock")
        assert page.value("minutes") == "30"
        assert (await browser.post("/account/lock", data={"minutes": str(minutes)})).status_code == 303
        portal.cast.clock.forward(minutes=minutes, seconds=59)
        assert (await browser.get("/account")).status_code == 200
        portal.cast.clock.forward(minutes=minutes + 1)
        assert (await browser.get("/account")).status_code == 401


async def test_no_other_time_can_be_chosen(portal: Portal) -> None:
    """Nobody is left without a lock, nor with one that closes at once."""
    async with portal.client("alice") as browser:
        for minutes in ("0", "-5", "100000", "", "soon"):
            answer = await browser.post("/account/lock", data={"minutes": minutes})
            assert (answer.status_code, "Choose one of these times" in answer.text) == (422, True)


async def test_it_can_be_locked_at_once(portal: Portal) -> None:
    """The button leads to the page that opens it again."""
    async with portal.client("alice") as browser:
        answer = await browser.post("/lock")
        assert (answer.status_code, answer.headers["location"]) == (303, "/unlock")
        page = Page.of(await browser.get("/unlock"))
        assert page.heading == "Locked"
        assert not re.search("Alice|Sample|Nobody", page.answer.text)
        assert await wrapped(portal.cast) is None
        opened_again = await browser.post("/unlock", data=page.filled({"asked-again": PASSWORDS["alice"]}))
        assert opened_again.headers["location"] == "/"


async def test_somebody_elses_password_does_not_open_it(portal: Portal) -> None:
    """Only its owner's password does."""
    async with portal.client("alice") as browser:
        await browser.post("/lock")
        answer = await browser.post("/unlock", data={"asked-again": PASSWORDS["bob"]})
        assert answer.status_code == 422


async def test_unlocking_does_not_lengthen_the_day(portal: Portal) -> None:
    """Twelve hours after signing in it is over, locked or not."""
    cast = portal.cast
    async with portal.client("alice") as browser:
        for _ in range(10):
            cast.clock.forward(hours=1)
            page = Page.of(await browser.get("/journal"))
            assert page.heading == "Locked"
            await browser.post("/unlock", data=page.filled({"asked-again": PASSWORDS["alice"]}))
            assert (await browser.get("/journal")).status_code == 200
        cast.clock.forward(hours=1)  # the cast signed in an hour before the clock began
        assert Page.of(await browser.get("/journal")).heading == "Sign in"


async def test_the_purge_takes_the_key_of_what_nobody_uses(any_portal: Portal) -> None:
    """Also where no request comes: at the next purge the key is gone from the row; what is in use is left alone."""
    cast = any_portal.cast
    bob = await cast.actor("bob")
    cast.clock.forward(minutes=31)
    await authentication_tables.WebSession.filter(account_id=bob.id).update(
        used_at=cast.clock.now - timedelta(minutes=30)
    )
    await purge_deleted(cast.installation, cast.clock.now)
    assert await wrapped(cast, "alice") is None
    assert await wrapped(cast, "bob") is not None
    cast.clock.forward(hours=12)
    await purge_deleted(cast.installation, cast.clock.now)
    assert await authentication_tables.WebSession.all().count() == 0


async def test_the_key_leaves_the_files(portal: Portal, tmp_path: Path) -> None:
    """A stolen machine with the cookie and the database of a locked session has nothing to unwrap."""
    key = await wrapped(portal.cast)
    assert key is not None
    await written(portal.cast)
    path = Path(portal.app.state.config.database_url.removeprefix("sqlite://"))
    files = [path, path.with_name(path.name + "-wal")]
    assert any(key in file.read_bytes() for file in files)
    portal.cast.clock.forward(minutes=31)
    async with portal.client("alice") as browser:
        await browser.get("/journal")
    assert not any(key in file.read_bytes() for file in files)


async def test_ending_it_elsewhere_ends_a_locked_one_too(portal: Portal) -> None:
    """Who signs out everywhere leaves no locked browser that a password would open."""
    async with portal.client("alice") as browser, portal.client("alice") as same:
        await browser.post("/lock")
        assert (
            await idle_lock.find_locked_session(portal.cast.installation, portal.cast.tokens["alice"])
            is not None
        )
        form = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        del same.cookies["hearthside"]
        await same.post("/sign-in", data=form)
        assert "Locked since" in (await opened(same, "/account/sessions")).words
        await same.post("/account/sessions/end", data={"which": "others"})
        assert Page.of(await browser.get("/journal")).heading == "Sign in"


def whose(page: Page) -> str:
    """Whose page it is, as it tells the server when it was covered."""
    return page.markup.one("input", name="whose").attributes["value"]
