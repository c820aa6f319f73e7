"""A folder of texts: every word and every date of it, and what is no text is counted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import MAX_TEXT_LENGTH
from journal.importing.items import Assumed, LeftOut, Refusal
from journal.importing.texts import clean_long, decode_text, part_text, split_front_matter
from journal.user_input import clean_text
from tests.journal.importing.corpus import CLOCK, read, why


def read_one(content: bytes | str, name: str = "2024-03-01.md"):
    """Return the only entry of a file, and what was found."""
    found = read((name, content.encode() if isinstance(content, str) else content))
    return (found.entries[0] if found.entries else None), found


def text_of(content: bytes | str) -> str:
    entry, _ = read_one(content)
    return str(entry.answers.get("free.text", "")) if entry else ""


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=400))
def test_a_text_keeps_every_character(text):
    """It is what the same words are when they are typed here: in NFC, with newlines, without control signs."""
    assert text_of(f"x{text}y") == clean_text(f"x{text}y")


@given(st.text("ab \n\u0301é", min_size=1, max_size=300), st.integers(1, 9))
def test_a_long_text_is_parted_without_losing_a_letter(text, times):
    """The parts are the text, and each fits into an entry."""
    long = text * (times * 200)
    parts = part_text(clean_long(long))
    assert "".join(parts) == clean_long(long)
    assert all(len(part) <= MAX_TEXT_LENGTH for part in parts)


def test_a_long_text_becomes_entries_in_their_order():
    """Each part is an entry with its number, a moment after the one before."""
    words = "\n\n".join(f"Paragraph {number}. " + "word " * 100 for number in range(120))
    found = read(("2024-03-01 Sea.md", words.encode()))
    assert [one.title for one in found.entries] == [f"2024-03-01 Sea {n}/4" for n in range(1, 5)]
    assert "".join(str(one.answers["free.text"]) for one in found.entries) == words.strip("\n")
    assert found.assumed[Assumed.PARTED] == 1


DATES = {
    "date: 2024-03-01": datetime(2024, 3, 1, 11, tzinfo=UTC),
    "date: '2024-07-01 23:30'": datetime(2024, 7, 1, 21, 30, tzinfo=UTC),
    'created: "2024-03-01T23:30:15.25"\ntimezone: America/New_York': datetime(
        2024, 3, 2, 4, 30, 15, 250_000, tzinfo=UTC
    ),
    "date: 2024-03-01T10:00:00Z\ntz: Asia/Tokyo": datetime(2024, 3, 1, 10, tzinfo=UTC),
    "date: 2024-03-01 10:00 +0530": datetime(2024, 3, 1, 4, 30, tzinfo=UTC),
    "date: 1965-01-01": datetime(1965, 1, 1, 11, tzinfo=UTC),
}


@pytest.mark.parametrize(("head", "moment"), DATES.items(), ids=DATES.keys())
def test_dates_are_the_moments_that_they_tell(head, moment):
    """A day is noon, a time without a zone is in the reader's own, and an offset says what it says."""
    entry, _ = read_one(f"---\n{head}\n---\nWords", "note.md")
    assert entry.created_at == moment


def test_a_zone_is_kept():
    """Where something was written is known afterwards; what is no zone is not."""
    entry, _ = read_one("---\ndate: 2024-03-01 10:00\ntz: Asia/Tokyo\n---\nWords")
    assert (entry.zone, entry.created_at) == ("Asia/Tokyo", datetime(2024, 3, 1, 1, tzinfo=UTC))
    entry, found = read_one("---\ndate: 2024-03-01 10:00\ntz: ../../etc/passwd\n---\nWords")
    assert (entry.zone, found.assumed) == ("", {Assumed.ZONELESS: 1})


@pytest.mark.parametrize(
    "told",
    [
        "0000-01-01",
        "9999-12-31",
        "2024-02-30",
        "2024-13-01",
        "1899-12-31",
        "2027-01-01",
        "soon",
        "1",
        "2024",
        "-",
        "",
    ],
)
def test_a_date_that_cannot_be_is_none(told):
    """The words are imported with the day of importing them, and it is said how many."""
    entry, found = read_one(f"---\ndate: {told}\n---\nWords", "note.md")
    assert (entry.created_at, found.assumed) == (CLOCK.now, {Assumed.UNDATED: 1})


