"""What Day One, Journiv and DailyTxT export: every word and every date, and what has no place here is counted."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.importing.items import Assumed, LeftOut, Source
from tests.journal.importing.corpus import read, read_zip


def day_one(*entries: Any, **more: Any) -> bytes:
    return json.dumps({"metadata": {"version": "1.0"}, "entries": entries} | more).encode()


def day_one_entry(**changes: Any) -> dict[str, Any]:
    return {
        "uuid": "3F2504E04F8911D39A0C0305E82C3301",
        "text": "The sea was inside the room.",
        "creationDate": "2024-03-01T22:30:00Z",
        "modifiedDate": "2024-03-02T08:00:00Z",
        "timeZone": "America/New_York",
        "creationDevice": "phone",
        "starred": False,
    } | changes


def journiv(*entries: Any, **more: Any) -> bytes:
    journal = {"title": "Mine", "entries": entries, "created_at": "2024-01-01T00:00:00", "updated_at": ""}
    return json.dumps({"export_version": "1.2", "journals": [journal]} | more).encode()


def journiv_entry(**changes: Any) -> dict[str, Any]:
    return {
        "title": "A door",
        "content": "It was ajar.",
        "entry_date": "2024-03-01",
        "entry_datetime_utc": "2024-03-01T22:30:00",
        "entry_timezone": "Europe/Berlin",
        "tags": [],
        "media": [],
        "mood_log": None,
        "created_at": "2024-03-01T22:30:00",
        "updated_at": "2024-03-02T08:00:00",
    } | changes


def moment(**changes: Any) -> dict[str, Any]:
    return {
        "logged_at_utc": "2024-03-01T22:30:00Z",
        "logged_timezone": "Asia/Tokyo",
        "note": None,
        "tags": ["sea"],
        "media": [],
        "mood_activity": [],
        "entry": {
            "title": "A door",
            "content_delta": {
                "ops": [{"insert": "It was "}, {"insert": {"image": "x"}}, {"insert": "ajar.\n"}]
            },
            "content_plain_text": "It was ajar.",
            "created_at": "2024-03-01T22:30:00Z",
            "updated_at": "2024-03-01T22:40:00Z",
        },
    } | changes


def month(*days: Any) -> str:
    return json.dumps({"days": days})


def test_day_one_keeps_words_moments_and_zones():
    """The moment is the one that was meant, where it was written is known, and pictures are counted."""
    entry = day_one_entry(
        text="# The sea\n\n![](dayone-moment://A1) was *inside*.",
        photos=[{"identifier": "A1"}, {"identifier": "B2"}],
        tags=["a", "b", "c"],
        location={"country": "X"},
        weather={"conditionsDescription": "rain"},
        templateID="own",
    )
    found = read_zip({"Journal.json": day_one(entry), "photos/e249a0.jpeg": b"x"})
    (one,) = found.entries
    assert found.source is Source.DAY_ONE
    assert (one.title, one.answers) == ("The sea", {"free.text": "# The sea\n\n was *inside*."})
    assert (one.created_at, one.updated_at) == (
        datetime(2024, 3, 1, 22, 30, tzinfo=UTC),
        datetime(2024, 3, 2, 8, tzinfo=UTC),
    )
    assert one.zone == "America/New_York"
    assert found.left_out == {LeftOut.MEDIA: 2, LeftOut.TAGS: 3, LeftOut.PLACES: 2, LeftOut.FIELDS: 1}


PICTURES = {
    "in a line": ("We saw ![](dayone-moment://A1F) it.", "We saw  it.", 1),
    "alone, between two texts": ("One.\n\n![](dayone-moment://A1F)\n\nTwo.", "One.\n\nTwo.", 1),
    "first": ("![](dayone-moment://A1F)\n\nTwo.", "Two.", 1),
    "films and sounds": (
        "One.\n![](dayone-moment:/video/A1)![](dayone-moment:/audio/B2)\nTwo.",
        "One.\nTwo.",
        2,
    ),
    "with words of its own": ("![the boat](dayone-moment://A1F)", "the boat", 1),
    "another address": (
        "![a boat](https://example.org/boat.jpg)",
        "![a boat](https://example.org/boat.jpg)",
        0,
    ),
}


@pytest.mark.parametrize(("text", "kept", "count"), PICTURES.values(), ids=PICTURES)
def test_day_one_leaves_out_what_stands_for_a_picture(text: str, kept: str, count: int) -> None:
    """It is counted once, whether or not the file lists the picture too; no word goes with it."""
    for listed in ([], [{"identifier": "A1F"}]):
        found = read(("J.json", day_one(day_one_entry(text=text, photos=listed))))
        assert found.entries[0].answers == {"free.text": kept}
        assert found.left_out.get(LeftOut.MEDIA, 0) == max(count, len(listed))


ESCAPES = {
    "each sign that could be markup": (r"Done\. \(Yes\!\) 5\-6 \#1 \*so\* \[a\] b\_c \+ \`d\` \> \~", None,
        "Done. (Yes!) 5-6 #1 *so* [a] b_c + `d` > ~"),
    "a backslash of one's own": (r"¯\\\_\(ツ\)\_/¯ C:\\", None, "¯\\_(ツ)_/¯ C:\\"),
    "before a letter it is one's own": (r"C:\temp\. Fine\.", None, r"C:\temp. Fine."),
    "markup is not escaped, and stays": ("1. *one*\n\n[a](b) two\\.", None, "1. *one*\n\n[a](b) two."),
    "the rich text has every word": (r"We met at 5\.30\!", "We met at 5.30!", "We met at 5.30!"),
    "the rich text has the backslash": (r"Typed \_so\_ here", r"Typed \_so\_ here", r"Typed \_so\_ here"),
    "of before Day One did so": (r"Typed \_so\_ here. Full stop.", None, r"Typed \_so\_ here. Full stop."),
}  # fmt: skip
"""As Day One exports what was typed, by the rules of CommonMark; its rich text where it is there; what was typed."""


@pytest.mark.parametrize(("text", "rich", "typed"), ESCAPES.values(), ids=ESCAPES)
def test_day_one_has_the_words_that_were_typed(text: str, rich: str | None, typed: str) -> None:
    """Its backslashes are undone, and those of whoever wrote are not."""
    more = {} if rich is None else {"richText": json.dumps({"contents": [{"text": rich}]})}
    found = read(("J.json", day_one(day_one_entry(text=text, **more))))
    assert found.entries[0].answers == {"free.text": typed}


SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
TYPED = st.text(
    alphabet=st.characters(categories=("Lu", "Ll", "Nd")) | st.sampled_from(SIGNS + " "), min_size=1
)


@given(typed=TYPED, is_rich=st.booleans())
def test_day_one_keeps_every_sign_that_was_typed(typed: str, is_rich: bool) -> None:
    """Whatever was typed: exported with a backslash before each sign, it comes back as it was."""
    typed = " ".join(typed.split())
    if not any(map(str.isalnum, typed)):
        return
    text = "".join(f"\\{sign}" if sign in SIGNS else sign for sign in typed)
    more = {"richText": json.dumps({"contents": [{"text": typed}]})} if is_rich else {}
    found = read(("J.json", day_one(day_one_entry(text=text, **more))))
    assert found.entries[0].answers == {"free.text": unicodedata.normalize("NFC", typed)}


@pytest.mark.parametrize("text", [r"A\. b\-c", "![](dayone-moment://A1) d"])
def test_no_other_app_loses_a_sign(text: str) -> None:
    """What Day One's mean elsewhere are signs that somebody typed."""
    for name, file in (
        ("data.json", journiv(journiv_entry(content=text))),
        ("2024/03.json", json.dumps({"days": [{"day": 1, "text": text}]}).encode()),
        ("a.md", text.encode()),
    ):
        (one,) = read_zip({name: file}).entries
        assert one.answers == {"free.text": text}, name


