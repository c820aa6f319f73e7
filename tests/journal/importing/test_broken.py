"""
Broken and hostile files of every format: each is refused for what is wrong with it, or loses what cannot be read.

A table for each format. What is refused has a `Refusal`; what is read in part has how many entries come in, with what
is counted as left out and as assumed. Archives have theirs in `test_hearthside`, zip files in `test_folder`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from journal.importing.items import MAX_ENTRIES, Assumed, LeftOut, Refusal
from journal.user_input import MAX_TEXT_LENGTH, clean_text
from tests.journal.importing.corpus import DEEP, pack, pack_special, read, set_flag, why
from tests.journal.importing.test_other_apps import (
    day_one,
    day_one_entry,
    journiv,
    journiv_entry,
    moment,
    month,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Counts = dict[LeftOut | Assumed, int]
Row = tuple[bytes, Refusal] | tuple[bytes, int, Counts]
WHOLE_DAY = {"day": 2, "text": "B"}
BEYOND = b"9" * 5000
"""A number that no program needs."""


def check(row: Row, name: str) -> None:
    """Hold a file against what its table says; whatever comes in can be stored."""
    if len(row) == 2:
        assert why((name, row[0])) == row[1]
        return
    content, count, counts = row
    found = read((name, content))
    assert (len(found.entries), found.left_out | found.assumed) == (count, counts)
    for one in found.entries:
        assert all(len(str(answer)) <= MAX_TEXT_LENGTH for answer in one.answers.values())
        assert [clean_text(str(answer)) for answer in one.answers.values()] == [
            *map(str, one.answers.values())
        ]
    found.finish()


def dated(told: Any) -> bytes:
    """Return an entry of Day One with another time."""
    return day_one(day_one_entry(creationDate=told, modifiedDate=told))


DAY_ONE: dict[str, Row] = {
    "nothing": (b"", Refusal.DAMAGED),
    "a word": (b'"a"', Refusal.UNKNOWN),
    "of nobody's": (b'{"a": 1}', Refusal.UNKNOWN),
    "cut": (day_one(day_one_entry())[:-4], Refusal.DAMAGED),
    "more behind its end": (day_one(day_one_entry()) + b"{}", Refusal.DAMAGED),
    "UTF-16": (day_one().decode().encode("utf-16"), Refusal.DAMAGED),
    "bad UTF-8": (b'{"entries": ["\xff"]}', Refusal.DAMAGED),
    "half of a sign": (b'{"entries": [{"text": "a\\ud800"}]}', Refusal.DAMAGED),
    "no number": (b'{"entries": [{"text": NaN}]}', Refusal.DAMAGED),
    "a number without an end": (b'{"entries": [{"text": "a", "b": ' + BEYOND + b"}]}", Refusal.DAMAGED),
    "deep": (f'{{"entries": {DEEP}}}'.encode(), Refusal.DAMAGED),
    "no entries": (day_one(), Refusal.EMPTY),
    "entries twice, the last of them none": (b'{"entries": [{"text": "a"}], "entries": []}', Refusal.EMPTY),
    "entries that are a number": (b'{"entries": 7}', Refusal.EMPTY),
    "entries that are an object": (b'{"entries": {"0": {"text": "a"}}}', Refusal.EMPTY),
    "too many entries": (b'{"entries": [' + b"7," * MAX_ENTRIES + b"7]}", Refusal.TOO_MANY),
    "entries that are none of them one": (day_one(7, [], None, "a"), Refusal.UNREADABLE),
    "a number as words": (day_one(day_one_entry(text=7), day_one_entry()), 1, {LeftOut.BROKEN: 1}),
    "a list as words": (day_one(day_one_entry(text=["a"]), day_one_entry()), 1, {LeftOut.BROKEN: 1}),
    "an object as words": (day_one(day_one_entry(text={"a": 1}), day_one_entry()), 1, {LeftOut.BROKEN: 1}),
    "rich words that are cut": (day_one({"richText": '{"contents": [{"te'}), Refusal.UNREADABLE),
    "rich words without an end": (day_one({"richText": DEEP}), Refusal.UNREADABLE),
    "rich words that are a number": (day_one({"richText": 7}), Refusal.UNREADABLE),
    "rich words that are a list": (day_one({"richText": "[7]"}), Refusal.EMPTY),
    "no time": (dated(None), 1, {Assumed.UNDATED: 1}),
    "a number as its time": (dated(1709332200), 1, {Assumed.UNDATED: 1}),
    "a word as its time": (dated("yesterday"), 1, {Assumed.UNDATED: 1}),
    "the year 0": (dated("0000-01-01T00:00:00Z"), 1, {Assumed.UNDATED: 1}),
    "the year 9999": (dated("9999-12-31T23:59:59Z"), 1, {Assumed.UNDATED: 1}),
    "a day that is none": (dated("2024-02-30T00:00:00Z"), 1, {Assumed.UNDATED: 1}),
    "an hour that is none": (dated("2024-02-01T25:00:00Z"), 1, {Assumed.UNDATED: 1}),
    "an offset that is none": (dated("2024-02-01T10:00:00+99:99"), 1, {Assumed.UNDATED: 1}),
    "a time ahead": (dated("2026-11-30T00:00:00Z"), 1, {Assumed.UNDATED: 1}),
    "a zone that is a path": (day_one(day_one_entry(timeZone="../../etc/passwd")), 1, {}),
    "a zone that is a list": (day_one(day_one_entry(timeZone=["a"])), 1, {}),
    "lists that are none": (day_one(day_one_entry(photos=7, tags={"a": 1}, audios="x")), 1, {}),
    "five thousand fields": (
        day_one(day_one_entry(**{f"f{n}": 1 for n in range(5000)})),
        1,
        {LeftOut.FIELDS: 5000},
    ),
    "a million letters": (day_one(day_one_entry(text="x" * 1_000_000)), 50, {Assumed.PARTED: 1}),
    "nothing but marks": (day_one(day_one_entry(text="\u0301" * 60_000)), 5, {Assumed.PARTED: 1}),
    "signs of a terminal": (day_one(day_one_entry(text="a\0b\x1b[2Jc")), 1, {}),
}


@pytest.mark.parametrize("row", DAY_ONE.values(), ids=DAY_ONE.keys())
def test_a_broken_journal_of_day_one(row: Row) -> None:
    """Alone, as its file of words."""
    check(row, "Journal.json")


def test_a_broken_journal_of_day_one_beside_a_whole_one() -> None:
    """Of an export in which one journal is damaged nothing is read: it has to be fetched anew."""
    whole = day_one(day_one_entry())
    assert why(("it.zip", pack({"Journal.json": whole, "Other.json": whole[:-9]}))) == Refusal.DAMAGED


JOURNIV: dict[str, Row] = {
    "cut": (journiv(journiv_entry())[:-3], Refusal.DAMAGED),
    "UTF-16": (journiv().decode().encode("utf-16"), Refusal.DAMAGED),
    "bad UTF-8": (b'{"journals": ["\xff"]}', Refusal.DAMAGED),
    "deep": (f'{{"moments": {DEEP}}}'.encode(), Refusal.DAMAGED),
    "a number without an end": (b'{"journals": [' + BEYOND + b"]}", Refusal.DAMAGED),
    "encrypted": (b'{"encrypted": true, "data": "eA=="}', Refusal.UNKNOWN),
    "nothing in it": (journiv(), Refusal.EMPTY),
    "journals that are a word": (b'{"journals": "all"}', Refusal.EMPTY),
    "journals that are numbers": (b'{"journals": [1, null, []]}', Refusal.EMPTY),
    "entries that are an object": (b'{"journals": [{"entries": {"a": 1}}]}', Refusal.EMPTY),
    "too many journals": (json.dumps({"journals": [0] * (MAX_ENTRIES + 1)}).encode(), Refusal.TOO_MANY),
    "too many in all journals together": (
        json.dumps({"journals": [{"entries": [{"title": str(n)} for n in range(11_000)]}] * 2}).encode(),
        Refusal.TOO_MANY,
    ),
    "entries that are none of them one": (journiv([], None, 7), Refusal.UNREADABLE),
    "an entry that is a list": (journiv([], journiv_entry()), 1, {LeftOut.BROKEN: 1}),
    "a moment that is a list": (
        journiv(moments=[[], moment()]),
        1,
        {LeftOut.BROKEN: 1, LeftOut.MEDIA: 1, LeftOut.TAGS: 1},
    ),
    "an entry of a moment that is a list": (journiv(moments=[moment(entry=[])]), Refusal.UNREADABLE),
    "words that are a number": (journiv(journiv_entry(content=7, title=[])), Refusal.EMPTY),
    "a delta without an end": (journiv(journiv_entry(content_delta={"ops": 7})), 1, {}),
    "a delta of numbers": (
        journiv(journiv_entry(content_delta={"ops": [7, {"insert": 7}, {"insert": []}]})),
        1,
        {},
    ),
    "a delta of pictures": (
        journiv(
            journiv_entry(content=None, title="", content_delta={"ops": [{"insert": {"image": "x"}}] * 9})
        ),
        Refusal.EMPTY,
    ),
    "no time that can be": (
        journiv(journiv_entry(entry_datetime_utc="2024-02-30T00:00:00", updated_at={"a": 1})),
        1,
        {Assumed.UNDATED: 1},
    ),
    "a zone that is a path": (journiv(journiv_entry(entry_timezone="../../etc/passwd")), 1, {}),
    "media that are a word": (journiv(journiv_entry(media="x", tags=7, mood_log=[])), 1, {}),
    "a title without an end": (journiv(journiv_entry(title="x" * 60_000)), 3, {Assumed.PARTED: 1}),
    "a version that nobody knows": (journiv(journiv_entry(), export_version={"a": 1}), 1, {}),
}


@pytest.mark.parametrize("row", JOURNIV.values(), ids=JOURNIV.keys())
def test_a_broken_export_of_journiv(row: Row) -> None:
    """In its zip file, as the only file of data."""
    check((pack({"data.json": row[0], "media/x.png": b"x"}), *row[1:]), "it.zip")


def months(said: str, name: str = "2024/03.json", **more: str) -> bytes:
    """Return a backup of DailyTxT with a month and other files."""
    return pack({name: said, **more})


UNDATED_DAY: Counts = {Assumed.UNDATED: 1, Assumed.DAY_ONLY: 1}
DAILY_TXT: dict[str, Row] = {
    "cut": (months('{"days": ['), Refusal.DAMAGED),
    "a list": (months("[]"), Refusal.EMPTY),
    "deep": (months(DEEP), Refusal.DAMAGED),
    "UTF-16": (pack({"2024/03.json": month(WHOLE_DAY).encode("utf-16")}), Refusal.DAMAGED),
    "bad UTF-8": (pack({"2024/03.json": b'{"days": ["\xff"]}'}), Refusal.DAMAGED),
    "one month of two that is cut": (months(month(WHOLE_DAY), **{"2024/04.json": "{"}), Refusal.DAMAGED),
    "encrypted": (months(month(), **{"user.json": "{}"}), Refusal.LOCKED_BACKUP),
    "encrypted, in a folder": (
        months(month(WHOLE_DAY), "a/2024/03.json", **{"a/user.json": "{}"}),
        Refusal.LOCKED_BACKUP,
    ),
    "a zip file with a password": (set_flag(months(month(WHOLE_DAY)), 1), Refusal.LOCKED_ZIP),
    "pages alone": (pack({"DailyTxT_export.html": "<p>"}), Refusal.PAGES_ONLY),
    "a month that leads out": (months(month(WHOLE_DAY), "../2024/03.json"), Refusal.NAMES),
    "days that are an object": (months('{"days": {"a": 1}}'), Refusal.EMPTY),
    "too many days": (months(month(*([1] * (MAX_ENTRIES + 1)))), Refusal.TOO_MANY),
    "days that are none of them one": (months(month(7, [], None)), Refusal.UNREADABLE),
    "a day that is a word": (
        months(month({"day": "1", "text": "A"}, WHOLE_DAY)),
        1,
        {LeftOut.BROKEN: 1, Assumed.DAY_ONLY: 1},
    ),
    "a day that is yes": (
        months(month({"day": True, "text": "A"}, WHOLE_DAY)),
        1,
        {LeftOut.BROKEN: 1, Assumed.DAY_ONLY: 1},
    ),
    "a day and a half": (
        months(month({"day": 1.5, "text": "A"}, WHOLE_DAY)),
        1,
        {LeftOut.BROKEN: 1, Assumed.DAY_ONLY: 1},
    ),
    "no day": (months(month({"text": "A"}, WHOLE_DAY)), 1, {LeftOut.BROKEN: 1, Assumed.DAY_ONLY: 1}),
    "words that are a list": (
        months(month({"day": 1, "text": ["A"]}, WHOLE_DAY)),
        1,
        {LeftOut.BROKEN: 1, Assumed.DAY_ONLY: 1},
    ),
    "day 0": (months(month({"day": 0, "text": "A"}, WHOLE_DAY)), 2, UNDATED_DAY),
    "day 32": (months(month({"day": 32, "text": "A"}, WHOLE_DAY)), 2, UNDATED_DAY),
    "a day before the first": (months(month({"day": -1, "text": "A"}, WHOLE_DAY)), 2, UNDATED_DAY),
    "a day without an end": (months(month({"day": 10**300, "text": "A"}, WHOLE_DAY)), 2, UNDATED_DAY),
    "the thirtieth of February": (
        months(month({"day": 30, "text": "A"}), "2024/02.json"),
        1,
        {Assumed.UNDATED: 1},
    ),
    "month 13": (months(month(WHOLE_DAY), "2024/13.json"), 1, {Assumed.UNDATED: 1}),
    "the year 0": (months(month(WHOLE_DAY), "0000/03.json"), 1, {Assumed.UNDATED: 1}),
    "the year 9999": (months(month(WHOLE_DAY), "9999/03.json"), 1, {Assumed.UNDATED: 1}),
    "lists that are none": (
        months(month(WHOLE_DAY | {"files": {"a": 1}, "tags": 7, "history": "x"})),
        1,
        {Assumed.DAY_ONLY: 1},
    ),
}


@pytest.mark.parametrize("row", DAILY_TXT.values(), ids=DAILY_TXT.keys())
def test_a_broken_backup_of_daily_txt(row: Row) -> None:
    """In its zip file."""
    check(row, "it.zip")


def headed(*told: str) -> bytes:
    """Return a text below lines between dashes."""
    return "\n".join(("---", *told, "---", "Words")).encode()


UNDATED: Counts = {Assumed.UNDATED: 1}
TEXTS: dict[str, Row] = {
    "bad UTF-8": (b"a\xff\xfeb\xc3", Refusal.UNREADABLE),
    "half a letter": ("é".encode()[:1], Refusal.UNREADABLE),
    "a letter in more bytes than it has": (b"\xc0\xaf", Refusal.UNREADABLE),
    "half of a sign": (b"\xed\xa0\x80", Refusal.UNREADABLE),
    "half of a sign in UTF-16": (b"\xff\xfe\x00\xd8a\x00", Refusal.UNREADABLE),
    "UTF-16 that was cut": (b"\xff\xfea", Refusal.UNREADABLE),
    "UTF-16 without its mark": ("Words".encode("utf-16-le"), Refusal.UNREADABLE),
    "another country's letters": ("Wörter".encode("latin-1"), Refusal.UNREADABLE),
    "a program": (b"MZ\0\0\0\x01", Refusal.UNREADABLE),
    "too long": (b"a" * ((4 << 20) + 1), Refusal.UNREADABLE),
    "a zip file that is none": (b"PK\3\4words", Refusal.DAMAGED),
    "an age file that is none": (b"age-encryption.org/v1\nwords", Refusal.PASSPHRASE),
    "signs that nobody sees alone": (b"\xef\xbb\xbf\x01\x02\x1b\x7f", 1, UNDATED),
    "signs of a terminal": (b"a\x07b\x1b[2Jc", 1, UNDATED),
    "a script": (b"<script>alert(1)</script>{{ 7*7 }}", 1, UNDATED),
    "nothing but marks": (("e" + "\u0301" * 60_000).encode(), 6, UNDATED | {Assumed.PARTED: 1}),
    "four megabytes": (b"a" * (4 << 20), 210, UNDATED | {Assumed.PARTED: 1}),
    "a head that is not closed": (b"---\ntitle: x\nWords", 1, UNDATED),
    "a head of a thousand lines": (headed(*["a: b"] * 1000), 1, UNDATED),
    "a head of one line without an end": (headed("a: " + "b" * 70_000), 4, UNDATED | {Assumed.PARTED: 1}),
    "a tag that makes an object": (
        headed("a: !!python/object/apply:os.system ['x']"),
        1,
        UNDATED | {LeftOut.FIELDS: 1},
    ),
    "an anchor and a thousand aliases": (
        headed("a: &a [x]", "b: " + "*a " * 1000),
        1,
        UNDATED | {LeftOut.FIELDS: 2},
    ),
    "a merge that grows": (headed("<<: [*a, *b]", "title: T"), 1, UNDATED),
    "a day that is none": (headed("date: 2024-02-30"), 1, UNDATED),
    "the year 9999": (headed("date: 9999-12-31"), 1, UNDATED),
    "a time ahead": (headed("date: 2027-01-01"), 1, UNDATED),
    "a zone that is a path": (
        headed("date: 2024-03-01 10:00", "tz: ../../etc/passwd"),
        1,
        {Assumed.ZONELESS: 1},
    ),
    "a title without an end": (headed("title: " + "x" * 60_000), 3, UNDATED | {Assumed.PARTED: 1}),
}


@pytest.mark.parametrize("row", TEXTS.values(), ids=TEXTS.keys())
def test_a_broken_text(row: Row) -> None:
    """Sent alone; beside others it is counted, as the next test says."""
    check(row, "note.md")


@pytest.mark.parametrize("row", [row for row in TEXTS.values() if row[1] is Refusal.UNREADABLE])
def test_a_text_that_cannot_be_read_hides_none_beside_it(row: Row) -> None:
    """It stays out and is counted, and the others come in."""
    found = read(("2024-03-01.md", row[0]), ("2024-03-02.md", b"Words"))
    assert (len(found.entries), found.left_out) == (1, {LeftOut.BROKEN: 1})


NAMES: Mapping[str, int] = {
    "CON.txt": 1,
    "a\0b.txt": 1,
    "\u202etxt.exe.md": 1,
    "a" * 5000 + ".md": 1,
    "<script>.md": 1,
    "..\\..\\a.md": 0,
    "../../a.md": 0,
    ".a.md": 0,
}


@pytest.mark.parametrize(("name", "count"), NAMES.items())
def test_a_name_is_a_title_at_most(name: str, count: int) -> None:
    """It is never used as a path; what leads out of its folder, or is hidden, is left alone."""
    found = read((name, b"Words"), ("2024-03-02.md", b"Others"))
    assert len(found.entries) == 1 + count


def test_a_link_in_a_folder_of_texts_is_not_followed() -> None:
    """There is nothing else in it, so it is none of the files that are read."""
    linked = pack_special("a.md", b"/etc/passwd", external_attr=0o120777 << 16)
    assert why(("it.zip", linked)) == Refusal.UNKNOWN


def test_every_refusal_says_what_to_do() -> None:
    """Each is at least a sentence, and there are fifteen files for each format that are broken."""
    assert all(one.label.endswith(".") for one in Refusal)
    assert min(map(len, (DAY_ONE, JOURNIV, DAILY_TXT, TEXTS))) >= 15
