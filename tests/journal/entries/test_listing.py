"""Lists are read from the table of contents: what they say is what is there, and no entry is opened for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from types import FrameType
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from crypto import RecordRoot, RecordState
from journal.actor import Actor
from journal.authentication import web_sessions
from journal.entries import acceptance, entries, listing, removal
from journal.entries.assignment import SessionAssignment
from journal.key_rotation import account_key as account_key_renewal
from journal.key_rotation.account_columns import ACCOUNT_COLUMNS
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import shares
from journal.store.database import execute, fetch_raw, is_sqlite, transaction
from journal.vault import baseline, record_snapshot, record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import LINES_PER_PAGE, page_context, root_context
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from journal.vault.record_snapshot import Part
from journal.vault.record_state import RollbackDetected
from tests.cast import NOON, PASSWORDS, Cast
from tests.scenes import rewritten, shared, signed_in_again, written

WINDOW = 31


async def state_of(actor: Actor) -> RecordState | RecordRoot | None:
    """What the account remembers."""
    seen = await record_snapshot.load_snapshot(actor.id, earlier=False)
    return record_snapshot.open_state(actor.vault, actor.id, seen.state_row)


async def as_before(cast: Cast) -> None:
    """Leave alice's account as an earlier version did: with a sum over her entries, and no table."""
    alice = await cast.actor("alice")
    seen = await record_snapshot.load_snapshot(alice.id, earlier=True)
    state = RecordState.begin(len(Part))
    for part in Part:
        state = state.change_set(part, added=seen.members[part])
    assert seen.state_row is not None
    sealed = alice.vault.seal(state.encode(), context=root_context(alice.id, seen.state_row[0]))
    await vault_tables.RecordState.filter(id=alice.id).update(sealed=sealed)
    await vault_tables.ContentsPage.filter(owner_id=alice.id).delete()


async def many(cast: Cast, how_many: int, dice: Random) -> list[Entry]:
    """Entries of alice's, some begun at the very same moment."""
    made = []
    for number in range(how_many):
        cast.clock.forward(minutes=dice.choice((0, 1, 2)))
        kind = dice.choice(("free", "integration", "preparation"))
        document = EntryDocument(kind, f"Title {number}", answers={"free.text": "words"})
        made.append(await written(cast, document=document))
    return made


async def both(actor: Actor, before: datetime | None = None, limit: int = WINDOW) -> tuple[Any, Any]:
    """A list as it is read, and as it would be with every entry opened: by ids where times are the same."""
    found = await listing.list_latest(actor, before=before, limit=limit)
    assert found.is_intact
    every = [
        one for one in await entries.load_all_entries(actor) if before is None or one.created_at < before
    ]
    every.sort(key=lambda one: (one.created_at, one.id.hex), reverse=True)
    return list(found.entries), [listing.build_summary(one) for one in every[:limit]]


async def test_a_list_says_what_the_entries_say(cast: Cast) -> None:
    """From the present and from any moment, whatever came, changed and went before."""
    dice, alice = Random(5), await cast.actor("alice")
    made = await many(cast, 150, dice)
    for one in dice.sample(made, 40):
        match dice.choice(("change", "delete", "bring back")):
            case "change":
                await rewritten(cast, one, **{"free.text": "other words"})
            case "delete":
                await removal.delete_entry(alice, one.id)
            case "bring back":
                await removal.delete_entry(alice, one.id)
                await removal.restore_entry(alice, one.id)
    for before in (None, *(one.created_at for one in dice.sample(made, 12)), cast.clock.now):
        for limit in (3, WINDOW):
            seen, there = await both(alice, before, limit)
            assert seen == there
    assert isinstance(await state_of(alice), RecordRoot)
    assert await vault_tables.ContentsPage.filter(owner_id=alice.id).count() >= 150 // LINES_PER_PAGE


async def test_no_entry_is_opened_for_a_list(cast: Cast) -> None:
    """A row that would not open, but has the end that the table names, is listed as it was; its own page says so."""
    one, alice = await written(cast), await cast.actor("alice")
    sealed = (await vault_tables.Entry.get(id=one.id)).sealed
    await vault_tables.Entry.filter(id=one.id).update(sealed=sealed[:50] + bytes(20) + sealed[70:])
    found = await listing.list_latest(alice)
    assert (found.is_intact, [entry.title for entry in found.entries]) == (True, ["The sea"])
    with pytest.raises(Exception, match="cannot be opened"):
        await listing.load_verified_entry(alice, one.id)


