"""The timeline: titles on the dates of sessions, page by page; and deleting, which can be undone for a week."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from httpx import AsyncClient

from journal.authentication import tables as authentication_tables
from journal.entries import entries, removal
from journal.operations.retention import purge_deleted
from journal.scheduling import plan as session_plan
from journal.sessions.course import CoursePlan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting
from journal.sharing import shares
from journal.store.database import get_connection
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import NOON, ZONE, Cast
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, shared, signed_in_again, written
from tests.shared_material import plan_session


async def wrote(cast: Cast, at: datetime, title: str, session: str | None = None) -> Entry:
    """Have alice have written something."""
    alice = replace(await cast.actor("alice"), now=at)
    document = EntryDocument("free", title, session_id=session, answers={"free.text": f"secret {title}"})
    return await entries.save_entry(alice, uuid4(), 0, document)


def titles(page: Page) -> list[str]:
    """The entries of a page, in order."""
    return [one.words for one in page.markup.all("a", within="entry-title")]


def spine(page: Page) -> list[str]:
    """What stands on the spine, from the top: labels of sessions, and titles of entries."""
    found = page.markup.all("a", within="spine")
    return [one.words for one in found if {"spine-label", "entry-title"} & set(one.within)]


async def test_an_empty_journal_is_an_invitation(portal: Portal) -> None:
    """Somebody who has written nothing sees where to begin, and nothing else."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal")
    assert "Nothing is written yet" in page.words
    assert page.markup.all("a", href="/journal/new")
    assert page.markup.all("input", name="q") == []


async def test_the_timeline_shows_titles_and_never_the_words(any_portal: Portal) -> None:
    """Each entry is a title the patient chose, or its kind and day; its day and kind, and who can read it."""
    cast = any_portal.cast
    one = await wrote(cast, NOON - timedelta(days=2), "The lake")
    await wrote(cast, NOON - timedelta(days=1), "")
    await shared(cast, one, ("title", "free.text"))
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/journal")
    assert titles(page) == ["Free writing, 21 Nov 2026", "The lake"]
    chips = [item.words for item in page.markup.all("p", within="entry", **{"class": "chips"})]
    assert chips == ["Only you", "Shared with Bob Example"]
    assert "20 Nov 2026" in page.words
    assert "Free writing" in page.words
    assert "secret" not in page.answer.text


async def test_entries_hang_on_the_sessions_they_are_about(portal: Portal) -> None:
    """A tied entry hangs on its session, any other on the last session before it; what is next is said."""
    cast = portal.cast
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    first = NOON.date() - timedelta(days=7)
    plan = CoursePlan(
        first,
        NOON.time().replace(hour=9),
        ZONE,
        3,
        8,
        Setting.HOME,
        Route.SUBLINGUAL,
        integration_days_after=1,
    )
    await session_plan.plan_course(bob, alice.id, "Three", plan)
    one, talk, two, *_ = await load_my_sessions(alice)
    assert [one.details.kind, talk.details.kind] == [SessionKind.DOSING, SessionKind.INTEGRATION]
    await wrote(cast, NOON - timedelta(days=9), "Long before")
    await wrote(cast, NOON - timedelta(days=2), "In between")
    await wrote(cast, NOON - timedelta(days=1), "About the first", one.id.hex)
    await wrote(cast, NOON, "For the second", two.id.hex)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal")
    assert spine(page) == [
        "2nd dosing session",
        "For the second",
        "Integration session",
        "In between",
        "1st dosing session",
        "About the first",
        "Long before",
    ]
    assert "Before the first session" in page.words
    assert "Monday, 23 November 2026 next" in page.words
    assert page.markup.all("a", href=f"/sessions/{one.id}")


async def test_a_session_today_is_said_to_be_today(portal: Portal) -> None:
    """The day counts by the patient's own clock."""
    alice = await portal.cast.actor("alice")
    details = SessionDetails(SessionKind.PREPARATION, "2026-11-22T23:30", ZONE, 50, Setting.CLINIC)
    await session_plan.add_session(alice, alice.id, details)
    await wrote(portal.cast, NOON, "x")
    async with portal.client("alice") as browser:
        assert "Sunday, 22 November 2026 today" in (await opened(browser, "/journal")).words


