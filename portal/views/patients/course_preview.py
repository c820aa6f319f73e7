"""A course date by date, before any of it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from journal.sessions import schedule
from journal.sessions.course import CoursePlan, expand_plan
from journal.sessions.rows import Session
from journal.sessions.schedule import SessionNumber
from journal.sessions.session import Phase, SessionDetails, SessionKind
from journal.time_zones import parse_zone
from portal.web.entry_names import get_ordinal


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """
    One date of the preview. `nth` is the ordinal of the dosing session that it is, or is about.

    `clocks` says which way the clocks have gone since the date before: "forward", "back" or nothing.
    `sentence` is what a change of the clocks in that very night does to it.
    """

    details: SessionDetails
    starts_at: datetime
    nth: str
    clocks: str
    sentence: str


def build_preview(plan: CoursePlan) -> tuple[PlannedLine, ...]:
    """Return every date of a plan in order, with what the clocks do to it."""
    planned, zone = expand_plan(plan), parse_zone(plan.zone)
    dosing = [place for place, one in enumerate(planned) if one.details.kind is SessionKind.DOSING]
    found: list[PlannedLine] = []
    before: timedelta | None = None
    for place, one in enumerate(planned):
        resolved = one.details.resolved
        offset = resolved.utc.astimezone(zone).utcoffset() or timedelta(0)
        clocks = "" if before is None or before == offset else "forward" if offset > before else "back"
        index = dosing.index(place if one.about is None else one.about)
        number = SessionNumber(plan.first_sequence_no + index, len(dosing))
        nth = "" if plan.phase is Phase.SINGLE else get_ordinal(number.number)
        found.append(PlannedLine(one.details, resolved.utc, nth, clocks, resolved.sentence))
        before = offset
    return tuple(found)


def get_next_number(phase: Phase | None, plan: Sequence[Session]) -> int:
    """Return the number that the first dosing session of a further course has in its series."""
    counted = schedule.number_sessions(plan)
    same = phase is Phase.MAINTENANCE
    return 1 + sum(one.id in counted and schedule.is_maintenance(one.details) is same for one in plan)
