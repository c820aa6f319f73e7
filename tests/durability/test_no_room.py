"""A disk that is full or broken: nothing is ever called saved that is not, and the words stay with the writer."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from journal.calendar import feeds
from journal.calendar import tables as calendar_tables
from journal.entries import entries
from journal.store.database import get_connection
from journal.vault.documents import EntryDocument
from tests.cast import Furniture
from tests.portal.browsing import Page, action, autosaved, opened, pressed
from tests.portal.conftest import Portal, running

FREE = "/journal/new?kind=free"
TYPED = "What I do not want to lose. " * 400
FULL = {"free__text": TYPED}


@contextmanager
def no_more_than(size: int) -> Iterator[None]:
    """Let every write of this process beyond *size* bytes of a file fail, as on a broken disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def titles(portal: Portal) -> list[str]:
    return [one.document.title for one in await entries.load_all_entries(await portal.cast.actor("alice"))]


async def pages(limit: int) -> int:
    """Set how many pages the database may grow to; return how many there may be."""
    _, rows = await get_connection().execute_query(f"PRAGMA max_page_count = {limit}")
    return int(rows[0][0])


async def test_a_full_disk_never_answers_saved(portal: Portal) -> None:
    """Autosave and button answer 503 in kind words; with room again, the same page saves, without a restart."""
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        await pages(1)  # no more than there are now
        for _ in range(2):
            told = await autosaved(browser, page, **FULL)
            assert told.status_code == 503
            assert "Saved" not in told.text
            pressed_down = await pressed(browser, page, **FULL)
            assert pressed_down.status_code == 503
            assert "Nothing was saved" in Page.of(pressed_down).words
            assert pressed_down.headers["retry-after"]
        assert await titles(portal) == []
        await pages(1 << 30)
        told = await autosaved(browser, page, title="Kept", **FULL)
        assert (told.status_code, "Saved" in told.text) == (200, True)
        assert await titles(portal) == ["Kept"]
        assert (
            await entries.load_entry(await portal.cast.actor("alice"), UUID(action(page)[-36:]))
        ).document.answers


async def test_what_was_there_stays_when_the_disk_is_full(portal: Portal) -> None:
    """A save that does not fit leaves the text and the earlier versions as they were."""
    alice = await portal.cast.actor("alice")
    wanted = (await entries.save_entry(alice, uuid4(), 0, EntryDocument("free", "Before", answers={}))).id
    portal.cast.clock.forward(minutes=30)  # so that a version is kept as well, in a transaction of two steps
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{wanted}/edit")
        await pages(1)
        told = await autosaved(browser, page, title="After", **FULL)
        assert (told.status_code, "Saved" in told.text) == (503, False)
        read = await entries.load_entry(alice, wanted)
        assert (read.revision, read.document.title) == (1, "Before")
        await pages(1 << 30)
        assert (await autosaved(browser, page, title="After", **FULL)).status_code == 200
        assert await titles(portal) == ["After"]


@pytest.mark.parametrize("earlier", [False, True])
async def test_a_broken_disk_never_answers_saved(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path, earlier: bool
) -> None:
    """When writing to the files fails, inside a transaction or outside, the answer is 503; then all is well again."""
    async with running(*furnished_sqlite_url, tmp_path) as portal, portal.client("alice") as browser:
        page = await opened(browser, FREE)
        if earlier:
            assert (await autosaved(browser, page, title="Before")).status_code == 200
            portal.cast.clock.forward(minutes=30)
            page = await opened(browser, f"{action(page)}/edit")
        before = await titles(portal)
        with no_more_than(4096):
            told = await autosaved(browser, page, title="After", **FULL)
        assert (told.status_code, "Saved" in told.text) == (503, False)
        assert await titles(portal) == before
        told = await autosaved(browser, page, title="After", **FULL)
        assert (told.status_code, "Saved" in told.text) == (200, True)
        assert await titles(portal) == ["After"]
        _, rows = await get_connection().execute_query("PRAGMA integrity_check")
        assert rows[0][0] == "ok"


async def test_what_is_noted_beside_is_in_nobodys_way(portal: Portal) -> None:
    """A clinician's first page is read, though it would store which patients their calendar may show."""
    bob = await portal.cast.actor("bob")
    await feeds.make_feed(bob, "Appointment")  # it knows no patient yet
    before = (await calendar_tables.CalendarFeed.get(account_id=bob.id)).revision
    async with portal.client("bob") as browser:
        with no_more_than(4096):
            assert (await browser.get("/patients")).status_code == 200
        assert (await calendar_tables.CalendarFeed.get(account_id=bob.id)).revision == before
        assert (await browser.get("/patients")).status_code == 200
        assert (await calendar_tables.CalendarFeed.get(account_id=bob.id)).revision == before + 1
