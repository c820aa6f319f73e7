"""Searching the texts of pages finds what opening every entry finds, whatever storage made of the texts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest

from crypto import PageMark, PageText
from journal.actor import Actor
from journal.authentication import web_sessions
from journal.entries import acceptance, entries, page_search, page_texts, removal
from journal.entries.page_texts import text_context
from journal.entries.search import search_by_opening as by_opening
from journal.key_rotation import account_key as account_key_renewal
from journal.practice import account_deletion
from journal.sealing import seal_document
from journal.store.database import get_connection, is_sqlite
from journal.vault import baseline, record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import LINES_PER_PAGE
from journal.vault.documents import EntryDocument, entry_context
from journal.vault.entry_rows import CANNOT_BE_OPENED, Entry
from tests.cast import NOON, PASSWORDS, Cast
from tests.scenes import journal_of

WORDS = (
    "sea", "seaside", "the", "Straße", "strasse", "ﬁnd", "find", "it’s", "it's", "été", "e\u0301te\u0301", "ete",
    "İstanbul", "ıstanbul", "海", "海の家", "ＷＩＤＥ", "wide", "soft\u00adhyphen", "👩\u200d👧", "한국어", "a–b",
    "a-b", "“so”", "mother", "other", "x",
)  # fmt: skip
"""Words of several scripts, many of which are the same once they are folded, or stand in one another."""
ASKED = (
    "sea", "SEA side", "strasse", "find the", "it`s", "été", "ete", "istanbul", "海", "wide", "softhyphen", "👩", "한",
    "a-b", '"so"', "other", "x sea", "o", "nothing of the kind", "\u00ad", "s\x00e",
)  # fmt: skip


def page_of(words: str, title: str = "") -> EntryDocument:
    """A document that says these words."""
    return EntryDocument("free", title, answers={"free.text": words})


async def a_journal(cast: Cast, count: int = 3 * LINES_PER_PAGE + 10, who: str = "alice") -> list[UUID]:
    """Numbered entries of which each has a word of its own."""
    return await journal_of(
        cast, [page_of(f"the sea w{number}w and so on", "Title") for number in range(count)], who
    )


async def ids(actor: Actor, words: str) -> list[UUID]:
    """What a search finds in a journal that is as it was left."""
    is_intact, found = await page_search.search_entries(actor, words)
    assert is_intact
    return [one.id for one in found]


def in_order(found: tuple[Entry, ...]) -> list[Entry]:
    """The newest first, and of one moment by their ids."""
    return sorted(found, key=lambda one: (one.created_at, one.id.hex), reverse=True)


async def texts_of(actor: Actor) -> dict[int, bytes]:
    """All texts of somebody's, opened, by their numbers."""
    return {
        row.number: actor.vault.open(row.sealed, context=text_context(actor.id, row.number, row.revision))
        for row in await vault_tables.ContentsText.filter(owner_id=actor.id)
    }


async def with_texts(cast: Cast, count: int = 3 * LINES_PER_PAGE + 10, who: str = "alice") -> list[UUID]:
    """A journal whose full pages all have a text."""
    made = await a_journal(cast, count, who)
    await ids(await cast.actor(who), "nothing")
    assert len(await texts_of(await cast.actor(who))) == count // LINES_PER_PAGE
    return made


async def bent(entry: UUID) -> None:
    """Bend the middle of an entry's envelope."""
    sealed = (await vault_tables.Entry.get(id=entry)).sealed
    await vault_tables.Entry.filter(id=entry).update(sealed=sealed[:50] + bytes(20) + sealed[70:])


