"""Readings before, highest and last: by the start, in the order of the session's own day, each as it was typed."""

from __future__ import annotations

from datetime import UTC, time
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.care.documents import ShareDocument
from journal.care_notes.clinic import READINGS, SESSION, TIMES
from journal.care_notes.keeping import build_document
from journal.care_notes.notes import CareNote, NoteDetails, NoteKind, NoteVersion
from journal.catalogue.fields import Answers
from journal.charts import shared as shared_charts
from journal.charts.drawn import Around, draw_all, list_subjects
from journal.charts.readings import ReadingsChart, Sign, select_readings
from journal.charts.sources import Piece, build_clinic_pieces
from journal.course_summary.choosing import choose_readings
from journal.course_summary.summary import build_rows
from journal.dosing_day.lines import Reading, parse_number, parse_readings
from journal.entries.naming import EntryName
from journal.sessions.rows import Session
from journal.sharing.reading import IncomingShare
from tests.journal.charts.test_series import NOW, session

START = time(23, 0)


def reading(at: str, upper: str = "", lower: str = "", pulse: str = "", oxygen: str = "") -> Reading:
    """A reading at a time of day."""
    return Reading(time.fromisoformat(at) if at else None, upper, lower, pulse, oxygen)


CASES = {
    "none": ([], (None, None, None)),
    "one before": ([reading("22:50", "120", "80")], ("120/80", "120/80", None)),
    "one at the very start": ([reading("23:00", "120", "80")], ("120/80", "120/80", None)),
    "one after": ([reading("23:40", "130", "85")], (None, "130/85", "130/85")),
    "past midnight": (
        [reading("00:30", "150", "95"), reading("22:00", "118", "76"), reading("01:30", "125", "80")],
        ("118/76", "150/95", "125/80"),
    ),
    "the last before the start": (
        [reading("20:00", "140", "90"), reading("22:30", "120", "80")],
        ("120/80", "140/90", None),
    ),
    "without a time nobody knows when it was": ([reading("", "300", "100")], (None, "300/100", None)),
    "without a lower number": ([reading("23:30", "130")], (None, "130/–", "130/–")),
    "no number": ([reading("23:30", "high", "80"), reading("23:40", "", "80")], (None, None, None)),
    "a slip of the finger is kept": ([reading("23:30", "1300", "80")], (None, "1300/80", "1300/80")),
    "the higher lower number of two": (
        [reading("23:10", "130", "80"), reading("23:30", "130", "90"), reading("23:50", "130", "85")],
        (None, "130/90", "130/85"),
    ),
    "digits of another script": ([reading("23:30", "١٢٠", "80")], (None, "١٢٠/80", "١٢٠/80")),
}


@pytest.mark.parametrize("case", CASES)
def test_before_highest_and_last(case: str) -> None:
    """The last before the start, the highest of all, the last; as it was typed."""
    readings, expected = CASES[case]
    assert tuple(one and one.written for one in select_readings(Sign.PRESSURE, readings, START)) == expected


def test_of_oxygen_it_is_the_lowest() -> None:
    """Pulse goes by its highest number and oxygen by its lowest."""
    readings = [
        reading("23:10", pulse="70", oxygen="97"),
        reading("23:30", pulse="90", oxygen="94,5"),
        reading("23:50", pulse="80", oxygen="98"),
    ]
    pulse, oxygen = (select_readings(one, readings, START)[1] for one in (Sign.PULSE, Sign.OXYGEN))
    assert (pulse and pulse.written, oxygen and oxygen.written) == ("90", "94,5")


def test_the_start_is_the_first_part_of_the_medicine() -> None:
    """Where a copy does not tell it, it is when the session began; what is about no session of the plan is left out."""
    planned = session("2026-03-01T14:00")
    around = Around([planned], (), NOW, NOW.date())
    answers: Answers = {"day.readings": ["14:20 | 120 | 80 | 70 | 98 | ", "15:00 | 140 | 90 | 80 | 96 | "]}
    told = Piece(
        uuid4(),
        "day",
        answers | {"day.medicine": ["14:30 | the first half", "15:10 | the second"]},
        planned.id.hex,
    )
    untold = Piece(uuid4(), "day", dict(answers), planned.id.hex)
    elsewhere = Piece(uuid4(), "day", dict(answers), uuid4().hex)
    for piece, before in ((told, "120/80"), (untold, None)):
        drawn = draw_all("pressure", 1, [piece, elsewhere], around)
        assert drawn.readings is not None
        (row,) = drawn.readings.rows
        assert (row.before and row.before.written, row.extreme and row.extreme.written) == (before, "140/90")
        assert drawn.sources == {piece.source}


