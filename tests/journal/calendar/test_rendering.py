"""A feed says when each appointment is, in its own zone, over every change of clocks, to two programs that read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.calendar.appointments import Appointment, get_initials
from journal.calendar.rendering import render_parts
from journal.time_zones import list_common_zones, parse_moment, parse_zone
from tests.journal.calendar.parsers import PARSERS, ReadEvent

CHANGED = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHANGES = {
    "Europe/Berlin": ("2027-03-28", "2027-10-31"),
    "America/New_York": ("2027-03-14", "2027-11-07"),
    "Australia/Lord_Howe": ("2027-04-04", "2027-10-03"),
    "America/Santiago": ("2027-04-04", "2027-09-05"),
    "Africa/Casablanca": ("2027-02-07", "2027-03-14"),
    "Pacific/Chatham": ("2027-04-04", "2027-09-26"),
}
"""Zones, and days on which their clocks change."""


def appointment(local: str, zone: str, minutes: int = 50, number: int = 1) -> Appointment:
    """Return an appointment at a wall time, as a plan has it."""
    start = parse_moment(local, zone)
    end = start + timedelta(minutes=minutes)
    return Appointment(UUID(int=number), "Busy; with, signs\\", start, end, zone, 3, CHANGED, number % 2 == 0)


def expected(one: Appointment) -> ReadEvent:
    """Return what a calendar has to read of an appointment."""
    return ReadEvent(
        str(one.uid),
        one.title,
        one.starts_at,
        one.ends_at,
        one.changes,
        one.changed_at,
        one.is_cancelled,
    )


def rendered(*appointments: Appointment) -> bytes:
    """Return a feed."""
    return b"".join(render_parts("Busy", appointments))


def reads_back(*appointments: Appointment) -> None:
    """Verify that both programs read exactly these."""
    content = rendered(*appointments)
    for read in PARSERS:
        found = sorted(read(content), key=lambda one: one.uid)
        assert found == [expected(one) for one in sorted(appointments, key=lambda one: str(one.uid))]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            appointment,
            st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1)).map(lambda at: f"{at:%Y-%m-%dT%H:%M}"),
            st.sampled_from(list_common_zones()),
            st.integers(1, 24 * 60),
            st.integers(1, 2**64),
        ),
        max_size=5,
        unique_by=lambda one: one.uid,
    )
)
def test_any_time_in_any_zone_is_read_as_it_is_planned(appointments: list[Appointment]) -> None:
    """Whenever and wherever, both programs read the moments of the plan."""
    reads_back(*appointments)


@pytest.mark.parametrize("zone", CHANGES)
def test_each_half_hour_around_a_change_of_clocks_is_read_as_it_is_planned(zone: str) -> None:
    """Skipped hours, hours that come twice, and appointments that begin before the change and end after it."""
    times = [
        f"{day + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"
        for text in CHANGES[zone]
        for day in [datetime.fromisoformat(text)]
        for minutes in range(-120, 360, 30)
    ]
    spans = [(local, minutes) for local in times for minutes in (30, 90)]
    reads_back(
        *(appointment(local, zone, minutes, number) for number, (local, minutes) in enumerate(spans, 1))
    )


def test_a_time_has_its_zone_and_the_zone_is_described_once() -> None:
    """A calendar shows the clock of the place; the description of a zone stands there once, whatever needs it."""
    content = rendered(
        appointment("2027-03-20T09:00", "Europe/Berlin"),
        appointment("2027-04-20T09:00", "Europe/Berlin", 50, 2),
    ).decode()
    assert "DTSTART;TZID=Europe/Berlin:20270320T090000\r\n" in content
    assert "DTEND;TZID=Europe/Berlin:20270420T095000\r\n" in content
    assert content.count("BEGIN:VTIMEZONE") == 1
    # The change of the spring, by the clock that it ends.
    assert "DTSTART:20270328T020000" in content


def test_a_feed_without_anything_is_a_calendar() -> None:
    """It has a name and a kind, and no event."""
    content = rendered()
    assert [read(content) for read in PARSERS] == [[], []]
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))


def test_zones_are_those_of_the_plan() -> None:
    """No zone of the list is unknown to the format."""
    for name in list_common_zones():
        assert parse_zone(name).key == name


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Alice Sample", "A. S."),
        ("Ana María de la Cruz", "A. C."),
        ("Cher", "C."),
        ("", ""),
        ("李 小龙", "李. 小."),
        ("- 7", ""),
    ],
)
def test_initials_are_of_the_first_and_last_word(name: str, initials: str) -> None:
    """Nothing else of a name, and nothing where there is no letter."""
    assert get_initials(name) == initials