CALLED = {
    "a heading": ("## The sea\n\nIt was warm.", "The sea"),
    "a line": ("\n\nIt was warm, and we stayed.\nMore.", "It was warm, and we stayed."),
    "a list": ("- [ ] bread\n- milk", "bread"),
    "a long line": ("word " * 40, "word " * 11 + "word…"),
    "one long word": ("a" * 100, "a" * 60 + "…"),
    "signs first": ("***\n\n“Yes.”", "“Yes.”"),
}


@pytest.mark.parametrize(("text", "title"), CALLED.values(), ids=CALLED)
def test_what_has_no_title_is_called_by_its_first_words(text: str, title: str) -> None:
    """So a list of many tells them apart; the text keeps all of its words."""
    (one,) = read_zip({"2024/03.json": json.dumps({"days": [{"day": 1, "text": text}]}).encode()}).entries
    assert (one.title, one.answers) == (title, {"free.text": text.strip("\n")})


def test_day_one_may_be_its_json_alone_and_several_journals():
    """Who has many pictures takes the file of words alone."""
    assert len(read(("Journal.json", day_one(day_one_entry()))).entries) == 1
    found = read_zip(
        {"Journal.json": day_one(day_one_entry()), "Travel.json": day_one(day_one_entry(text="A boat."))}
    )
    assert len(found.entries) == 2


