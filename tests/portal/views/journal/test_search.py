"""Searching all of one's entries: the line that was looked for, marked, and nothing more than asked for."""

from __future__ import annotations

import unicodedata
from uuid import uuid4

import pytest
from httpx import AsyncClient

from journal.entries import entries
from journal.vault import tables as vault_tables
from journal.vault.contents import LINES_PER_PAGE
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.scenes import journal_of, shared


async def wrote(cast: Cast, text: str, title: str = "", note: str = "", kind: str = "free") -> Entry:
    """Have alice write something."""
    document = EntryDocument(kind, title, note, answers={"free.text": text} if text else {})
    return await entries.save_entry(await cast.actor("alice"), uuid4(), 0, document)


async def found(browser: AsyncClient, words: str) -> Page:
    """Look for words: in a form, since addresses are written down in logs and histories."""
    answer = await browser.post("/journal", data={"q": words})
    assert answer.status_code == 200
    return Page.of(answer)


def marks(page: Page) -> list[str]:
    """What is marked."""
    return [one.text for one in page.markup.all("mark")]


async def test_the_line_with_the_word_is_shown_and_marked(any_portal: Portal) -> None:
    """Whatever the case, in titles and in answers; the line around it, not the whole entry."""
    await wrote(any_portal.cast, "first line\nThe LAKE lay still\nlast line", "By the lake")
    await wrote(any_portal.cast, "nothing of the kind")
    async with any_portal.client("alice") as browser:
        page = await found(browser, "lake")
    assert marks(page) == ["lake", "LAKE"]
    assert page.markup.one("p", **{"class": "found"}).words == "The LAKE lay still"
    assert "first line" not in page.words
    assert "1 entry" in page.words
    assert page.markup.one("input", name="q").attributes["value"] == "lake"


async def test_every_word_has_to_be_there(portal: Portal) -> None:
    """Two words find only the entries that hold both, in any order."""
    await wrote(portal.cast, "the door and the sea", "Both")
    await wrote(portal.cast, "the door alone", "One")
    async with portal.client("alice") as browser:
        page = await found(browser, "sea door")
    assert "Both" in page.words
    assert "One" not in page.words
    assert marks(page) == ["door", "sea"]


async def test_a_long_line_is_cut_around_the_word(portal: Portal) -> None:
    """Of a line of thousands of words, and of a word of thousands of letters, a short piece is shown."""
    await wrote(portal.cast, "before " * 500 + "needle" + " after" * 500)
    await wrote(portal.cast, "x" * 9000 + "needle" + "y" * 9000)
    async with portal.client("alice") as browser:
        page = await found(browser, "needle")
    for line in page.markup.all("p", **{"class": "found"}):
        assert line.words.startswith("…")
        assert line.words.endswith("…")
        assert "needle" in line.words
        assert len(line.words) < 200


async def test_a_note_of_care_keeps_the_line_closed(portal: Portal) -> None:
    """An entry with a note is found, and shows its note in place of the line."""
    await wrote(portal.cast, "the lake that day", "A day", note="About the hospital")
    async with portal.client("alice") as browser:
        page = await found(browser, "lake")
    assert "About the hospital" in page.words
    assert "that day" not in page.words


async def test_results_say_who_can_read_them(portal: Portal) -> None:
    """A result carries the same mark as on the timeline."""
    entry = await wrote(portal.cast, "the lake", "Mine")
    await shared(portal.cast, entry, ("title",))
    await wrote(portal.cast, "the lake", "Alone")
    async with portal.client("alice") as browser:
        words = (await found(browser, "lake")).words
    assert "Shared with Bob Example" in words
    assert "Only you" in words


@pytest.mark.parametrize("asked", ["nowhere", "<b>", "%", "(", "\\", '"', "{{ 7*7 }}", "a" * 5000, "\x00"])
async def test_anything_can_be_looked_for(portal: Portal, asked: str) -> None:
    """Signs that mean something to a machine are words like any other; what is not there is said kindly."""
    await wrote(portal.cast, "plain words")
    async with portal.client("alice") as browser:
        page = await found(browser, asked)
    assert "Nothing was found" in page.words
    assert page.markup.one("input", name="q").attributes["value"] == asked[:200]


async def test_signs_are_found_and_stay_text(portal: Portal) -> None:
    """A tag that somebody wrote is marked as text."""
    await wrote(portal.cast, "it said <b>stop</b> & 50% (maybe)")
    async with portal.client("alice") as browser:
        for asked in ("<b>", "50%", "(maybe)", "&"):
            page = await found(browser, asked)
            assert asked in marks(page)
            assert "<b>stop" not in page.answer.text


async def test_no_words_show_the_timeline(portal: Portal) -> None:
    """An empty search is no search."""
    await wrote(portal.cast, "x", "The lake")
    async with portal.client("alice") as browser:
        page = await found(browser, "  ")
    assert page.heading == "Journal"
    assert "The lake" in page.words


