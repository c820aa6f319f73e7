"""Readings before, highest and last: by the start, in the order of the session's own day, each as it was typed."""

from __future__ import annotations

from datetime import time
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import Answers
from journal.charts.drawn import Around, draw_all
from journal.charts.readings import Sign, select_readings
from journal.charts.sources import Piece
from journal.course_summary.choosing import choose_readings
from journal.dosing_day.lines import Reading, parse_readings
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
