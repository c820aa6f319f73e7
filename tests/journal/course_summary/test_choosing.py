"""Which readings and measures stand in a row: tables of ties, of what is missing, of time zones and of days."""

from __future__ import annotations

from datetime import date, time

import pytest

from journal.course_summary.choosing import (
    Chosen,
    choose_nearest,
    choose_readings,
    find_beginning,
    find_day,
    group_totals,
)
from journal.course_summary.lines import Source, Total
from journal.dosing_day.lines import Reading, Taken, parse_readings
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status

DAY = date(2026, 11, 22)


def read(*lines: str) -> tuple[Reading, ...]:
    """Return readings from short lines: a time and a pressure, each of which may be a dash."""
    found: list[str] = []
    for line in lines:
        at, _, pressure = line.partition(" ")
        upper, _, lower = pressure.partition("/")
        cells = ("" if cell == "-" else cell for cell in (at, upper, lower))
        found.append(" | ".join((*cells, "", "", "")))
    return tuple(parse_readings([one])[0] for one in found)


@pytest.mark.parametrize(
    ("lines", "began", "chosen"),
    [
        ((), "14:00", (None, None, None)),
        (("13:50 120/80",), "14:00", (0, 0, None)),
        (("14:20 120/80",), "14:00", (None, 0, 0)),
        (("13:50 120/80", "14:30 150/90", "16:00 125/82"), "14:00", (0, 1, 2)),
        (("16:00 125/82", "13:50 120/80", "14:30 150/90"), "14:00", (1, 2, 0)),  # in no order
        (("13:30 118/80", "13:50 120/80"), "14:00", (1, 1, None)),
        (("14:00 120/80",), "14:00", (0, 0, None)),  # at the very start it is before
        (("14:30 150/90", "15:00 150/90"), "14:00", (None, 0, 1)),  # alike: the first
        (("15:00 150/90", "14:30 150/90"), "14:00", (None, 1, 0)),
        (("14:30 150/90", "15:00 150/95"), "14:00", (None, 1, 1)),  # the higher lower one
        (("14:30 150/90", "14:30 140/90"), "14:00", (None, 0, 1)),  # at one time: noted later is after
        (("23:50 120/80", "00:40 150/90", "01:30 130/80"), "23:55", (0, 1, 2)),  # past midnight
        (("02:50 120/80", "04:30 150/90", "05:30 130/80"), "03:00", (0, 1, 2)),  # begun before five
        (("06:00 120/80", "20:00 150/90"), "19:00", (0, 1, 1)),  # of the morning
        (("- 160/90", "14:30 150/90"), "14:00", (None, 0, 1)),  # without a time only the highest
        (("13:50 -/-", "14:30 150/90"), "14:00", (None, 1, 1)),  # nothing was read
        (("13:50 1200/80", "14:30 150/90"), "14:00", (0, 0, 1)),  # as it was typed
        (("13:50 abc/80", "14:30 150/-"), "14:00", (0, 1, 1)),
        (("13:50 ١٢٠/٨٠", "14:30 110/70"), "14:00", (0, 0, 1)),  # in the digits of any script
    ],
)
def test_before_highest_and_after(
    lines: tuple[str, ...], began: str, chosen: tuple[int | None, int | None, int | None]
) -> None:
    """Before is the last one up to the beginning, after the last one later, highest goes by the upper pressure."""
    assert choose_readings(read(*lines), time.fromisoformat(began)) == Chosen(*chosen)


def test_a_pulse_alone_is_before_or_after_and_never_highest() -> None:
    """What has no pressure cannot have the highest."""
    found = parse_readings(["13:50 | | | 80 | 97 | "])
    assert choose_readings(found, time(14)) == Chosen(0, None, None)
    assert choose_readings(parse_readings(["a line of somebody else's"]), time(14)) == Chosen()


def details(**changes: object) -> SessionDetails:
    """Return a session on 22 November at 14:00 in Berlin."""
    told = {"local": "2026-11-22T14:00", "zone": "Europe/Berlin"} | changes
    return SessionDetails(SessionKind.DOSING, minutes=120, setting=Setting.CLINIC, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("session", "parts", "began"),
    [
        (details(), (), "14:00"),  # nobody said that it began
        (details(started_at="2026-11-22T13:20:40+00:00"), (), "14:20"),
        (details(started_at="2026-11-22T13:20:40"), (), "14:20"),  # of before, in UTC
        (details(started_at="2026-11-22T13:20:00+00:00"), (None,), "14:20"),
        (details(started_at="2026-11-22T13:20:00+00:00"), ("15:00", "14:25"), "14:25"),
        (details(started_at="2026-11-22T13:20:00+00:00", status=Status.STOPPED_EARLY), ("14:10",), "14:10"),
        (details(), ("00:10", "23:50"), "23:50"),
        (details(zone="America/New_York", started_at="2026-11-22T19:05:00+00:00"), (), "14:05"),
        (details(local="2026-10-25T14:00"), (), "14:00"),  # the clocks went back that morning
    ],
)
def test_what_divides_before_from_after(
    session: SessionDetails, parts: tuple[str | None, ...], began: str
) -> None:
    """The first part of the medicine, else the start, else the planned start, by the clocks there."""
    taken = [Taken(time.fromisoformat(one) if one else None, "a half") for one in parts]
    assert find_beginning(session, taken) == time.fromisoformat(began)


@pytest.mark.parametrize(
    ("zone", "start", "day"),
    [
        ("Europe/Berlin", "2026-11-22T23:30:00+00:00", "2026-11-23"),
        ("America/New_York", "2026-11-23T03:30:00+00:00", "2026-11-22"),
        ("UTC", None, "2026-11-22"),
    ],
)
def test_the_day_of_a_session_is_that_of_its_place(zone: str, start: str | None, day: str) -> None:
    """Whatever clocks its reader has."""
    assert find_day(details(zone=zone, started_at=start)) == date.fromisoformat(day)


def total(day: str, value: str = "9", group: str = "phq9", order: str = "") -> Total:
    """Return what a measure came to."""
    on = date.fromisoformat(f"2026-11-{day}")
    return Total(Source(), group, on, order, bool(value), entered=(group, value))


@pytest.mark.parametrize(
    ("totals", "before", "after"),
    [
        ([], [], []),
        ([total("20", "5"), total("10", "7"), total("30", "3")], [("5", 2)], [("3", 8)]),
        ([total("22", "5"), total("21", "7")], [("5", 0)], []),  # of the day itself is before
        ([total("23", "5"), total("24", "7")], [], [("5", 1)]),
        ([total("20", "5", order="9"), total("20", "7", order="8")], [("5", 2)], []),
        ([total("25", "5", order="9"), total("25", "7", order="8")], [], [("7", 3)]),
        ([total("20", "5"), total("19", "4", "gad7")], [("4", 3), ("5", 2)], []),
        ([total("20", ""), total("15", "8")], [("8", 7)], []),  # a missing item makes no total
        ([total("24", ""), total("29", "8")], [], [("8", 7)]),
        ([total("20", ""), total("15", "")], [("", 2)], []),
        ([total("24", ""), total("29", "")], [], [("", 2)]),
    ],
)
def test_the_nearest_of_each_measure(
    totals: list[Total], before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    """With how many days it lies from the session, whatever order they come in."""
    for given in (totals, totals[::-1]):
        found = choose_nearest(group_totals(given), DAY)
        assert [[(one.total.entered[1], one.days) for one in side] for side in found] == [before, after]