async def test_it_finds_what_opening_every_entry_finds(cast: Cast) -> None:
    """In any script, before and after texts are written, whatever changes in between; the newest first."""
    dice, most = Random(7), 0

    def some() -> EntryDocument:
        text = dice.choice(("\n", " ", "  ")).join(dice.choices(WORDS, k=dice.randint(0, 6)))
        document = page_of(text, dice.choice(WORDS))
        return msgspec.structs.replace(document, note=dice.choice(("", *WORDS[:3])))

    made = await journal_of(cast, [some() for _ in range(6 * LINES_PER_PAGE + 20)])
    for turn in range(8):
        alice = await cast.actor("alice")
        for words in dice.sample(ASKED, 8) if turn else ASKED:
            is_intact, found = await page_search.search_entries(alice, words)
            assert is_intact
            assert list(found) == in_order(await by_opening(alice, words)), words
        most = max(most, len(await texts_of(alice)))
        cast.clock.forward(minutes=1)
        alice = await cast.actor("alice")
        for ident in dice.sample(made, 2):
            await entries.save_entry(alice, ident, (await entries.load_entry(alice, ident)).revision, some())
        gone, back, new = *dice.sample(made, 2), uuid4()
        await removal.delete_entry(alice, gone)
        await removal.delete_entry(alice, back)
        await removal.restore_entry(alice, back)
        await entries.save_entry(alice, new, 0, some())
        made = [*(one for one in made if one != gone), new]
    assert most == 6


async def test_four_texts_are_written_for_each_search(cast: Cast) -> None:
    """Of pages that have stopped growing, the newest first; after a few searches all have one."""
    await a_journal(cast, 10 * LINES_PER_PAGE + 3)
    alice = await cast.actor("alice")
    for turn in (range(6, 10), range(2, 10), range(10), range(10)):
        assert len(await ids(alice, "w5w")) == 1
        assert sorted(await texts_of(alice)) == list(turn)


async def test_only_what_is_found_is_opened(cast: Cast) -> None:
    """An entry that would not open is in nobody's way until it is found; then it says so."""
    made = await with_texts(cast)
    alice = await cast.actor("alice")
    await bent(made[5])
    assert await ids(alice, "w6w") == [made[6]]
    is_intact, (found,) = await page_search.search_entries(alice, "w5w")
    assert (is_intact, found.id, found.damaged, found.document.title) == (
        True,
        made[5],
        True,
        CANNOT_BE_OPENED,
    )


async def test_what_does_not_open_is_found_by_every_search_until_its_page_has_a_text(cast: Cast) -> None:
    """And its page gets none; the others do."""
    made = await a_journal(cast)
    await bent(made[5])
    alice = await cast.actor("alice")
    for _ in range(2):
        assert await ids(alice, "w70w") == [made[70], made[5]]
    assert sorted(await texts_of(alice)) == [1, 2]


async def test_a_text_has_each_word_once(cast: Cast) -> None:
    """Folded, and in no other form than what a needle is compared with."""
    assert page_texts.fold_words(page_of("The SEA, the sea\n\tand  the", "Sea")) == b"sea the sea, and"


async def save(cast: Cast, one: UUID) -> None:
    """Other words."""
    alice = await cast.actor("alice")
    await entries.save_entry(alice, one, 1, page_of("other words"))


async def restore(cast: Cast, one: UUID) -> None:
    """Other words, and then those of before."""
    await save(cast, one)
    await ids(await cast.actor("alice"), "nothing")
    (version,) = await vault_tables.EntryRevision.filter(entry_id=one)
    await entries.restore_version(await cast.actor("alice"), one, version.id)


async def delete(cast: Cast, one: UUID) -> None:
    """Taken away."""
    await removal.delete_entry(await cast.actor("alice"), one)


async def erase(cast: Cast, one: UUID) -> None:
    """Erased for good."""
    alice = await cast.actor("alice")
    await removal.delete_entry(alice, one)
    await page_search.search_entries(alice, "nothing")
    await removal.erase_entry(alice, one)


async def undelete(cast: Cast, one: UUID) -> None:
    """Taken away and brought back."""
    alice = await cast.actor("alice")
    await removal.delete_entry(alice, one)
    await ids(alice, "nothing")
    await removal.restore_entry(alice, one)