def test_a_page_has_twelve_sessions() -> None:
    """The latest twelve in their order, and the three before them a tap away."""
    plan = [session(f"2026-0{number // 5 + 1}-{number % 5 + 10}T14:00") for number in range(15)]
    around = Around(plan, (), NOW, NOW.date())
    pieces = [
        Piece(uuid4(), "day", {"day.readings": [f"15:00 | {100 + number} | 80 | | | "]}, one.id.hex)
        for number, one in enumerate(plan)
    ]
    drawn = [draw_all("pressure", page, pieces[::-1], around) for page in (1, 2)]
    charts = [one.readings for one in drawn]
    told = [[row.extreme.number for row in one.rows if row.extreme] for one in charts if one]
    assert told == [[float(100 + number) for number in range(3, 15)], [100.0, 101.0, 102.0]]
    assert [one.has_earlier for one in drawn] == [True, False]


def test_a_sitter_s_readings_stand_beside_the_patient_s() -> None:
    """Of one session there is one row, whoever noted what; a page divides none, and each value leads to its piece."""
    plan = [session(f"2026-0{number // 5 + 1}-{number % 5 + 10}T14:00") for number in range(13)]
    around = Around(plan, (), NOW, NOW.date())
    own, theirs = (
        [Piece(uuid4(), kind, {f"{kind}.readings": [line]}, one.id.hex) for one in plan]
        for kind, line in (("day", "13:40 | 120 | 80 | | | "), ("sitter", "15:00 | 160 | 97 | | | "))
    )
    given = Piece(uuid4(), "sitter", {"sitter.medicine": ["13:30 | all"]}, plan[0].id.hex)
    drawn = [draw_all("pressure", page, [*theirs, *own, given], around) for page in (1, 2)]
    assert [len(one.readings.rows) for one in drawn if one.readings] == [12, 1]
    assert drawn[1].sources == {own[0].source, theirs[0].source}
    row = drawn[0].readings.rows[-1] if drawn[0].readings else None
    assert row is not None
    told = [(one.written, one.source) for one in row.values]
    assert told == [("120/80", own[-1].source), *[("160/97", theirs[-1].source)] * 2]
    assert list_subjects(theirs) == ("pressure", "pulse", "oxygen")


@given(st.lists(st.tuples(st.times(), st.integers(40, 60), st.integers(40, 60)), max_size=12), st.times())
def test_a_course_summary_chooses_the_same(told: list[tuple[time, int, int]], start: time) -> None:
    """A clinician meets one number on both pages."""
    lines = [f"{at:%H:%M} | {upper} | {lower} | | | " for at, upper, lower in told]
    readings = parse_readings(lines)
    other = choose_readings(readings, start)
    chosen = select_readings(Sign.PRESSURE, readings, start)
    for one, place in zip(chosen, (other.before, other.highest, other.after), strict=True):
        expected = readings[place] if place is not None else None
        assert (one and one.written) == (expected and f"{expected.systolic}/{expected.diastolic}")


def note_of(one: Session, told: dict[str, str], ident: UUID | None = None) -> CareNote:
    """What a clinic noted at a session."""
    fields = dict.fromkeys((*READINGS, *TIMES), "") | {SESSION: one.id.hex, "day": "2026-03-01"} | told
    details = NoteDetails(NoteKind.CLINIC.value, fields, "Priya", "prescriber", NOW.isoformat())
    return CareNote(NoteVersion(uuid4(), ident or uuid4(), UUID(int=2), 1, details), ())


def copy_of(note: CareNote, *left_out: str) -> IncomingShare:
    """A copy of what its patient kept of a note and shared, without some of its answers."""
    kept, at = build_document(note, UTC), NOW.isoformat()
    answers = {name: said for name, said in kept.answers.items() if name not in left_out}
    document = ShareDocument(kept.kind, "", kept.session_id, answers, [*answers], at, at, 1)
    return IncomingShare(uuid4(), document, NOW, False, EntryName(""))


