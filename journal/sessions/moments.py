"""
The moments of a dosing session: when its patient is offered to prepare, to write, to look back, and to check in.

They follow from its times and from the offsets of its course alone, so that whoever asks, a page or a reminder, is told
the same. Days count by the patient's own calendar: a week before nine o'clock is nine o'clock, whatever the clocks did
in between. Hours are hours. What comes after a session follows its start, and what comes before it its planned time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec

from journal.i18n import N_
from journal.sessions.day_state import DayState, get_day_state
from journal.sessions.session import SessionDetails

LAST_STANDS = timedelta(days=14)
"""How long the last question of what stayed is offered, since no other takes its place."""
LAST_CHECK_IN_DAYS = 30
"""For how many days the last check-in after a session is offered."""

HOURS_A_DAY = 24

NOT_OFFERED = N_("Please choose one of the numbers that are offered.")
NOT_LATER = N_("Please choose a later time than for the one before.")
NOT_BEFORE = N_("Please choose fewer days than for the beginning.")


class Moment(StrEnum):
    """What is offered around a dosing session."""

    PREPARE = "prepare"
    CHECKLIST = "checklist"
    CAPTURE = "capture"
    INTEGRATE = "integrate"
    INTEGRATE_AGAIN = "integrate-again"
    STAYED = "stayed"
    STAYED_AGAIN = "stayed-again"
    NEXT_DAY = "next-day"
    DAY_7 = "7-days"
    DAY_14 = "14-days"
    DAY_30 = "30-days"


class Offsets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    How far from a dosing session of a course its moments are; without a word of the care team the usual ones.

    `prepare_days` and `prepare_until_days` count back from its planned time, as `checklist_hours` do; all others count
    from its start. `monthly_days` is after how many days the monthly check-in is offered again.
    """

    prepare_days: int = 7
    prepare_until_days: int = 2
    checklist_hours: int = 24
    capture_hours: int = 2
    capture_until_hours: int = 4
    integrate_hours: int = 24
    integrate_again_hours: int = 72
    stayed_days: int = 7
    stayed_again_days: int = 14
    next_day_days: int = 1
    week_days: int = 7
    fortnight_days: int = 14
    month_days: int = 30
    monthly_days: int = 30


USUAL = Offsets()
OFFSET_BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "prepare_days": (1, 30),
        "prepare_until_days": (0, 29),
        "checklist_hours": (2, 72),
        "capture_hours": (1, 12),
        "capture_until_hours": (2, 24),
        "integrate_hours": (12, 96),
        "integrate_again_hours": (24, 240),
        "stayed_days": (4, 30),
        "stayed_again_days": (8, 60),
        "next_day_days": (1, 3),
        "week_days": (5, 10),
        "fortnight_days": (11, 20),
        "month_days": (22, 45),
        "monthly_days": (14, 90),
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """A moment of a session: offered from `since` on, and not from `until` on; both are in UTC."""

    moment: Moment
    since: datetime
    until: datetime

    def has(self, now: datetime) -> bool:
        """Return whether it is offered at *now*."""
        return self.since <= now < self.until


def check_offsets(offsets: Offsets) -> dict[str, str]:
    """Return the problems of *offsets* as sentences by field; empty if they can be kept."""
    problems = {
        name: NOT_OFFERED
        for name, (least, most) in OFFSET_BOUNDS.items()
        if not least <= getattr(offsets, name) <= most
    }
    one = offsets
    orders = (
        ("prepare_until_days", one.prepare_until_days < one.prepare_days, NOT_BEFORE),
        ("capture_until_hours", one.capture_hours < one.capture_until_hours, NOT_LATER),
        ("integrate_again_hours", one.integrate_hours < one.integrate_again_hours, NOT_LATER),
        ("stayed_days", one.integrate_again_hours < HOURS_A_DAY * one.stayed_days, NOT_LATER),
        ("stayed_again_days", one.stayed_days < one.stayed_again_days, NOT_LATER),
    )
    return {name: sentence for name, fits, sentence in orders if not fits} | problems


def list_moments(details: SessionDetails, offsets: Offsets, zone: ZoneInfo) -> tuple[Span, ...]:
    """
    Return the moments of a dosing session, in the order of `Moment`; of the same kind, each lasts until the next.

    Args:
        offsets: Those of its course.
        zone: The patient's, whose days count.
    """
    planned, begun = details.starts_at, details.begins_at

    def days_from(start: datetime, days: int) -> datetime:
        return (start.astimezone(zone) + timedelta(days=days)).astimezone(UTC)

    def day_after(days: int) -> datetime:
        day = begun.astimezone(zone).date() + timedelta(days=days)
        return datetime.combine(day, time(), zone).astimezone(UTC)

    def hours_after(hours: int) -> datetime:
        return begun + timedelta(hours=hours)

    again, stayed = hours_after(offsets.integrate_again_hours), days_from(begun, offsets.stayed_days)
    last = days_from(begun, offsets.stayed_again_days)
    days = get_check_in_days(offsets)
    return (
        Span(
            Moment.PREPARE,
            days_from(planned, -offsets.prepare_days),
            days_from(planned, -offsets.prepare_until_days),
        ),
        Span(Moment.CHECKLIST, planned - timedelta(hours=offsets.checklist_hours), planned),
        Span(Moment.CAPTURE, hours_after(offsets.capture_hours), hours_after(offsets.capture_until_hours)),
        Span(Moment.INTEGRATE, hours_after(offsets.integrate_hours), again),
        Span(Moment.INTEGRATE_AGAIN, again, max(again, stayed)),
        Span(Moment.STAYED, stayed, last),
        Span(Moment.STAYED_AGAIN, last, last + LAST_STANDS),
        *(Span(moment, day_after(first), day_after(last + 1)) for moment, (first, last) in days.items()),
    )


def get_check_in_days(offsets: Offsets) -> dict[Moment, tuple[int, int]]:
    """Return on which days after a session each check-in is offered, the first and the last one."""
    first = {
        Moment.NEXT_DAY: offsets.next_day_days,
        Moment.DAY_7: offsets.week_days,
        Moment.DAY_14: offsets.fortnight_days,
        Moment.DAY_30: offsets.month_days,
    }
    ends = (*list(first.values())[1:], offsets.month_days + LAST_CHECK_IN_DAYS)
    return {moment: (day, end - 1) for (moment, day), end in zip(first.items(), ends, strict=True)}


def is_capture_time(details: SessionDetails, now: datetime, offsets: Offsets = USUAL) -> bool:
    """Return whether it is a good time to write what is still there of a session: by morning it fades."""
    begun = get_day_state(details, now) in (DayState.UNDER_WAY, DayState.RESTING)
    since = details.begins_at + timedelta(hours=offsets.capture_hours)
    return begun and since <= now < details.begins_at + timedelta(hours=offsets.capture_until_hours)
