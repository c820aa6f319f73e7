"""A page of the timeline is what its parts say by themselves."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from random import Random

import pytest

from journal.authentication import web_sessions
from journal.entries import listing, removal
from journal.errors import NotFound
from journal.sessions.rows import load_my_sessions
from journal.sharing.recipients import load_readers
from journal.sharing.timeline import build_timeline_queries, load_timeline_page
from journal.store.database import execute, is_sqlite
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.scenes import shared, written


async def test_a_page_is_its_parts(cast: Cast) -> None:
    """Entries, sessions and readers are those of the single questions, from the present and from any moment."""
    dice, made = Random(2), []
    for number in range(25):
        cast.clock.forward(minutes=dice.choice((0, 1, 2)))
        made.append(
            await written(cast, document=EntryDocument("free", f"Title {number}", answers={"free.text": "w"}))
        )
    for one in dice.sample(made, 8):
        await shared(cast, one, ("title", "free.text"))
    for one in dice.sample(made, 4):
        await removal.delete_entry(await cast.actor("alice"), one.id)
    alice = await cast.actor("alice")
    for before in (None, *(one.created_at for one in dice.sample(made, 5)), cast.clock.now):
        for limit in (3, 31):
            page, alone = (
                await load_timeline_page(alice, before=before, limit=limit),
                await listing.list_latest(alice, before=before, limit=limit),
            )
            assert page.listing == alone
            assert alone.is_intact
            assert page.plan == await load_my_sessions(alice)
            assert page.readers == await load_readers(
                alice, {one.id: one.updated_at for one in alone.entries}
            )
    assert any(page.readers.values())


async def test_a_page_of_a_tampered_journal(cast: Cast) -> None:
    """Where storage holds something else than was left, the page says so, and who can read what is still told."""
    kept, gone = await written(cast), await written(cast)
    await shared(cast, kept)
    alice = await cast.actor("alice")
    assert (await load_timeline_page(alice, limit=31)).listing.is_intact
    await vault_tables.Entry.filter(id=gone.id).delete()
    page = await load_timeline_page(alice, limit=31)
    assert not page.listing.is_intact
    assert [one.name for one in page.readers[str(kept.id)]] == ["Bob Example"]


@pytest.mark.parametrize("limit", [31, 3])
async def test_the_first_page_compares_everything(cast: Cast, limit: int) -> None:
    """
    Whether it holds the whole journal or not: also when each entry was begun, which leaves the order as it was. What
    differs is compared again by the next page, and what is intact for an hour is not.
    """
    made = []
    for _ in range(4):
        cast.clock.forward(minutes=1)
        made.append(await written(cast))
    alice, due = await cast.actor("alice"), cast.installation.comparison_schedule.is_due
    moved = vault_tables.Entry.filter(id=made[0].id)
    await moved.update(created_at=made[0].created_at + timedelta(seconds=1))
    assert not (await load_timeline_page(alice, limit=limit)).listing.is_intact
    assert due(alice.session, alice.now)
    await moved.update(created_at=made[0].created_at)
    page = await load_timeline_page(alice, limit=limit)
    assert page.listing.is_intact
    assert [one.id for one in page.listing.entries] == [str(one.id) for one in reversed(made)][:limit]
    assert not due(alice.session, alice.now)
    await moved.delete()
    cast.clock.forward(hours=1)
    assert not (await load_timeline_page(await cast.actor("alice"), limit=limit)).listing.is_intact


@pytest.mark.parametrize("spelled", ["id = upper(id)", "id = id || ' '", "sealed = CAST(sealed AS TEXT)"])
async def test_a_row_in_another_spelling(cast: Cast, spelled: str) -> None:
    """What SQLite holds in another form than was written is shown as after comparing everything."""
    await written(cast)
    alice = await cast.actor("alice")
    assert (await load_timeline_page(alice, limit=31)).listing.is_intact
    if is_sqlite():
        await execute(f"UPDATE entry SET {spelled}")
    page = await load_timeline_page(alice, limit=31)
    assert page.listing == await listing.list_compared(alice, None, 31)


async def test_a_page_is_a_patients_own(cast: Cast) -> None:
    """A clinician has no journal to show."""
    with pytest.raises(NotFound):
        await load_timeline_page(await cast.actor("bob"), limit=31)


async def test_a_page_read_beside_the_session(cast: Cast) -> None:
    """What was asked for in the statement that finds whose session it is makes the same page; others' is not in it."""
    for who in ("alice", "dana"):
        await written(cast, who)
    await shared(cast, await written(cast))
    for before in (None, cast.clock.now):
        for who, entries in (("alice", 2), ("dana", 1)):
            select = partial(build_timeline_queries, before=before, limit=31)
            prefetched = await web_sessions.load_actor(cast.installation, cast.tokens[who], select)
            actor = await web_sessions.load_actor(cast.installation, cast.tokens[who])
            assert prefetched is not None
            assert actor is not None
            page = await load_timeline_page(actor, before=before, limit=31)
            assert page == await load_timeline_page(
                actor, before=before, limit=31, rows=prefetched.prefetched
            )
            assert len(page.listing.entries) == entries * (before is None)
            assert page.listing.is_intact


async def test_nothing_is_prefetched_for_who_is_not_signed_in(cast: Cast) -> None:
    """A session that has ended, or never was, makes nobody; what was read beside it goes nowhere."""
    await written(cast)
    select = partial(build_timeline_queries, limit=31)
    assert await web_sessions.load_actor(cast.installation, bytes(32), select) is None
    cast.clock.forward(hours=13)
    assert await web_sessions.load_actor(cast.installation, cast.tokens["alice"], select) is None
