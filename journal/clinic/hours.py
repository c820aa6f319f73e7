"""When somebody answers the phone: weekly hours on the clock of their own place, and what they mean at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from journal.i18n import N_
from journal.time_zones import parse_zone
from journal.user_input import parse_time

WEEK = 7
DAYS_AHEAD = 2 * WEEK
"""How far ahead hours are looked for: two weeks hold every weekly hour, whatever the clocks do."""
DAY_MINUTES = 24 * 60 + 1
"""More than the clocks of any place ever skipped at once: a day, where the date line was moved."""


NOT_A_TIME = N_("Write when the hours begin and end, and choose their days. Leave all of it empty for none.")


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Hours of some weekdays: `days` as ISO counts them, 1 for Monday; `start` and `end` as "HH:MM".

    An end that is not after the start is on the next day, so 00:00 to 00:00 is the whole day.
    """

    days: tuple[int, ...]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class TypedWindow:
    """Hours as they were typed: the numbers of the chosen days, from when, until when."""

    days: tuple[str, ...] = ()
    start: str = ""
    end: str = ""

    @property
    def is_blank(self) -> bool:
        """Return whether nothing was typed."""
        return not (self.days or self.start or self.end)


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


def parse_windows(rows: Sequence[TypedWindow]) -> tuple[tuple[Window, ...], dict[str, str]]:
    """Return the hours that were typed, and a sentence by the field `start` with its row for each that are none."""
    windows: list[Window] = []
    problems: dict[str, str] = {}
    for number, row in enumerate(rows):
        if row.is_blank:
            continue
        start, end = parse_time(row.start), parse_time(row.end)
        if start is None or end is None or not row.days:
            problems[f"start{number}"] = NOT_A_TIME
        else:
            windows.append(Window(tuple(map(int, row.days)), f"{start:%H:%M}", f"{end:%H:%M}"))
    return tuple(windows), problems


def find_availability(windows: Sequence[Window], zone: str, now: datetime) -> Availability | None:
    """Return whether somebody with these hours answers at *now*; None where no hours are given."""
    if not windows:
        return None
    place = parse_zone(zone)
    first = now.astimezone(place).date() - timedelta(days=1)
    days = (first + timedelta(days=ahead) for ahead in range(DAYS_AHEAD))
    periods = list_periods(windows, place, days)
    under_way = next(((start, end) for start, end in periods if start <= now < end), None)
    if under_way is not None:
        last = under_way[1]
        return Availability(True, last if last < now + timedelta(days=DAYS_AHEAD - 2) else None)
    return Availability(False, again=next((start for start, _ in periods if start > now), None))


def list_periods(
    windows: Sequence[Window], zone: tzinfo, days: Iterable[date]
) -> list[tuple[datetime, datetime]]:
    """Return start and end in UTC of the windows that begin on *days*, in order; those that touch are one."""
    return list(_merge(sorted(_list_single(windows, zone, days))))


def _list_single(
    windows: Sequence[Window], zone: tzinfo, days: Iterable[date]
) -> Iterator[tuple[datetime, datetime]]:
    for day in days:
        for window in windows:
            if day.isoweekday() not in window.days:
                continue
            start, end = time.fromisoformat(window.start), time.fromisoformat(window.end)
            begins, ends = _resolve(day, start, zone), _resolve(day + timedelta(days=end <= start), end, zone)
            if begins < ends:  # one that lies in an hour that the clocks skip is none
                yield begins, ends


def _resolve(day: date, at: time, zone: tzinfo) -> datetime:
    """Return the moment of a wall time; of one that the clocks skip, the moment at which they do."""
    wall = datetime.combine(day, at)
    for _ in range(DAY_MINUTES):
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            return moment
        wall += timedelta(minutes=1)
    return moment


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
