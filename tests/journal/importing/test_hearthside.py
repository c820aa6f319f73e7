"""An archive of Hearthside is read with all that is one's own; nothing in it is believed to be of its type."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import EntryKind
from journal.importing.items import MAX_ENTRIES, MAX_SESSIONS, ImportedEntry, LeftOut, Refusal
from journal.stamps import find_author_name, is_imported
from tests.journal.importing.corpus import (
    DEEP,
    build_archive,
    entry_record,
    pack,
    read,
    session_record,
    why,
)

SESSION = "9f0c2f0e-13a7-4b34-9d41-77c1f2a5e6d3"
COURSE = {"id": "11111111-13a7-4b34-9d41-77c1f2a5e6d3", "title": "First", "language": "en"}


def answer(ident: str, value: Any) -> dict[str, Any]:
    return {"id": ident, "question": "", "kind": "", "value": value, "labels": []}


def found_in(entries: object, plan: object | None = None, **told: Any):
    return read(("it.zip", build_archive(entries, plan, **told)))


def test_an_entry_comes_with_all_that_it_says():
    """Words, times to the microsecond, revision, language and earlier versions; its id is another."""
    version = {
        "id": "1b0e7a52-6d1f-4f0e-8a55-2f6b3a1f9c10",
        "kept_at": "2026-11-20T09:05:00Z",
        "reason": "earlier",
        "revision": 1,
        "title": "",
        "note": "",
        "session_id": SESSION,
        "answers": [answer("free.text", "It was")],
        "language": "es",
    }
    plan = {"courses": [COURSE], "sessions": [session_record()]}
    found = found_in([entry_record(session_id=SESSION, earlier=[version], note="Deep water")], plan)
    (one,), (session,), (course,) = found.entries, found.sessions, found.courses
    assert one.id != entry_record()["id"].replace("-", "")
    assert (one.kind, one.title, one.note, one.revision, one.language) == (
        "free",
        "A door",
        "Deep water",
        3,
        "en",
    )
    assert one.updated_at == datetime(2026, 11, 20, 9, 14, 2, 1, tzinfo=UTC)
    assert one.session == session.id
    assert session.course == course.id
    (old,) = one.earlier
    assert (old.revision, old.session, old.answers, old.language) == (
        1,
        session.id,
        {"free.text": "It was"},
        "es",
    )
    assert (session.details.sitter, session.details.rested_on) == ("Sam", "2026-11-19")
    assert found.left_out == {}


def test_ids_in_lines_are_renewed_and_words_are_not():
    """What a line is about is found again; what somebody wrote stays, also when it looks like an id."""
    ident = entry_record()["id"]
    plan = {"courses": [], "sessions": [session_record(course_id=None)]}
    lines = [f"session={SESSION.replace('-', '')}", f"of={SESSION}", "other=00000000000000000000000000000000"]
    found = found_in(
        [
            entry_record(answers=[answer("free.text", f"My number is {ident}")]),
            entry_record(id="2" + ident[1:], kind="measure", answers=[answer("measure.answers", lines)]),
        ],
        plan,
    )
    words, measure = found.entries
    (session,) = found.sessions
    assert words.answers == {"free.text": f"My number is {ident}"}
    (told,) = measure.answers.values()
    assert told[0] == f"session={session.id}"
    assert told[1].replace("-", "") == f"of={session.id}"
    assert told[2] == lines[2]


def test_what_shares_or_asks_by_itself_is_left_out():
    """No standing share, no request that waits, nothing agreed on and no replies come in."""
    kinds = ("standing", "waiting", "notices", "replies")
    entries = [
        entry_record(id=f"{n}b0e7a52-6d1f-4f0e-8a55-2f6b3a1f9c10", kind=kind) for n, kind in enumerate(kinds)
    ]
    found = found_in([*entries, entry_record()])
    assert [one.kind for one in found.entries] == ["free"]
    assert found.left_out == {LeftOut.SHARING: 4}


def test_a_kept_note_is_nobodys_once_it_came_from_a_file():
    """Anybody can write one into a file: it says so, in earlier versions too, once, and is the same entry as before."""
    by, why = answer("plan.by", "Priya Example, prescriber, 2026-11-04"), answer("plan.why", "Go ahead.")
    note = {"id": str(UUID(int=7)), "kept_at": "2026-11-20T09:05:00Z", "reason": "earlier", "revision": 1,
            "title": "", "note": "", "session_id": None, "answers": [by, why], "language": "en"}  # fmt: skip
    (one,) = found_in([entry_record(kind="plan_note", answers=[by, why], earlier=[note])]).entries
    (old,) = one.earlier
    for said in (one.answers, old.answers):
        assert is_imported(str(said["plan.by"]))
        assert find_author_name(str(said["plan.by"])) == ""
    marked = answer("plan.by", str(one.answers["plan.by"]))
    (again,) = found_in([entry_record(kind="plan_note", answers=[marked, why])]).entries
    assert (again.answers, again.digest) == (one.answers, one.digest)


def test_only_sessions_that_are_over_come_in():
    """One that is to come is left out and counted, with what is no session."""
    sessions = [
        session_record(),
        session_record(id="1" + SESSION[1:], local="2026-11-23T10:00", status="planned", started_at=None),
        session_record(id="2" + SESSION[1:], kind="séance"),
        session_record(id="3" + SESSION[1:], minutes="two"),
        session_record(id="4" + SESSION[1:], zone="Nowhere/At_all"),
        session_record(id="5" + SESSION[1:], local="2026-02-30T10:00"),
        session_record(id="6" + SESSION[1:], kind="integration", status="in_session"),
        session_record(id="7" + SESSION[1:], acute_hours=-1),
        session_record(id="8" + SESSION[1:], setting="home", route="intranasal_esketamine"),
        session_record(),
        "no session",
        {"id": SESSION},
    ]
    found = found_in([entry_record()], {"courses": [COURSE, COURSE, 7], "sessions": sessions})
    assert len(found.sessions) == 1
    assert found.left_out == {LeftOut.COMING: 1, LeftOut.BROKEN: 10}


def test_a_talk_about_a_session_that_stays_out_is_about_none():
    """A preparation is over before its dosing session; nothing names what is not there."""
    coming = session_record(id="1" + SESSION[1:], local="2026-11-23T10:00", status="planned", started_at=None)
    over = session_record(id="2" + SESSION[1:])
    talks = [
        session_record(id=f"{number}" + SESSION[1:], kind="preparation", status="closed", about=one["id"])
        for number, one in enumerate((coming, over), 3)
    ]
    found = found_in([], {"courses": [], "sessions": [talks[0], coming, talks[1], over]})
    assert found.left_out == {LeftOut.COMING: 1}
    assert [one.details.about for one in found.sessions] == [None, found.sessions[2].id, None]


def test_an_entry_whose_words_were_wiped_comes_with_its_earlier_ones():
    """They may be wanted back; one that never had a word is none."""
    version = {"kept_at": "2026-11-20T09:05:00Z", "reason": "earlier", "revision": 1, "title": "Before"}
    wiped = entry_record(title="", answers=[], earlier=[version])
    found = found_in([wiped, entry_record(id=SESSION, title="", answers=[])])
    assert [one.earlier[0].title for one in found.entries] == ["Before"]
    assert found.left_out == {LeftOut.EMPTY: 1}


def test_what_others_wrote_is_counted_and_left_out():
    """Their texts, the sitter's notes and the care team stay out."""
    plan = {"courses": [], "sessions": [], "contacts": [1], "instructions": [1, 2], "sitter_notes": [1]}
    found = found_in([entry_record()], plan)
    assert found.left_out == {LeftOut.CLINICIANS: 3, LeftOut.UNKEPT: 1}


