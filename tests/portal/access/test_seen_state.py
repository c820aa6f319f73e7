"""A whole account, or the whole database, put back: the browser that saw more says so; so does an announced backup."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from httpx import AsyncClient

from journal.accounts import details
from journal.actor import Actor
from journal.entries import entries
from journal.operations import restoration
from journal.store.database import execute, fetch_raw
from tests.cast import NAMES, PASSWORDS, Furniture
from tests.journal.entries.test_entries import words
from tests.portal.browsing import action, opened
from tests.portal.conftest import Portal, running
from tests.scenes import in_session, signed_in_again

SEEN = "hearthside-seen"
TITLE = "Your account is as it was earlier"
FURTHER = "It had come further then than it is now"
UNANNOUNCED = "Your practice announced no restored backup"
READ = {"next": "/journal"}
NEW_PASSWORD = "another lamp is lit tonight"


@dataclass
class Place:
    """The application on one file, which can be put back."""

    portal: Portal
    path: Path
    older: Path

    def keep(self) -> None:
        """Keep the whole database as it is."""
        with closing(sqlite3.connect(self.path)) as now, closing(sqlite3.connect(self.older)) as kept:
            now.backup(kept)

    def put_back(self) -> None:
        """Put the whole database back, behind the service's back."""
        with closing(sqlite3.connect(self.older)) as kept, closing(sqlite3.connect(self.path)) as now:
            kept.backup(now)

    async def write(self, browser: AsyncClient, text: str) -> None:
        """Save an entry as the page does by itself, and open nothing afterwards."""
        page = await opened(browser, "/journal/new?kind=free")
        sent = await browser.post(action(page), data=page.filled({"free.text": text}))
        assert sent.status_code == 303


@pytest.fixture
async def place(furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Place]:
    """The application on a copy of the cast's database."""
    url, furniture = furnished_sqlite_url
    async with running(url, furniture, tmp_path) as portal:
        yield Place(portal, Path(url.removeprefix("sqlite://")), tmp_path / "older.sqlite3")


def kept_by(browser: AsyncClient) -> str:
    """Return what a browser keeps."""
    (value,) = [one.value for one in browser.cookies.jar if one.name == SEEN]
    return value or ""


def keeping(portal: Portal, name: str, value: str) -> AsyncClient:
    """Return a browser in which *name* is signed in, and which keeps *value*."""
    browser = portal.client(name)
    browser.cookies.set(SEEN, value, domain="127.0.0.1", path="/")
    return browser


async def save(actor: Actor, text: str) -> None:
    """Save a new entry."""
    await entries.save_entry(actor, uuid4(), 0, words(text))


async def test_the_whole_database_put_back_is_said_once(place: Place) -> None:
    """In the place of the first page, with when it was seen; once it was read, everything goes on from there."""
    async with place.portal.client("alice") as browser:
        assert (await browser.get("/journal")).status_code == 200
        place.keep()
        await save(await place.portal.cast.actor("alice"), "the evening that goes missing")
        assert TITLE not in (await browser.get("/journal")).text
        place.put_back()
        for path in ("/", "/journal", "/account"):
            page = await opened(browser, path)
            assert TITLE in page.words
            assert FURTHER in page.words
            assert UNANNOUNCED in page.words
            assert page.value("next") == path
        sent = await browser.post("/account/earlier-state", data=READ)
        assert (sent.status_code, sent.headers["location"]) == (303, "/journal")
        assert TITLE not in (await opened(browser, "/journal")).words
        assert "Your account is not behind" in (await opened(browser, "/account/earlier-state")).words


async def test_the_last_thing_that_was_saved_counts(place: Place) -> None:
    """The answer to a save says how far the account has come: no page has to be opened after it."""
    async with place.portal.client("alice") as browser:
        await opened(browser, "/")
        place.keep()
        await place.write(browser, "the last words of the day")
        place.put_back()
        assert FURTHER in (await opened(browser, "/")).words


