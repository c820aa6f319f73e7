"""An account notices when storage gives its records back in an older state, or keeps some of them back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise.models import Model

from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.entries import acceptance, entries, removal
from journal.operations import retention
from journal.sharing import reading, shares
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.entry_rows import Entry
from journal.vault.record_state import RollbackDetected
from tests.cast import Cast
from tests.scenes import connected, in_session, read_by, rewritten, shared, written

Rows = list[dict[str, Any]]
TABLES: tuple[type[Model], ...] = (
    vault_tables.Entry,
    vault_tables.EntryRevision,
    vault_tables.ContentsPage,
    vault_tables.RecordState,
    care_tables.Share,
)


async def read_rows(*models: type[Model]) -> dict[type[Model], Rows]:
    """Return the rows of some tables, as a backup holds them."""
    return {model: await model.all().values() for model in models or TABLES}


async def restore_rows(backup: dict[type[Model], Rows]) -> None:
    """Restore some tables as they were, as whoever writes the database could."""
    for model in reversed(backup):
        await model.all().delete()
    for model, rows in backup.items():
        for row in rows:
            await model.create(**row)


async def is_intact(cast: Cast) -> bool:
    """Return whether alice's journal is intact, in every part."""
    return (await record_state.compare_records(await cast.actor("alice"), earlier=True)).is_intact


async def create_three_entries(cast: Cast) -> list[Entry]:
    """Write three entries of alice's, one with an earlier version."""
    made = [await written(cast) for _ in range(3)]
    cast.clock.forward(minutes=20)
    await rewritten(cast, made[0], **{"int.meaning": "Later I saw more of it."})
    return made


async def test_every_act_leaves_the_journal_intact(cast: Cast) -> None:
    """Writing, restoring, deleting, bringing back, erasing, purging, sharing and ending care all update the state."""
    assert await is_intact(cast)
    one, two, three_ = await create_three_entries(cast)
    assert await is_intact(cast)
    alice = await cast.actor("alice")
    (earlier,) = await entries_versions(cast, one.id)
    await entries.restore_version(alice, one.id, earlier)
    assert await is_intact(cast)
    await shared(cast, two)
    await removal.delete_entry(alice, one.id)
    await removal.delete_entry(alice, two.id)
    assert await is_intact(cast)
    await removal.restore_entry(alice, one.id)
    assert await is_intact(cast)
    await removal.erase_entry(alice, two.id)
    await removal.delete_entry(alice, three_.id)
    assert await is_intact(cast)
    share = await shared(cast, await entries.load_entry(alice, one.id))
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert await is_intact(cast)
    await shares.revoke_share(await cast.actor("alice"), share)
    assert await is_intact(cast)
    second = await connected(cast, "charlie")
    await shared(cast, await entries.load_entry(alice, one.id), to=second)
    await lifecycle.end_care(await cast.actor("alice"), second)
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    assert await is_intact(cast)
    alice = await cast.actor("alice")
    assert await retention.purge_deleted(cast.installation, cast.clock.now + timedelta(days=8)) == 1
    look = await record_state.compare_records(alice, earlier=True)
    assert look.is_intact
    assert (look.remembered_count, look.stored_count) == (1, 1)


async def entries_versions(cast: Cast, entry: UUID) -> list[UUID]:
    """The ids of an entry's earlier versions."""
    return list(await vault_tables.EntryRevision.filter(entry_id=entry).values_list("id", flat=True))  # type: ignore[arg-type]


async def roll_one_back(cast: Cast) -> None:
    """One entry's row as it was before its last text, revision and all."""
    one = await written(cast)
    before = await vault_tables.Entry.filter(id=one.id).values("revision", "sealed", "updated_at")
    await rewritten(cast, one, **{"int.meaning": "What was written since."})
    await vault_tables.Entry.filter(id=one.id).update(**before[0])


async def take_one_away(cast: Cast) -> None:
    """One row less."""
    one = await written(cast)
    await vault_tables.Entry.filter(id=one.id).delete()


async def truncate(cast: Cast) -> None:
    """Only the newest is left."""
    made = [await written(cast) for _ in range(4)]
    await vault_tables.Entry.filter(id__in=[one.id for one in made[:-1]]).delete()