async def test_a_letter_written_in_two_ways_is_one_letter(portal: Portal) -> None:
    """Composed and decomposed accents find each other."""
    await wrote(portal.cast, "un été au lac")
    async with portal.client("alice") as browser:
        page = await found(browser, "e\u0301te\u0301")
    assert marks(page) == ["été"]


async def test_searched_words_stand_in_no_address(portal: Portal) -> None:
    """The form is posted, and an address with words in it finds nothing of its own accord."""
    await wrote(portal.cast, "the lake", "A title")
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal?q=lake")
        assert marks(page) == []
        assert page.markup.one("form", role="search").attributes["method"] == "post"


async def test_with_javascript_the_results_take_the_place_of_the_page(portal: Portal) -> None:
    """Only the main part of the page is sent."""
    await wrote(portal.cast, "the lake", "A title")
    async with portal.client("alice") as browser:
        answer = await browser.post("/journal", data={"q": "lake"}, headers={"hx-request": "true"})
    assert marks(Page.of(answer)) == ["lake"]
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("written", "asked", "marked"),
    [
        ("a letter to O’Neil about it", "o'neil", ["O’Neil"]),
        ("a letter to O'Neil about it", "O’NEIL", ["O'Neil"]),
        ("she said “come in” and left", '"come', ["“come"]),
        ("the plan for İstanbul", "istanbul", ["İstanbul"]),
        ("the plan for istanbul", "İSTANBUL", ["istanbul"]),
        ("IŞIK at the end", "ışık", ["IŞIK"]),
        ("a re\u00admem\u00adbered room", "remembered", ["re\u00admem\u00adbered"]),
        ("a remem\u200bbered room", "remembered", ["remem\u200bbered"]),
        ("a room", "ro\u200bom", ["room"]),
        ("ＡＢＣ in wide letters", "abc", ["ＡＢＣ"]),
        ("abc in narrow letters", "ａｂｃ", ["abc"]),
        ("a ﬁeld behind the house", "field", ["ﬁeld"]),
        ("over die Straße", "STRASSE", ["Straße"]),
        ("self–compassion, then", "self-compassion", ["self–compassion"]),
        ('with a \\ and a " in it', '"', ['"']),
        ('with a \\ and a " in it', "\\", ["\\"]),
        ("❤\ufe0f and 👩\u200d👧", "👩", ["👩\u200d👧"]),
        ("сегодня ТИХО", "тихо", ["ТИХО"]),
        ("نامه‌ی می\u200cخواهم", "میخواهم", ["می\u200cخواهم"]),
    ],
)
async def test_words_are_found_and_marked_however_they_are_spelled(
    any_portal: Portal, written: str, asked: str, marked: list[str]
) -> None:
    """In titles and in texts, and the mark is around the words as they were typed."""
    await wrote(any_portal.cast, f"first\n{written}\nlast", written)
    await wrote(any_portal.cast, "no more than this", "None")
    async with any_portal.client("alice") as browser:
        page = await found(browser, asked)
    assert marks(page) == marked * 2
    assert page.markup.one("p", **{"class": "found"}).text == written


@pytest.mark.parametrize(
    "written", ["e\u0301" * 9000 + "needle", "👩\u200d👧" * 6000 + "needle", "ß" * 19000 + "needle"]
)
async def test_a_long_line_of_joined_signs_is_cut_between_them(portal: Portal, written: str) -> None:
    """The piece that is shown begins with a whole letter, and the word is marked in it."""
    await wrote(portal.cast, written)
    async with portal.client("alice") as browser:
        page = await found(browser, "NEEDLE")
    assert marks(page) == ["needle"]
    line = page.markup.one("p", **{"class": "found"}).text
    assert len(line) < 100
    assert unicodedata.category(line.removeprefix("… ")[0]) in ("Ll", "So")


async def test_what_was_not_normalised_when_it_was_stored_is_found(portal: Portal) -> None:
    """A flood of marks is kept as typed; what stands beside it is found and marked all the same."""
    await wrote(portal.cast, "grey " + "a" + "\u0301\u0316" * 5000 + " cafe\u0301 soft\u00adly")
    async with portal.client("alice") as browser:
        for asked in ("café", "softly", "GREY"):
            assert len(marks(await found(browser, asked))) == 1


async def test_pages_read_the_same_whether_entries_were_opened_or_not(any_portal: Portal) -> None:
    """To the byte: before there is any text of pages, while there are some, and once there are all."""
    cast = any_portal.cast
    await journal_of(
        cast,
        [
            EntryDocument(
                "free", f"Day {number}", answers={"free.text": f"The LAKE lay ﬁne\nday-{number % 7}"}
            )
            for number in range(6 * LINES_PER_PAGE + 5)
        ],
    )
    found: dict[str, str] = {}
    async with any_portal.client("alice") as browser:
        for turn in range(3):
            for words in ("fine DAY‑3", "lake day-5", "nothing"):
                answer = await browser.post("/journal", data={"q": words})
                assert found.setdefault(words, answer.text) == answer.text, turn
    assert await vault_tables.ContentsText.all().count() == 6
    assert found["nothing"] != found["lake day-5"]