async def test_keys_and_clinicians_count_as_well(place: Place) -> None:
    """A new password is undone with the account; whoever has no journal has an account all the same."""
    for name in ("alice", "bob"):
        async with place.portal.client(name) as browser:
            await opened(browser, "/account")
            place.keep()
            typed = {"current": PASSWORDS[name], "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
            assert (await browser.post("/account/password", data=typed)).status_code == 303
            await opened(browser, "/account")
            place.put_back()
            kept = kept_by(browser)
        async with keeping(place.portal, name, kept) as browser:
            assert FURTHER in (await opened(browser, "/account")).words


async def test_a_state_that_was_written_on_after_it_was_put_back(place: Place) -> None:
    """As many writes as before, and other ones: the numbers agree, and the browser tells all the same."""
    async with place.portal.client("alice") as browser:
        await opened(browser, "/journal")
        place.keep()
        await save(await place.portal.cast.actor("alice"), "one evening")
        await opened(browser, "/journal")
        place.put_back()
        await save(await place.portal.cast.actor("alice"), "another evening")
        assert FURTHER in (await opened(browser, "/journal")).words


async def test_what_is_written_meanwhile_covers_nothing_up(place: Place) -> None:
    """Pages that were open save after it was put back, past what was seen; the next page says so all the same."""
    async with place.portal.client("alice") as browser:
        pages = [await opened(browser, "/journal/new?kind=free") for _ in range(4)]
        place.keep()
        await save(await place.portal.cast.actor("alice"), "the evening that goes missing")
        await opened(browser, "/journal")
        place.put_back()
        for page in pages:
            sent = await browser.post(action(page), data=page.filled({"free.text": "an evening"}))
            assert sent.status_code == 303
        for path in ("/journal", "/"):
            assert FURTHER in (await opened(browser, path)).words
        await browser.post("/account/earlier-state", data=READ)
        assert TITLE not in (await opened(browser, "/journal")).words


async def test_one_account_put_back_alone(any_portal: Portal) -> None:
    """Only what it remembers of its records is put back, on both databases."""
    alice = await any_portal.cast.actor("alice")
    async with any_portal.client("alice") as browser:
        await opened(browser, "/account")
        ((revision, sealed),) = await fetch_raw(
            "SELECT revision, sealed FROM record_state WHERE id = $1", alice.id
        )
        await save(alice, "an evening")
        await opened(browser, "/account")
        await execute(
            "UPDATE record_state SET revision = $1, sealed = $2 WHERE id = $3", revision, sealed, alice.id
        )
        assert FURTHER in (await opened(browser, "/account")).words


async def test_nothing_is_said_where_nothing_is_behind(any_portal: Portal) -> None:
    """Writing, changing, another person in the same browser, another browser of the same person: no alarm."""
    async with any_portal.client("alice") as browser, any_portal.client("alice") as other:
        await opened(browser, "/journal")
        await save(await any_portal.cast.actor("alice"), "an evening")
        await opened(other, "/journal")
        await save(await any_portal.cast.actor("alice"), "another one")
        for one in (browser, other, browser):
            assert TITLE not in (await opened(one, "/journal")).words
        kept = kept_by(browser)
    async with keeping(any_portal, "dana", kept) as shared:
        assert TITLE not in (await opened(shared, "/journal")).words
        both = kept_by(shared)
    assert len(both) > 150
    async with keeping(any_portal, "alice", both) as browser:
        assert TITLE not in (await opened(browser, "/journal")).words
        assert kept_by(browser) == both  # nothing of hers is newer


@pytest.mark.parametrize("kept", ["", "x", "A" * 84, "A" * 4000, "=" * 84])
async def test_a_cookie_that_says_nothing_is_replaced(portal: Portal, kept: str) -> None:
    """Whatever stands there is not believed."""
    async with keeping(portal, "alice", kept) as browser:
        answer = await browser.get("/journal")
        assert (answer.status_code, TITLE in answer.text) == (200, False)
        assert SEEN in answer.cookies


async def test_the_cookie_says_nothing_to_whoever_finds_it(place: Place) -> None:
    """Sealed, bound to the account and its keys: no name, no number, and another account's says nothing."""
    async with place.portal.client("alice") as browser:
        await opened(browser, "/journal")
        place.keep()
        await save(await place.portal.cast.actor("alice"), "an evening")
        await opened(browser, "/journal")
        place.put_back()
        kept = kept_by(browser)
        async with keeping(place.portal, "dana", kept) as hers:
            assert TITLE not in (await opened(hers, "/journal")).words
        cookie = (await place.portal.client("alice").get("/journal")).headers["set-cookie"]
        assert {"httponly", "samesite=lax", "path=/"} <= {one.strip().lower() for one in cookie.split(";")}


async def test_help_and_what_a_script_asks_stay_as_they_are(place: Place) -> None:
    """Help, grounding and the way out never wait; a form that is sent is saved; parts of pages are answered."""
    async with place.portal.client("alice") as browser:
        await opened(browser, "/journal")
        place.keep()
        await save(await place.portal.cast.actor("alice"), "an evening")
        await opened(browser, "/journal")
        place.put_back()
        for path in ("/help-now", "/ground", "/leave"):
            assert TITLE not in (await browser.get(path)).text
        for headers in ({"hx-request": "true"}, {"sec-fetch-mode": "cors"}):
            assert TITLE not in (await browser.get("/journal", headers=headers)).text
        assert TITLE in (await browser.get("/journal", headers={"sec-fetch-mode": "navigate"})).text
        await browser.get("/journal/new?kind=free", headers={"hx-request": "true"})


async def test_on_the_day_of_a_session_it_waits(place: Place) -> None:
    """Nobody reads it between the start and rest; it is said on the next day, whatever was written meanwhile."""
    cast = place.portal.cast
    async with place.portal.client("alice") as browser:
        await opened(browser, "/journal")
        place.keep()
        await save(await cast.actor("alice"), "an evening")
        await opened(browser, "/journal")
        place.put_back()
        await in_session(cast)
        assert TITLE not in (await opened(browser, "/")).words
        for number in range(3):
            await place.write(browser, f"words of the day {number}")
        assert TITLE not in (await opened(browser, "/journal")).words
        kept = kept_by(browser)
    await cast.later(hours=40)
    await signed_in_again(cast)
    async with keeping(place.portal, "alice", kept) as browser:
        assert FURTHER in (await opened(browser, "/journal")).words


async def test_an_announced_backup_is_told_once_to_each(any_portal: Portal) -> None:
    """With its days; in any browser of theirs; not to whoever opened an account later; and not twice."""
    cast = any_portal.cast
    await cast.later(hours=1)
    await cast.in_use()
    until = cast.clock() - timedelta(days=2)
    await restoration.announce_restoration(cast.installation, until)
    await any_portal.app.state.practice.reload(cast.installation)
    for name in NAMES:
        async with any_portal.client(name) as browser:
            page = await opened(browser, "/account")
            assert "your practice restored a backup of its records" in page.words
            assert UNANNOUNCED not in page.words
            await browser.post("/account/earlier-state", data={"next": "https://elsewhere.example/"})
            assert TITLE not in (await opened(browser, "/account")).words
        async with any_portal.client(name) as another:
            assert TITLE not in (await opened(another, "/account")).words
    assert (await cast.actor("bob")).told_restoration


async def test_a_read_announcement_changes_nothing_else(any_portal: Portal) -> None:
    """What else stands in the profile stays."""
    alice = await any_portal.cast.actor("alice")
    await details.set_told_restoration(alice, "one")
    after = await any_portal.cast.actor("alice")
    assert (after.told_restoration, after.name, after.email) == ("one", alice.name, alice.email)
