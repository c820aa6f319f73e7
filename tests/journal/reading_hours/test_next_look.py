"""When a clinician looks next: across weekends, changes of the clocks, and time away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from journal.clinic.hours import Window
from journal.reading_hours.hours import Hours
from journal.reading_hours.next_look import LookState, find_next_look

BERLIN = "Europe/Berlin"
MORNINGS = (Window((1, 2, 3, 4, 5), "09:00", "12:00"),)
NAME = "Bob"
QUARTER = timedelta(minutes=15)
ZONES = (
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "UTC",
)


def at(local: str, zone: str = BERLIN) -> datetime:
    """Return the moment when clocks in *zone* say *local*."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# 2026-11-27 is a Friday. Clocks in Berlin go back on Sunday, 25 October 2026, and forward on 28 March 2027.
@pytest.mark.parametrize(
    ("now", "talk", "state", "next_at"),
    [
        pytest.param("2026-11-27T08:00", None, LookState.NEXT, "2026-11-27T09:00", id="later today"),
        pytest.param("2026-11-27T09:00", None, LookState.NOW, "2026-11-27T09:00", id="the first minute"),
        pytest.param("2026-11-27T12:00", None, LookState.NEXT, "2026-11-30T09:00", id="over a weekend"),
        pytest.param(
            "2026-11-27T12:00",
            "2026-11-30T09:00",
            LookState.AFTER_TALK,
            "2026-11-30T09:00",
            id="with the talk",
        ),
        pytest.param(
            "2026-11-27T12:00",
            "2026-11-30T09:01",
            LookState.NEXT,
            "2026-11-30T09:00",
            id="just before the talk",
        ),
        pytest.param("2026-10-23T13:00", None, LookState.NEXT, "2026-10-26T09:00", id="clocks go back"),
        pytest.param("2027-03-26T13:00", None, LookState.NEXT, "2027-03-29T09:00", id="clocks go forward"),
    ],
)
def test_the_next_look(now: str, talk: str | None, state: LookState, next_at: str) -> None:
    """The hours of a clinician's own clock, and whether they come before the talk."""
    found = find_next_look(NAME, Hours(BERLIN, MORNINGS), at(now), at(talk) if talk else None)
    assert (found.state, found.at) == (state, at(next_at))


def test_without_hours_nothing_is_known() -> None:
    """No hours, no time: it may not be read before the next talk."""
    found = find_next_look(NAME, Hours(BERLIN), at("2026-11-27T12:00"), at("2026-11-30T09:00"))
    assert (found.state, found.at, found.away) == (LookState.UNKNOWN, None, None)


@pytest.mark.parametrize(
    ("now", "away", "is_away", "next_at"),
    [
        pytest.param(
            "2026-11-27T08:00", ("2026-11-27", "2026-12-04"), True, "2026-12-07T09:00", id="away now"
        ),
        pytest.param(
            "2026-11-27T23:59", ("2026-11-20", "2026-11-27"), True, "2026-11-30T09:00", id="the last day"
        ),
        pytest.param(
            "2026-11-27T08:00", ("2026-11-28", "2026-12-04"), False, "2026-11-27T09:00", id="from tomorrow"
        ),
        pytest.param(
            "2026-11-27T13:00", ("2026-11-28", "2027-11-20"), False, "2027-11-22T09:00", id="for a year"
        ),
    ],
)
def test_time_away(now: str, away: tuple[str, str], is_away: bool, next_at: str) -> None:
    """On a day away nobody looks; the first and the last day are such days."""
    found = find_next_look(NAME, Hours(BERLIN, MORNINGS, *away), at(now))
    assert (found.is_away, found.at) == (is_away, at(next_at))
    assert found.away == tuple(date.fromisoformat(day) for day in away)


def test_what_is_past_or_far_ahead_is_not_told() -> None:
    """Time away is told from two weeks before its first day until its last."""
    hours = Hours(BERLIN, MORNINGS, "2026-12-12", "2026-12-20")
    told = [
        find_next_look(NAME, hours, at(f"{day}T12:00")).away
        for day in ("2026-11-27", "2026-11-28", "2026-12-21")
    ]
    assert [one is not None for one in told] == [False, True, False]


def is_in_hours(hours: Hours, moment: datetime) -> bool:
    """Return whether the clinician's clock stands within their hours, on a day on which they are there."""
    local = moment.astimezone(ZoneInfo(hours.zone))
    if hours.away and hours.away[0] <= local.date() <= hours.away[1]:
        return False
    return any(
        local.isoweekday() in one.days
        and time.fromisoformat(one.start) <= local.time() < time.fromisoformat(one.end)
        for one in hours.windows
    )


QUARTERS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]
WINDOWS = st.builds(
    lambda days, ends: Window(tuple(sorted(days)), min(ends), max(ends)),
    st.sets(st.integers(1, 7), min_size=1),
    st.lists(st.sampled_from(QUARTERS), min_size=2, max_size=2, unique=True),
)
NOWS = st.integers(0, 4 * 366 * 96).map(
    lambda quarters: datetime(2026, 1, 1, tzinfo=UTC) + quarters * QUARTER
)
AWAY = st.none() | st.tuples(st.integers(-20, 20), st.integers(0, 30))


@given(st.sampled_from(ZONES), st.lists(WINDOWS, min_size=1, max_size=4), NOWS, AWAY, st.integers(1, 14 * 96))
@example(BERLIN, [Window((7,), "02:15", "02:45")], at("2027-03-27T12:00"), None, 96)
@example(BERLIN, [Window((7,), "02:30", "03:15")], at("2027-03-28T00:00"), None, 96)
@example(BERLIN, [Window((7,), "02:15", "02:45")], at("2026-10-25T00:00"), (-3, 1), 96)
@example("Pacific/Kiritimati", [Window((1,), "00:00", "00:15")], at("2026-11-29T09:45", "UTC"), (0, 30), 1)
@example("Pacific/Pago_Pago", [Window((7,), "23:45", "23:59")], at("2026-11-30T10:30", "UTC"), None, 1)
def test_nothing_comes_before_the_next_look(
    zone: str, windows: list[Window], now: datetime, away: tuple[int, int] | None, ahead: int
) -> None:
    """In any zone the next look begins in the hours, on no day away, and no earlier minute would have been one."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = (today + timedelta(away[0]), today + timedelta(away[0] + away[1])) if away else ()
    hours = Hours(zone, tuple(windows), *(day.isoformat() for day in days))
    talk = now + ahead * QUARTER
    found = find_next_look(NAME, hours, now, talk)
    assert found.at is not None
    assert found.until is not None
    assert now < found.until
    assert is_in_hours(hours, max(found.at, now)) or _is_second_time(max(found.at, now), zone)
    if found.at > now:
        steps = (now + number * QUARTER for number in range((found.at - now) // QUARTER))
        assert not any(is_in_hours(hours, one) and not _is_second_time(one, zone) for one in steps)
    assert (found.state is LookState.AFTER_TALK) == (found.at >= talk)
    assert (found.state is LookState.NOW) == (found.at <= now)


def _is_second_time(moment: datetime, zone: str) -> bool:
    """Return whether clocks show this time for the second time on that day."""
    return moment.astimezone(ZoneInfo(zone)).fold == 1