def drawn_of(sign: Sign, one: Session, notes: list[CareNote], copies: list[IncomingShare]) -> ReadingsChart:
    """The chart of one session for a clinician."""
    around = Around([one], notes, NOW, NOW.date())
    pieces = [*map(shared_charts.build_piece, copies), *build_clinic_pieces(notes)]
    drawn = draw_all(sign.value, 1, pieces, around)
    assert drawn.readings is not None
    assert drawn.sources <= {share.id for share in copies}  # a note of one's own is no copy that was opened
    return drawn.readings


NUMBER = st.sampled_from(["", "120", "97", "94,5", "high", "1300"])
AT = st.sampled_from(["", "09:05", "09:50", "00:10"])
NOTED = st.fixed_dictionaries({name: AT if name.endswith("_time") else NUMBER for name in READINGS})


@given(
    st.lists(NOTED, max_size=3),
    st.lists(st.tuples(NOTED, st.sets(st.sampled_from(["plan.before", "plan.end"]))), max_size=3),
    st.sampled_from(Sign),
)
def test_a_course_summary_says_the_same_of_a_clinic(
    own: list[dict[str, str]], given: list[tuple[dict[str, str], set[str]]], sign: Sign
) -> None:
    """Of one's own notes and of shared ones, the same lines in the same order, each number as it was typed."""
    one = session("2026-03-01T09:00")
    notes = [note_of(one, told) for told in own]
    copies = [copy_of(note, *left) for note in notes for left in ((), ("plan.before",))]  # of one's own: once
    copies += [copy_of(note_of(one, told), *left) for told, left in given]
    (row,) = build_rows([one], copies, NOW, notes)
    chart = drawn_of(sign, one, notes, copies)
    found = chart.rows[0].clinic if chart.rows else ()
    assert [
        (line.source, [it and it.written for it in (line.before, line.middle, line.end)]) for line in found
    ] == [
        (line.source.share or line.source.note, told)
        for line in row.clinic
        if any(told := [typed_of(sign, reading) for reading in line.noted.readings])
    ]


def typed_of(sign: Sign, one: Reading | None) -> str | None:
    """What a chart writes of a reading; None where it has no number of this sign."""
    typed = {"pressure": "systolic", "pulse": "pulse", "oxygen": "oxygen"}[sign.value]
    value = getattr(one, typed) if one else ""
    if parse_number(value) is None:
        return None
    return f"{value}/{one.diastolic or '–'}" if one and sign is Sign.PRESSURE else str(value)


def test_a_clinic_s_readings_are_never_the_patient_s() -> None:
    """They have places of their own, whoever read higher; a session with nothing else has a row."""
    one, other = session("2026-03-01T09:00"), session("2026-03-08T09:00")
    told = {
        "before_time": "08:50",
        "before_systolic": "118",
        "before_diastolic": "76",
        "middle_systolic": "190",
    }
    notes = [note_of(one, told), note_of(other, told), note_of(session("2026-03-09T09:00"), told)]
    day = Piece(uuid4(), "day", {"day.readings": ["09:20 | 140 | 90 | | | "]}, one.id.hex)
    drawn = draw_all(
        "pressure", 1, [day, *build_clinic_pieces(notes)], Around([one, other], notes, NOW, NOW.date())
    )
    assert drawn.readings is not None
    first, second = drawn.readings.rows
    assert (first.before, first.extreme and first.extreme.written) == (None, "140/90")
    assert second.noted == ()
    assert [[it.written for it in row.clinic[0].values] for row in (first, second)] == [
        ["118/76", "190/–"]
    ] * 2
    assert [(row.clinic[0].by, row.clinic[0].is_note) for row in (first, second)] == [("Priya", True)] * 2
    assert drawn.sources == {day.source}
    assert list_subjects(build_clinic_pieces(notes)) == ("pressure", "pulse", "oxygen")
    assert list_subjects([*map(shared_charts.build_piece, [copy_of(note_of(one, {"ready": "11:10"}))])]) == ()
