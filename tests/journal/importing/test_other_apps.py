"""What Day One, Journiv and DailyTxT export: every word and every date, and what has no place here is counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

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
    assert one.answers == {"free.text": "# The sea\n\n![](dayone-moment://A1) was *inside*."}
    assert (one.created_at, one.updated_at) == (
        datetime(2024, 3, 1, 22, 30, tzinfo=UTC),
        datetime(2024, 3, 2, 8, tzinfo=UTC),
    )
    assert one.zone == "America/New_York"
    assert found.left_out == {LeftOut.MEDIA: 2, LeftOut.TAGS: 3, LeftOut.PLACES: 2, LeftOut.FIELDS: 1}


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