async def test_no_list_sorts_what_it_reads(cast: Cast) -> None:
    """An index has entries in the order of lists, also those of one moment."""
    alice = await cast.actor("alice")
    async with transaction():
        if not is_sqlite():  # of a small table it would read, and sort, every row
            for way in ("seqscan", "bitmapscan", "sort"):
                await execute(f"SET LOCAL enable_{way} = off")
        for before in (None, NOON):
            sql, values = listing.build_query(alice.id, before, WINDOW)
            plan = await fetch_raw(f"EXPLAIN {'QUERY PLAN' if is_sqlite() else ''} {sql}", *values)
            steps = "\n".join(str(tuple(row)) for row in plan)
            assert "idx_entry" in steps
            assert not any(word in steps for word in ("Sort", "ORDER BY")), steps


async def test_an_account_of_before_gets_its_table_when_it_is_first_read(cast: Cast) -> None:
    """Also one with an entry that does not open, and with earlier versions and shares; then everything keeps step."""
    made = await many(cast, 80, Random(1))
    await shared(cast, made[3], parts=("title",))
    cast.clock.forward(minutes=30)
    await rewritten(cast, made[5], **{"free.text": "Later."})
    await as_before(cast)
    alice = await cast.actor("alice")
    assert isinstance(await state_of(alice), RecordState)
    await written(cast)  # before anybody reads
    assert isinstance(await state_of(alice), RecordState)
    seen, there = await both(alice)
    assert seen == there
    root = await state_of(alice)
    assert isinstance(root, RecordRoot)
    assert root.count == 81
    assert [mark.lines for mark in root.pages] == [64, 17]
    await removal.delete_entry(alice, made[0].id)
    await written(cast)
    assert (await record_state.compare_records(alice, earlier=True)).is_intact


@contextmanager
def noted_calls() -> Iterator[set[str]]:
    """Which of our functions are called on the thread of the event loop."""
    seen = set[str]()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and str(frame.f_globals.get("__name__")).startswith(("journal.", "crypto.")):
            seen.add(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)