def test_an_undated_text_is_the_same_another_day():
    """Its digest has no time, so that it is not added twice."""
    entry, _ = read_one("Words", "note.md")
    other, _ = read_one("Words", "note.md")
    dated, _ = read_one("Words", "2024-03-01.md")
    assert entry.digest == other.digest != dated.digest


FRONT = {
    "not closed": ("---\ntitle: x\nWords", "---\ntitle: x\nWords"),
    "no such lines": ("---\nA line of words.\n---\nWords", "---\nA line of words.\n---\nWords"),
    "an anchor and a hundred aliases": ("---\na: &a [x]\nb: " + "*a " * 100 + "\n---\nWords", "Words"),
    "a tag that makes an object": ("---\na: !!python/object/apply:os.system ['x']\n---\nWords", "Words"),
    "a list below": ("---\ntags:\n  - a\n  - b\ntitle: T\n---\nWords", "Words"),
    "twice the same": ("---\ntitle: one\ntitle: two\n---\nWords", "Words"),
    "a thousand lines": (
        "---\n" + "a: b\n" * 1000 + "---\nWords",
        "---\n" + "a: b\n" * 1000 + "---\nWords",
    ),
    "windows lines": ("---\r\ntitle: T\r\n---\r\nWords\r\nmore", "Words\nmore"),
    "dots at the end": ("---\ntitle: T\n...\nWords", "Words"),
    "a line alone": ("---", "---"),
    "lines of dashes within": ("Words\n---\ntitle: x\n---\n", "Words\n---\ntitle: x\n---"),
    "HTML and script": ("<script>alert(1)</script>{{ 7*7 }}", "<script>alert(1)</script>{{ 7*7 }}"),
    "controls": ("a\x07b\x1b[2Jc", "ab[2Jc"),
    "a mark of UTF-8": ("\ufeffWords", "Words"),
}


@pytest.mark.parametrize(("content", "text"), FRONT.values(), ids=FRONT.keys())
def test_what_stands_above_a_text_is_lines_and_nothing_else(content, text):
    """Nothing in it refers, repeats or makes an object, and what is no such lines stays in the text."""
    assert text_of(content) == text


def test_what_is_known_of_it_is_taken_and_the_rest_is_counted():
    """Title, dates and zone; tags and other fields are counted."""
    entry, found = read_one(
        "---\ntitle: 'The sea'\nmodified: 2024-04-01T10:00:00Z\ntags: [a, b]\nmood: 3\nweather: sun\n---\nWords"
    )
    assert (entry.title, entry.updated_at) == ("The sea", datetime(2024, 4, 1, 10, tzinfo=UTC))
    assert found.left_out == {LeftOut.TAGS: 1, LeftOut.FIELDS: 2}


def test_a_title_that_is_cut_stands_whole_above_the_text():
    """Nothing of a long title is lost."""
    entry, _ = read_one(f"---\ntitle: {'Sea ' * 200}\n---\nWords")
    assert str(entry.answers["free.text"]).startswith(("Sea " * 200).strip())
    assert len(entry.title) <= 300


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "utf-8"])
def test_texts_with_a_mark_are_read_by_it(encoding):
    """UTF-16 with its mark, and UTF-8 with and without."""
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    assert decode_text(mark + "Wörter 🌊".encode(encoding)) == "Wörter 🌊"


def test_pictures_and_programs_are_counted_apart():
    """Both stay out."""
    found = read(("a.png", b"x"), ("b.exe", b"x"), ("2024-03-01.txt", b"Words"), ("empty.txt", b" \n"))
    assert found.left_out == {LeftOut.MEDIA: 1, LeftOut.OTHER_FILES: 1}
    assert len(found.entries) == 2  # a file with a name has at least its name


def test_an_empty_file_that_is_called_by_a_day_is_none():
    """There is nothing in it to import."""
    assert why(("2024-03-01.txt", b" \n\n")) == Refusal.EMPTY


@given(st.text(max_size=300))
def test_what_is_split_is_all_there(text):
    """What is below is the end of the text, and nothing else is read where nothing is closed."""
    found = split_front_matter(text)
    assert text.endswith(found.text)
    if not found.values and not text.startswith("---"):
        assert found.text == text