async def bring_one_back(cast: Cast) -> None:
    """An erased entry is there again."""
    one = await written(cast)
    backup = await vault_tables.Entry.filter(id=one.id).values()
    await removal.delete_entry(await cast.actor("alice"), one.id)
    await removal.erase_entry(await cast.actor("alice"), one.id)
    await vault_tables.Entry.create(**backup[0])


async def undo_a_deletion(cast: Cast) -> None:
    """A deleted entry is no longer marked as deleted."""
    one = await written(cast)
    await removal.delete_entry(await cast.actor("alice"), one.id)
    await vault_tables.Entry.filter(id=one.id).update(deleted_at=None)


async def hide_one(cast: Cast) -> None:
    """An entry is marked as deleted, which nobody did."""
    one = await written(cast)
    await vault_tables.Entry.filter(id=one.id).update(deleted_at=cast.clock.now)


async def roll_all_rows_back(cast: Cast) -> None:
    """Every row but the state as in an old backup."""
    await written(cast)
    backup = await read_rows(vault_tables.Entry)
    await written(cast)
    await restore_rows(backup)


async def roll_the_state_back(cast: Cast) -> None:
    """The state alone as in an old backup."""
    await written(cast)
    mine = vault_tables.RecordState.filter(id=(await cast.actor("alice")).id)
    backup = await mine.values("revision", "sealed")
    await written(cast)
    await mine.update(**backup[0])


async def delete_the_state(cast: Cast) -> None:
    """No state at all."""
    await written(cast)
    await vault_tables.RecordState.filter(id=(await cast.actor("alice")).id).delete()


async def bend_the_state(cast: Cast) -> None:
    """A state that does not open."""
    await written(cast)
    await vault_tables.RecordState.filter(id=(await cast.actor("alice")).id).update(
        sealed=b"\x01\x01" + bytes(284)
    )


async def take_anothers_state(cast: Cast) -> None:
    """The state of another account."""
    await written(cast)
    dana = await vault_tables.RecordState.get(id=(await cast.actor("dana")).id)
    mine = vault_tables.RecordState.filter(id=(await cast.actor("alice")).id)
    await mine.update(sealed=dana.sealed, revision=dana.revision)


async def roll_a_version_back(cast: Cast) -> None:
    """An earlier version is gone."""
    made = await create_three_entries(cast)
    await vault_tables.EntryRevision.filter(entry_id=made[0].id).delete()


async def roll_a_link_back(cast: Cast) -> None:
    """Copies and list of a care link, all of it, as they were before a copy was revoked."""
    one = await written(cast)
    share = await shared(cast, one)
    copies = await read_rows(care_tables.Share)
    listed = await vault_tables.RecordState.filter(id=cast.link).values("revision", "sealed")
    await shares.revoke_share(await cast.actor("alice"), share)
    await restore_rows(copies)
    await vault_tables.RecordState.filter(id=cast.link).update(**listed[0])


async def roll_a_page_back(cast: Cast) -> None:
    """A page of the table of contents as it was before the last text."""
    one = await written(cast)
    pages = await read_rows(vault_tables.ContentsPage)
    await rewritten(cast, one, **{"int.meaning": "What was written since."})
    await restore_rows(pages)


async def roll_a_page_and_its_entry_back(cast: Cast) -> None:
    """Both as they were before the last text, so that they fit each other."""
    one = await written(cast)
    pages = await read_rows(vault_tables.Entry, vault_tables.ContentsPage)
    await rewritten(cast, one, **{"int.meaning": "What was written since."})
    await restore_rows(pages)


async def take_a_page_away(cast: Cast) -> None:
    """No page of the table is there."""
    await written(cast)
    await vault_tables.ContentsPage.filter(owner_id=(await cast.actor("alice")).id).delete()


async def take_anothers_page(cast: Cast) -> None:
    """A page of another account stands in the place of hers."""
    await written(cast)
    await written(cast, "dana")
    dana = await vault_tables.ContentsPage.get(owner_id=(await cast.actor("dana")).id)
    mine = vault_tables.ContentsPage.filter(owner_id=(await cast.actor("alice")).id)
    await mine.update(sealed=dana.sealed)


async def exchange_two_pages(cast: Cast) -> None:
    """Two pages of hers stand in each other's place."""
    for _ in range(70):
        await written(cast)
    mine = vault_tables.ContentsPage.filter(owner_id=(await cast.actor("alice")).id).order_by("number")
    one, other, *_ = await mine
    await vault_tables.ContentsPage.filter(id=one.id).update(sealed=other.sealed, revision=other.revision)
    await vault_tables.ContentsPage.filter(id=other.id).update(sealed=one.sealed, revision=one.revision)


