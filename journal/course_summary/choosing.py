"""Which reading was before, highest and after, and which measures are nearest to a session, by rules in words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial

from journal.course_summary.lines import NearTotal, Total
from journal.dosing_day.lines import Reading, Taken, count_minutes_from, parse_number
from journal.sessions.session import SessionDetails
from journal.time_zones import parse_zone

NO_TIME = -(24 * 60)
"""Where a reading without a time stands: first, before those of the day."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The places of the readings that a row shows; each may be missing, and one reading may be two of them."""

    before: int | None = None
    highest: int | None = None
    after: int | None = None


def find_day(details: SessionDetails) -> date:
    """Return the day of a session by the clocks where it takes place."""
    return details.begins_at.astimezone(parse_zone(details.zone)).date()


def find_beginning(details: SessionDetails, parts: Iterable[Taken]) -> time:
    """
    Return the time of day, by the clocks where a session takes place, that divides readings into before and after.

    It is that of the first part of the medicine, where a time of it was noted; else of the start, as it was said;
    else of the start as it was planned.
    """
    start = details.begins_at.astimezone(parse_zone(details.zone)).time().replace(second=0, microsecond=0)
    times = [one.at for one in parts if one.at is not None]
    if times:
        return min(times, key=partial(count_minutes_from, start))
    return start


def choose_readings(readings: Sequence[Reading], began: time) -> Chosen:
    """
    Choose the readings that stand in a row.

    Before is the last one up to the beginning, after the last one later than it: of two at one time, the one that was
    noted later. Highest is the one with the highest upper pressure; of two alike the one with the higher lower
    pressure, then the first. Without a time a reading is neither before nor after; without a pressure not the highest.
    """
    times = [
        (count_minutes_from(began, one.at), place)
        for place, one in enumerate(readings)
        if one.at is not None and not one.is_blank
    ]
    before = max((one for one in times if one[0] <= 0), default=None)
    after = max((one for one in times if one[0] > 0), default=None)
    minutes = {place: minute for minute, place in times}
    pressures = [
        (upper, parse_number(one.diastolic) or 0.0, -minutes.get(place, NO_TIME), -place)
        for place, one in enumerate(readings)
        if (upper := parse_number(one.systolic)) is not None
    ]
    return Chosen(
        before[1] if before else None,
        -max(pressures)[3] if pressures else None,
        after[1] if after else None,
    )


Series = tuple[Total, ...]
"""The totals of one measure, in the order of their days."""


def group_totals(totals: Iterable[Total]) -> tuple[Series, ...]:
    """Return totals by their measures, each in the order of its days, and the measures by their names."""
    found: dict[str, list[Total]] = {}
    for one in sorted(totals, key=lambda one: (one.day, one.order)):
        found.setdefault(one.group, []).append(one)
    return tuple(tuple(found[name]) for name in sorted(found))


def choose_nearest(
    measures: Iterable[Series], day: date
) -> tuple[tuple[NearTotal, ...], tuple[NearTotal, ...]]:
    """
    Return of each measure the one nearest before a session's day, and the one nearest after it.

    One of the day itself is before: none is offered between the start of a session and the rest after it. Of two on
    one day, the nearer to the session is chosen: before it the later one, after it the earlier. One with an item
    missing has no total, so it is chosen only where there is no other.
    """
    before: list[Total] = []
    after: list[Total] = []
    for series in measures:
        place = bisect_right(series, day, key=lambda one: one.day)
        before += _select_whole(series[:place][::-1])
        after += _select_whole(series[place:])
    return _measure_days(before, day), _measure_days(after, day)


def _select_whole(nearest_first: Series) -> Series:
    found = next((one for one in nearest_first if one.is_whole), None)
    return (found,) if found else nearest_first[:1]


def _measure_days(chosen: Iterable[Total], day: date) -> tuple[NearTotal, ...]:
    return tuple(NearTotal(one, abs((one.day - day).days)) for one in chosen)
