"""What was asked for too early is kept for its patient, once, for a week, and does nothing by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import EntryKind
from journal.dosing_day import requests
from journal.dosing_day.requests import PendingRequest
from journal.entries import entries, removal
from journal.held_acts import Asked, HeldAct
from journal.sharing import copies
from journal.vault import record_state
from journal.vault import tables as vault_tables
from tests.cast import NOON, Cast
from tests.scenes import signed_in_again, written

ENTRY, LINK = UUID(int=1), UUID(int=2)
SHARE = Asked(HeldAct.SHARE, ENTRY, LINK, ("title", "int.meaning"))
END = Asked(HeldAct.END_CARE, LINK)
ids = st.none() | st.uuids()
sections = st.lists(st.from_regex("[a-z0-9_.]{1,60}", fullmatch=True), max_size=requests.MAX_SECTIONS)


async def kept(cast: Cast) -> list[Asked]:
    """Return what waits of alice's."""
    return [one.asked for one in await requests.load_requests(await cast.actor("alice"))]


async def rows() -> int:
    """Count what is stored of entries and earlier versions, whoever it is of."""
    return await vault_tables.Entry.all().count() + await vault_tables.EntryRevision.all().count()


@given(st.builds(Asked, st.sampled_from(HeldAct), ids, ids, sections.map(tuple)), st.integers(0, 10**9))
def test_a_line_comes_back_as_it_was(asked: Asked, seconds: int) -> None:
    """So does the key that a form sends, with the sections beside it."""
    one = PendingRequest(asked, NOON + timedelta(seconds=seconds))
    assert requests.parse_requests([one.line]) == (one,)
    assert requests.parse_key(one.key, asked.sections) == asked


@given(st.text(max_size=80))
def test_what_is_no_line_of_ours_is_left_out(text: str) -> None:
    """Whatever stands there."""
    assert requests.parse_requests([text]) == ()
    assert requests.parse_requests(text) == ()
    assert requests.parse_key(text.replace(".", "")) is None


async def test_the_same_act_is_one_request(cast: Cast) -> None:
    """Asked for twice, and from two browsers at once: the latest counts, and there is one row."""
    alice = await cast.actor("alice")
    before = await rows()
    assert all(await asyncio.gather(*(requests.keep_request(alice, SHARE) for _ in range(3))))
    assert await kept(cast) == [SHARE]
    cast.clock.forward(minutes=30)
    other = Asked(HeldAct.SHARE, ENTRY, LINK, ("title",))
    assert await requests.keep_request(await cast.actor("alice"), other)
    assert await requests.keep_request(await cast.actor("alice"), END)
    assert await kept(cast) == [other, END]
    assert await rows() == before + 1


async def test_what_is_left_leaves_nothing(cast: Cast) -> None:
    """With the last request goes its entry, for good and with nothing in earlier versions; the journal is intact."""
    await written(cast)
    alice, before = await cast.actor("alice"), await rows()
    for one in (SHARE, END):
        await requests.keep_request(alice, one)
    cast.clock.forward(hours=1)
    alice = await cast.actor("alice")
    assert await requests.remove_request(alice, requests.format_key(SHARE))
    assert not await requests.remove_request(alice, requests.format_key(SHARE))
    assert await kept(cast) == [END]
    assert await requests.remove_request(alice, requests.format_key(END))
    assert await kept(cast) == []
    assert await rows() == before
    assert (await record_state.compare_records(alice, earlier=True)).is_intact


async def test_a_request_lapses_after_a_week(cast: Cast) -> None:
    """Nothing of it is shown; and its entry goes once somebody looks."""
    before = await rows()
    await requests.keep_request(await cast.actor("alice"), SHARE)
    cast.clock.forward(days=7, seconds=-1)
    await signed_in_again(cast)
    await requests.remove_lapsed(await cast.actor("alice"))
    assert await kept(cast) == [SHARE]
    cast.clock.forward(seconds=1)
    assert await kept(cast) == []
    assert await rows() == before + 1
    await requests.remove_lapsed(await cast.actor("alice"))
    assert await rows() == before
    assert (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact


async def test_only_a_patient_is_asked_again(cast: Cast) -> None:
    """What a clinician tried leaves nothing, and neither does what cannot be asked again."""
    before = await rows()
    assert not await requests.keep_request(await cast.actor("bob"), END)
    assert not await requests.keep_request(await cast.actor("alice"), None)
    assert await rows() == before


async def test_there_are_only_so_many(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused, and none of the others is lost."""
    monkeypatch.setattr(requests, "MAX_REQUESTS", 2)
    alice = await cast.actor("alice")
    for _ in range(2):
        assert await requests.keep_request(alice, Asked(HeldAct.DELETE, uuid4()))
    assert not await requests.keep_request(alice, END)
    assert await requests.keep_request(alice, (await kept(cast))[0])
    assert len(await kept(cast)) == 2


async def test_a_list_that_was_deleted_and_restored_is_one_list(cast: Cast) -> None:
    """Whatever its patient does with its entry as an entry, nothing is asked twice and nothing is shared."""
    alice = await cast.actor("alice")
    await requests.keep_request(alice, SHARE)
    row = (await vault_tables.Entry.get(owner_id=alice.id)).id
    entry = await entries.load_entry(alice, row)
    assert entry.document.kind == EntryKind.WAITING
    assert not copies.list_shareable_parts(entry)
    await removal.delete_entry(alice, row)
    assert await kept(cast) == []
    await requests.keep_request(alice, SHARE)
    await requests.keep_request(alice, END)
    await removal.restore_entry(alice, row)
    assert await kept(cast) == [SHARE, END]
    assert await requests.remove_request(alice, requests.format_key(END))
    assert await kept(cast) == [SHARE]
    assert await vault_tables.Entry.filter(owner_id=alice.id).count() == 1
