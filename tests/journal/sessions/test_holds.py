"""Acts that cannot be undone wait from a dosing session until the patient has slept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.sessions.day_state import DayState, get_day_state
from journal.sessions.holds import (
    HELD_TODAY,
    HELD_UNTIL_ANSWERED,
    HELD_UNTIL_RESTED,
    Hold,
    find_cancel_time,
    find_hold,
    get_next_asking,
    get_rested_date,
    is_asked,
    is_unanswered,
    needs_answer,
)
from journal.sessions.schedule import is_home_dosing_day
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status, list_next_statuses

BERLIN = ZoneInfo("Europe/Berlin")
DOSING = SessionDetails(SessionKind.DOSING, "2026-12-01T14:00", "Europe/Berlin", 120, Setting.HOME)
BEGUN = msgspec.structs.replace(DOSING, status=Status.IN_SESSION, started_at="2026-12-01T13:05:00+00:00")


def at(day, hour, minute=0):
    """Return a moment of December 2026 by Berlin's clocks."""
    return datetime(2026, 12, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def held_at(sessions: list[SessionDetails], now: datetime) -> Hold:
    """Return the hold that has to be there."""
    found = find_hold(sessions, now)
    assert found is not None
    return found


def with_(details, **changes):
    return msgspec.structs.replace(details, **changes)


def test_nothing_is_held_without_a_session():
    """Without sessions, or before the one that is planned, every act is free."""
    assert find_hold([], at(1, 15)) is None
    assert find_hold([DOSING], at(1, 13, 59)) is None


def test_a_planned_time_holds_until_it_is_answered():
    """From the planned time on it is held, even if nobody told the journal that it began, until somebody says so."""
    held = held_at([DOSING], at(1, 14))
    assert held.since == at(1, 14)
    assert held.may_confirm_from == at(2, 5)
    assert held.needs_answer
    assert not held.needs_confirmation
    for now, sentence in (
        (at(1, 14), HELD_TODAY),
        (at(2, 4, 59), HELD_TODAY),
        (at(2, 5), HELD_UNTIL_ANSWERED),
        (at(2, 5) + timedelta(days=900), HELD_UNTIL_ANSWERED),
    ):
        assert held_at([DOSING], now).sentence == sentence
        assert is_unanswered(DOSING, now) is (sentence == HELD_UNTIL_ANSWERED)
    assert find_hold([with_(DOSING, status=Status.CANCELLED)], at(9, 5)) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/New_York"])
def test_an_answer_that_is_put_off_is_asked_for_on_the_next_day(zone):
    """From the next morning on, by the clocks of the session; until then it is held and not asked."""
    session = with_(DOSING, zone=zone)
    now = session.starts_at + timedelta(hours=20)
    assert is_asked(session, now)
    later = with_(session, ask_after=get_next_asking(session, now))
    morning = datetime(2026, 12, 3, 5, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for moment, asked in ((now, False), (morning - timedelta(seconds=1), False), (morning, True)):
        assert is_asked(later, moment) is asked
        assert is_unanswered(later, moment)
        assert held_at([later], moment).needs_answer


@pytest.mark.parametrize("status", [Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY])
def test_a_begun_session_holds_until_the_patient_has_rested(status):
    """However many days pass, what was begun is held until the patient says that they have slept."""
    session = with_(BEGUN, status=status)
    for now in (at(1, 15), at(2, 4), at(2, 12), at(9, 12)):
        held = held_at([session], now)
        assert held.needs_confirmation
        assert held.may_confirm_from == at(2, 5)
        assert held.sentence == (HELD_TODAY if now < at(2, 5) else HELD_UNTIL_RESTED)
        assert find_hold([with_(session, rested_on="2026-12-02")], now) is None


@pytest.mark.parametrize(
    "ahead", [timedelta(hours=2), timedelta(days=3), timedelta(days=31), timedelta(days=400)]
)
@pytest.mark.parametrize("planned", ["2026-12-01T14:00", "2027-03-01T14:00"])
def test_a_session_begun_by_a_clock_that_ran_ahead_holds_no_longer(ahead, planned):
    """Once the clock is put right, nobody waits beyond the next morning to say that they have rested."""
    session = with_(BEGUN, local=planned, started_at=(at(1, 14, 5) + ahead).isoformat())
    held = held_at([session], at(1, 14, 10))
    assert held.needs_confirmation
    assert held.may_confirm_from <= at(2, 5)
    rested = with_(session, rested_on=get_rested_date(session, at(2, 5)), status=Status.INTEGRATING)
    assert rested.rested_on == "2026-12-02"
    assert find_hold([rested], at(2, 5)) is None


@pytest.mark.parametrize("days", [3, 400])
def test_the_planned_day_holds_where_the_beginning_is_not_believed(days):
    """Where the clock ran ahead, nobody says on the day for which the session was planned that they have slept."""
    session = with_(BEGUN, started_at=(at(1, 14, 5) + timedelta(days=days)).isoformat())
    assert get_rested_date(session, at(1, 20)) is None
    assert held_at([session], at(1, 20)).sentence == HELD_TODAY
    assert not is_home_dosing_day(session, at(2, 5))


def test_resting_on_the_same_day_does_not_count():
    """A date of rest that is not later than the session's own day lifts nothing."""
    assert find_hold([with_(BEGUN, rested_on="2026-12-01")], at(1, 20)) is not None
    assert get_rested_date(BEGUN, at(1, 23, 59)) is None
    assert get_rested_date(BEGUN, at(2, 4, 59)) is None
    assert get_rested_date(BEGUN, at(2, 5)) == "2026-12-02"


@pytest.mark.parametrize("status", [Status.INTEGRATING, Status.CLOSED])
def test_closing_a_begun_session_lifts_nothing_that_day(status):
    """A begun session holds for its day whatever it is called; one that never began is free once closed."""
    assert find_hold([with_(BEGUN, status=status)], at(1, 16)) is not None
    assert find_hold([with_(BEGUN, status=status)], at(2, 5)) is None
    assert find_hold([with_(DOSING, status=status)], at(1, 16)) is None


def test_a_cancelled_session_holds_nothing():
    """A cancelled session is free."""
    assert find_hold([with_(DOSING, status=Status.CANCELLED)], at(1, 15)) is None


@pytest.mark.parametrize(
    "kind", [SessionKind.PREPARATION, SessionKind.INTEGRATION, SessionKind.MEDICAL_CHECKIN]
)
def test_only_dosing_holds(kind):
    """Talks and check-ins hold nothing, whatever their status."""
    assert find_hold([with_(BEGUN, kind=kind)], at(1, 15)) is None


def test_a_session_past_midnight_counts_by_the_day_it_began():
    """Begun in the evening, it may be confirmed after eight hours; begun at 00:30, from five a day later."""
    late = with_(BEGUN, started_at=at(1, 23, 30).isoformat())
    early = with_(BEGUN, started_at=at(2, 0, 30).isoformat())
    assert held_at([late], at(2, 1)).may_confirm_from == at(2, 7, 30)
    assert held_at([early], at(2, 1)).may_confirm_from == at(3, 5)


@pytest.mark.parametrize(
    ("begun", "hours", "rested"),
    [
        (at(1, 14), None, at(2, 5)),
        (at(1, 20), 4, at(2, 5)),
        (at(1, 21, 1), 2, at(2, 5, 1)),
        (at(1, 23, 30), 8, at(2, 7, 30)),
        (at(1, 23, 30), 12, at(2, 11, 30)),
        (at(1, 16, 59), 12, at(2, 5)),
    ],
)
def test_nobody_has_rested_before_the_effects_and_the_hours_of_the_course_are_over(begun, hours, rested):
    """From the next morning, or eight hours or the course's after the start: whichever is later, whatever is said."""
    for status in (Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY, Status.CLOSED):
        session = with_(BEGUN, status=status, started_at=begun.isoformat(), acute_hours=hours)
        before = rested - timedelta(seconds=1)
        assert get_rested_date(session, before) is None
        assert held_at([session], before).may_confirm_from == rested
        assert get_day_state(session, before) in (DayState.UNDER_WAY, DayState.RESTING)
        assert is_home_dosing_day(session, before)
        assert get_rested_date(session, rested) == "2026-12-02"
    assert held_at([with_(session, status=Status.RECOVERING)], at(2, 5, 1)).sentence == HELD_UNTIL_RESTED


def test_the_question_comes_in_the_morning_however_late_it_was_planned():
    """Of a session that nobody started it is asked at five, and only then can it be said not to have taken place."""
    late = with_(DOSING, local="2026-12-01T23:30", acute_hours=None)
    assert find_cancel_time(late, at(1, 23, 29)) is None
    assert find_cancel_time(late, at(1, 23, 30)) == find_cancel_time(late, at(2, 4, 59)) == at(2, 5)
    assert find_cancel_time(late, at(2, 5)) is None
    assert is_unanswered(late, at(2, 5))
    for now, held in ((at(1, 23, 29), False), (at(1, 23, 30), True), (at(9, 5), True)):
        assert needs_answer(late, now) is held


def test_the_day_is_the_one_where_the_session_is():
    """The patient's morning decides, not the server's: in Auckland it comes twelve hours before Berlin's."""
    auckland = with_(DOSING, zone="Pacific/Auckland")
    held = held_at([auckland], auckland.starts_at)
    assert held.may_confirm_from == datetime(2026, 12, 2, 5, tzinfo=ZoneInfo("Pacific/Auckland"))


def test_the_strictest_of_several_holds_wins():
    """With several sessions, one that waits for confirmation is named before one that lapses."""
    other = with_(DOSING, local="2026-12-03T09:00")
    assert held_at([other, BEGUN], at(3, 10)).needs_confirmation
    assert held_at([BEGUN, other], at(3, 10)).since == datetime(2026, 12, 1, 13, 5, tzinfo=UTC)


@given(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.times(),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 5 * 60),
)
def test_the_hours_after_a_start_are_always_held(day, clock, zone, minutes):
    """For hours after a dosing session has begun no status but cancelled lets an irreversible act through."""
    session = with_(DOSING, local=f"{day}T{clock:%H:%M}", zone=zone)
    started = with_(session, started_at=session.starts_at.isoformat())
    now = session.starts_at + timedelta(minutes=minutes)
    morning = held_at([started], session.starts_at).may_confirm_from
    assert morning.astimezone(ZoneInfo(zone)).date() > session.starts_at.astimezone(ZoneInfo(zone)).date()
    for status in set(Status) - {Status.CANCELLED}:
        assert (
            find_hold([with_(started, status=status)], min(now, morning - timedelta(seconds=1))) is not None
        )


@given(
    st.dates(date(2026, 3, 20), date(2026, 11, 10)),
    st.times(),
    st.sampled_from(
        [
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Pacific/Kiritimati",
            "Pacific/Pago_Pago",
        ]
    ),
    st.sampled_from([None, 2, 4, 8, 9, 12]),
    st.lists(st.tuples(st.integers(0, 40 * 60), st.integers(0, 8)), max_size=8),
)
def test_whatever_is_tapped_it_is_held_until_rest_is_confirmed(day, clock, zone, hours, taps):
    """From a start on, through any moves at any hours and over changes of the clocks, only the confirmation ends it."""
    session = with_(DOSING, local=f"{day}T{clock:%H:%M}", zone=zone, acute_hours=hours)
    start = now = session.starts_at
    session = with_(session, status=Status.IN_SESSION, started_at=now.isoformat())
    for minutes, choice in taps:
        now += timedelta(minutes=minutes)
        if moves := list_next_statuses(session, now):
            status = moves[choice % len(moves)]
            ended = None if status is Status.IN_SESSION else session.ended_at or now.isoformat()
            session = with_(session, status=status, ended_at=ended)
        held = held_at([session], now)
        assert held.needs_confirmation
        assert (get_rested_date(session, now) is None) is (now < held.may_confirm_from)
        assert held.may_confirm_from >= start + timedelta(hours=max(8, hours or 0))
        assert (
            held.may_confirm_from.astimezone(ZoneInfo(zone)).date() > start.astimezone(ZoneInfo(zone)).date()
        )
    now = max(now, held_at([session], now).may_confirm_from)
    rested = with_(session, status=Status.INTEGRATING, rested_on=get_rested_date(session, now))
    assert find_hold([rested], now) is None
