"""What is next is one thing, the same for the same plan, and never what is off in a hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.fields import EntryKind
from journal.sessions.day_state import DayState
from journal.sessions.holds import find_hold
from journal.sessions.moments import Offsets
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.today.things import (
    DUE_KINDS,
    OFF_IN_HOLD,
    ORDER,
    Situation,
    ThingKind,
    Today,
    Written,
    choose_today,
)
from tests.journal.sessions.test_moments import ZONES, any_offsets

START = datetime(2026, 12, 1, 13, tzinfo=UTC)
DOSING = SessionDetails(SessionKind.DOSING, "2026-12-01T14:00", "Europe/Berlin", 120, Setting.HOME)
BERLIN = ZoneInfo("Europe/Berlin")
ENTRY = UUID(int=77)
LISTED = (EntryKind.PREPARATION, EntryKind.CAPTURE, EntryKind.INTEGRATION, EntryKind.CHECKLIST)


def build(details: SessionDetails, number: int = 1) -> Session:
    """Build a session of a plan."""
    return Session(UUID(int=number), UUID(int=9), None, 1, details, details.starts_at, details.ends_at)


def begun(
    details: SessionDetails, status: Status = Status.IN_SESSION, rested: str | None = None
) -> SessionDetails:
    """Return a session that began when it was planned."""
    start = details.starts_at.isoformat()
    return msgspec.structs.replace(details, status=status, started_at=start, rested_on=rested)


RESTED = begun(DOSING, Status.INTEGRATING, "2026-12-02")


def situation(details: SessionDetails, hours: float, **changes: Any) -> Situation:
    """Build what is asked some hours after the planned start."""
    return replace(Situation((build(details),), START + timedelta(hours=hours), BERLIN), **changes)


def kinds_of(today: Today) -> list[ThingKind]:
    """List what there is, the first thing first."""
    return [today.first.kind, *(one.kind for one in today.rest)]


def written(kind: EntryKind, hours: float) -> Written:
    """Build an entry about the session, changed some hours after its planned start."""
    return Written(ENTRY, kind, UUID(int=1), START + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("details", "hours", "kind"),
    [
        (DOSING, -24 * 8, ThingKind.NOTHING),
        (DOSING, -24 * 7, ThingKind.PREPARE),
        (DOSING, -24 * 2 - 0.1, ThingKind.PREPARE),
        (DOSING, -24 * 2, ThingKind.NOTHING),
        (DOSING, -24, ThingKind.CHECKLIST),
        (DOSING, -13, ThingKind.CHECKLIST),
        (DOSING, -3, ThingKind.START),
        (DOSING, 1.9, ThingKind.START),
        (DOSING, 2, ThingKind.REPORT),
        (DOSING, 24, ThingKind.TOOK_PLACE),
        (begun(DOSING), 1, ThingKind.CALM_PAGE),
        (begun(DOSING, Status.RECOVERING), 3, ThingKind.REST),
        (begun(DOSING, Status.RECOVERING), 7, ThingKind.REST),
        (begun(DOSING, Status.RECOVERING), 20, ThingKind.CONFIRM_REST),
        (RESTED, 20, ThingKind.NOTHING),
        (RESTED, 24, ThingKind.INTEGRATE),
        (RESTED, 72, ThingKind.INTEGRATE),
        (RESTED, 24 * 7, ThingKind.STAYED),
        (RESTED, 24 * 14, ThingKind.STAYED),
        (RESTED, 24 * 28, ThingKind.NOTHING),
    ],
)
def test_a_course_has_its_stages(details: SessionDetails, hours: float, kind: ThingKind) -> None:
    """Each moment of a session brings its own thing, and between them nothing waits."""
    assert choose_today(situation(details, hours), 4).first.kind is kind


def test_hours_after_a_start_capture_comes_before_rest_where_it_is_not_acute() -> None:
    """By the hours of its course; while it is acute there is one calm thing and no rest of things."""
    late = begun(DOSING, Status.RECOVERING)
    acute = choose_today(situation(late, 3, due=DUE_KINDS), 4)
    assert (kinds_of(acute), acute.is_acute) == ([ThingKind.REST], True)
    after = choose_today(situation(late, 3, acute_hours={None: 2}), 4)
    assert kinds_of(after) == [ThingKind.CAPTURE, ThingKind.REST]
    done = choose_today(
        situation(late, 3, acute_hours={None: 2}, written=(written(EntryKind.CAPTURE, 2.5),)), 4
    )
    assert kinds_of(done) == [ThingKind.REST]
    own = Offsets(capture_hours=5, capture_until_hours=7)
    assert choose_today(situation(late, 6, offsets={None: own}), 4).first.kind is ThingKind.CAPTURE


def test_on_the_evening_before_nobody_is_asked_to_start() -> None:
    """From twelve hours before it can be started, yet the check list stays first until the day has come."""
    morning = msgspec.structs.replace(DOSING, local="2026-12-01T09:00")
    evening = choose_today(situation(morning, -16), 4)
    assert kinds_of(evening) == [ThingKind.CHECKLIST, ThingKind.START_LATER]
    assert choose_today(situation(morning, -12), 4).first.kind is ThingKind.START


@pytest.mark.parametrize(
    ("details", "hours", "piece"),
    [
        (DOSING, -24 * 3, written(EntryKind.PREPARATION, -24 * 9)),
        (DOSING, -20, written(EntryKind.CHECKLIST, -21)),
        (RESTED, 30, written(EntryKind.INTEGRATION, 25)),
        (RESTED, 80, written(EntryKind.INTEGRATION, 73)),
        (RESTED, 24 * 8, written(EntryKind.INTEGRATION, 24 * 7)),
    ],
)
def test_what_was_written_is_not_asked_for_again(
    details: SessionDetails, hours: float, piece: Written
) -> None:
    """What was written in its moment makes room; an entry of another session does not."""
    assert choose_today(situation(details, hours, written=(piece,)), 4).first.kind is ThingKind.NOTHING
    other = replace(piece, session=UUID(int=5))
    assert choose_today(situation(details, hours, written=(other,)), 4).first.kind is not ThingKind.NOTHING


def test_what_stayed_goes_on_with_the_entry_of_then() -> None:
    """The follow-up stands with the step that was written down."""
    today = choose_today(situation(RESTED, 24 * 8, written=(written(EntryKind.INTEGRATION, 30),)), 4)
    assert (today.first.kind, today.first.entry) == (ThingKind.STAYED, ENTRY)


def test_offsets_of_a_course_move_its_moments() -> None:
    """A course that prepares for ten days and looks back after five does so."""
    own = Offsets(prepare_days=10, integrate_again_hours=48, stayed_days=5)
    assert choose_today(situation(DOSING, -24 * 9, offsets={None: own}), 4).first.kind is ThingKind.PREPARE
    assert choose_today(situation(RESTED, 24 * 5, offsets={None: own}), 4).first.kind is ThingKind.STAYED
    another = {UUID(int=3): own}
    assert choose_today(situation(DOSING, -24 * 9, offsets=another), 4).first.kind is ThingKind.NOTHING


@st.composite
def sessions(draw: st.DrawFn, number: int) -> Session:
    """Build a session of any kind, status, zone and time around the same days."""
    day, clock = draw(st.integers(0, 60)), draw(st.times())
    local = (datetime(2026, 10, 1) + timedelta(days=day)).strftime("%Y-%m-%d") + f"T{clock:%H:%M}"
    details = SessionDetails(
        draw(st.sampled_from(SessionKind)),
        local,
        draw(st.sampled_from(ZONES)),
        draw(st.integers(10, 600)),
        draw(st.sampled_from(Setting)),
        status=draw(st.sampled_from(Status)),
    )
    if draw(st.booleans()):
        late = timedelta(minutes=draw(st.integers(-600, 1500)))
        details = msgspec.structs.replace(details, started_at=(details.starts_at + late).isoformat())
    if draw(st.booleans()):
        rested = (details.begins_at + timedelta(days=draw(st.integers(0, 3)))).date()
        details = msgspec.structs.replace(details, rested_on=rested.isoformat())
    course = draw(st.sampled_from([None, UUID(int=3)]))
    return msgspec.structs.replace(build(details, number), course=course)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Build any plan, clock, offsets, entries and due things."""
    count = draw(st.integers(0, 5))
    plan = sorted(
        (draw(sessions(number)) for number in range(1, count + 1)), key=lambda one: (one.starts_at, one.id)
    )
    now = datetime(2026, 9, 20, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 90 * 24 * 60)))
    pieces = st.builds(
        Written,
        st.uuids(),
        st.sampled_from(LISTED),
        st.integers(1, 5).map(lambda number: UUID(int=number)),
        st.integers(-90 * 24, 0).map(lambda hours: now + timedelta(hours=hours)),
    )
    return Situation(
        tuple(plan),
        now,
        ZoneInfo(draw(st.sampled_from(ZONES))),
        {None: draw(any_offsets())} if draw(st.booleans()) else {},
        {None: draw(st.integers(2, 12))} if draw(st.booleans()) else {},
        tuple(draw(st.lists(pieces, max_size=4))),
        draw(st.frozensets(st.sampled_from(ThingKind))),
    )