async def test_what_grows_with_a_journal_is_done_off_the_loop(cast: Cast) -> None:
    """Laying a table out and accepting go through thousands of lines: others are answered meanwhile."""
    await many(cast, 3, Random(1))
    await as_before(cast)
    for act in (baseline.create_contents, acceptance.accept_journal):
        alice = await cast.actor("alice")
        with noted_calls() as called:
            await act(alice)
        assert called
        assert not called & {
            "build_snapshot",
            "build_draft",
            "RecordState.hash_members",
            "ContentsDraft.seal",
        }, act
        if act is baseline.create_contents:
            assert "Reader.fetch" not in called
    assert (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact


async def test_an_account_that_is_not_as_left_gets_no_table_before_its_owner_accepts(cast: Cast) -> None:
    """What is missing stays missed: a table of what is left would hide it."""
    made = await many(cast, 5, Random(1))
    await as_before(cast)
    await vault_tables.Entry.filter(id=made[2].id).delete()
    alice = await cast.actor("alice")
    for _ in range(2):
        assert not (await listing.list_latest(alice)).is_intact
    assert isinstance(await state_of(alice), RecordState)
    await acceptance.accept_journal(alice)
    root = await state_of(alice)
    assert isinstance(root, RecordRoot)
    assert root.count == 4
    seen, there = await both(alice)
    assert seen == there


async def test_what_is_far_from_a_page_is_missed_within_the_hour(cast: Cast) -> None:
    """
    A list says at once what is amiss in what it shows. Elsewhere a comparison of everything finds it: at the first
    reading of a sign-in, an hour later, and before anything is shared.
    """
    made = await many(cast, 40, Random(1))
    alice = await cast.actor("alice")
    assert (await listing.list_latest(alice, limit=10)).is_intact
    assert await vault_tables.Entry.filter(id=made[0].id).delete()
    assert (
        await listing.list_latest(await cast.actor("alice"), limit=10)
    ).is_intact  # docs/threat-model.md says so
    assert (await listing.load_verified_entry(await cast.actor("alice"), made[-1].id))[0]
    with pytest.raises(RollbackDetected):
        await shares.share_entry(alice, made[-1].id, cast.link, ("title",), previewed=1)
    cast.clock.forward(minutes=61)
    later = await cast.actor("alice")
    assert not (await listing.list_latest(later, limit=10)).is_intact
    assert not (await listing.load_verified_entry(later, made[-1].id))[0]  # and from then on every page does


async def test_it_is_missed_at_the_next_sign_in(cast: Cast) -> None:
    """Every new session compares everything before it shows anything."""
    made = await many(cast, 40, Random(1))
    assert (await listing.list_latest(await cast.actor("alice"), limit=10)).is_intact
    assert await vault_tables.Entry.filter(id=made[0].id).delete()
    await signed_in_again(cast)
    assert not (await listing.list_latest(await cast.actor("alice"), limit=10)).is_intact


async def test_the_table_is_renewed_with_the_keys(cast: Cast) -> None:
    """Lists are right at every point of a renewal, with saves in between, and the old key opens no page afterwards."""
    made = await many(cast, 230, Random(3))
    alice = await cast.actor("alice")
    older = alice.keyring
    token = await account_key_renewal.begin_rotation(alice, PASSWORDS["alice"])
    came = None
    for turn in range(
        2 * len(ACCOUNT_COLUMNS)
    ):  # one batch for each column, and one more where there are many rows
        now = await web_sessions.load_actor(cast.installation, token)
        assert now is not None
        seen, there = await both(now, limit=WINDOW)
        assert seen == there, turn
        document = msgspec.structs.replace(made[turn].document, title=f"In between {turn}")
        await entries.save_entry(now, made[turn].id, 1, document)
        await entries.save_entry(now, uuid4(), 0, document)
        came = await account_key_renewal.reseal_batches(now)
        cast.clock.forward(minutes=1)
        if came.finished:
            break
    assert came is not None
    assert came.finished
    assert came.unopened == 0
    now = await web_sessions.load_actor(cast.installation, token)
    assert now is not None
    assert not now.is_rotating_keys
    assert (await record_state.compare_records(now, earlier=True)).is_intact
    seen, there = await both(now, limit=WINDOW)
    assert seen == there
    for page in await vault_tables.ContentsPage.filter(owner_id=now.id):
        with pytest.raises(Exception, match="open"):
            older.vault_sealer().open(page.sealed, context=page_context(now.id, page.number, page.revision))


async def test_entries_about_a_session_are_found_on_a_few_pages(cast: Cast) -> None:
    """Tied or not, they are those that the rule places there among all entries, also where a page is not as left."""
    dice, alice = Random(7), await cast.actor("alice")
    plan = []
    for hours in (-30, 1, 2, 3):
        local = (NOON + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")
        what = SessionKind.INTEGRATION if hours == 2 else SessionKind.DOSING
        details = SessionDetails(what, local, "UTC", 30, Setting.HOME)
        plan.append(await session_plan.add_session(alice, alice.id, details))
    made = []
    for number in range(210):
        cast.clock.forward(minutes=dice.choice((0, 1, 3)))
        kind = dice.choice(("capture", "integration", "preparation", "free"))
        tied = dice.choice((None, None, None, *(one.hex for one in plan)))
        made.append(await written(cast, document=EntryDocument(kind, f"T {number}", session_id=tied)))
    for one in dice.sample(made, 20):
        moved = msgspec.structs.replace(one.document, session_id=dice.choice(plan).hex)
        await entries.save_entry(await cast.actor("alice"), one.id, one.revision, moved)
    every = await load_my_sessions(alice)
    assignment = SessionAssignment(every)

    async def as_said(*, is_intact: bool) -> None:
        for wanted in ({plan[0]}, {plan[1]}, {plan[2], plan[3]}, {plan[3]}, {uuid4()}):
            there = [
                one.id
                for one in await entries.load_all_entries(alice)
                if (
                    post := assignment.find_session(
                        one.document.kind, one.document.session_id, one.created_at
                    )
                )
                and post.id in wanted
            ]
            said, found = await listing.load_entries_of_sessions(alice, every, wanted)
            assert said or not is_intact
            assert {one.id for one in found} == set(there)
            assert [one.created_at for one in found] == sorted(
                (one.created_at for one in found), reverse=True
            )

    await as_said(is_intact=True)
    await vault_tables.Entry.filter(id=made[100].id).delete()
    await as_said(is_intact=False)
    await vault_tables.ContentsPage.filter(owner_id=alice.id, number=1).delete()
    await as_said(is_intact=False)


async def test_lists_of_two_people_stand_apart(cast: Cast) -> None:
    """Pages are found by their owner, and opened by their owner's key alone."""
    await written(cast)
    await written(cast, "dana", EntryDocument("free", "Her own", answers={"free.text": "x"}))
    dana = await cast.actor("dana")
    assert [one.title for one in (await listing.list_latest(dana)).entries] == ["Her own"]
    assert [one.title for one in (await listing.list_latest(await cast.actor("alice"))).entries] == [
        "The sea"
    ]
