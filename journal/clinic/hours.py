"""When somebody answers the phone: weekly hours on the clock of their own place, and what they mean at a moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from journal.time_zones import parse_zone

WEEK = 7
DAYS_AHEAD = 2 * WEEK
"""How far ahead hours are looked for: two weeks hold every weekly hour, whatever the clocks do."""


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Hours of some weekdays: `days` as ISO counts them, 1 for Monday; `start` and `end` as "HH:MM".

    An end that is not after the start is on the next day, so 00:00 to 00:00 is the whole day.
    """

    days: tuple[int, ...]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Availability:
    """
    Whether somebody answers at a moment.

    `until` is when they stop, of those who answer, and `again` when they begin, of the others; None where that is
    never, or not within two weeks.
    """

    answers: bool
    until: datetime | None = None
    again: datetime | None = None


def find_availability(windows: Sequence[Window], zone: str, now: datetime) -> Availability | None:
    """Return whether somebody with these hours answers at *now*; None where no hours are given."""
    if not windows:
        return None
    periods = list(_merge(sorted(_list_periods(windows, parse_zone(zone), now))))
    under_way = next(((start, end) for start, end in periods if start <= now < end), None)
    if under_way is not None:
        last = under_way[1]
        return Availability(True, last if last < now + timedelta(days=DAYS_AHEAD - 2) else None)
    return Availability(False, again=next((start for start, _ in periods if start > now), None))


def _list_periods(
    windows: Sequence[Window], zone: tzinfo, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield start and end in UTC of every window that may touch the days from yesterday on."""
    first = now.astimezone(zone).date() - timedelta(days=1)
    for day in (first + timedelta(days=ahead) for ahead in range(DAYS_AHEAD)):
        for window in windows:
            if day.isoweekday() not in window.days:
                continue
            start, end = time.fromisoformat(window.start), time.fromisoformat(window.end)
            begins, ends = _resolve(day, start, zone), _resolve(day + timedelta(days=end <= start), end, zone)
            if begins < ends:  # one that lies in an hour that the clocks skip is none
                yield begins, ends


def _resolve(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _merge(periods: Sequence[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Yield sorted periods, those that touch as one."""
    current: tuple[datetime, datetime] | None = None
    for start, end in periods:
        if current is not None and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current is not None:
            yield current
        current = start, end
    if current is not None:
        yield current