REFUSED = {
    "a clinician's": (build_archive([], manifest={"role": "clinician"}), Refusal.CLINICIAN),
    "a packet": (build_archive([], manifest={"format": "hearthside-packet"}), Refusal.PACKET),
    "of another program": (build_archive([], manifest={"format": "other"}), Refusal.UNKNOWN),
    "of a newer schema": (build_archive([], manifest={"schema_version": 2}), Refusal.NEWER),
    "of no schema": (build_archive([], manifest={"schema_version": "1"}), Refusal.NEWER),
    "empty": (build_archive([]), Refusal.EMPTY),
    "entries that are no list": (build_archive({"id": 1}), Refusal.EMPTY),
    "a file that the manifest does not name": (
        build_archive([entry_record()], manifest={"files": []}),
        Refusal.CHANGED,
    ),
    "a hash that is none": (
        build_archive([entry_record()], manifest={"files": [{"name": "data/entries.json", "sha256": 7}]}),
        Refusal.CHANGED,
    ),
    "files that are no list": (build_archive([entry_record()], manifest={"files": "all"}), Refusal.CHANGED),
    "a file that is missing": (
        pack(
            {
                "manifest.json": json.dumps(
                    {
                        "format": "hearthside-records",
                        "schema_version": 1,
                        "role": "patient",
                        "files": [{"name": "data/entries.json", "sha256": ""}],
                    }
                )
            }
        ),
        Refusal.DAMAGED,
    ),
    "a manifest that is cut": (pack({"manifest.json": '{"format": "hearth'}), Refusal.DAMAGED),
    "a manifest that is a list": (pack({"manifest.json": "[]"}), Refusal.UNKNOWN),
    "too many entries": (build_archive([0] * (MAX_ENTRIES + 1)), Refusal.TOO_MANY),
    "too many sessions": (build_archive([], {"sessions": [0] * (MAX_SESSIONS + 1)}), Refusal.TOO_MANY),
    "entries that are none of them one": (build_archive(["words", 7, None, []]), Refusal.UNREADABLE),
    "two manifests": (build_archive([entry_record()], extra={"more/manifest.json": b"{}"}), Refusal.UNKNOWN),
    "its files changed with their hashes, but for one": (
        build_archive([entry_record()], extra={"data/sharing.json": b"{}"}),
        Refusal.CHANGED,
    ),
    "half of a sign": (build_archive([entry_record(title="\ud800")]), Refusal.DAMAGED),
    "a deep manifest": (pack({"manifest.json": DEEP}), Refusal.DAMAGED),
    "a manifest in UTF-16": (pack({"manifest.json": "{}".encode("utf-16")}), Refusal.DAMAGED),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_an_archive_that_is_none_is_refused_with_a_reason(content, reason):
    """Each for what is wrong with it."""
    assert why(("it.zip", content)) == reason


BROKEN: dict[str, Any] = {
    "no id": {"id": None},
    "an id that is none": {"id": "../../etc/passwd"},
    "a number as its id": {"id": 7},
    "no time": {"created_at": None},
    "a time without a zone": {"created_at": "2026-11-20T09:00:00"},
    "a day that is none": {"created_at": "2026-02-30T09:00:00Z"},
    "the year 0": {"created_at": "0000-01-01T00:00:00Z"},
    "the year 1": {"updated_at": "0001-01-01T00:00:00+14:00"},
    "a time of a thousand letters": {"created_at": "2" * 1000},
    "a list as its time": {"updated_at": [2026]},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_an_entry_that_cannot_be_is_counted_and_the_others_come_in(changes):
    """It hides none of the others."""
    other = entry_record(id="3b0e7a52-6d1f-4f0e-8a55-2f6b3a1f9c10")
    found = found_in([entry_record(**changes), other])
    assert (len(found.entries), found.left_out) == (1, {LeftOut.BROKEN: 1})


def test_the_same_id_twice_is_one_entry():
    """The second is no entry of its own."""
    found = found_in([entry_record(), entry_record(title="Another")])
    assert ([one.title for one in found.entries], found.left_out) == (["A door"], {LeftOut.BROKEN: 1})


def test_a_time_ahead_is_now():
    """Nothing stands in the future of a journal."""
    found = found_in([entry_record(created_at="9999-12-31T23:59:59Z", updated_at="9999-12-31T23:59:59Z")])
    assert (
        found.entries[0].created_at == found.entries[0].updated_at == datetime(2026, 11, 22, 12, tzinfo=UTC)
    )


ANSWERS: dict[str, tuple[str, Any]] = {
    "a rating that is too high": ("int.confidence", 11),
    "yes as a rating": ("int.confidence", True),
    "a rating as text": ("int.confidence", "6"),
    "a rating with a point": ("int.confidence", 6.5),
    "nothing": ("free.text", None),
    "no words": ("free.text", ""),
    "an object": ("free.text", {"a": 1}),
    "a list in the place of words": ("free.text", ["a"]),
    "more words than fit": ("free.text", "a" * 20_001),
    "an id with signs": ("free.text; DROP TABLE", "a"),
    "numbers in a list": ("measure.lines", [1, 2]),
    "a list without an end": ("measure.lines", ["a"] * 5001),
    "a line without an end": ("measure.lines", ["a" * 20_001]),
    "a number without an end": ("old.number", 2**40),
}


@pytest.mark.parametrize(("ident", "value"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_that_no_form_would_store_is_counted(ident, value):
    """The rest of its entry comes in."""
    kind = "integration" if ident.startswith("int") else "measure" if ident.startswith("mea") else "free"
    found = found_in([entry_record(kind=kind, answers=[answer(ident, value), answer("old.words", "Kept")])])
    assert found.entries[0].answers == {"old.words": "Kept"}
    assert found.left_out == {LeftOut.NEWER: 1}


def test_answers_that_are_no_list_and_records_that_are_no_objects_are_nothing():
    """Whatever stands in their place."""
    found = found_in(
        [entry_record(answers={"a": 1}), "words", 7, None, [], entry_record(kind="new-kind", id=SESSION)]
    )
    assert len(found.entries) == 1
    assert found.left_out == {LeftOut.BROKEN: 4, LeftOut.NEWER: 1}


def test_a_script_in_a_title_is_text():
    """Words are words."""
    found = found_in(
        [entry_record(title="<script>alert(1)</script>", answers=[answer("free.text", "\x00a\x1b[2J")])]
    )
    assert found.entries[0].title == "<script>alert(1)</script>"
    assert found.entries[0].answers == {"free.text": "a[2J"}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(sorted(entry_record())), VALUES, st.sampled_from(sorted(session_record())), VALUES)
def test_whatever_stands_in_a_field_there_is_an_archive_or_a_reason(name, value, of_session, other):
    """No value of any field ends in an error, and what comes in has the types of what is stored here."""
    found = found_in(
        [entry_record(**{name: value})],
        {"courses": [value], "sessions": [session_record(**{of_session: other})]},
    )
    for one in found.entries:
        assert isinstance(one, ImportedEntry)
        assert EntryKind(one.kind)
        assert one.created_at <= one.updated_at


def test_what_an_archive_has_once_more_for_other_programs_is_passed_over():
    """FHIR, tables and pages are not read, whatever stands in them: nothing comes in twice, and nothing is counted."""
    more = {
        "fhir/records.json": b"[" * 1000,
        "numbers/day-lines.csv": b"day,line,value\r\n2026-11-20,=1+1,\xff\r\n",
        "journal/2026-11.html": b"<p>A door</p>",
        "README.txt": b"A door",
    }
    without, with_more = (
        read(("it.zip", build_archive([entry_record()], extra=each))) for each in ({}, more)
    )
    assert [one.digest for one in with_more.entries] == [one.digest for one in without.entries]
    assert (len(with_more.entries), with_more.left_out) == (1, {})


def test_an_archive_that_was_unpacked_and_packed_anew_is_read():
    """In a folder of its own, with files beside it."""
    from io import BytesIO
    from zipfile import ZipFile

    with ZipFile(BytesIO(build_archive([entry_record()]))) as archive:
        files = {f"my records/{name}": archive.read(name) for name in archive.namelist()}
    assert len(read(("it.zip", pack(files | {"my records/.DS_Store": b"x"}))).entries) == 1
