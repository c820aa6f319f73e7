"""Where everything of a chart stands: within its frame, and no line over a day that nobody told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.charts.readings import ClinicReadings, ReadingsChart, SessionReadings, Sign, Value
from journal.charts.series import Chart, Row
from journal.charts.sources import Mark, MarkKind
from journal.measures.instruments import list_offered
from portal.views.charts.drawing import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    build_drawing,
    build_readings_drawing,
    list_levels,
    list_references,
)

FIRST = date(2026, 1, 1)


def row(number: int, value: int | None) -> Row:
    """A number on the day with this number."""
    return Row(FIRST + timedelta(days=number), value, UUID(int=number))


def test_a_bar_ends_on_the_day_of_the_answer() -> None:
    """It reaches back over the days that were asked about: a month's bar begins before a dose of last week."""
    dose = Mark(MarkKind.DOSING, FIRST + timedelta(days=50))
    drawn = build_drawing(Chart((row(30, 40), row(60, 20)), 80, 30, marks=(dose,)))
    assert drawn is not None
    (first, second), (dosing,) = drawn.bars, drawn.dosing
    assert (first.x, first.end, second.x, second.end) == (LEFT, 171.0, 171.0, RIGHT)
    assert second.x < dosing < second.end
    assert [one.x for one in drawn.points] == [171.0, RIGHT]
    assert (drawn.points[0].y, drawn.points[1].y) == (83.0, 111.5)
    assert (drawn.first_day, drawn.last_day) == (FIRST, FIRST + timedelta(days=60))
    assert drawn.lines == ()


def test_only_two_days_that_follow_each_other_are_joined() -> None:
    """A gap stays a gap; two numbers of one day are not joined either."""
    drawn = build_drawing(Chart((row(1, 3), row(2, 4), row(4, 5), row(4, 6), row(5, 6)), 10))
    assert drawn is not None
    assert [one.x for one in drawn.points] == [30.0, 100.5, 241.5, 241.5, 312.0]
    assert drawn.lines == ("30.0,105.8 100.5,94.4", "241.5,71.6 312.0,71.6")
    assert drawn.bars == ()


def test_one_number_stands_in_the_frame_and_none_draws_nothing() -> None:
    """A single day has no span; what is half-done is no point."""
    drawn = build_drawing(Chart((row(0, 5),), 10))
    assert drawn is not None
    assert drawn.points[0].x == LEFT
    assert build_drawing(Chart((row(0, None),), 27, 14)) is None
    assert build_drawing(Chart((), 27)) is None


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.none() | st.integers(0, 27)), max_size=60),
    st.lists(st.tuples(st.sampled_from(MarkKind), st.integers(0, 3000)), max_size=20),
    st.sampled_from([0, 7, 14, 30]),
)
def test_everything_stands_within_the_frame(
    told: list[tuple[int, int | None]], marked: list[tuple[MarkKind, int]], recall: int
) -> None:
    """Whatever the days are, points, bars and marks stand between the edges, and later ones further on."""
    rows = tuple(row(number, value) for number, value in sorted(told, key=lambda one: one[0]))
    marks = tuple(Mark(kind, FIRST + timedelta(days=number)) for kind, number in marked)
    drawn = build_drawing(Chart(rows, 27, recall, marks=marks))
    assert (drawn is None) == (not any(value is not None for _, value in told))
    if drawn is None:
        return
    places = [one.x for one in (*drawn.points, *drawn.bars)] + [one.end for one in drawn.bars]
    places += [*drawn.dosing, *drawn.plan, *drawn.medicine]
    assert all(LEFT <= one <= RIGHT for one in places)
    assert all(TOP <= one.y <= BOTTOM for one in drawn.points)
    assert [one.x for one in drawn.points] == sorted(one.x for one in drawn.points)


@pytest.mark.parametrize(
    ("most", "levels"),
    [(27, (0, 9, 18, 27)), (21, (0, 7, 14, 21)), (80, (0, 20, 40, 60, 80)), (10, (0, 5, 10)), (7, (0, 7))],
)
def test_the_numbers_at_the_side_are_whole(most: int, levels: tuple[int, ...]) -> None:
    """From nought to the highest that there can be."""
    assert list_levels(most) == levels


