"""What a file holds is imported a part at a time, goes on when interrupted, is added once, and is removed again."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import pytest

from crypto import PrivateIdentity
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.catalogue.fields import Answers
from journal.entries import entries, removal
from journal.errors import Damaged, HeldUntilRested, NotFound, StaleRevision
from journal.importing import adding, runs, tables
from journal.importing.documents import MAX_RUNS, PREVIEW_KEPT, UNDO_KEPT, State
from journal.importing.items import PART_ENTRIES, Source
from journal.importing.removal import start_removal
from journal.importing.runs import NoRoom, Run
from journal.records import archive, collection
from journal.sessions.holds import load_hold
from journal.sessions.rows import load_my_sessions, load_plan
from journal.sessions.session import Status
from journal.sharing import shares
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.cast import PRACTICE, Cast
from tests.journal.importing.corpus import build_archive, entry_record, pack, read, session_record
from tests.journal.sitter.test_links import dose

if TYPE_CHECKING:
    from journal.actor import Actor
    from journal.importing.items import Findings

SIGNER = PrivateIdentity.generate()
WORDS: Answers = {"free.text": "The sea was inside the room."}


def texts(count: int, *, word: str = "Words") -> Findings:
    """Return what is found in so many files of text."""
    return read(("it.zip", pack({f"2024-01-01 {number}.txt": f"{word} {number}" for number in range(count)})))


async def staged(actor: Actor, found: Findings) -> UUID:
    summary, parts = found.finish()
    return await runs.stage(actor, summary, [msgspec.json.encode(part) for part in parts])


async def done(actor: Actor) -> None:
    """Wait for what is done beside the pages."""
    while work := tuple(actor.installation.background_work):
        await asyncio.gather(*work)


def fail(error: BaseException) -> None:
    raise AssertionError from error


async def imported(actor: Actor, found: Findings) -> Run:
    wanted = await staged(actor, found)
    await adding.start_import(actor, wanted, fail)
    await done(actor)
    return await runs.load_run(actor, wanted)


async def removed(actor: Actor, run: Run) -> Run:
    await start_removal(actor, run.id, fail)
    await done(actor)
    return await runs.load_run(actor, run.id)


def as_archive(records: Any) -> bytes:
    return archive.pack_archive(records, {}, "1.0", SIGNER)


async def test_a_file_is_imported_with_all_that_it_holds(cast: Cast):
    """The journal has its entries, with their earlier versions, and is as its record state says."""
    dana = await cast.actor("dana")
    version = {
        "id": str(uuid4()),
        "kept_at": "2026-11-20T09:05:00Z",
        "reason": "conflict",
        "revision": 2,
        "title": "Before",
        "note": "",
        "session_id": None,
        "answers": [],
        "language": "",
    }
    plan = {
        "courses": [{"id": session_record()["course_id"], "title": "First"}],
        "sessions": [session_record()],
    }
    record = entry_record(earlier=[version], session_id=session_record()["id"])
    run = await imported(dana, read(("it.zip", build_archive([record], plan))))
    assert (run.state, run.done, run.total) == (State.IMPORTED, 2, 2)
    assert (run.document.added, run.document.added_sessions, run.document.lost) == (1, 1, 0)
    (one,) = await entries.load_all_entries(dana)
    assert (one.document.title, one.revision, one.document.answers) == (
        "A door",
        3,
        {"free.text": "It was ajar."},
    )
    assert one.document.beside is not None
    assert one.document.beside.origin is not None
    assert one.document.beside.origin.source == Source.HEARTHSIDE
    assert (await record_state.compare_records(dana, earlier=True)).is_intact
    found = await collection.collect_patient_records(dana, PRACTICE)
    assert found.unreadable == ()
    assert [one.reason for one in found.entries[0].earlier] == ["conflict"]
    assert found.entries[0].session_id == found.plan.sessions[0].id == found.entries[0].belongs_to
    assert [one.title for one in found.plan.courses] == ["First"]
    assert await tables.ImportPart.all().count() == 0
    acts = [event.action for event in await audit_events.list_all_patient_events(dana.id)]
    assert Act.RECORDS_IMPORTED in acts


async def test_parts_come_one_after_the_other(cast: Cast):
    """Two hundred and fifty entries are three parts, and all of them are in the journal, in their order."""
    dana = await cast.actor("dana")
    run = await imported(dana, texts(250))
    assert (run.document.added, run.total) == (250, 3)
    assert len(await entries.load_all_entries(dana)) == 250
    assert (await record_state.compare_records(dana)).is_intact


async def test_what_was_imported_is_not_added_twice(cast: Cast):
    """Not from the same file, from one with more in it, after an edit, or after it was deleted for a week."""
    dana = await cast.actor("dana")
    await imported(dana, texts(3))
    one, two, _ = await entries.load_all_entries(dana)
    cast.clock.forward(hours=1)
    dana = await cast.actor("dana")
    changed = msgspec.structs.replace(one.document, answers=WORDS)
    await entries.save_entry(dana, one.id, one.revision, changed)
    await removal.delete_entry(dana, two.id)
    wanted = await staged(dana, texts(4))
    assert (await runs.load_run(dana, wanted)).document.there == 3
    run = await imported(dana, texts(4))
    assert (run.document.added, run.document.same) == (1, 3)
    assert len(await entries.load_all_entries(dana)) == 3


async def test_ones_own_archive_adds_nothing(cast: Cast):
    """What was written here is known by its words and its time, and so are sessions."""
    alice = await cast.actor("alice")
    await entries.save_entry(alice, uuid4(), 0, EntryDocument("free", "A door", answers=WORDS))
    await dose(cast)
    cast.clock.forward(hours=6)
    alice = await cast.actor("alice")
    before = await collection.collect_patient_records(alice, PRACTICE)
    found = read(("it.zip", as_archive(before)), now=alice.now)
    assert len(found.sessions) == 1
    run = await imported(alice, found)
    assert (run.document.added, run.document.added_sessions) == (0, 0)
    after = await collection.collect_patient_records(alice, PRACTICE)
    assert (after.entries, after.plan) == (before.entries, before.plan)


async def test_what_is_interrupted_goes_on_where_it_stopped(cast: Cast):
    """A part that was imported is not imported again, and none is left out."""
    dana = await cast.actor("dana")
    wanted = await staged(dana, texts(PART_ENTRIES * 2 + 5))
    real = adding._import_part
    stopped = 0

    async def stop(actor: Actor, run: Run, known: set[str]) -> Run:
        nonlocal stopped
        if run.done == 1 and not stopped:
            stopped += 1
            raise StaleRevision
        return await real(actor, run, known)

    with pytest.MonkeyPatch.context() as changing:
        changing.setattr(adding, "_import_part", stop)
        await adding.start_import(dana, wanted, fail)
        await done(dana)
    there = await runs.load_run(dana, wanted)
    assert (there.state, there.done) == (State.PAUSED, 1)
    assert len(await entries.load_all_entries(dana)) == PART_ENTRIES
    await adding.start_import(dana, wanted, fail)
    await done(dana)
    assert (await runs.load_run(dana, wanted)).state is State.IMPORTED
    assert len(await entries.load_all_entries(dana)) == PART_ENTRIES * 2 + 5
    assert (await record_state.compare_records(dana)).is_intact


async def test_a_process_that_ended_is_noticed_and_another_goes_on(cast: Cast):
    """After a while without a sign it can be started again; while there are signs it cannot."""
    dana = await cast.actor("dana")
    wanted = await staged(dana, texts(3))
    await adding.start_import(dana, wanted, fail)
    for task in tuple(dana.installation.background_work):
        task.cancel()
    await asyncio.gather(*dana.installation.background_work, return_exceptions=True)
    with pytest.raises(StaleRevision):
        await adding.start_import(dana, wanted, fail)
    cast.clock.forward(minutes=3)
    dana = await cast.actor("dana")
    assert (await runs.load_run(dana, wanted)).is_silent(dana.now)
    await adding.start_import(dana, wanted, fail)
    await done(dana)
    assert len(await entries.load_all_entries(dana)) == 3


async def test_two_who_import_the_same_file_do_it_once(cast: Cast):
    """The second page is told, and a process that lost its turn changes nothing more."""
    dana = await cast.actor("dana")
    wanted = await staged(dana, texts(3))
    there = await runs.load_run(dana, wanted)
    await adding.start_import(dana, wanted, fail)
    with pytest.raises(StaleRevision):
        await adding._import_part(dana, there, set())
    await done(dana)
    with pytest.raises(StaleRevision):
        await adding.start_import(dana, wanted, fail)
    assert len(await entries.load_all_entries(dana)) == 3


@pytest.mark.parametrize("harm", ["gone", "altered", "swapped"])
async def test_a_part_that_is_not_what_was_stored_is_told_of(cast: Cast, harm: str):
    """Storage can withhold a part and not exchange it; the others come in, and the page says that one was lost."""
    dana = await cast.actor("dana")
    wanted = await staged(dana, texts(PART_ENTRIES + 5))
    other = await staged(dana, texts(PART_ENTRIES + 5, word="Other"))
    first = tables.ImportPart.filter(run_id=wanted, number=0)
    if harm == "gone":
        await first.delete()
    else:
        (row,) = await first
        (foreign,) = await tables.ImportPart.filter(run_id=other, number=0)
        await first.update(
            **({"sealed": row.sealed[:-1] + b"?"} if harm == "altered" else {"sealed": foreign.sealed})
        )
    await adding.start_import(dana, wanted, fail)
    await done(dana)
    run = await runs.load_run(dana, wanted)
    assert (run.state, run.document.lost, run.document.added) == (State.IMPORTED, 1, 5)
    assert (await record_state.compare_records(dana)).is_intact


async def test_a_run_that_is_not_what_was_stored_is_damaged(cast: Cast):
    """It can be deleted all the same."""
    dana = await cast.actor("dana")
    wanted = await staged(dana, texts(1))
    await tables.ImportRun.filter(id=wanted).update(revision=2)
    with pytest.raises(Damaged):
        await runs.load_run(dana, wanted)
    assert (await runs.list_runs(dana)).damaged == (wanted,)
    await runs.delete_run(dana, wanted)
    assert await tables.ImportPart.all().count() == 0


async def test_nobody_else_reaches_it(cast: Cast):
    """To others there is no such file, and clinicians import nothing."""
    dana, alice, bob = [await cast.actor(name) for name in ("dana", "alice", "bob")]
    run = await imported(dana, texts(1))
    for other in (alice, bob):
        for act in (
            runs.load_run(other, run.id),
            runs.delete_run(other, run.id),
            adding.start_import(other, run.id, fail),
            start_removal(other, run.id, fail),
        ):
            with pytest.raises(NotFound):
                await act
    with pytest.raises(NotFound):
        await staged(bob, texts(1))
    with pytest.raises(NotFound):
        await runs.list_runs(bob)


async def test_sessions_that_are_imported_are_no_part_of_the_plan(cast: Cast):
    """They hold nothing, no clinician sees them, and they are in their patient's own export."""
    alice = await cast.actor("alice")
    open_end = session_record(status="in_session", rested_on=None, ended_at=None)
    run = await imported(alice, read(("it.zip", build_archive([], {"courses": [], "sessions": [open_end]}))))
    assert run.document.added_sessions == 1
    assert await load_hold(alice) is None
    assert tuple(await load_my_sessions(alice)) == ()
    assert tuple(await load_plan(alice.installation, alice.id)) == ()
    assert len((await load_my_sessions(alice)).imported) == 1
    (theirs,) = (
        await collection.collect_shared_records(await cast.actor("bob"), PRACTICE, alice.id)
    ).patients
    assert (theirs.sessions, theirs.courses) == ([], [])
    mine = await collection.collect_patient_records(alice, PRACTICE)
    assert [one.status.value for one in mine.plan.sessions] == ["in_session"]