async def exchange_two_entries(cast: Cast) -> None:
    """Two entries of hers stand in each other's place."""
    one, other = await written(cast), await written(cast)
    rows = {ident: await vault_tables.Entry.get(id=ident) for ident in (one.id, other.id)}
    await vault_tables.Entry.filter(id=one.id).update(sealed=rows[other.id].sealed)
    await vault_tables.Entry.filter(id=other.id).update(sealed=rows[one.id].sealed)


Attack = Callable[[Cast], Awaitable[None]]
ATTACKS: tuple[Attack, ...] = (
    roll_one_back,
    take_one_away,
    truncate,
    bring_one_back,
    undo_a_deletion,
    hide_one,
    roll_all_rows_back,
    roll_the_state_back,
    delete_the_state,
    bend_the_state,
    take_anothers_state,
    roll_a_version_back,
    roll_a_link_back,
    roll_a_page_back,
    roll_a_page_and_its_entry_back,
    take_a_page_away,
    take_anothers_page,
    exchange_two_pages,
    exchange_two_entries,
)


@asynccontextmanager
async def undone(cast: Cast) -> AsyncIterator[None]:
    """The rows as they are now come back at the end, and then all is as it was left."""
    backup = await read_rows()
    yield
    await restore_rows(backup)
    assert await is_intact(cast)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.__name__)
async def test_what_storage_did_is_noticed_and_stops_sharing_alone(cast: Cast, attack: Attack) -> None:
    """It is noticed, nothing is shared; reading and writing go on, it stays noticed, until its owner accepts it."""
    kept_one = await written(cast)
    async with undone(cast):
        await attack(cast)
        assert not await is_intact(cast)
        alice = await cast.actor("alice")
        if attack is not roll_a_version_back:
            with pytest.raises(RollbackDetected):
                await shared(cast, kept_one)
        if attack is not roll_all_rows_back and attack is not truncate:
            assert (await entries.load_entry(alice, kept_one.id)).document.answers
        another = await written(cast)
        another = await rewritten(cast, another, **{"int.meaning": "And on."})
        assert not await is_intact(cast)
        await acceptance.accept_journal(alice)
        assert await is_intact(cast)
        await shared(cast, another)
        await rewritten(cast, another, **{"int.meaning": "And on, as ever."})
        assert await is_intact(cast)
        await vault_tables.Entry.filter(id=another.id).delete()
        assert not await is_intact(cast)


async def test_the_whole_account_put_back_is_not_noticed(cast: Cast) -> None:
    """What the threat model says it cannot do: rows and state of one moment belong together."""
    await written(cast)
    backup = await read_rows()
    await written(cast)
    await restore_rows(backup)
    assert await is_intact(cast)


async def test_saves_at_the_same_moment_all_count(cast: Cast) -> None:
    """Fifty new entries and twenty texts of one entry at once leave a journal that is as it was left."""
    one, alice = await written(cast), await cast.actor("alice")
    document = (await entries.load_entry(alice, one.id)).document
    await asyncio.gather(*(entries.save_entry(alice, uuid4(), 0, document) for _ in range(50)))
    tries = [entries.save_entry(alice, one.id, 1, at_work(document, number)) for number in range(20)]
    await asyncio.gather(*tries, return_exceptions=True)
    look = await record_state.compare_records(alice, earlier=True)
    assert look.is_intact
    assert look.stored_count == 51
    assert (
        await vault_tables.EntryRevision.filter(entry_id=one.id).count() == 20
    )  # those that lost, and the first


def at_work(document: Any, number: int) -> Any:
    """The same entry with a title of its own."""
    return type(document)(document.kind, f"Page {number}", answers=document.answers)


async def test_one_writes_while_another_reads(cast: Cast) -> None:
    """A text saved between the comparison and the reading is no difference."""
    one, alice = await written(cast), await cast.actor("alice")
    saved: list[Entry] = []

    async def read() -> tuple[Entry, ...]:
        if not saved:
            saved.append(await rewritten(cast, one, **{"int.meaning": "In between."}))
        return (await entries.load_entry(alice, one.id),)

    assert (await record_state.read_verified(alice, read))[0]