def test_day_one_without_plain_words_has_its_rich_ones():
    """They are joined in their order."""
    rich = json.dumps({"contents": [{"text": "The "}, {"embeddedObjects": []}, {"text": "sea."}, 7]})
    entry = day_one_entry(richText=rich)
    del entry["text"]
    assert read(("J.json", day_one(entry))).entries[0].answers == {"free.text": "The sea."}


def test_journiv_keeps_words_moments_and_zones():
    """Of journals, whose times are UTC whether or not they say so."""
    found = read_zip(
        {
            "data.json": journiv(
                journiv_entry(tags=["a"], media=[{"filename": "x.png"}], mood_log={"mood_name": "calm"})
            ),
            "media/x.png": b"x",
        }
    )
    (one,) = found.entries
    assert found.source is Source.JOURNIV
    assert (one.title, one.answers, one.zone) == ("A door", {"free.text": "It was ajar."}, "Europe/Berlin")
    assert one.created_at == datetime(2024, 3, 1, 22, 30, tzinfo=UTC)
    assert found.left_out == {LeftOut.MEDIA: 1, LeftOut.TAGS: 1, LeftOut.MOODS: 1}


def test_journiv_keeps_the_words_of_moments():
    """Of format 1.5: an entry in a moment, a note without one; a mood alone is counted."""
    data = journiv(
        moments=[
            moment(),
            moment(entry=None, note="Only a note."),
            moment(entry=None, tags=[], mood_activity=[{"mood_name": "calm"}]),
        ]
    )
    found = read_zip({"data.json": data})
    assert [one.answers["free.text"] for one in found.entries] == ["It was ajar.", "Only a note."]
    assert {one.zone for one in found.entries} == {"Asia/Tokyo"}
    assert found.left_out == {LeftOut.MEDIA: 1, LeftOut.TAGS: 2, LeftOut.MOODS: 1}


def test_daily_txt_keeps_a_day_for_each_entry():
    """At noon where the reader is; files, tags and what was written before are counted."""
    day = {
        "day": 1,
        "text": "The sea.",
        "date_written": "01.03.24, 22:30",
        "files": [{"filename": "x.png"}],
        "tags": [1, 2],
        "isBookmarked": True,
        "history": [{"version": 1, "text": "The", "date_written": ""}],
    }
    found = read_zip({"2024/03.json": month(day, {"day": 31, "text": "A door."}), "tags.json": "{}"})
    assert found.source is Source.DAILY_TXT
    assert [one.created_at for one in found.entries] == [
        datetime(2024, 3, 1, 11, tzinfo=UTC),
        datetime(2024, 3, 31, 10, tzinfo=UTC),
    ]
    assert found.assumed == {Assumed.DAY_ONLY: 2}
    assert found.left_out == {LeftOut.MEDIA: 1, LeftOut.TAGS: 2, LeftOut.FIELDS: 1, LeftOut.OTHER_FILES: 1}


def test_the_same_entry_twice_in_a_file_is_one():
    """Whatever its own id says."""
    summary, parts = read(("J.json", day_one(day_one_entry(), day_one_entry(uuid="other")))).finish()
    assert (summary.entries, len(parts)) == (1, 1)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(VALUES, st.data())
def test_whatever_stands_in_a_field_there_are_entries_or_a_reason(value, data):
    """No value of any field of the three ends in an error."""
    one = data.draw(st.sampled_from(sorted(day_one_entry())))
    read(("J.json", day_one(day_one_entry(**{one: value}))))
    two = data.draw(st.sampled_from(sorted(journiv_entry())))
    three = data.draw(st.sampled_from(sorted(moment())))
    four = data.draw(st.sampled_from(sorted(moment()["entry"])))
    within = moment()["entry"] | {four: value}
    read_zip(
        {
            "data.json": journiv(
                journiv_entry(**{two: value}), moments=[moment(**{three: value}), moment(entry=within)]
            )
        }
    )
    five = data.draw(st.sampled_from(["day", "text", "files", "tags", "history"]))
    read_zip({"2024/03.json": month({"day": 1, "text": "A"} | {five: value}, value)})
