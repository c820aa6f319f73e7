"""After an edit, every page that says who can read something says which version they have."""

from __future__ import annotations

import html
import re

import msgspec
import pytest

from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.entries import entries
from journal.sharing import handover_answers, handover_offers
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.portal.conftest import Portal
from tests.scenes import THE_SEA, connected, rewritten, shared, written

VERSION = "Bob Example has the version of Sun 22 Nov 2026, 13:00"
"""What is said of a copy that was made at the hour at which the cast lives."""
ALL = ("title", "note", "int.meaning", "int.unsure", "int.top3")


def words(text: str) -> str:
    """Return what markup says, as text on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()).replace(" .", ".")


def parts(page: str) -> dict[str, str]:
    """Return what is said of who reads each part of an entry, by the part's words."""
    found = {}
    for section in re.findall(r'<section class="answer">(.*?)</section>', page, re.DOTALL):
        said, _, who = section.partition('<p class="meta answer-readers">')
        found[words(said)] = words(who)
    return found


async def of_the_sea(cast: Cast, entry: Entry, **changes: str) -> Entry:
    """Have alice change the head of her entry, a minute later."""
    cast.clock.forward(minutes=1)
    changed = msgspec.structs.replace(entry.document, **changes)
    return await entries.save_entry(await cast.actor("alice"), entry.id, entry.revision, changed)


async def test_a_changed_part_says_which_version_somebody_has(any_portal: Portal) -> None:
    """The others can still be read, a new one says nothing; the way to update stands beside what has changed."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry, ALL)
    await rewritten(cast, entry, **{"int.meaning": "Something else.", "int.body": "New."})
    async with any_portal.client("alice") as alice:
        page = (await alice.get(f"/journal/{entry.id}")).text
        said = parts(page)
        assert [who for text, who in said.items() if "Something else." in text] == [f"{VERSION}. Update"]
        assert [who for text, who in said.items() if "nobody needs to know" in text] == [
            "Bob Example can read this part"
        ]
        assert page.count(f'href="/shares/{share}/update"') == 2
        assert "Shared with Bob Example" not in words(page)
        await shared(cast, await entries.load_entry(await cast.actor("alice"), entry.id), (*ALL, "int.body"))
        page = (await alice.get(f"/journal/{entry.id}")).text
    assert "has the version" not in words(page)
    assert "/update" not in page
    assert "Shared with Bob Example" in words(page)


async def test_a_part_that_is_back_as_it_was_can_be_read(portal: Portal) -> None:
    """What counts is which words somebody has, not how often the entry was saved."""
    entry = await written(portal.cast)
    await shared(portal.cast, entry, ALL)
    there = await rewritten(portal.cast, entry, **{"int.meaning": "Something else."})
    await rewritten(portal.cast, there, **{"int.meaning": str(entry.document.answers["int.meaning"])})
    async with portal.client("alice") as alice:
        assert "has the version" not in words((await alice.get(f"/journal/{entry.id}")).text)


async def test_a_reframe_says_it_of_each_sentence(portal: Portal) -> None:
    """The two sentences stand side by side, so it is said which of them somebody has as it was."""
    answers = {"reframe.old_meaning": "It was my fault.", "reframe.new_meaning": "I was a child."}
    entry = await written(portal.cast, document=EntryDocument("reframe", "", answers=dict(answers)))
    await shared(portal.cast, entry, tuple(answers))
    await rewritten(portal.cast, entry, **{"reframe.new_meaning": "I was six."})
    async with portal.client("alice") as alice:
        text = words((await alice.get(f"/journal/{entry.id}")).text)
    assert "Bob Example can read the sentence it left" in text
    assert "Bob Example has the truer sentence as of Sun 22 Nov 2026, 13:00. Update" in text
    assert "can read the truer sentence" not in text


@pytest.mark.parametrize("changes", [{"title": "The river"}, {"note": "Another note"}, {"title": ""}])
async def test_a_changed_head_counts(portal: Portal, changes: dict[str, str]) -> None:
    """Title and note are parts like any other, also when they are taken away."""
    entry = await written(portal.cast)
    await shared(portal.cast, entry, ALL)
    await of_the_sea(portal.cast, entry, **changes)
    async with portal.client("alice") as alice:
        text = words((await alice.get(f"/journal/{entry.id}")).text)
    assert "Bob Example has the version of Sun 22 Nov 2026, 13:00 (some parts). Update" in text


async def test_nothing_can_be_read_while_it_is_paused(portal: Portal) -> None:
    """A part of a paused share is not said to be readable."""
    entry = await written(portal.cast)
    await shared(portal.cast, entry, ("title", "int.meaning"))
    await lifecycle.pause_sharing(await portal.cast.actor("alice"), portal.cast.link)
    async with portal.client("alice") as alice:
        text = words((await alice.get(f"/journal/{entry.id}")).text)
    assert "can read this part" not in text
    assert "Shared with Bob Example (some parts, paused)" in text
    assert "Shared with Bob Example, but cannot be opened now" in text


async def test_every_list_says_it(any_portal: Portal) -> None:
    """Home, the timeline, a search, the care team and the page of a clinician; before the edit they do not."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry, ALL)
    pages = ("/", "/journal", "/sharing", f"/sharing/{cast.link}", f"/journal/{entry.id}/shares")
    async with any_portal.client("alice") as alice:

        async def look() -> list[str]:
            texts = [(await alice.get(path)).text for path in pages]
            return [*texts, (await alice.post("/journal", data={"q": "sea"})).text]

        assert [VERSION in words(page) for page in await look()] == [False] * 6
        await rewritten(cast, entry, **{"int.meaning": "Something else."})
        after = await look()
        assert [VERSION in words(page) for page in after] == [True] * 6
        assert ["Shared with Bob Example" in words(page) for page in after] == [False] * 6
        assert [f'href="/shares/{share}/update"' in page for page in after[2:5]] == [True] * 3
        await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
        for page in (await alice.get("/"), await alice.post("/journal", data={"q": "sea"})):
            assert "Paused: Bob Example" in words(page.text)