async def test_a_session_looks_the_same_whatever_was_shown_before(portal: Portal) -> None:
    """How it is drawn is remembered: at each moment it is as if it were drawn for the first time."""
    cast, memory = portal.cast, portal.app.state.installation.server_keys.document_cache
    for kind, at in ((SessionKind.DOSING, "22T15:00"), (SessionKind.INTEGRATION, "22T18:00")):
        await plan_session(cast, kind, f"2026-11-{at}")
    await wrote(cast, NOON, "Today")
    begun = cast.clock.now
    hours = (0, 2.5, 8, 30, 200, 30, 8, 2.5, 0)

    async def look(after: float) -> str:
        cast.clock.now = begun + timedelta(hours=after)
        await authentication_tables.WebSession.all().update(
            used_at=cast.clock.now, expires_at=cast.clock.now + timedelta(hours=1)
        )
        async with portal.client("alice") as browser:
            page = await opened(browser, "/journal")
        return page.markup.one("ol", **{"class": "spine"}).words

    fresh = {}
    for after in hours:
        memory.clear()
        fresh[after] = await look(after)
    assert len(set(fresh.values())) > 2
    memory.clear()
    assert [await look(after) for after in hours] == [fresh[after] for after in hours]


async def test_paging_shows_every_entry_once(any_portal: Portal) -> None:
    """Sixty-five entries are three pages; each entry stands on exactly one of them, newest first."""
    for number in range(65):
        await wrote(any_portal.cast, NOON - timedelta(hours=65 - number), f"Entry {number}")
    seen: list[str] = []
    path = "/journal"
    async with any_portal.client("alice") as browser:
        for length in (30, 30, 5):
            page = await opened(browser, path)
            assert len(titles(page)) == length
            seen += titles(page)
            older = page.markup.all("a", rel="next")
            path = older[0].attributes["href"] if older else ""
        assert path == ""
        assert page.markup.all("a", within="pager", href="/journal")
        assert titles(await opened(browser, "/journal?before=yesterday"))[0] == "Entry 64"
    assert seen == [f"Entry {number}" for number in reversed(range(65))]


async def statements(portal: Portal, browser: AsyncClient, path: str) -> list[str]:
    """The statements that a page costs, besides those that hold its reads together."""
    seen: list[str] = []
    store = portal.app.state.store
    await opened(browser, path)
    writer = get_connection()._connection
    await writer.set_trace_callback(seen.append)
    if store.reader.connection is not None:
        store.reader.connection.set_trace_callback(seen.append)
    await opened(browser, path)
    await writer.set_trace_callback(None)
    if store.reader.connection is not None:
        store.reader.connection.set_trace_callback(None)
    return [re.sub(r"'[^']*'", "?", one) for one in seen if one not in ("BEGIN", "COMMIT", "ROLLBACK")]


async def test_thirty_entries_cost_as_many_statements_as_one(portal: Portal) -> None:
    """Neither entries, nor shares, nor sessions are looked up one by one."""
    cast = portal.cast
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await shared(cast, await written(cast))
    async with portal.client("alice") as browser:
        few = await statements(portal, browser, "/journal")
        first = NOON.date() + timedelta(days=2)  # on its day nothing can be shared
        plan = CoursePlan(first, NOON.time(), ZONE, 6, 7, Setting.CLINIC, Route.IV)
        await session_plan.plan_course(bob, alice.id, "Six", plan)
        for number in range(29):
            one = await wrote(cast, NOON - timedelta(hours=number + 1), f"Entry {number}")
            await shared(cast, one, ("title",))
        many = await statements(portal, browser, "/journal")
    assert len(few) == len(many) <= 6


