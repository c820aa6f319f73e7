"""Expand the plan of a course into sessions, whose values are those of `session.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import msgspec

from journal.i18n import N_
from journal.sessions.session import (
    LONGEST_MINUTES,
    Phase,
    Route,
    SessionDetails,
    SessionKind,
    Setting,
    check_session,
)
from journal.user_input import clean_line


@dataclass(frozen=True, slots=True)
class CoursePlan:
    """
    A course in numbers: dosing sessions at equal intervals, and the talks around them.

    One preparation session comes before the first dosing session, one integration session after each; without
    a number of days there is none. Days count by the calendar of `zone`. `language` is that of its words.
    """

    first_date: date
    first_time: time
    zone: str
    dosing_count: int
    every_days: int
    setting: Setting
    route: Route | None = None
    phase: Phase | None = None
    dose_text: str = ""
    minutes: int = 120
    preparation_days_before: int | None = None
    preparation_time: time = time(10, 0)
    integration_days_after: int | None = None
    integration_time: time = time(10, 0)
    integration_setting: Setting = Setting.TELEHEALTH_HOME
    talk_minutes: int = 50
    prescriber_name: str = ""
    first_sequence_no: int = 1
    language: str = ""

    def clean(self) -> CoursePlan:
        """Return the plan with its texts cleaned."""
        prescriber = clean_line(self.prescriber_name)
        return replace(self, dose_text=clean_line(self.dose_text), prescriber_name=prescriber)


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """One session of a plan; `about` is the place in the same tuple of the dosing session it belongs to."""

    details: SessionDetails
    about: int | None = None


def check_plan(plan: CoursePlan) -> dict[str, str]:
    """Return the problems of *plan* as sentences by field; empty if it can become sessions."""
    checks = (
        (
            "first_date",
            2000 <= plan.first_date.year < 2200,
            N_("Please choose a first day from this century on."),
        ),
        (
            "dosing_count",
            1 <= plan.dosing_count <= 20,
            N_("Please plan between 1 and 20 dosing sessions at a time."),
        ),
        (
            "every_days",
            1 <= plan.every_days <= 90,
            N_("Please choose between 1 and 90 days from one to the next."),
        ),
        (
            "minutes",
            1 <= plan.minutes <= LONGEST_MINUTES,
            N_("Please give a length between 1 minute and 24 hours."),
        ),
        (
            "talk_minutes",
            1 <= plan.talk_minutes <= 480,
            N_("Please give a length between 1 minute and 8 hours."),
        ),
        (
            "preparation_days_before",
            _is_within(plan.preparation_days_before, 30),
            N_("Please choose 0 to 30 days before."),
        ),
        (
            "integration_days_after",
            _is_within(plan.integration_days_after, 14),
            N_("Please choose 0 to 14 days after."),
        ),
        (
            "preparation_time",
            plan.preparation_days_before != 0 or plan.preparation_time < plan.first_time,
            N_("On the same day, preparation comes before the dosing session."),
        ),
        (
            "integration_time",
            plan.integration_days_after != 0 or plan.integration_time > plan.first_time,
            N_("On the same day, integration comes after the dosing session."),
        ),
    )
    problems = {field: sentence for field, fits, sentence in checks if not fits}
    if not problems:
        problems = check_session(_build_dosing_session(plan, 0))
    if "local" in problems:
        problems["first_date"] = problems.pop("local")
    return problems


def _is_within(days: int | None, most: int) -> bool:
    return days is None or 0 <= days <= most


def expand_plan(plan: CoursePlan) -> tuple[PlannedSession, ...]:
    """
    Return the sessions of *plan* in the order they take place.

    The wall time stays the same across a change of the clocks: nine o'clock remains nine o'clock.

    Raises:
        ValueError: If `check_plan` finds a problem.
    """
    if problems := check_plan(plan):
        raise ValueError(next(iter(problems.values())))
    dosing = [_build_dosing_session(plan, index) for index in range(plan.dosing_count)]
    everything: list[tuple[SessionDetails, SessionDetails | None]] = [(one, None) for one in dosing]
    if plan.preparation_days_before is not None:
        day = plan.first_date - timedelta(days=plan.preparation_days_before)
        everything.append((_build_talk(plan, SessionKind.PREPARATION, day, plan.preparation_time), dosing[0]))
    if plan.integration_days_after is not None:
        for index, about in enumerate(dosing):
            day = _dosing_day(plan, index) + timedelta(days=plan.integration_days_after)
            everything.append((_build_talk(plan, SessionKind.INTEGRATION, day, plan.integration_time), about))
    everything.sort(key=lambda pair: pair[0].starts_at)
    places = {id(one): place for place, (one, _) in enumerate(everything)}
    return tuple(
        PlannedSession(one, None if about is None else places[id(about)]) for one, about in everything
    )


def link_planned_sessions(
    planned: Sequence[PlannedSession], ids: Sequence[str]
) -> tuple[SessionDetails, ...]:
    """Return the details of *planned*, each `about` replaced by the id of its dosing session from *ids*."""
    return tuple(
        one.details if one.about is None else msgspec.structs.replace(one.details, about=ids[one.about])
        for one in planned
    )


def _dosing_day(plan: CoursePlan, index: int) -> date:
    return plan.first_date + timedelta(days=index * plan.every_days)


def _build_dosing_session(plan: CoursePlan, index: int) -> SessionDetails:
    return SessionDetails(
        SessionKind.DOSING,
        _format_wall_time(_dosing_day(plan, index), plan.first_time),
        plan.zone,
        plan.minutes,
        plan.setting,
        plan.route,
        plan.phase,
        plan.dose_text,
        sequence_no=plan.first_sequence_no + index,
        prescriber_name=plan.prescriber_name,
        dose_language=plan.language if plan.dose_text else "",
    )


def _build_talk(plan: CoursePlan, kind: SessionKind, day: date, at: time) -> SessionDetails:
    return SessionDetails(
        kind, _format_wall_time(day, at), plan.zone, plan.talk_minutes, plan.integration_setting
    )


def _format_wall_time(day: date, at: time) -> str:
    return datetime.combine(day, at).strftime("%Y-%m-%dT%H:%M")
