"""Imports that meet something else: another import, another page, the end of a process, of keys or of an account."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from journal.accounts import tables as account_tables
from journal.entries import entries
from journal.importing import adding, runs, tables
from journal.importing.documents import SILENT_AFTER, State
from journal.importing.items import PART_ENTRIES
from journal.importing.removal import start_removal
from journal.importing.runs import AnotherRuns
from journal.practice import account_deletion
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.journal.importing.test_adding import done, fail, staged, texts
from tests.journal.key_rotation.test_account_key import begun, ended

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from journal.actor import Actor
    from journal.importing.runs import Run

COUNT = PART_ENTRIES + 5
"""Entries of two parts."""


async def is_whole(cast: Cast, count: int, who: str = "dana") -> bool:
    """Return whether somebody has so many entries, each once, and the journal is as its record state says."""
    actor = await cast.actor(who)
    found = await entries.load_all_entries(actor)
    words = {str(one.document.answers) for one in found}
    return len(found) == len(words) == count and (await record_state.compare_records(actor)).is_intact


async def stopped_before(
    cast: Cast, number: int, then: Callable[[], Awaitable[object]], count: int = COUNT
) -> UUID:
    """Have dana import a file, and something happen before a part of it is added; return the import's id."""
    dana = await cast.actor("dana")
    wanted, real = await staged(dana, texts(count)), adding._import_part

    came: list[int] = []

    async def stop(actor: Actor, run: Run, known: set[str]) -> Run:
        if run.done == number and not came:
            came.append(number)
            await then()
        return await real(actor, run, known)

    with pytest.MonkeyPatch.context() as changing:
        changing.setattr(adding, "_import_part", stop)
        await adding.start_import(dana, wanted, fail)
        await asyncio.gather(*dana.installation.background_work, return_exceptions=True)
    return wanted


async def end_process(cast: Cast) -> None:
    """End all that is done beside the pages, as a process does that ends."""
    for task in tuple(cast.installation.background_work):
        task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize("number", [0, 1])
async def test_whatever_part_a_process_ends_at_another_goes_on(sqlite_cast: Cast, number: int):
    """What was added stays, once; the rest is added when it is gone on with."""
    cast = sqlite_cast
    wanted = await stopped_before(cast, number, lambda: end_process(cast))
    dana = await cast.actor("dana")
    there = await runs.load_run(dana, wanted)
    assert (there.state, there.done) == (State.IMPORTING, number)
    assert await is_whole(cast, number * PART_ENTRIES)
    cast.clock.forward(seconds=SILENT_AFTER.total_seconds() + 1)
    await adding.start_import(await cast.actor("dana"), wanted, fail)
    await done(dana)
    assert (await runs.load_run(dana, wanted)).state is State.IMPORTED
    assert await is_whole(cast, COUNT)


async def test_a_process_that_ends_within_a_part_has_added_nothing_of_it(cast: Cast):
    """Entries, versions, the table of contents and how far it is are one transaction."""
    real = adding._add_rows

    async def add_and_end(actor: Actor, made: adding._Rows) -> None:
        await real(actor, made)
        raise asyncio.CancelledError

    dana = await cast.actor("dana")
    wanted = await staged(dana, texts(COUNT))
    with pytest.MonkeyPatch.context() as changing:
        changing.setattr(adding, "_add_rows", add_and_end)
        await adding.start_import(dana, wanted, fail)
        await asyncio.gather(*dana.installation.background_work, return_exceptions=True)
    assert await is_whole(cast, 0)
    cast.clock.forward(seconds=SILENT_AFTER.total_seconds() + 1)
    await adding.start_import(await cast.actor("dana"), wanted, fail)
    await done(dana)
    assert await is_whole(cast, COUNT)