ACTS = (save, restore, delete, undelete)


@pytest.mark.parametrize("act", ACTS)
async def test_what_changes_a_page_deletes_its_text(
    cast: Cast, act: Callable[[Cast, UUID], Awaitable[None]]
) -> None:
    """In the same transaction, and no other; the next search writes it anew."""
    made = await with_texts(cast)
    await act(cast, made[LINES_PER_PAGE + 5])
    alice = await cast.actor("alice")
    assert sorted(await texts_of(alice)) == [0, 2]
    assert await ids(alice, "w6w") == [made[6]]
    assert sorted(await texts_of(alice)) == [0, 1, 2]


@pytest.mark.parametrize("act", [delete, erase])
@pytest.mark.parametrize("before", ["as it was left", "another state", "no root", "no page"])
async def test_no_word_of_what_was_deleted_stays(
    cast: Cast, act: Callable[[Cast, UUID], Awaitable[None]], before: str
) -> None:
    """Also where storage put an entry back older, or took root or page away, so that its line stays or is lost."""
    made = await with_texts(cast)
    alice, one = await cast.actor("alice"), made[LINES_PER_PAGE]
    assert any(b"w64w" in text for text in (await texts_of(alice)).values())
    if before == "another state":
        sealed = seal_document(alice.vault, page_of("w64w"), entry_context(alice.id, one, 1))
        await vault_tables.Entry.filter(id=one).update(sealed=sealed)
    elif before == "no root":
        await vault_tables.RecordState.filter(id=alice.id).delete()
    elif before == "no page":
        await vault_tables.ContentsPage.filter(owner_id=alice.id, number=1).delete()
    await act(cast, one)
    assert not any(b"w64w" in text for text in (await texts_of(alice)).values())


async def test_a_page_that_becomes_the_newest_keeps_no_old_text(cast: Cast) -> None:
    """It had a text since it was not the newest; when it grows again, the text goes."""
    made = await a_journal(cast, LINES_PER_PAGE + 1)
    alice = await cast.actor("alice")
    for one in made[:20]:
        await removal.delete_entry(alice, one)
    await ids(alice, "nothing")
    assert sorted(await texts_of(alice)) == [0]
    await removal.delete_entry(alice, made[LINES_PER_PAGE])
    await entries.save_entry(alice, made[50], 1, page_of("other words"))
    assert await texts_of(alice) == {}


async def test_pages_that_are_put_together_lose_their_texts(cast: Cast) -> None:
    """Both: the one that is gone, and the one that has the lines of both."""
    made = await with_texts(cast, 3 * LINES_PER_PAGE)
    alice = await cast.actor("alice")
    for one in (
        *made[: LINES_PER_PAGE - 25],
        *made[LINES_PER_PAGE + 8 : 2 * LINES_PER_PAGE],
    ):  # 33 are left on the two
        await removal.delete_entry(alice, one)
    await ids(alice, "nothing")
    assert sorted(await texts_of(alice)) == [0, 1, 2]
    await removal.delete_entry(alice, made[LINES_PER_PAGE + 5])
    assert sorted(await texts_of(alice)) == [2]
    assert await vault_tables.ContentsPage.filter(owner_id=alice.id).count() == 2


async def test_accepting_deletes_all_texts(cast: Cast) -> None:
    """So does beginning anew."""
    await with_texts(cast)
    alice = await cast.actor("alice")
    await acceptance.accept_journal(alice)
    assert await texts_of(alice) == {}
    await ids(alice, "nothing")
    assert await texts_of(alice)
    await baseline.recreate_record_state(alice.vault, alice.id)
    assert await texts_of(alice) == {}


async def test_they_go_with_the_account(cast: Cast) -> None:
    """Like everything that hangs on it."""
    await with_texts(cast)
    await account_deletion.request_deletion(await cast.actor("alice"), "delete")
    cast.clock.forward(days=30)
    await account_deletion.delete_due_accounts(cast.installation, cast.clock.now)
    assert not await vault_tables.ContentsText.exists()


