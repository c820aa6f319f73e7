"""Earlier versions can be read beside the present text and brought back, and nothing is lost by that."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from journal.entries import entries, revisions
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import rewritten, written


async def paused(cast: Cast, entry: Entry, **answers: str) -> Entry:
    """Have alice come back after a pause and change some answers."""
    cast.clock.forward(minutes=30)
    return await rewritten(cast, entry, **answers)


async def the_version(cast: Cast, entry: Entry) -> UUID:
    """The newest earlier version."""
    return (await revisions.list_revisions(await cast.actor("alice"), entry.id))[0].id


async def test_a_pause_keeps_what_was_there_before(any_portal: Portal) -> None:
    """Coming back after a pause keeps the text until then; it can be read beside the present one."""
    entry = await written(any_portal.cast)
    async with any_portal.client("alice") as browser:
        path = f"/journal/{entry.id}/revisions"
        assert "no earlier versions" in (await opened(browser, path)).words
        await paused(any_portal.cast, entry, **{"int.meaning": "Maybe something else."})
        page = await opened(browser, path)
        (link,) = page.markup.all("a", within="entry-title")
        assert link.words == "Sun 22 Nov 2026, 13:00"
        assert "An earlier text" in page.words
        page = await opened(browser, link.attributes["href"])
        assert page.words.index("Maybe that I am allowed") < page.words.index("Maybe something else.")
        assert "3 answers read the same" in page.words


async def test_bringing_a_version_back_keeps_the_text_until_now(any_portal: Portal) -> None:
    """The earlier text is the present one again, and what was there until then is an earlier version."""
    entry = await written(any_portal.cast)
    changed = await paused(any_portal.cast, entry, **{"int.meaning": "Something else."})
    version = await the_version(any_portal.cast, entry)
    path = f"/journal/{entry.id}/revisions/{version}"
    async with any_portal.client("alice") as browser:
        page = await followed(browser, await browser.post(f"{path}/restoration"))
        assert "Maybe that I am allowed to rest." in page.words
        assert (await browser.post(f"{path}/restoration")).status_code == 303, "once more changes nothing"
    alice = await any_portal.cast.actor("alice")
    now = await entries.load_entry(alice, entry.id)
    assert now.document == entry.document
    kept = [one.document for one in await revisions.list_revisions(alice, entry.id)]
    assert kept == [changed.document, entry.document]


async def test_titles_and_notes_are_compared_too(portal: Portal) -> None:
    """What differs outside the answers is shown as well."""
    alice = await portal.cast.actor("alice")
    one = await entries.save_entry(alice, uuid4(), 0, EntryDocument("free", "Then", "old note"))
    portal.cast.clock.forward(minutes=30)
    alice = await portal.cast.actor("alice")
    await entries.save_entry(alice, one.id, 1, EntryDocument("free", "Now", ""))
    version = await the_version(portal.cast, one)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{one.id}/revisions/{version}")
    assert [part.words for part in page.markup.all("p", within="version-side", **{"class": "words"})] == [
        "Then",
        "Now",
        "old note",
        "–",
    ]


async def test_a_slip_that_empties_a_text_can_be_undone(portal: Portal) -> None:
    """Most of a text going at once is kept as an earlier version, even within the same minute."""
    alice = await portal.cast.actor("alice")
    long = EntryDocument("free", answers={"free.text": "many words " * 50})
    one = await entries.save_entry(alice, uuid4(), 0, long, sitting="a")
    await entries.save_entry(alice, one.id, 1, EntryDocument("free", answers={"free.text": "m"}), sitting="a")
    (kept,) = await revisions.list_revisions(alice, one.id)
    assert kept.document.answers == long.answers


async def test_a_save_overtaken_on_its_way_loses_nothing(portal: Portal) -> None:
    """An older save of the same page that arrives late leaves the newer words among the versions."""
    alice = await portal.cast.actor("alice")

    def typed(text: str) -> EntryDocument:
        return EntryDocument("free", answers={"free.text": text})

    one = await entries.save_entry(alice, uuid4(), 0, typed("one"), sitting="a")
    await entries.save_entry(alice, one.id, 1, typed("one two three"), sitting="a")
    await entries.save_entry(alice, one.id, 1, typed("one two"), sitting="a")
    texts = [version.document.text().strip() for version in await revisions.list_revisions(alice, one.id)]
    assert texts == ["one two three"]


async def test_a_version_belongs_to_its_entry(portal: Portal) -> None:
    """The version of one entry is not found under another, nor are invented ones."""
    first, second = await written(portal.cast), await written(portal.cast)
    await paused(portal.cast, first, **{"int.meaning": "Something else."})
    version = await the_version(portal.cast, first)
    async with portal.client("alice") as browser:
        for path in (f"/journal/{second.id}/revisions/{version}", f"/journal/{first.id}/revisions/{uuid4()}"):
            assert (await browser.get(path)).status_code == 404
            assert (await browser.post(f"{path}/restoration")).status_code == 404


@pytest.mark.parametrize("who", ["dana", "bob"])
async def test_versions_are_nobody_elses(any_portal: Portal, who: str) -> None:
    """Another patient and the therapist find neither the list nor a version, and bring nothing back."""
    entry = await written(any_portal.cast)
    changed = await paused(any_portal.cast, entry, **{"int.meaning": "Something else."})
    path = f"/journal/{entry.id}/revisions/{await the_version(any_portal.cast, entry)}"
    async with any_portal.client(who) as browser:
        for asked in (f"/journal/{entry.id}/revisions", path):
            answer = await browser.get(asked)
            assert answer.status_code == 404
            assert "allowed to rest" not in Page.of(answer).words
        assert (await browser.post(f"{path}/restoration")).status_code == 404
    alice = await any_portal.cast.actor("alice")
    assert (await entries.load_entry(alice, entry.id)).document == changed.document