async def test_deleting_can_be_undone_for_a_week_and_then_no_more(any_portal: Portal) -> None:
    """The question says what will happen; the shared copy goes at once and does not come back."""
    cast = any_portal.cast
    entry = await written(cast)
    await shared(cast, entry)
    async with any_portal.client("alice") as browser:
        asked = await opened(browser, f"/journal/{entry.id}/deletion")
        assert "Bob Example" in asked.words
        assert "7 days, until Sun 29 Nov 2026, 13:00" in asked.words
        gone = await followed(browser, await browser.post(f"/journal/{entry.id}/deletion"))
        assert "The entry is deleted" in gone.words
        assert titles(gone) == []
        alice = await cast.actor("alice")
        assert await shares.list_shares(alice) == ()
        assert (await browser.get(f"/journal/{entry.id}")).status_code == 404
        back = gone.markup.one("form", within="notice").attributes["action"]
        assert (await followed(browser, await browser.post(back))).heading == "The sea"
        assert await shares.list_shares(alice) == ()
        await browser.post(f"/journal/{entry.id}/deletion")
        cast.clock.forward(days=7, seconds=1)
        await purge_deleted(cast.installation, cast.clock.now)
        await signed_in_again(cast)
    async with any_portal.client("alice") as browser:
        assert (await browser.post(f"/journal/{entry.id}/restoration")).status_code == 404
        assert "Nothing is deleted" in (await opened(browser, "/journal/deleted")).words


async def test_a_deleted_entry_can_be_erased_at_once(portal: Portal) -> None:
    """After a question of its own it is gone, with every earlier version."""
    entry = await written(portal.cast)
    async with portal.client("alice") as browser:
        assert (await browser.get(f"/journal/{entry.id}/erasure")).status_code == 404, "delete first"
        await browser.post(f"/journal/{entry.id}/deletion")
        page = await opened(browser, "/journal/deleted")
        assert "The sea" in page.words
        assert "until Sun 29 Nov 2026, 13:00" in page.words
        asked = await opened(browser, f"/journal/{entry.id}/erasure")
        assert "gone from the file at once" in asked.words
        page = await followed(browser, await browser.post(f"/journal/{entry.id}/erasure"))
        assert "Nothing is deleted" in page.words
    assert await vault_tables.Entry.all().count() == 0
    assert await vault_tables.EntryRevision.all().count() == 0


async def test_what_cannot_be_taken_back_waits_until_rested(portal: Portal) -> None:
    """During and after a dosing session nothing is deleted or erased, shared or private."""
    cast = portal.cast
    given, private, removed = [await written(cast) for _ in range(3)]
    await shared(cast, given)
    await removal.delete_entry(await cast.actor("alice"), removed.id)
    session = await in_session(cast)
    async with portal.client("alice") as browser:
        for act in (browser.get, browser.post):
            for path in (f"{given.id}/deletion", f"{private.id}/deletion", f"{removed.id}/erasure"):
                held = await act(f"/journal/{path}")
                assert held.status_code == 409
                assert "wait" in Page.of(held).words
    await rested(cast, session)
    async with portal.client("alice") as browser:
        for path in (f"{given.id}/deletion", f"{private.id}/deletion", f"{removed.id}/erasure"):
            assert (await browser.post(f"/journal/{path}")).status_code == 303


async def test_enough_for_today_closes_gently(portal: Portal) -> None:
    """Stopping leads away from the words, to a closing line and a way to ground."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal?rest=yes")
    assert "Enough for today" in page.words
    assert page.markup.all("a", within="notice", href="/ground")


async def test_a_page_of_the_journal_is_private_to_its_patient(portal: Portal) -> None:
    """Nothing of alice's is on dana's timeline, search or list of deleted entries."""
    await wrote(portal.cast, NOON, "The lake")
    gone = await wrote(portal.cast, NOON, "The lake, deleted")
    await removal.delete_entry(await portal.cast.actor("alice"), gone.id)
    async with portal.client("dana") as browser:
        for path in ("/journal", "/journal/deleted", f"/journal?deleted={gone.id}"):
            assert "The lake" not in (await browser.get(path)).text
        assert "The lake" not in (await browser.post("/journal", data={"q": "lake"})).text
    async with portal.client("bob") as browser:
        for path in ("/journal", "/journal/deleted", "/journal/new"):
            assert (await browser.get(path)).status_code == 404
        assert (await browser.post("/journal", data={"q": "lake"})).status_code == 404