async def test_nothing_that_is_imported_is_shared(cast: Cast):
    """The clinician reads as little as before."""
    alice = await cast.actor("alice")
    await imported(alice, texts(3))
    (theirs,) = (
        await collection.collect_shared_records(await cast.actor("bob"), PRACTICE, alice.id)
    ).patients
    assert theirs.shared == []


async def test_a_whole_file_is_removed_again(cast: Cast):
    """Its entries, versions, sessions and courses; what was written here stays."""
    dana = await cast.actor("dana")
    own = await entries.save_entry(dana, uuid4(), 0, EntryDocument("free", "Mine", answers=WORDS))
    version = {"kept_at": "2026-11-20T09:05:00Z", "reason": "earlier", "revision": 1, "title": "Old"}
    plan = {"courses": [{"id": session_record()["course_id"]}], "sessions": [session_record()]}
    run = await imported(dana, read(("it.zip", build_archive([entry_record(earlier=[version])], plan))))
    other = await imported(dana, texts(120))
    run = await removed(dana, run)
    assert (run.state, run.document.removed, run.document.kept) == (State.REMOVED, 1, 0)
    assert len(await entries.load_all_entries(dana)) == 121
    assert (await load_my_sessions(dana)).imported == ()
    assert await vault_tables.EntryRevision.all().count() == 0
    found = await collection.collect_patient_records(dana, PRACTICE)
    assert (found.plan.courses, found.unreadable) == ([], ())
    assert (await removed(dana, other)).document.removed == 120
    assert [one.id for one in await entries.load_all_entries(dana)] == [own.id]
    assert (await record_state.compare_records(dana, earlier=True)).is_intact