async def test_texts_are_not_renewed_with_the_keys(cast: Cast) -> None:
    """They go when a renewal begins and when it ends; in between searches write them under the new key."""
    made = await with_texts(cast)
    older = await cast.actor("alice")
    token = await account_key_renewal.begin_rotation(older, PASSWORDS["alice"])
    assert not await vault_tables.ContentsText.exists()
    came = None
    while came is None or not came.finished:
        now = await web_sessions.load_actor(cast.installation, token)
        assert now is not None
        assert await ids(now, "w5w") == [made[5]]
        for text in await vault_tables.ContentsText.all():
            with pytest.raises(Exception, match="open"):
                older.vault.open(text.sealed, context=text_context(now.id, text.number, text.revision))
        cast.clock.forward(minutes=1)
        came = await account_key_renewal.reseal_batches(now)
    assert not await vault_tables.ContentsText.exists()
    now = await web_sessions.load_actor(cast.installation, token)
    assert now is not None
    contents = await page_search.load_contents(now)
    assert contents is not None
    words = PageText.of([b"w"] * LINES_PER_PAGE)
    await page_texts.save_texts(
        older, contents.state_row, [(contents.marks[0], words)], ()
    )  # set out before the renewal
    assert not await vault_tables.ContentsText.exists()
    assert await ids(now, "w5w") == [made[5]]
    assert len(await texts_of(now)) == 3


async def test_nothing_is_written_for_a_root_of_before(cast: Cast) -> None:
    """Who saved while somebody searched voids what the search would write."""
    made = await a_journal(cast)
    alice = await cast.actor("alice")
    contents = await page_search.load_contents(alice)
    assert contents is not None
    await removal.delete_entry(alice, made[0])
    text = PageText.of([b"w"] * LINES_PER_PAGE)
    await page_texts.save_texts(alice, contents.state_row, [(contents.marks[0], text)], ())
    assert not await vault_tables.ContentsText.exists()


FAIL = {
    True: ("CREATE TRIGGER t1 BEFORE INSERT ON contents_text BEGIN SELECT RAISE(ABORT, 'no more'); END",),
    False: (
        "CREATE FUNCTION no_more() RETURNS trigger AS $$ BEGIN RAISE 'no more'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER t1 BEFORE INSERT ON contents_text FOR EACH ROW EXECUTE FUNCTION no_more()",
    ),
}
"""What makes the database refuse a text; on SQLite, and on PostgreSQL."""


async def test_a_text_that_cannot_be_written_is_no_error(cast: Cast) -> None:
    """The search has found what it found, and the next page is served."""
    made = await a_journal(cast)
    for statement in FAIL[is_sqlite()]:
        await get_connection().execute_query(statement)
    alice = await cast.actor("alice")
    for _ in range(2):
        assert await ids(alice, "w5w") == [made[5]]
    await removal.delete_entry(alice, made[5])
    assert await ids(alice, "w5w") == []
    assert not await vault_tables.ContentsText.exists()


async def outdated(cast: Cast, made: list[UUID]) -> None:
    """A text of before the last save, called current."""
    (before,) = await vault_tables.ContentsText.filter(number=1).values()
    await entries.save_entry(
        await cast.actor("alice"), made[LINES_PER_PAGE], 1, page_of("w5w and other words")
    )
    (page,) = await vault_tables.ContentsPage.filter(owner_id=before["owner_id"], number=1)
    await vault_tables.ContentsText.create(**before | {"revision": page.revision})


async def of_an_older_table(cast: Cast, made: list[UUID]) -> None:
    """A text of the very same number and revision, from before all was laid out anew."""
    alice = await cast.actor("alice")
    before = await vault_tables.ContentsText.filter(owner_id=alice.id).values()
    await removal.delete_entry(alice, made[0])
    await acceptance.accept_journal(alice)
    for row in before:
        await vault_tables.ContentsText.create(**row)


