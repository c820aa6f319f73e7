"""Numbers by their days, and what is said of them: by rule, of what is there, and of nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.care_notes.notes import CareNote, NoteDetails, NoteVersion
from journal.catalogue.fields import Answers
from journal.charts import series
from journal.charts.drawn import SUBJECTS, Around, draw_all, list_subjects
from journal.charts.series import Finding, Row, build_finding, build_measure_charts, build_scale_chart
from journal.charts.sources import (
    Mark,
    MarkKind,
    Piece,
    list_dosing_days,
    list_marks,
    select_window,
)
from journal.measures.instruments import find_instrument
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status

FIRST = date(2026, 1, 1)
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
NOTHING = Around((), (), NOW, NOW.date())
PHQ9 = "phq9"


def day(number: int) -> date:
    """The day with this number; the first has 0."""
    return FIRST + timedelta(days=number)


def row(number: int, value: int | None) -> Row:
    """A number on a day."""
    return Row(day(number), value, UUID(int=number))


def filled(number: int, value: int = 1, name: str = PHQ9, *, items: int = 9, **head: str) -> Piece:
    """A measure of a day whose items were all answered alike; only so many of them."""
    told = {
        "instrument": name,
        "version": "1",
        "language": "en",
        "days": "14",
        "day": day(number).isoformat(),
    }
    answers = {str(item): str(value) for item in range(1, items + 1)}
    lines = [f"{key}={said}" for key, said in (told | head | answers).items()]
    return Piece(uuid4(), "measure", {"measure.form": lines})


def month(*lines: str) -> Piece:
    """Day lines as they are stored."""
    return Piece(uuid4(), "day_lines", {"dayline.lines": list(lines)})


def line(number: int, mood: int | str, own: str = "") -> str:
    """One day line."""
    return f"{day(number)} | {day(number)}T21:00+00:00 |  | {mood} |  |  | {own} | words"


def session(local: str, status: Status = Status.CLOSED, zone: str = "Europe/Berlin") -> Session:
    """A dosing session by the clock on the wall."""
    details = SessionDetails(SessionKind.DOSING, local, zone, 120, Setting.HOME, status=status)
    return Session(uuid4(), uuid4(), None, 1, details, details.starts_at, details.starts_at)


SAID: dict[str, tuple[list[tuple[int, int | None]], list[int], int, tuple[object, ...]]] = {
    "none": ([], [], 0, (None, None, None, None, False)),
    "only half-done": ([(3, None)], [1], 14, (None, None, None, None, False)),
    "one": ([(3, 12)], [], 14, (None, None, 12, None, False)),
    "one after a dose": ([(3, 12)], [1], 14, (None, None, 12, 2, True)),
    "one on the day of a dose": ([(3, 12)], [3], 14, (None, None, 12, 0, True)),
    "one before all doses": ([(3, 12)], [4], 14, (None, None, 12, None, False)),
    "two": ([(3, 12), (9, 7)], [], 14, (12, None, 7, None, False)),
    "two with half a one": ([(3, 12), (6, None), (9, 7)], [1], 2, (12, None, 7, 8, False)),
    "many": ([(3, 12), (6, 9), (9, 7), (30, 8)], [1, 16, 40], 14, (12, 7, 8, 14, False)),
    "many, and it looks back past the dose": ([(3, 12), (6, 9), (30, 8)], [17], 14, (12, 9, 8, 13, True)),
    "day lines look back on nothing": ([(3, 5), (4, 6)], [4], 0, (5, None, 6, 0, False)),
    "twice on one day": ([(3, 12), (3, 10), (3, 9)], [], 14, (12, 10, 9, None, False)),
}


@pytest.mark.parametrize("case", SAID)
def test_what_is_said_of_them(case: str) -> None:
    """First, previous and latest are three different ones; days since the last session; nothing where there is none."""
    rows, dosing, recall, expected = SAID[case]
    found = build_finding([row(*one) for one in rows], [day(one) for one in dosing], recall)
    first, previous, latest = (one and one.value for one in (found.first, found.previous, found.latest))
    assert (first, previous, latest, found.days, found.reaches_before) == expected


def test_the_difference_is_plain() -> None:
    """Latest less earlier, whichever way; none where there is nothing to compare."""
    found = build_finding([row(1, 12), row(2, 7), row(3, 9)], ())
    assert (found.since_first, found.since_previous) == (-3, 2)
    assert (Finding().since_first, build_finding([row(1, 3)], ()).since_first) == (None, None)


def test_a_half_done_measure_is_no_point() -> None:
    """It stands in the table with how many were answered, and no total is guessed."""
    (chart,) = build_measure_charts(PHQ9, select_window((filled(1), filled(8, 2, items=6)), 1, 60), ())
    assert [(one.value, one.answered, one.asked) for one in chart.rows] == [(9, 9, 9), (None, 6, 9)]
    assert [one.value for one in chart.points] == [9]
    assert chart.recall_days == 14
    assert chart.finding is not None
    assert chart.finding.latest == chart.rows[0]


def test_what_asks_the_same_is_one_line() -> None:
    """Past week and past month are two measures; one answered in two languages is one, and each number says which."""
    week, month_ = "pcl5-week", "pcl5-month"
    pieces = [
        filled(1, 1, week, items=20),
        filled(2, 2, month_, items=20),
        filled(3),
        filled(4, language="es"),
    ]
    for name, days in ((week, 7), (month_, 30)):
        drawn = draw_all(name, 1, pieces, NOTHING)
        assert [(len(one.rows), one.recall_days) for one in drawn.charts] == [(1, days)]
    drawn = draw_all(PHQ9, 1, pieces, NOTHING)
    assert [one.instrument for one in drawn.charts] == [find_instrument(PHQ9, "es", "1")]
    assert [(one.day, one.language) for one in drawn.charts[0].rows] == [(day(3), "en"), (day(4), "es")]
    assert drawn.charts[0].languages == {"en", "es"}
    assert draw_all(PHQ9, 1, pieces[:3], NOTHING).charts[0].languages == {"en"}


MALFORMED: list[Answers] = [
    {},
    {"measure.form": "text"},
    {"measure.form": []},
    {"measure.form": ["instrument=phq9"]},
    {"measure.form": ["instrument=phq9", "version=1", "language=en", "day=2026-13-01"]},
    {"measure.form": ["instrument=phq9", "version=9", "language=en", "day=2026-01-01", "1=1"]},
    {"measure.form": ["instrument=nothing", "day=2026-01-01"]},
    {"dayline.lines": "text"},
    {"dayline.lines": ["no day | | | 5", "2026-02-30 | | | 5"]},
    {"day.readings": "text"},
    {"day.readings": ["no reading", "25:00 | 1 | 2 | 3 | 4 | "]},
    {"checkin.moment": "before", "checkin.medicines": "yes", "checkin.day": "never"},
    {"plan.from": "some day", "plan.dose": "x"},
]


@pytest.mark.parametrize("answers", MALFORMED)
def test_what_is_malformed_is_left_out(answers: Answers) -> None:
    """A day, an id or a text that is none draws nothing, and hides nothing else."""
    kinds = ("measure", "day_lines", "day", "check_in", "plan_note", "nothing")
    broken = [Piece(uuid4(), kind, answers, about) for kind in kinds for about in (None, "no id")]
    for subject in SUBJECTS:
        assert draw_all(subject, 1, broken, NOTHING).is_empty
    both = draw_all(PHQ9, 1, [*broken, filled(1)], NOTHING)
    assert [len(one.points) for one in both.charts] == [1]
    assert both.charts[0].marks == ()


def test_the_first_days_of_the_calendar_look_back_to_no_day_before_it() -> None:
    """A day that nobody lived breaks nothing."""
    (chart,) = draw_all(PHQ9, 1, [filled(0, day="0001-01-02")], NOTHING).charts
    assert chart.rows[0].get_begin(14) == date.min


def test_a_page_shows_the_latest_and_earlier_ones_are_a_tap_away() -> None:
    """Of 130 forms the latest 60, then 60, then 10; the first is told all the same, and marks are those of the days."""
    pieces = [filled(2 * number, number % 3 + 1) for number in range(130)]
    plan = [session(f"{day(number)}T10:00") for number in (1, 100, 258)]
    around = Around(plan, (), NOW, NOW.date())
    drawn = [draw_all(PHQ9, page, pieces, around) for page in (1, 2, 3, 4)]
    assert [len(one.charts[0].rows) if one.charts else 0 for one in drawn] == [60, 60, 10, 0]
    assert [one.has_earlier for one in drawn] == [True, True, False, False]
    finding = drawn[0].charts[0].finding
    assert finding is not None
    assert finding.first is not None
    assert (finding.first.day, finding.first.source) == (day(0), pieces[0].source)
    assert [one.charts[0].finding for one in drawn[1:3]] == [None, None]
    assert [[mark.day for mark in one.charts[0].marks] for one in drawn[:3]] == [
        [day(258)],
        [day(100)],
        [day(1)],
    ]
    assert drawn[3].is_empty


def test_the_first_whole_one_is_found_behind_half_done_ones() -> None:
    """Where the first forms do not tell it, all are looked at; in another language as well."""
    halves = [filled(number, 2, items=3) for number in range(20)]
    later = [filled(number) for number in range(20, 100)]
    finding = draw_all(PHQ9, 1, [*halves, *later], NOTHING).charts[0].finding
    assert finding is not None
    assert finding.first is not None
    assert finding.first.day == day(20)
    spanish = [filled(number, 2, language="es") for number in (15, 99)]
    charts = draw_all(PHQ9, 1, [*later, *spanish], NOTHING).charts
    told = [one.finding.first for one in charts if one.finding]
    assert [(first.day, first.language) for first in told if first] == [(day(15), "es")]


def test_day_lines_hold_what_was_given_and_nothing_for_a_blank() -> None:
    """A blank is no number and no nought; one written later says so; own lines go by their names."""
    pieces = [month(line(1, 4, "ease=7"), line(2, ""), f"{day(3)} | | later | 0 | | | ease=2; quiet=9 |")]
    chart = build_scale_chart("mood", select_window(pieces, 1, 3), ())
    assert [(one.day, one.value, one.is_later) for one in chart.rows] == [
        (day(1), 4, False),
        (day(3), 0, True),
    ]
    assert chart.most == 10
    assert series.list_own_names(pieces) == ("ease", "quiet")
    drawn = [draw_all(subject, 1, pieces, NOTHING) for subject in ("own-1", "own-2", "own-3")]
    assert [one.name for one in drawn] == ["ease", "quiet", ""]
    assert [[row.value for one in each.charts for row in one.rows] for each in drawn] == [[7, 2], [9], []]


def test_a_dosing_day_is_that_of_the_clock_where_it_was() -> None:
    """Late in New York it is the next day in London: the day there counts. What nobody answered for is no session."""
    plan = [
        session("2026-03-01T22:30", zone="America/New_York"),
        session("2026-03-09T00:30", zone="Pacific/Auckland"),
        session("2026-04-01T10:00", Status.PLANNED),
        session("2026-05-01T10:00", Status.CANCELLED),
        session("2027-05-01T10:00"),
    ]
    assert [one.day for one in list_dosing_days(plan, NOW)] == [date(2026, 3, 1), date(2026, 3, 9)]


def note(*versions: dict[str, str]) -> CareNote:
    """A plan note in versions, the first one first."""
    made = [
        NoteVersion(
            uuid4(),
            UUID(int=1),
            UUID(int=2),
            place,
            NoteDetails("plan", fields, "Bob", "therapist", NOW.isoformat()),
        )
        for place, fields in enumerate(versions, 1)
    ]
    return CareNote(made[-1], tuple(reversed(made[:-1])))


def test_marks_are_each_there_once() -> None:
    """A corrected version replaces the words of its day; a kept note is the same mark; tomorrow's is none yet."""
    slip = {"from_day": "2026-02-01", "interval": "one weak"}
    plain = slip | {"interval": "one week"}
    tomorrow = {"from_day": "2026-12-02", "dose": "half"}
    kept = Piece(
        UUID(int=3), "plan_note", {"plan.from": "2026-02-01", "plan.interval": "one week", "plan.by": "Bob"}
    )
    told = Piece(
        UUID(int=4),
        "check_in",
        {
            "checkin.moment": "before",
            "checkin.day": "2026-02-03",
            "checkin.pressure": "yes",
            "checkin.changed": "half of it",
        },
    )
    unchanged = Piece(UUID(int=5), "check_in", {**told.answers, "checkin.pressure": "no"})
    later = Piece(UUID(int=6), "check_in", {**told.answers, "checkin.moment": "7-days"})
    review = Piece(
        UUID(int=7), "plan_note", {"plan.from": "2026-02-01", "plan.why": "Yes.", "plan.reviewed": "go-ahead"}
    )
    pieces = [kept, told, unchanged, later, review]
    found = list_marks((), [note(slip, plain), note(tomorrow)], pieces, NOW.date())
    assert found == (
        Mark(MarkKind.PLAN, date(2026, 2, 1), (("interval", "one week"),)),
        Mark(MarkKind.MEDICINE, date(2026, 2, 3), (("changed", "half of it"),), UUID(int=4)),
    )


def test_what_there_is_to_draw_is_told_by_what_is_there() -> None:
    """One shared measure offers one chart; nothing else is named."""
    assert list_subjects([filled(1)]) == (PHQ9,)
    assert list_subjects([month(line(1, 5))]) == ("mood", "sleep", "tension")
    assert list_subjects([]) == ()


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.integers(0, 9)), max_size=90), st.randoms()
)
def test_the_order_of_pieces_changes_nothing(told: list[tuple[int, int, int]], chance: Random) -> None:
    """Whatever order they come in, rows go by their days, each total is its own answers', and half a form has none."""
    pieces = [filled(number, value, items=items) for number, value, items in told]
    mixed = sorted(pieces, key=lambda _: chance.random())
    charts = [draw_all(PHQ9, 1, some, NOTHING).charts for some in (pieces, mixed)]
    for (chart,) in (one for one in charts if one):
        assert [one.day for one in chart.rows] == sorted(one.day for one in chart.rows)
        assert len(chart.rows) == min(60, len(told))
        by_source = {piece.source: said for piece, said in zip(pieces, told, strict=True)}
        for one in chart.rows:
            number, value, items = by_source[one.source]
            assert (one.day, one.value) == (day(number), 9 * value if items == 9 else None)