async def test_an_entry_read_from_elsewhere_than_compared_is_noticed(cast: Cast) -> None:
    """A row that is not among what was compared does not pass for it."""
    one, alice = await written(cast), await cast.actor("alice")
    older = await entries.load_entry(alice, one.id)
    await rewritten(cast, one, **{"int.meaning": "Newer."})

    async def read() -> tuple[Entry, ...]:
        return (older,)

    assert not (await record_state.read_verified(alice, read))[0]


async def test_accepting_waits_until_rested(cast: Cast) -> None:
    """It lets sharing go on, so nobody is asked to decide it under the medicine; writing goes on."""
    await take_one_away(cast)
    await in_session(cast)
    with pytest.raises(Exception, match="dosing session"):
        await acceptance.accept_journal(await cast.actor("alice"))
    await written(cast)
    assert not await is_intact(cast)


async def revoked_copy_back(cast: Cast) -> int:
    """A revoked copy is put back from a backup."""
    await shared(cast, await written(cast))
    share = await shared(cast, await written(cast))
    copies = await read_rows(care_tables.Share)
    await shares.revoke_share(await cast.actor("alice"), share)
    await restore_rows(copies)
    return 1


async def older_copy_back(cast: Cast) -> int:
    """A copy is put back as it was before its last update."""
    one = await written(cast)
    await shared(cast, one)
    copies = await read_rows(care_tables.Share)
    await shared(cast, await rewritten(cast, one, **{"int.meaning": "Better said."}))
    await restore_rows(copies)
    return 1


async def list_back(cast: Cast) -> int:
    """The list alone is put back as it was before a copy was shared."""
    before = await vault_tables.RecordState.filter(id=cast.link).values("revision", "sealed")
    await shared(cast, await written(cast))
    await vault_tables.RecordState.filter(id=cast.link).update(**before[0])
    return 1


async def no_list(cast: Cast) -> int:
    """There is no list."""
    await shared(cast, await written(cast))
    await vault_tables.RecordState.filter(id=cast.link).delete()
    return 1


@pytest.mark.parametrize("attack", [revoked_copy_back, older_copy_back, list_back, no_list])
async def test_an_altered_copy_opens_for_nobody(cast: Cast, attack: Callable[[Cast], Awaitable[int]]) -> None:
    """Clinician and patient both see that it is there and is not what was shared; others stay open."""
    closed = await attack(cast)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    folder = await reading.load_folder(bob, alice.id)
    assert len(folder.damaged) == closed
    assert len(folder.shared) == await care_tables.Share.all().count() - closed
    assert sum(one.damaged for one in await shares.list_shares(alice)) == closed
    for share in folder.damaged:
        assert share is not None
        await shares.revoke_share(alice, share)
    assert (await reading.load_folder(bob, alice.id)).damaged == ()


async def test_a_deleted_copy_is_noticed_on_both_sides(cast: Cast) -> None:
    """Neither reads a shorter list as all there is."""
    await shared(cast, await written(cast))
    share = await shared(cast, await written(cast))
    await care_tables.Share.filter(id=share).delete()
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    assert (await reading.load_folder(bob, alice.id)).missing
    assert (await shares.list_shares_and_missing(alice))[1] == {cast.link}
    assert len(await read_by(cast, "bob")) == 1
    await acceptance.accept_journal(alice)
    assert not (await reading.load_folder(bob, alice.id)).missing
    assert (await shares.list_shares_and_missing(alice))[1] == frozenset()


async def test_a_pause_holds_also_when_key_and_row_are_put_back(cast: Cast) -> None:
    """The list says that sharing is paused, and the clinician's page believes the list."""
    await shared(cast, await written(cast))
    row = await care_tables.CareLink.filter(id=cast.link).values("clinician_key", "paused_at")
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await care_tables.CareLink.filter(id=cast.link).update(**row[0])
    assert await read_by(cast, "bob") == ()
    folder = await reading.load_folder(await cast.actor("bob"), (await cast.actor("alice")).id)
    assert folder.paused


async def test_a_purge_needs_nobodys_key_and_changes_nothing_remembered(cast: Cast) -> None:
    """What was deleted left the sum when it was deleted."""
    one = await written(cast)
    await removal.delete_entry(await cast.actor("alice"), one.id)
    before = await vault_tables.RecordState.all().order_by("id").values()
    assert await retention.purge_deleted(cast.installation, cast.clock.now + timedelta(days=8)) == 1
    assert await vault_tables.RecordState.all().order_by("id").values() == before