async def exchanged(cast: Cast, made: list[UUID]) -> None:
    """Two pages have each other's."""
    one, other = await vault_tables.ContentsText.filter(number__in=(0, 1)).order_by("number")
    await vault_tables.ContentsText.filter(id=one.id).update(sealed=other.sealed)
    await vault_tables.ContentsText.filter(id=other.id).update(sealed=one.sealed)


async def of_another(cast: Cast, made: list[UUID]) -> None:
    """A text of somebody else's journal."""
    await with_texts(cast, LINES_PER_PAGE, "dana")
    (hers,) = await vault_tables.ContentsText.filter(owner_id=(await cast.actor("dana")).id)
    await vault_tables.ContentsText.filter(owner_id=(await cast.actor("alice")).id).update(sealed=hers.sealed)


async def in_another_place(cast: Cast, made: list[UUID]) -> None:
    """Texts of pages that nobody has."""
    await vault_tables.ContentsText.filter(number=0).update(number=900)
    await vault_tables.ContentsText.filter(number=1).update(number=-1)


async def cut(cast: Cast, made: list[UUID]) -> None:
    """Envelopes without an end."""
    for row in await vault_tables.ContentsText.all():
        await vault_tables.ContentsText.filter(id=row.id).update(sealed=row.sealed[:-1])


async def emptied(cast: Cast, made: list[UUID]) -> None:
    """No bytes at all."""
    await vault_tables.ContentsText.all().update(sealed=b"")


async def of_another_revision(cast: Cast, made: list[UUID]) -> None:
    """Numbers that no page has reached, or went past."""
    await vault_tables.ContentsText.filter(number=0).update(revision=2**62)
    await vault_tables.ContentsText.filter(number=1).update(revision=0)


async def folded_otherwise(cast: Cast, made: list[UUID]) -> None:
    """Sealed by a version of the program that folds other words alike."""
    alice = await cast.actor("alice")
    contents = await page_search.load_contents(alice)
    assert contents is not None
    for mark in contents.marks[:2]:
        plain = PageText.of([b"w"] * LINES_PER_PAGE).encode(fold=1, tag=mark.tag)
        sealed = alice.vault.seal(plain, context=text_context(alice.id, mark.number, mark.revision))
        await vault_tables.ContentsText.filter(number=mark.number).update(sealed=sealed)


async def taken_away(cast: Cast, made: list[UUID]) -> None:
    """Some rows less."""
    await vault_tables.ContentsText.filter(number__in=(0, 2)).delete()