async def test_what_was_changed_or_shared_since_stays(cast: Cast):
    """With the session that it is tied to; what was deleted goes."""
    alice = await cast.actor("alice")
    records = [
        entry_record(id=str(uuid4()), title=title, session_id=session_record()["id"])
        for title in ("Changed", "Shared", "Deleted", "Same")
    ]
    plan = {"courses": [{"id": session_record()["course_id"]}], "sessions": [session_record()]}
    run = await imported(alice, read(("it.zip", build_archive(records, plan))))
    named = {one.document.title: one for one in await entries.load_all_entries(alice)}
    changed = msgspec.structs.replace(named["Changed"].document, answers=WORDS)
    await entries.save_entry(alice, named["Changed"].id, named["Changed"].revision, changed)
    await removal.delete_entry(alice, named["Deleted"].id)
    shown = named["Shared"]
    await shares.share_entry(alice, shown.id, cast.link, ["title"], previewed=shown.revision)
    run = await removed(alice, run)
    assert (run.document.removed, run.document.kept) == (2, 2)
    assert {one.document.title for one in await entries.load_all_entries(alice)} == {"Changed", "Shared"}
    assert await entries.list_deleted_entries(alice) == ()
    assert len((await load_my_sessions(alice)).imported) == 1
    assert (await record_state.compare_records(alice, earlier=True)).is_intact


