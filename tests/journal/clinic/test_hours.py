"""When somebody answers the phone, by weekly hours on the clock of their own place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.clinic.hours import Availability, Window, find_availability

BERLIN = "Europe/Berlin"
OFFICE = (Window((1, 2, 3, 4, 5), "08:00", "18:00"),)
NIGHTS = (Window((1, 2, 3, 4, 5, 6, 7), "20:00", "08:00"),)
ALWAYS = (Window((1, 2, 3, 4, 5, 6, 7), "00:00", "00:00"),)


def at(local: str, zone: str = BERLIN) -> datetime:
    """Return the moment when clocks in *zone* say *local*."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# 2026-11-27 is a Friday. Clocks in Berlin go back on Sunday, 25 October 2026, and forward on 28 March 2027.
@pytest.mark.parametrize(
    ("windows", "now", "expected"),
    [
        pytest.param((), "2026-11-27T12:00", None, id="no hours given"),
        pytest.param(
            OFFICE, "2026-11-27T12:00", Availability(True, at("2026-11-27T18:00")), id="in office hours"
        ),
        pytest.param(
            OFFICE, "2026-11-27T08:00", Availability(True, at("2026-11-27T18:00")), id="the first minute"
        ),
        pytest.param(
            OFFICE,
            "2026-11-27T18:00",
            Availability(False, again=at("2026-11-30T08:00")),
            id="over for the week",
        ),
        pytest.param(
            OFFICE,
            "2026-11-25T07:59",
            Availability(False, again=at("2026-11-25T08:00")),
            id="before they begin",
        ),
        pytest.param(
            NIGHTS,
            "2026-11-27T03:00",
            Availability(True, at("2026-11-27T08:00")),
            id="a night that began before",
        ),
        pytest.param(
            NIGHTS,
            "2026-11-27T12:00",
            Availability(False, again=at("2026-11-27T20:00")),
            id="between two nights",
        ),
        pytest.param(
            OFFICE + NIGHTS,
            "2026-11-27T12:00",
            Availability(True, at("2026-11-27T18:00")),
            id="the day of both",
        ),
        pytest.param(
            (Window((5,), "08:00", "12:00"), Window((5,), "12:00", "16:00")),
            "2026-11-27T09:00",
            Availability(True, at("2026-11-27T16:00")),
            id="two that touch are one",
        ),
        pytest.param(ALWAYS, "2026-11-27T12:00", Availability(True), id="day and night"),
        pytest.param(
            (Window((7,), "01:00", "05:00"),),
            "2026-10-25T00:30",
            Availability(False, again=at("2026-10-25T01:00")),
            id="the night in which clocks go back",
        ),
        pytest.param(
            (Window((5,), "08:00", "09:00"),),
            "2026-11-27T09:00",
            Availability(False, again=at("2026-12-04T08:00")),
            id="once a week",
        ),
        pytest.param(
            (Window((), "08:00", "09:00"),), "2026-11-27T09:00", Availability(False), id="no day at all"
        ),
    ],
)
def test_who_answers_when(windows, now, expected):
    """Each case is what a person would say who looks at a clock and a list of hours."""
    assert find_availability(windows, BERLIN, at(now)) == expected


def test_the_zone_is_theirs_and_not_the_readers():
    """Office hours in New York are not over because it is evening in Berlin."""
    evening = at("2026-11-27T20:00")
    found = find_availability(OFFICE, "America/New_York", evening)
    assert found == Availability(True, at("2026-11-27T18:00", "America/New_York"))


windows = st.builds(
    lambda days, start, end: Window(
        tuple(sorted(days)), f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}"
    ),
    st.sets(st.integers(1, 7), min_size=1),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
zones = st.sampled_from([BERLIN, "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC"])


@given(st.lists(windows, min_size=1, max_size=3), zones, moments)
def test_what_is_promised_holds_at_its_own_moment(some, zone, now):
    """Whoever answers again at a moment answers at that moment, and whoever answers until one does not any more."""
    found = find_availability(some, zone, now)
    assert found is not None
    if found.again is not None:
        assert not found.answers
        then = find_availability(some, zone, found.again)
        assert then is not None
        assert then.answers
        before = find_availability(some, zone, found.again - timedelta(seconds=1))
        assert before is not None
        assert not before.answers
    if found.until is not None:
        after = find_availability(some, zone, found.until)
        assert after is not None
        assert not after.answers
    assert found.answers or found.again is not None