CHANGES = (
    outdated, of_an_older_table, exchanged, of_another, in_another_place, cut, emptied, of_another_revision,
    folded_otherwise, taken_away,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
async def test_what_storage_made_of_texts_is_passed_over(
    cast: Cast, change: Callable[[Cast, list[UUID]], Awaitable[None]]
) -> None:
    """Found is what opening every entry finds, nobody is told that anything was amiss, and texts are good again."""
    made = await with_texts(cast)
    await change(cast, made)
    alice = await cast.actor("alice")
    for _ in range(2):
        for words in ("w5w", "w64w", "sea w70w", "the"):
            is_intact, found = await page_search.search_entries(alice, words)
            assert is_intact
            assert list(found) == in_order(await by_opening(alice, words)), words
    assert sorted(await texts_of(alice)) == [0, 1, 2]
    contents = await page_search.load_contents(alice)
    assert contents is not None
    (hits, void) = await page_texts.find_places(alice, contents.marks, [b"w1w"])
    assert (sorted(hits), void) == ([0, 1, 2], [])


@pytest.mark.parametrize("column", ["number", "revision", "sealed"])
@pytest.mark.parametrize("value", ["'words'", "12.5", "x'c328'", "CAST(x'c328' AS TEXT)", "-1", "''"])
async def test_wrong_types_are_passed_over(sqlite_cast: Cast, column: str, value: str) -> None:
    """SQLite lets anybody put anything into a cell."""
    made = await with_texts(sqlite_cast)
    await get_connection().execute_query(f"UPDATE contents_text SET {column} = {value} WHERE number = 1")
    alice = await sqlite_cast.actor("alice")
    for _ in range(2):
        assert await ids(alice, "w5w") == [made[5]]
        assert await ids(alice, "w64w") == [made[LINES_PER_PAGE]]


async def test_what_is_not_as_it_was_left_is_said(cast: Cast) -> None:
    """All entries are opened then, nothing is written, and this session's pages say so from now on."""
    made = await with_texts(cast)
    alice = await cast.actor("alice")
    before = await vault_tables.ContentsText.all().order_by("number").values()
    await vault_tables.Entry.filter(id=made[5]).delete()
    for words, found in (("w5w", []), ("w6w", [made[6]])):
        is_intact, opened = await page_search.search_entries(alice, words)
        assert (is_intact, [one.id for one in opened]) == (False, found)
        assert alice.installation.comparison_schedule.is_due(alice.session, alice.now)
    assert await vault_tables.ContentsText.all().order_by("number").values() == before


async def test_what_a_search_does_not_find_is_missed_within_the_hour(cast: Cast) -> None:
    """A search compares what it finds, and everything when that is due."""
    made = await with_texts(cast)
    alice = await cast.actor("alice")
    await vault_tables.Entry.filter(id=made[3]).delete()
    assert await ids(alice, "w5w") == [made[5]]
    cast.clock.forward(minutes=61)
    is_intact, found = await page_search.search_entries(await cast.actor("alice"), "w5w")
    assert (is_intact, [one.id for one in found]) == (False, [made[5]])


@pytest.mark.parametrize("what", ["gone", "bent", "exchanged", "older"])
@pytest.mark.parametrize("with_text", [True, False])
async def test_a_page_that_is_not_what_the_root_says_is_said(cast: Cast, what: str, with_text: bool) -> None:
    """Where a search needs its lines: of what it finds, and of a page without a text; else it is nobody's matter."""
    made = await with_texts(cast)
    alice, page = await cast.actor("alice"), vault_tables.ContentsPage.filter(number=1)
    sealed = (await page.get()).sealed
    if not with_text:
        await vault_tables.ContentsText.filter(number=1).delete()
    match what:
        case "gone":
            await page.delete()
        case "bent":
            await page.update(sealed=sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:])
        case "exchanged":
            await page.update(sealed=(await vault_tables.ContentsPage.get(number=0)).sealed)
        case "older":
            await entries.save_entry(alice, made[LINES_PER_PAGE], 1, page_of("w64w and more"))
            await page.update(sealed=sealed)
            await vault_tables.ContentsText.filter(number=1).delete()
    is_intact, found = await page_search.search_entries(alice, "w5w")
    assert (is_intact, [one.id for one in found]) == (with_text and what != "older", [made[5]])
    is_intact, found = await page_search.search_entries(alice, "w64w")
    assert (is_intact, [one.id for one in found]) == (False, [made[LINES_PER_PAGE]])


