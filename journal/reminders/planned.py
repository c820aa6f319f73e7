"""
Work out when somebody is to be reminded: from the plan, the offsets of its courses and what they chose, and no more.

Whoever asks is told the same, a person's own request as the sender, which asks again before it sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from journal.clinic.hours import DAYS_AHEAD, list_periods
from journal.reading_hours.hours import Hours
from journal.reminders.kinds import AFTER, BEFORE, ReminderKind
from journal.sessions.day_state import Progress, get_progress
from journal.sessions.moments import USUAL, Moment, Offsets, list_moments
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from journal.time_zones import parse_zone

HOURS_STAND = timedelta(days=3)
"""How long reading hours that began can be told of: long enough for the one repeat."""

_PLANNED = frozenset({Status.PLANNED, Status.PREPARING, Status.DAY_OF})

Key = tuple[ReminderKind, UUID | datetime]
"""Which kind, and of which session, or of the reading hours of which beginning."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something waits from `since` on, and no longer from `until` on; in UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """What reminders follow from: a plan in the order of its times, the offsets of its courses, and a clock."""

    plan: Sequence[Session]
    offsets: Mapping[UUID | None, Offsets]
    zone: ZoneInfo
    now: datetime

    def list_due(self, kinds: Iterable[ReminderKind]) -> dict[Key, Due]:
        """
        Return when each session of the plan is to be told of, without what is over.

        What comes after a session is offered for the latest one that began, and what comes before it once no other
        comes first: as the first page has it.
        """
        wanted, found = frozenset(kinds), dict[Key, Due]()
        there = [one for one in self.plan if one.status is not Status.CANCELLED]
        dosing = [one for one in there if one.kind is SessionKind.DOSING]
        begun = [one for one in dosing if one.status not in _PLANNED]
        latest = max(begun, key=lambda one: (one.begins_at, one.id), default=None)
        for place, one in enumerate(dosing):
            spans = self._list_spans(one)
            if one.status in _PLANNED and self.now < one.starts_at:
                earlier = [other.begins_at for other in dosing[:place]]
                for kind, moment in BEFORE.items():
                    due = spans[moment]
                    found[kind, one.id] = Due(max([due.since, *earlier]), due.until)
            if one.status in _PLANNED or one is latest:
                # Whoever did not begin is not asked what came of it.
                due_after = {kind: spans[moment] for kind, moment in AFTER.items()}
                told = one is latest
                found |= {
                    (kind, one.id): due for kind, due in due_after.items() if told or self.now < due.since
                }
        for one in there:
            if one.kind is not SessionKind.DOSING and get_progress(one, self.now) is Progress.PLANNED:
                day_before = one.starts_at.astimezone(self.zone) - timedelta(days=1)
                found[ReminderKind.TALK, one.id] = Due(day_before.astimezone(UTC), one.starts_at)
        return {
            key: due for key, due in found.items() if key[0] in wanted and due.since < due.until > self.now
        }

    def _list_spans(self, one: Session) -> Mapping[Moment, Due]:
        spans = list_moments(one.details, self.offsets.get(one.course, USUAL), self.zone)
        return {span.moment: Due(span.since, span.until) for span in spans}


def find_reading_hours(hours: Hours, now: datetime) -> tuple[Due, ...]:
    """Return when a clinician's reading hours begin, for as long as weekly hours are looked for, in order."""
    place = parse_zone(hours.zone)
    today = now.astimezone(place).date()
    days = _list_days_there(today - HOURS_STAND - timedelta(days=1), hours.away)
    return tuple(Due(start, start + HOURS_STAND) for start, _ in list_periods(hours.windows, place, days))


def _list_days_there(first: date, away: tuple[date, date] | None) -> Iterator[date]:
    day = first
    for _ in range(DAYS_AHEAD):
        if away is not None and away[0] <= day <= away[1]:
            day = away[1] + timedelta(days=1)
        yield day
        day += timedelta(days=1)