async def test_who_writes_sees_which_version_somebody_has(portal: Portal) -> None:
    """What is typed next is in no copy, so the form never says that it can be read; nor that all of it is shared."""
    prepared = EntryDocument("preparation", "Before", answers={"prep.intention": "Rest."})
    async with portal.client("alice") as alice:
        for document, path in ((THE_SEA, "edit"), (prepared, "edit?prompt=more")):
            entry = await written(portal.cast, document=document)
            await shared(portal.cast, entry, ("title",))
            text = words((await alice.get(f"/journal/{entry.id}/{path}")).text)
            assert "Shared with Bob Example (some parts, version of Sun 22 Nov 2026, 13:00)" in text


async def test_what_a_handover_took_along_is_as_old_as_it_was(any_portal: Portal) -> None:
    """A colleague who took over has the words of then, and every list says so."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    await rewritten(cast, entry, **{"int.meaning": "Something else."})
    charlie, alice_now = await cast.actor("charlie"), await cast.actor("alice")
    offer = await handover_offers.suggest_colleague(await cast.actor("bob"), alice_now.id, str(charlie.id))
    async with any_portal.client("alice") as alice:
        page = words((await alice.get(f"/sharing/handovers/{offer}")).text)
        assert "in the version of Sun 22 Nov 2026, 13:00" in page
        assert "legal duties" in page
        cast.clock.forward(hours=1)
        await handover_answers.accept_handover(await cast.actor("alice"), offer, [share])
        for path in ("/", "/journal", "/sharing"):
            text = words((await alice.get(path)).text)
            assert "Charlie Outsider has the version of Sun 22 Nov 2026, 13:00" in text


async def test_a_copy_that_does_not_open_is_not_said_to_be_read(portal: Portal) -> None:
    """It is named for what it is."""
    entry = await written(portal.cast, document=THE_SEA)
    share = await shared(portal.cast, entry, ALL)
    second = await connected(portal.cast, "charlie")
    await shared(portal.cast, entry, ("int.top3",), to=second)
    await care_tables.Share.filter(id=share).update(sealed=b"?" * 300)
    async with portal.client("alice") as alice:
        text = words((await alice.get(f"/journal/{entry.id}")).text)
    assert "Bob Example (a copy that cannot be opened)" in text
    assert "Charlie Outsider can read this part" in text
    assert "Bob Example can read" not in text