@given(situations())
def test_there_is_always_one_and_always_the_same(case: Situation) -> None:
    """One thing, then others that are each there once and in one order; the same from the same."""
    today = choose_today(case, 4)
    kinds = kinds_of(today)
    assert kinds == sorted(set(kinds), key=ORDER.index)
    assert ThingKind.NOTHING not in kinds[1:]
    assert today == choose_today(replace(case, due=set(case.due)), 4)
    for one in (today.first, *today.rest):
        assert one.session is None or one.session in case.plan
        assert (one.session is None) is (one.kind in DUE_KINDS | {ThingKind.NOTHING})


@given(situations())
def test_nothing_that_is_off_in_a_hold_is_chosen_in_one(case: Situation) -> None:
    """Questionnaires, revisits, what it means and decisions wait, whatever is said to be due."""
    today = choose_today(replace(case, due=frozenset(ThingKind)), 4)
    hold = find_hold([one.details for one in case.plan], case.now)
    assert today.hold == hold
    if hold is not None:
        assert OFF_IN_HOLD.isdisjoint(kinds_of(today))
        assert not (hold.needs_confirmation and ThingKind.PREPARE in kinds_of(today))


@given(situations())
def test_the_day_of_a_session_comes_first(case: Situation) -> None:
    """What a session asks now stands before everything, and while it is acute there is nothing else."""
    today = choose_today(replace(case, due=DUE_KINDS), 4)
    expected = {
        DayState.UNDER_WAY: {ThingKind.CALM_PAGE},
        DayState.RESTING: {ThingKind.REST, ThingKind.CAPTURE},
        DayState.MORNING_AFTER: {ThingKind.CONFIRM_REST},
    }
    assert today.first.kind in expected.get(today.day, {today.first.kind})
    assert not (today.is_acute and today.rest)
    assert not (today.is_acute and today.first.kind not in (ThingKind.CALM_PAGE, ThingKind.REST))


@given(situations())
def test_the_order_of_a_plan_that_is_told_twice_changes_nothing(case: Situation) -> None:
    """What was written is a set: its order changes nothing."""
    for pieces in list(permutations(case.written))[:6]:
        assert choose_today(replace(case, written=pieces), 4) == choose_today(case, 4)


def test_no_kind_is_named_by_delay_or_number() -> None:
    """Nothing is late, overdue or counted: not even in the names."""
    assert not [
        one for one in ThingKind if any(word in one for word in ("overdue", "missed", "due", "count"))
    ]
