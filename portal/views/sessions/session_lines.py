"""Sessions as lines of a page: days away, number, and local time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from journal.actor import Actor
from journal.i18n import N_
from journal.roles import Role
from journal.scheduling import checking
from journal.sessions import schedule
from journal.sessions.day_state import EARLY, Progress, get_progress
from journal.sessions.holds import find_cancel_time
from journal.sessions.rows import Session
from journal.sessions.schedule import SessionNumber
from journal.sessions.session import SessionDetails, SessionKind, Status, list_next_statuses
from journal.time_zones import FoldNote, parse_zone
from portal.web.entry_names import get_ordinal

# Button labels for the next status: the patient's words, then the clinician's.
STATUS_LABELS: Mapping[Status, tuple[str, str]] = MappingProxyType(
    {
        Status.PLANNED: (N_("It is planned again"), N_("It is planned again")),
        Status.PREPARING: (N_("I am getting ready"), N_("They are getting ready")),
        Status.DAY_OF: (N_("Today is the day"), N_("Today is the day")),
        Status.IN_SESSION: (N_("I am starting now"), N_("It is starting now")),
        Status.RECOVERING: (N_("It is over, I am resting"), N_("It is over, they are resting")),
        Status.STOPPED_EARLY: (N_("We stopped early"), N_("It was stopped early")),
        Status.INTEGRATING: (N_("Open it again"), N_("Open it again")),
        Status.CLOSED: (N_("It took place"), N_("It took place")),
        Status.CANCELLED: (N_("Cancel this session"), N_("Cancel this session")),
    }
)
TAKE_BACK_LABEL = N_("It is not over yet")
COMPLETE_LABEL = N_("This session is complete")

PROGRESS_LABELS: Mapping[Progress, str] = MappingProxyType(
    {
        Progress.PLANNED: N_("planned"),
        Progress.UNDER_WAY: N_("under way"),
        Progress.UNCONFIRMED: N_("not confirmed"),
        Progress.DONE: "",
        Progress.CANCELLED: N_("cancelled"),
    }
)
"""What stands beside the date of a session in a list, by how far it is."""


@dataclass(frozen=True, slots=True)
class SessionLine:
    """
    One session as its reader sees it.

    `number` is that of the dosing session it is, or is about; `days` counts from the reader's today. `zone`
    is the reader's, `own_zone` the session's own, where its clocks say something else. `progress` is how far it is.
    """

    session: Session
    number: SessionNumber | None
    nth: str
    days: int
    zone: ZoneInfo
    own_zone: ZoneInfo | None
    fold_note: FoldNote
    progress: Progress

    @property
    def details(self) -> SessionDetails:
        """Return what is known of the session."""
        return self.session.details

    @property
    def progress_label(self) -> str:
        """Return the word for its progress, to be translated; none once it took place."""
        return PROGRESS_LABELS[self.progress]


def build_line(actor: Actor, one: Session, number: SessionNumber | None) -> SessionLine:
    """Return the line of one session for its reader."""
    zone, there = actor.zone, parse_zone(one.details.zone)
    here_says, there_says = (one.starts_at.astimezone(place).utcoffset() for place in (zone, there))
    return SessionLine(
        one,
        number,
        get_ordinal(number.number if number else None),
        count_days(actor, one.starts_at),
        zone,
        None if here_says == there_says else there,
        one.details.resolved.fold_note,
        _get_visible_progress(actor, one),
    )


def _get_visible_progress(actor: Actor, one: Session) -> Progress:
    # On a day at home a clinician does not see what was said, and so not that nothing was.
    if actor.role is Role.CLINICIAN and schedule.is_home_dosing_day(one.details, actor.now):
        return Progress.PLANNED
    return get_progress(one, actor.now)


def build_lines(actor: Actor, plan: tuple[Session, ...]) -> tuple[SessionLine, ...]:
    """Return the lines of a patient's plan for its reader, in the plan's order."""
    numbers = schedule.number_sessions(plan)
    about = ((one, schedule.find_dosing_session(one, plan)) for one in plan)
    return tuple(build_line(actor, one, numbers.get(dosing.id) if dosing else None) for one, dosing in about)


def find_line(actor: Actor, plan: tuple[Session, ...], wanted: UUID) -> SessionLine:
    """Return the line of one session of *plan*, which is all of them: its number counts those before it."""
    return next(line for line in build_lines(actor, plan) if line.session.id == wanted)


def count_days(actor: Actor, moment: datetime) -> int:
    """Count the days from the reader's today to a moment, by the reader's calendar."""
    return (moment.astimezone(actor.zone).date() - actor.now.astimezone(actor.zone).date()).days


def list_status_choices(actor: Actor, one: Session) -> tuple[tuple[Status, str], ...]:
    """Return the next statuses that make sense now, each with its label for this person."""
    side = 0 if actor.role is Role.PATIENT else 1
    begun, dosing = one.details.started_at is not None, one.details.kind is SessionKind.DOSING
    near = one.starts_at - EARLY <= actor.now < one.starts_at + schedule.LATE
    # A start cannot be taken back, so it is offered around the planned time only; so is the end of what has begun.
    sensible = {
        Status.PREPARING: actor.now < one.starts_at - EARLY,
        Status.DAY_OF: near and count_days(actor, one.starts_at) == 0,
        Status.IN_SESSION: near or begun,
        Status.CLOSED: begun or one.ends_at <= actor.now,
        Status.CANCELLED: find_cancel_time(one.details, actor.now) is None
        and not checking.is_answered_by_patient(actor, one.details),
    }
    labels = {status: both[side] for status, both in STATUS_LABELS.items()}
    if begun and dosing:
        labels |= {Status.CLOSED: COMPLETE_LABEL, Status.IN_SESSION: TAKE_BACK_LABEL}
    return tuple(
        (status, labels[status])
        for status in list_next_statuses(one.details, actor.now)
        if sensible.get(status, True)
    )