async def test_removing_waits_after_a_dosing_session(cast: Cast):
    """As every deletion does; importing adds, and does not wait."""
    alice = await cast.actor("alice")
    run = await imported(alice, texts(1))
    await dose(cast, Status.IN_SESSION)
    with pytest.raises(HeldUntilRested):
        await removed(await cast.actor("alice"), run)
    assert len(await entries.load_all_entries(alice)) == 1
    assert (await imported(await cast.actor("alice"), texts(2))).document.added == 1


async def test_a_file_is_deleted_in_its_time(cast: Cast):
    """What was only read after a day, what was imported after a week; the entries stay."""
    dana = await cast.actor("dana")
    waiting, run = await staged(dana, texts(1)), await imported(dana, texts(2))
    await runs.delete_expired(dana.now + PREVIEW_KEPT)
    assert [one.id for one in await runs.list_runs(dana)] == [run.id]
    with pytest.raises(NotFound):
        await runs.load_run(dana, waiting)
    later = replace(dana, now=dana.now + UNDO_KEPT)
    with pytest.raises(StaleRevision):
        await start_removal(later, run.id, fail)
    await runs.delete_expired(dana.now + UNDO_KEPT)
    assert tuple(await runs.list_runs(dana)) == ()
    assert len(await entries.load_all_entries(dana)) == 2


async def test_so_many_files_are_remembered_and_no_more(cast: Cast):
    """Whoever has no room is told, and can delete one."""
    dana = await cast.actor("dana")
    for _ in range(MAX_RUNS):
        last = await staged(dana, texts(1))
    with pytest.raises(NoRoom):
        await staged(dana, texts(1))
    await runs.delete_run(dana, last)
    await staged(dana, texts(1))


async def test_an_archive_comes_back_as_it_was(cast: Cast):
    """Of another account: its archive is the same again but for ids, and for what others wrote."""
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    for number, kind in enumerate(("free", "integration", "reframe", "grounding")):
        document = EntryDocument(kind, f"Title {number}", "Deep", answers=WORDS if kind == "free" else {})
        one = await entries.save_entry(alice, uuid4(), 0, document)
        cast.clock.forward(minutes=30)
        alice = await cast.actor("alice")
        changed = msgspec.structs.replace(document, title=f"Again {number}")
        await entries.save_entry(alice, one.id, one.revision, changed)
    cast.clock.forward(minutes=1)
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    first = as_archive(await collection.collect_patient_records(alice, PRACTICE))
    await imported(dana, read(("it.zip", first), now=dana.now))
    second = as_archive(await collection.collect_patient_records(dana, PRACTICE))
    assert without_ids(first) == without_ids(second)


def without_ids(zipped: bytes) -> Any:
    """Return the entries and sessions of an archive, without ids, and without that they were imported."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as found:
        told = [msgspec.json.decode(found.read(name)) for name in ("data/entries.json", "data/sessions.json")]
    return strip([told[0], told[1]["sessions"]])


def strip(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: strip(one)
            for name, one in value.items()
            if name not in ("id", "session_id", "belongs_to", "imported")
        }
    return [strip(one) for one in value] if isinstance(value, list) else value


async def test_nothing_that_waits_outlasts_the_keys_that_open_it(cast: Cast):
    """Whoever begins anew has no file that waits."""
    dana = await cast.actor("dana")
    await staged(dana, texts(1))
    await runs.delete_runs_of(dana.id)
    assert await tables.ImportRun.all().count() == await tables.ImportPart.all().count() == 0
    assert timedelta(0) < PREVIEW_KEPT < UNDO_KEPT
