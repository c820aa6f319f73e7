"""
When a message may go: in nobody's quiet hours, on no day of a dosing session, and once a day by the person's calendar.

It reads nothing and keeps nothing: moments go in, and one comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from journal.sessions.holds import get_rest_time
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from journal.time_zones import parse_zone

STEPS = 1000
"""More than the days that can stand in the way of one moment."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` on, and until `end`, in UTC."""

    start: datetime
    end: datetime

    def has(self, moment: datetime) -> bool:
        """Return whether *moment* lies in it."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when and until when, on the clock of `zone`, nothing goes; an end before the begin is on the next day."""

    begin: time
    end: time
    zone: ZoneInfo

    def has(self, moment: datetime) -> bool:
        """Return whether the clock stands in them at *moment*."""
        clock = moment.astimezone(self.zone).time().replace(tzinfo=None, fold=0)
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def find_end(self, after: datetime) -> datetime:
        """Return the first moment from *after* on at which they end."""
        day = after.astimezone(self.zone).date() - timedelta(days=1)
        return min(moment for moment in self._list_ends(day) if moment >= after)

    def _list_ends(self, day: date) -> Iterator[datetime]:
        # Where the clocks go back, an end comes twice, and hours that had ended go on for a while.
        for ahead in range(4):
            wall = datetime.combine(day + timedelta(days=ahead), self.end, self.zone)
            for moment in (wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)):
                if not self.has(moment):
                    yield moment


@dataclass(frozen=True, slots=True)
class Calendar:
    """What stands in the way of a message: quiet hours, days of dosing sessions, and a day that had its message."""

    quiet: QuietHours
    blocked: tuple[Period, ...] = ()
    told: date | None = None

    def find_time(self, wanted: datetime) -> datetime:
        """Return the first moment from *wanted* on at which a message may go."""
        found = wanted
        for _ in range(STEPS):
            later = self._find_later(found)
            if later <= found:
                return found
            found = later
        return found

    def get_day(self, moment: datetime) -> date:
        """Return the day of *moment* on the person's own calendar."""
        return moment.astimezone(self.quiet.zone).date()

    def _find_later(self, moment: datetime) -> datetime:
        for one in self.blocked:
            if one.has(moment):
                return one.end
        if self.quiet.has(moment):
            return self.quiet.find_end(moment)
        if self.told is not None and self.get_day(moment) == self.told:
            return begin_day(self.told + timedelta(days=1), self.quiet.zone)
        return moment


def begin_day(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins there, in UTC; where the clocks skip midnight, when they have done so."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def list_blocked(plan: Iterable[Session], quiet: QuietHours, now: datetime) -> tuple[Period, ...]:
    """
    Return when a patient is told nothing: from a dosing session's day until the next morning's end of quiet hours.

    A day counts by the patient's calendar and by that of the place. It lasts no shorter than it takes to rest.
    """
    found = []
    for one in plan:
        if one.kind is not SessionKind.DOSING or one.status is Status.CANCELLED:
            continue
        places = (quiet.zone, parse_zone(one.details.zone))
        days = [one.begins_at.astimezone(place).date() for place in places]
        start = min(begin_day(day, place) for day, place in zip(days, places, strict=True))
        morning = quiet.find_end(begin_day(days[0] + timedelta(days=1), quiet.zone))
        found.append(Period(start, max(morning, get_rest_time(one.details, now))))
    return tuple(found)