def test_a_line_across_is_a_published_cut_off_with_its_source() -> None:
    """Never an edge of a band; of the past week's form nothing was published, so there is none."""
    found = {one.id: list_references(Chart((), one.most, instrument=one)) for one in list_offered()}
    assert found == {"phq9": (10,), "gad7": (10,), "pcl5-month": (31, 33), "pcl5-week": ()}
    assert all(one.source for text in list_offered() for one in text.references)
    for text in list_offered():
        chart = Chart((row(0, 5),), text.most, text.recall_days, instrument=text)
        drawn, wanted = build_drawing(chart), build_drawing(chart, has_references=True)
        assert drawn is not None
        assert wanted is not None
        assert drawn.references == ()
        assert tuple(int(one.value) for one in wanted.references) == found[text.id]


def readings(sign: Sign, *sessions: tuple[Value | None, Value | None, Value | None]) -> ReadingsChart:
    """Readings of sessions, a week apart."""
    rows = [
        SessionReadings(FIRST + timedelta(weeks=place), UUID(int=place), *one)
        for place, one in enumerate(sessions)
    ]
    return ReadingsChart(sign, tuple(rows))


def test_readings_stand_beside_each_other() -> None:
    """Before, highest and last of a session in this order, from the upper number down to the lower one."""
    chart = readings(Sign.PRESSURE, (Value(None, 120, 80), Value(None, 160, 100), Value(None, 130)))
    drawn = build_readings_drawing(chart)
    assert drawn is not None
    spots = [*drawn.before, *drawn.extreme, *drawn.after]
    assert [one.x for one in spots] == [59.2, 65.2, 71.2]
    assert [(one.y, one.end) for one in spots] == [(83.0, 111.5), (54.5, 97.2), (75.9, 75.9)]
    assert [one.value for one in drawn.levels] == ["40", "80", "120", "160", "200"]
    assert drawn.days == ((65.2, "middle", FIRST),)
    assert drawn.clinic == ((), (), ())
    assert build_readings_drawing(readings(Sign.PULSE)) is None


def test_a_clinic_s_readings_stand_beside_the_others() -> None:
    """Each beside the place of the patient's, of every note; a session may have nothing else."""
    taken = ClinicReadings(UUID(int=1), Value(None, 120, 80), Value(None, 160, 100), Value(None, 130))
    rows = [
        SessionReadings(
            FIRST, UUID(int=1), None, Value(None, 120, 80), None, clinic=(taken, replace(taken, middle=None))
        ),
        SessionReadings(
            FIRST + timedelta(weeks=1), UUID(int=1), None, None, None, clinic=(replace(taken, end=None),)
        ),
    ]
    drawn = build_readings_drawing(ReadingsChart(Sign.PRESSURE, tuple(rows)))
    assert drawn is not None
    assert [[one.x for one in some] for some in drawn.clinic] == [
        [62.2, 62.2, 132.8],
        [68.2, 138.8],
        [74.2, 74.2],
    ]
    assert {(one.y, one.end) for one in drawn.clinic[1]} == {(54.5, 97.2)}
    assert len(drawn.extreme) == 1
    wide = build_readings_drawing(
        ReadingsChart(
            Sign.OXYGEN, (replace(rows[1], clinic=(ClinicReadings(UUID(int=1), end=Value(None, 9)),)),)
        )
    )
    assert wide is not None
    assert TOP <= wide.clinic[2][0].y <= BOTTOM


@given(
    st.lists(st.tuples(*[st.none() | st.floats(0, 9999, allow_nan=False)] * 3), min_size=1, max_size=12),
    st.sampled_from(Sign),
)
def test_whatever_was_typed_stands_within_the_frame(told: list[tuple[float | None, ...]], sign: Sign) -> None:
    """A slip of the finger widens the scale, to a few numbers at the side."""
    sessions = [tuple(None if one is None else Value(None, one) for one in some) for some in told]
    drawn = build_readings_drawing(readings(sign, *sessions))  # type: ignore[arg-type]
    assert drawn is not None
    for one in (*drawn.before, *drawn.extreme, *drawn.after):
        assert LEFT <= one.x <= RIGHT
        assert TOP <= one.y <= BOTTOM
    assert len(drawn.levels) <= 10