@pytest.mark.parametrize("what", ["revision", "end", "exchanged"])
async def test_a_row_that_is_not_what_its_line_says_is_said(cast: Cast, what: str) -> None:
    """In whichever column it differs, and also where two entries have each other's envelope."""
    made = await with_texts(cast)
    alice, one = await cast.actor("alice"), vault_tables.Entry.filter(id=made[5])
    sealed = (await one.get()).sealed
    match what:
        case "revision":
            await one.update(revision=2)
        case "end":
            await one.update(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
        case "exchanged":
            await one.update(sealed=(await vault_tables.Entry.get(id=made[4])).sealed)
            await vault_tables.Entry.filter(id=made[4]).update(sealed=sealed)
    assert not (await page_search.search_entries(alice, "w5w"))[0]


@pytest.mark.parametrize("years", [1, 9000])
async def test_an_entry_that_was_moved_in_time_is_found(cast: Cast, years: int) -> None:
    """Where its row says another time than its line, or none that a calendar has, all entries are opened."""
    made = await with_texts(cast)
    alice = await cast.actor("alice")
    at = NOON.replace(year=NOON.year + years) if years < 9000 else datetime(9999, 12, 31, tzinfo=UTC)
    await vault_tables.Entry.filter(id=made[5]).update(created_at=at)
    _, found = await page_search.search_entries(alice, "w5w")
    assert found == await by_opening(alice, "w5w")
    assert [one.id for one in found] == [made[5]]
    is_intact, found = await page_search.search_entries(alice, "w6w")
    assert (is_intact, [one.id for one in found]) == (False, [made[6]])


async def test_who_saves_meanwhile_disturbs_no_search(cast: Cast) -> None:
    """Whatever comes between its statements: a search is of one moment or another, and all is as it was left."""
    made = await a_journal(cast)
    alice = await cast.actor("alice")

    async def saves() -> None:
        for turn, ident in enumerate(made[::30]):
            await entries.save_entry(alice, ident, 1, page_of(f"the sea and w{turn}w"))

    async def searches() -> None:
        for _ in range(6):
            assert len(await ids(alice, "the sea")) == len(made)

    await asyncio.gather(saves(), searches(), searches())
    assert (await record_state.compare_records(alice, earlier=True)).is_intact
    for text in (await texts_of(alice)).values():
        assert text.count(b"sea") == LINES_PER_PAGE


async def test_an_account_without_a_table_is_searched_by_opening(cast: Cast) -> None:
    """Nothing is written for it."""
    made = await a_journal(cast)
    alice = await cast.actor("alice")
    await vault_tables.ContentsPage.filter(owner_id=alice.id).delete()
    is_intact, found = await page_search.search_entries(alice, "w5w")
    assert (is_intact, [one.id for one in found]) == (False, [made[5]])
    assert not await vault_tables.ContentsText.exists()


def test_all_pages_but_the_newest_have_stopped_growing() -> None:
    """A page that is neither full nor the newest is as settled as one that is full."""
    full = PageMark(0, 1, LINES_PER_PAGE, 0, 0, bytes(16))
    half = full._replace(lines=5)
    assert page_texts.is_settled([full], 0)
    assert page_texts.is_settled([half, half], 0)
    assert not page_texts.is_settled([half, half], 1)


async def test_the_text_of_what_was_deleted_leaves_the_files(sqlite_cast: Cast) -> None:
    """Not a piece of its envelope is in the database or its log."""
    made = await with_texts(sqlite_cast)
    alice = await sqlite_cast.actor("alice")
    sealed = (await vault_tables.ContentsText.get(owner_id=alice.id, number=1)).sealed
    file = Path(str(getattr(get_connection(), "filename", "")))

    def pieces() -> int:
        there = b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*"))
        return sum(sealed[at : at + 16] in there for at in range(0, len(sealed), 16))

    assert pieces() > 50
    await removal.delete_entry(alice, made[LINES_PER_PAGE + 5])
    assert pieces() == 0


async def test_long_texts_are_read_elsewhere(cast: Cast) -> None:
    """What takes longer than others can wait for is found as well: in threads, a stretch at a time."""
    count, each = LINES_PER_PAGE + 2, 4000
    made = await journal_of(
        cast, [page_of(" ".join(f"w{number}w{n}" for n in range(each))) for number in range(count)]
    )
    alice = await cast.actor("alice")
    for _ in range(2):
        assert await ids(alice, "w5w3999") == [made[5]]
        assert await ids(alice, "w65w1") == [made[65]]
        assert len(await ids(alice, "w")) == count
    (row,) = await vault_tables.ContentsText.all()
    assert len(row.sealed) > page_texts.BATCH_BYTES