async def test_of_two_pages_that_start_it_at_once_one_does(cast: Cast):
    """The other is told."""
    dana = await cast.actor("dana")
    wanted = await staged(dana, texts(COUNT))
    told = await asyncio.gather(
        *(adding.start_import(dana, wanted, fail) for _ in range(2)), return_exceptions=True
    )
    await done(dana)
    assert sorted(type(one).__name__ for one in told) == ["NoneType", "StaleRevision"]
    assert await is_whole(cast, COUNT)


async def test_a_second_import_waits_for_the_first(sqlite_cast: Cast):
    """The same file, sent twice: while one is added or removed the other does not begin, and then adds nothing."""
    cast = sqlite_cast
    dana = await cast.actor("dana")
    one, other = await staged(dana, texts(COUNT)), await staged(dana, texts(COUNT))
    await adding.start_import(dana, one, fail)
    with pytest.raises(AnotherRuns):
        await adding.start_import(dana, other, fail)
    await done(dana)
    await adding.start_import(dana, other, fail)
    with pytest.raises(AnotherRuns):
        await start_removal(dana, one, fail)
    await done(dana)
    assert (await runs.load_run(dana, other)).document.same == COUNT
    assert await is_whole(cast, COUNT)


async def test_a_process_that_was_taken_for_ended_adds_nothing_beside_another_import(cast: Cast):
    """It stopped for so long that another import was begun; it finds that before its next part."""
    dana = await cast.actor("dana")
    other = await staged(dana, texts(COUNT))

    async def begin_another() -> None:
        cast.clock.forward(seconds=SILENT_AFTER.total_seconds() + 1)
        now = await cast.actor("dana")
        run = await runs.load_run(now, other)
        await runs.write_run(now, run, run.document, state=State.IMPORTING.value)

    first = await stopped_before(cast, 1, begin_another)
    dana = await cast.actor("dana")
    there = await runs.load_run(dana, first)
    assert (there.state, there.done) == (State.PAUSED, 1)
    assert await is_whole(cast, PART_ENTRIES)


async def test_an_entry_that_is_written_meanwhile_stays(sqlite_cast: Cast):
    """Whoever goes on writing while an import runs loses nothing of either."""
    cast = sqlite_cast

    async def write() -> None:
        await entries.save_entry(await cast.actor("dana"), uuid4(), 0, EntryDocument("free", "Mine"))

    await stopped_before(cast, 1, write)
    assert await is_whole(cast, COUNT + 1)


@pytest.mark.parametrize("is_over", [False, True])
async def test_keys_that_are_renewed_meanwhile_end_it_and_it_goes_on_with_the_new_ones(
    cast: Cast, is_over: bool
):
    """Nothing is sealed under keys that are gone; what waits is sealed anew, and none of it is lost."""

    async def renew() -> None:
        await begun(cast, "dana")
        if is_over:
            await ended(cast, "dana")

    wanted = await stopped_before(cast, 1, renew)
    await ended(cast, "dana")
    before = await runs.load_run(await cast.actor("dana"), wanted)
    assert before.done == (1 if is_over else 2)  # until a renewal is over, the keys of before are good
    cast.clock.forward(seconds=SILENT_AFTER.total_seconds() + 1)
    dana = await cast.actor("dana")
    if is_over:
        await adding.start_import(dana, wanted, fail)
        await done(dana)
    run = await runs.load_run(dana, wanted)
    assert (run.state, run.document.lost) == (State.IMPORTED, 0)
    assert await is_whole(cast, COUNT)


async def test_with_an_account_that_is_deleted_meanwhile_the_import_ends(cast: Cast):
    """Nothing of it is left, and nothing is added for somebody who is gone."""
    dana = await cast.actor("dana")

    async def delete() -> None:
        await account_deletion.request_deletion(await cast.actor("dana"), "delete")
        later = cast.clock.now + timedelta(days=400)
        await account_deletion.delete_due_accounts(cast.installation, later)

    await stopped_before(cast, 1, delete)
    assert not await account_tables.Account.exists(id=dana.id)
    for table in (tables.ImportRun, tables.ImportPart, vault_tables.Entry):
        assert await table.all().count() == 0
