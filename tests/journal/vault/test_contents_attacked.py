"""Whoever writes the database changes rows beside the table of contents: it is said, and acceptance settles it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.account_reset import returned_shares
from journal.care import links
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument, given_back_context
from journal.care.link_keys import open_shared_key
from journal.entries import acceptance, entries, listing, removal
from journal.entries.search import search_by_opening
from journal.errors import StaleRevision
from journal.records import collection as records_collection
from journal.records.schema import NOT_INTACT, Unreadable
from journal.scheduling import plan as session_plan
from journal.sealing import encode_document
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import shares
from journal.store.database import execute, transaction
from journal.vault import baseline, record_state
from journal.vault import tables as vault_tables
from journal.vault.entry_rows import UNKNOWN_ID, Entry
from journal.vault.record_state import RollbackDetected
from tests.cast import PRACTICE, Cast
from tests.scenes import read_by, rewritten, shared, signed_in_again, written


async def is_intact(cast: Cast) -> bool:
    """Return whether alice's journal is intact, in every part."""
    return (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact


async def create_entries(cast: Cast, how_many: int = 4) -> list[Entry]:
    """Entries of alice's, each a minute after the one before."""
    made = []
    for _ in range(how_many):
        cast.clock.forward(minutes=1)
        made.append(await written(cast))
    return made


async def test_an_entry_moved_to_another_date_is_noticed(cast: Cast) -> None:
    """Its row still opens, and stands under a date that its writer never saw: lists and its own page say so."""
    made = await create_entries(cast)
    assert (await listing.list_latest(await cast.actor("alice"))).is_intact
    await vault_tables.Entry.filter(id=made[0].id).update(created_at=made[0].created_at + timedelta(days=30))
    assert not (await listing.list_latest(await cast.actor("alice"))).is_intact
    assert not (await listing.load_verified_entry(await cast.actor("alice"), made[0].id))[0]
    assert not await is_intact(cast)
    await rewritten(cast, made[0], **{"int.meaning": "Later."})
    assert not await is_intact(cast)
    await acceptance.accept_journal(await cast.actor("alice"))
    assert await is_intact(cast)


async def test_an_entry_of_a_session_that_was_moved_to_another_date_is_noticed(cast: Cast) -> None:
    """Also between two comparisons of everything: a session's page shows when each of its entries was begun."""
    alice = await cast.actor("alice")
    local = cast.clock.now.strftime("%Y-%m-%dT%H:%M")
    session = await session_plan.add_session(
        alice, alice.id, SessionDetails(SessionKind.DOSING, local, "UTC", 30, Setting.HOME)
    )
    one, *_ = await create_entries(cast, 3)
    plan = await load_my_sessions(alice)
    is_intact, found = await listing.load_entries_of_sessions(await cast.actor("alice"), plan, {session})
    assert (is_intact, len(found)) == (True, 3)
    await vault_tables.Entry.filter(id=one.id).update(created_at=one.created_at + timedelta(days=1))
    is_intact, _ = await listing.load_entries_of_sessions(await cast.actor("alice"), plan, {session})
    assert not is_intact


async def test_when_an_entry_was_last_changed_is_what_its_line_says(cast: Cast) -> None:
    """On its own page, as in lists: whoever writes the database writes no dates into them."""
    (made, *_) = await create_entries(cast, 3)
    await vault_tables.Entry.filter(id=made.id).update(updated_at=cast.clock.now + timedelta(days=30))
    is_intact, shown = await listing.load_verified_entry(await cast.actor("alice"), made.id)
    assert (is_intact, shown.updated_at) == (True, made.updated_at)


async def test_two_lines_of_one_entry_are_noticed(cast: Cast) -> None:
    """An entry that storage moves before it is deleted leaves a line behind: bringing it back does not hide that."""
    one, *_ = await create_entries(cast)
    await vault_tables.Entry.filter(id=one.id).update(created_at=one.created_at + timedelta(seconds=1))
    alice = await cast.actor("alice")
    await removal.delete_entry(alice, one.id)
    assert not await is_intact(cast)
    await removal.restore_entry(alice, one.id)
    assert not await is_intact(cast)


async def state_below_nothing(cast: Cast, alice: UUID) -> None:
    await execute("UPDATE record_state SET revision = -5 WHERE id = $1", alice)


async def state_of_another(cast: Cast, alice: UUID) -> None:
    await vault_tables.RecordState.filter(id=alice).update(owner_id=(await cast.actor("dana")).id)


async def entry_beyond_counting(cast: Cast, alice: UUID) -> None:
    row = await vault_tables.Entry.filter(owner_id=alice).first()
    assert row is not None
    await execute("UPDATE entry SET revision = $1 WHERE id = $2", 2**31 - 1, row.id)


async def all_at_one_moment(cast: Cast, alice: UUID) -> None:
    await execute("UPDATE entry SET created_at = '2026-11-22 12:00:00+00:00' WHERE owner_id = $1", alice)


@pytest.mark.parametrize(
    "bent", [state_below_nothing, state_of_another, entry_beyond_counting, all_at_one_moment]
)
async def test_acceptance_settles_whatever_was_bent(
    cast: Cast, bent: Callable[[Cast, UUID], Awaitable[None]]
) -> None:
    """Whatever storage made of the rows, what its owner accepts is how the journal was left from then on."""
    await create_entries(cast)
    alice = await cast.actor("alice")
    await bent(cast, alice.id)
    await acceptance.accept_journal(await cast.actor("alice"))
    assert await is_intact(cast)
    await written(cast)
    assert await is_intact(cast)


async def test_acceptance_settles_lists_that_count_no_further(cast: Cast) -> None:
    """Where storage wrote the last number that there is beside state and lists, sharing goes on after it as well."""
    await create_entries(cast)
    alice = await cast.actor("alice")
    await vault_tables.RecordState.filter(owner_id=alice.id).update(revision=2**31 - 1)
    await acceptance.accept_journal(await cast.actor("alice"))
    assert await is_intact(cast)
    await shared(cast, await written(cast))
    assert await is_intact(cast)
    assert [document.title for document in await read_by(cast, "bob")] == ["The sea"]


async def test_a_restart_begins_anew_whatever_was_bent(cast: Cast) -> None:
    """A state under another owner is the account's all the same, and no new one is kept back by it."""
    alice = await cast.actor("alice")
    await state_of_another(cast, alice.id)
    async with transaction():
        await baseline.recreate_record_state(alice.vault, alice.id)
    assert await is_intact(cast)


async def test_rows_that_cannot_be_told_apart_are_accepted_as_well(sqlite_cast: Cast) -> None:
    """On SQLite several may have no id, no count and no date that can be read."""
    cast = sqlite_cast
    made = await create_entries(cast)
    for place, one in enumerate(made[:3]):
        await execute(
            "UPDATE entry SET id = $1, revision = $2, created_at = 'x' WHERE id = $3",
            f"none {place}",
            2**40,
            one.id,
        )
    assert not await is_intact(cast)
    await acceptance.accept_journal(await cast.actor("alice"))
    assert await is_intact(cast)


async def by_session_page(cast: Cast, entry: Entry) -> Any:
    alice = await cast.actor("alice")
    is_intact, found = await listing.load_entries_of_sessions(
        alice, await load_my_sessions(alice), {UUID(entry.document.session_id)}
    )
    assert not is_intact
    assert entry.id in {one.id for one in found}


async def by_search(cast: Cast, entry: Entry) -> Any:
    alice = await cast.actor("alice")
    return await record_state.read_verified(alice, lambda: search_by_opening(alice, "sea"))


async def by_sharing(cast: Cast, entry: Entry) -> Any:
    with pytest.raises(RollbackDetected):
        await record_state.require_intact(await cast.actor("alice"))


@pytest.mark.parametrize("found", [by_session_page, by_search, by_sharing])
async def test_a_page_that_finds_a_difference_makes_later_pages_compare(
    cast: Cast, found: Callable[[Cast, Entry], Awaitable[Any]]
) -> None:
    """A page that shows nothing of it says so too, once another one of the same sign-in came upon it."""
    alice = await cast.actor("alice")
    local = cast.clock.now.strftime("%Y-%m-%dT%H:%M")
    details = SessionDetails(SessionKind.DOSING, local, "UTC", 30, Setting.HOME)
    about = await session_plan.add_session(alice, alice.id, details)
    one = (await create_entries(cast, 1))[0]
    document = one.document.__class__("capture", "Tied", session_id=about.hex)
    cast.clock.forward(minutes=1)
    tied = await entries.save_entry(await cast.actor("alice"), uuid4(), 0, document)
    before = await vault_tables.Entry.get(id=tied.id).values()
    cast.clock.forward(minutes=1)
    changed = document.__class__("capture", "Tied, and changed", session_id=about.hex)
    await entries.save_entry(await cast.actor("alice"), tied.id, 1, changed)
    await create_entries(cast, 3)
    assert (await listing.list_latest(await cast.actor("alice"), limit=2)).is_intact
    await vault_tables.Entry.filter(id=tied.id).update(**{k: v for k, v in before.items() if k != "id"})
    assert (await listing.list_latest(await cast.actor("alice"), limit=2)).is_intact  # it shows nothing of it
    await found(cast, tied)
    assert not (await listing.list_latest(await cast.actor("alice"), limit=2)).is_intact


async def test_a_row_planted_at_the_next_page_prevents_no_save(cast: Cast) -> None:
    """What is written stays written, also where storage has put something where a page is to come."""
    alice = await cast.actor("alice")
    await vault_tables.ContentsPage.create(
        id=uuid4(), owner_id=alice.id, number=0, oldest_at=0, revision=1, sealed=b"x"
    )
    one = await written(cast)
    assert (await entries.load_entry(await cast.actor("alice"), one.id)).document.title == "The sea"
    await signed_in_again(cast)
    assert (await listing.list_latest(await cast.actor("alice"))).is_intact


async def restore_row(row: dict[str, Any]) -> None:
    """Restore the whole row of one entry, older or newer, as whoever writes the database could."""
    await vault_tables.Entry.filter(id=row["id"]).update(**{key: row[key] for key in row if key != "id"})


@pytest.fixture
async def shown_only_to_the_comparison(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Entry]:
    """An older text of an entry stands there whenever somebody reads it, and the newest whenever all is compared."""
    (made,) = await create_entries(cast, 1)
    older = await vault_tables.Entry.get(id=made.id).values()
    await rewritten(cast, made, **{"int.meaning": "What I mean now."})
    newest = await vault_tables.Entry.get(id=made.id).values()
    compare = record_state.compare_records

    async def look(*args: Any, **kwargs: Any) -> record_state.RecordComparison:
        await restore_row(newest)
        found = await compare(*args, **kwargs)
        await restore_row(older)
        return found

    await restore_row(older)
    with monkeypatch.context() as turns:
        turns.setattr(record_state, "compare_records", look)
        yield made


async def test_an_older_text_is_not_shared_between_two_readings(
    cast: Cast, shown_only_to_the_comparison: Entry
) -> None:
    """What is shared belongs to what was compared, also where storage changes it back and forth."""
    alice = await cast.actor("alice")
    with pytest.raises(StaleRevision):
        await shares.share_entry(alice, shown_only_to_the_comparison.id, cast.link, ("title",), previewed=1)
    assert not await shares.list_shares(alice)


async def test_records_with_an_older_text_say_so(cast: Cast, shown_only_to_the_comparison: Entry) -> None:
    """What is handed on belongs to what was compared, or it says that something may be older."""
    found = await records_collection.collect_patient_records(await cast.actor("alice"), PRACTICE)
    assert [entry.revision for entry in found.entries] == [1]
    assert found.unreadable == (Unreadable(NOT_INTACT, UNKNOWN_ID),)


async def test_writing_during_an_export_is_no_difference(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that saves by itself may do so several times while a long journal is read."""
    compare, saves = record_state.compare_records, iter(range(3))

    async def look(*args: Any, **kwargs: Any) -> record_state.RecordComparison:
        found = await compare(*args, **kwargs)
        if next(saves, None) is not None:
            await written(cast)
        return found

    monkeypatch.setattr(record_state, "compare_records", look)
    found = await records_collection.collect_patient_records(await cast.actor("alice"), PRACTICE)
    assert len(found.entries) == 3
    assert found.unreadable == ()


async def test_records_with_another_date_say_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for when an entry was begun."""
    (made,) = await create_entries(cast, 1)
    begun, compare = vault_tables.Entry.filter(id=made.id), record_state.compare_records

    async def look(*args: Any, **kwargs: Any) -> record_state.RecordComparison:
        await begun.update(created_at=made.created_at)
        found = await compare(*args, **kwargs)
        await begun.update(created_at=made.created_at - timedelta(days=30))
        return found

    monkeypatch.setattr(record_state, "compare_records", look)
    found = await records_collection.collect_patient_records(await cast.actor("alice"), PRACTICE)
    assert [entry.id for entry in found.entries] == [made.id]
    assert found.unreadable == (Unreadable(NOT_INTACT, UNKNOWN_ID),)


async def test_records_without_an_earlier_version_say_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for an earlier version that is there whenever all is compared, and nowhere else."""
    (made,) = await create_entries(cast, 1)
    cast.clock.forward(minutes=20)
    await rewritten(cast, made, **{"int.meaning": "What I mean now."})
    version, compare = await vault_tables.EntryRevision.get().values(), record_state.compare_records

    async def look(*args: Any, **kwargs: Any) -> record_state.RecordComparison:
        await vault_tables.EntryRevision.create(**version)
        found = await compare(*args, **kwargs)
        await vault_tables.EntryRevision.all().delete()
        return found

    await vault_tables.EntryRevision.all().delete()
    monkeypatch.setattr(record_state, "compare_records", look)
    found = await records_collection.collect_patient_records(await cast.actor("alice"), PRACTICE)
    assert [entry.earlier for entry in found.entries] == [[]]
    assert found.unreadable == (Unreadable(NOT_INTACT, UNKNOWN_ID),)


@pytest.mark.parametrize(
    ("written_at", "kind"),
    [
        ("soon", "free"),
        ("2026-11-20T10:00:00", "free"),
        ("0001-01-01T00:00:00+14:00", "free"),
        ("1969-12-31T23:59:59+00:00", "free"),
        ("2026-11-20T10:00:00+00:00", "spell"),
    ],
)
async def test_a_copy_of_no_date_or_kind_is_not_taken_in(cast: Cast, written_at: str, kind: str) -> None:
    """A clinician seals what they give back as they like: what is no entry stays where it is, and the others come."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    link = await links.load_link_with(bob, alice.id)
    key = await open_shared_key(bob, link)
    good = ("2026-11-20T10:00:00+00:00", "free")
    for moment, what in ((written_at, kind), good):
        ident = uuid4()
        plain = encode_document(ShareDocument(what, "Back", None, {}, ["title"], good[0], good[0], 1))
        plain = plain.replace(good[0].encode(), moment.encode())
        sealed = key.seal(plain, context=given_back_context(link.id, ident))
        await care_tables.GivenBack.create(
            id=ident, link_id=link.id, kept_id=uuid4(), sealed=sealed, created_at=cast.clock.now
        )
    assert await returned_shares.accept_returned_shares(alice, link.id) == 1
    assert [one.created_at.isoformat() for one in (await listing.list_latest(alice)).entries] == [good[0]]
    assert await is_intact(cast)
