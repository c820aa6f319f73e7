"""Writing is never lost: not to a second page, not to a pause, and not to a slip of the finger for a week."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from journal.actor import Actor
from journal.entries import entries, removal, revisions, search
from journal.entries.entries import UNDO_WINDOW
from journal.errors import NotFound, StaleRevision
from journal.operations.retention import purge_deleted
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument, Reason
from journal.vault.entry_rows import Entry
from tests.cast import Cast


def words(text: str, title: str = "") -> EntryDocument:
    """A free entry."""
    return EntryDocument("free", title, answers={"free.text": text})


async def written(actor: Actor, text: str, ident: UUID | None = None) -> Entry:
    """A new entry with these words."""
    return await entries.save_entry(actor, ident or uuid4(), 0, words(text))


async def test_what_was_saved_is_what_is_read(cast: Cast) -> None:
    """An entry opens for its owner as it was written, and for nobody else."""
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    one = await written(alice, "grey water 🌊\nslow")
    assert (await entries.load_entry(alice, one.id)).document == words("grey water 🌊\nslow")
    with pytest.raises(NotFound):
        await entries.load_entry(dana, one.id)
    with pytest.raises(NotFound):
        await entries.save_entry(dana, one.id, 1, words("mine now"))
    with pytest.raises(NotFound):
        await entries.save_entry(dana, one.id, 0, words("mine now"))
    with pytest.raises(NotFound):
        await entries.load_timeline(await cast.actor("bob"))


async def test_saving_the_same_words_again_writes_nothing(cast: Cast) -> None:
    """An autosave without a change is no new revision."""
    alice = await cast.actor("alice")
    one = await written(alice, "the same")
    assert (await entries.save_entry(alice, one.id, 1, words("the same"))).revision == 1
    assert (await entries.save_entry(alice, one.id, 0, words("the same"))).revision == 1


async def test_the_page_that_lost_the_race_keeps_its_words(cast: Cast) -> None:
    """Two pages began from one text: the second save is told, and its words are an earlier version."""
    alice = await cast.actor("alice")
    one = await written(alice, "begin")
    await entries.save_entry(alice, one.id, 1, words("phone"))
    for attempt in ("desk", "desk and more"):
        with pytest.raises(StaleRevision):
            await entries.save_entry(alice, one.id, 1, words(attempt), sitting="desk-page")
    assert (await entries.load_entry(alice, one.id)).document == words("phone")
    lost = [one for one in await revisions.list_revisions(alice, one.id) if one.reason is Reason.CONFLICT]
    assert [version.document.text() for version in lost] == [words("desk and more").text()]


@pytest.mark.parametrize(("text", "minutes"), [(".", 0), ("", 0), ("something else", 11)])
async def test_what_was_kept_beside_stays(cast: Cast, text: str, minutes: int) -> None:
    """A page that was told that its words are kept does not take them away: not by a slip, and not after a pause."""
    alice, long = await cast.actor("alice"), "a long dream " * 30
    one = await written(alice, "begin")
    await entries.save_entry(alice, one.id, 1, words("phone"))
    for attempt in (long, text):
        with pytest.raises(StaleRevision):
            await entries.save_entry(alice, one.id, 1, words(attempt), sitting="desk-page")
        cast.clock.forward(minutes=minutes)
        alice = await cast.actor("alice")
    lost = [one for one in await revisions.list_revisions(alice, one.id) if one.reason is Reason.CONFLICT]
    assert {version.document.answers["free.text"] for version in lost} == {long, text}


async def test_many_saves_at_once_lose_no_words(cast: Cast) -> None:
    """Of twenty pages that save at once one wins, and the words of the others are kept."""
    alice = await cast.actor("alice")
    one = await written(alice, "begin")
    texts = [f"page {number}" for number in range(20)]
    outcomes = await asyncio.gather(
        *(entries.save_entry(alice, one.id, 1, words(text), sitting=text) for text in texts),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Entry) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, StaleRevision) for outcome in outcomes) == 19
    current = (await entries.load_entry(alice, one.id)).document
    kept = [version.document for version in await revisions.list_revisions(alice, one.id)]
    assert sorted(document.text() for document in [current, *kept]) == sorted(
        words(text).text() for text in ["begin", *texts]
    )


async def test_a_pause_begins_a_new_version(cast: Cast) -> None:
    """Autosaves of one sitting are one version; what stood before a pause can be read again."""
    alice = await cast.actor("alice")
    one = await entries.save_entry(alice, uuid4(), 0, words("first"), sitting="phone")
    cast.clock.forward(minutes=1)
    longer = msgspec.structs.replace(words("first, longer"), sitting="phone")
    await entries.save_entry(await cast.actor("alice"), one.id, 1, longer, sitting="phone")
    cast.clock.forward(hours=3)
    alice = await cast.actor("alice")
    await entries.save_entry(alice, one.id, 2, words("evening"), sitting="phone")
    assert [version.document for version in await revisions.list_revisions(alice, one.id)] == [longer]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (words("the lake"), words("the mountain")),
        (words("the lake", "Sunday"), words("the lake", "Monday")),
        (words("the lake"), words("the lak")),
        (words("the lake", "Sunday"), words("the lake")),
        (words("no"), words("I know nothing")),
        (words("the lake"), words("On Sunday: the lake", "Sunday")),
        (EntryDocument("reframe", answers={"reframe.old_belief_before": 80}), EntryDocument("reframe")),
        (
            EntryDocument("reframe", answers={"reframe.emotions": ["fear | 80 | "]}),
            EntryDocument("reframe", answers={"reframe.emotions": ["fear | 8 | "]}),
        ),
    ],
)
@pytest.mark.parametrize("sitting", ["desk", ""])
async def test_words_of_another_page_are_always_kept(
    cast: Cast, before: EntryDocument, after: EntryDocument, sitting: str
) -> None:
    """What another page left is an earlier version once, and stays one when this page takes its words out later."""
    alice = await cast.actor("alice")
    one = await entries.save_entry(alice, uuid4(), 0, before, sitting="phone")
    await entries.save_entry(alice, one.id, one.revision, after, sitting=sitting)
    versions = await revisions.list_revisions(alice, one.id)
    assert [msgspec.structs.replace(version.document, sitting="") for version in versions] == [before]
    await entries.save_entry(alice, one.id, one.revision + 1, words("something else"), sitting=sitting)
    versions = await revisions.list_revisions(alice, one.id)
    assert before in [msgspec.structs.replace(version.document, sitting="") for version in versions]
    assert len(versions) == (1 if sitting else 2)


async def test_deleting_can_be_undone_for_a_week(cast: Cast) -> None:
    """A deleted entry is out of sight, comes back whole, and is erased when its week is over."""
    alice = await cast.actor("alice")
    one = await written(alice, "not today")
    await removal.delete_entry(alice, one.id)
    with pytest.raises(NotFound):
        await entries.load_entry(alice, one.id)
    assert [gone.id for gone in await entries.list_deleted_entries(alice)] == [one.id]
    await removal.restore_entry(alice, one.id)
    assert (await entries.load_entry(alice, one.id)).document == words("not today")
    await removal.delete_entry(alice, one.id)
    assert await purge_deleted(cast.installation, alice.now + UNDO_WINDOW) == 0
    cast.clock.forward(days=8)
    assert await purge_deleted(cast.installation, cast.clock()) == 1
    with pytest.raises(NotFound):
        await removal.restore_entry(alice, one.id)


async def test_what_is_erased_leaves_the_file(sqlite_cast: Cast, tmp_path: Path) -> None:
    """
    After erasing, neither the sealed entry nor its versions are in the database or its write-ahead log.

    PostgreSQL frees its pages on its own schedule: docs/operations.md says so.
    """
    cast = sqlite_cast
    alice = await cast.actor("alice")
    one = await written(alice, "x" * 3000)
    cast.clock.forward(hours=1)
    alice = await cast.actor("alice")
    await entries.save_entry(alice, one.id, 1, words("y" * 3000))
    sealed = [bytes((await vault_tables.Entry.get(id=one.id)).sealed)]
    sealed += [bytes(row.sealed) for row in await vault_tables.EntryRevision.filter(entry_id=one.id)]
    assert len(sealed) == 2

    def files() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob("furnished.sqlite3*"))

    assert all(blob[100:400] in files() for blob in sealed)
    await removal.delete_entry(alice, one.id)
    await removal.erase_entry(alice, one.id)
    assert not any(blob[start : start + 32] in files() for blob in sealed for start in range(0, 2900, 100))


async def test_searching_finds_every_word_whatever_its_case(cast: Cast) -> None:
    """Search looks into titles, notes and answers of one's own entries, and into nothing else."""
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    sea = await entries.save_entry(
        alice, uuid4(), 0, EntryDocument("capture", "The SEA", answers={"int.words": 'say "yes"'})
    )
    await entries.save_entry(
        alice, uuid4(), 0, EntryDocument("free", "kind", answers={"free.text": "nothing"})
    )
    await written(dana, "the sea, too")

    async def found(query: str) -> list[UUID]:
        return [one.id for one in await search.search_by_opening(alice, query)]

    assert await found("sea YES") == [sea.id]
    assert await found('"yes"') == [sea.id]
    assert await found("free.text") == []  # the form's own names are not words of hers
    assert await found("sea nothing") == []
    assert await found("   ") == []
