"""What a plan of sessions says: what is next, over or under way, and which number a dosing session has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.roles import Role
from journal.sessions.day_state import EARLY, DayState, Progress, get_day_state, get_progress
from journal.sessions.holds import get_rest_time
from journal.sessions.rows import Session
from journal.sessions.session import Phase, SessionDetails, SessionKind, Setting, Status
from journal.store.rows import OpenedRows

LATE = timedelta(hours=24)
"""How long after its planned time a session can still be said to start."""

_UPCOMING = frozenset({Progress.PLANNED, Progress.UNDER_WAY})
_RESTING_STATUSES = frozenset({Status.RECOVERING, Status.STOPPED_EARLY})


@dataclass(frozen=True, slots=True)
class SessionNumber:
    """Which dosing session of its phase one is, and how many that phase has."""

    number: int
    total: int


class NumberedSession(Protocol):
    """What the numbers of sessions follow from."""

    @property
    def id(self) -> UUID:
        """Return its id."""

    @property
    def kind(self) -> SessionKind:
        """Return its kind."""

    @property
    def status(self) -> Status:
        """Return its status."""

    @property
    def phase(self) -> Phase | None:
        """Return where in a course it stands."""


S = TypeVar("S", bound=NumberedSession)


def list_uncancelled(plan: Iterable[S]) -> tuple[S, ...]:
    """Return the sessions that were not cancelled."""
    return tuple(one for one in plan if one.status is not Status.CANCELLED)


def list_upcoming(plan: Iterable[Session], now: datetime) -> tuple[Session, ...]:
    """Return the sessions that are under way, then those to come, the next one first."""
    told = [(get_progress(one, now), one) for one in plan]
    return tuple(
        one
        for wanted in (Progress.UNDER_WAY, Progress.PLANNED)
        for progress, one in told
        if progress is wanted
    )


def list_past(plan: Iterable[Session], now: datetime) -> tuple[Session, ...]:
    """Return the other sessions, the latest first; cancelled ones are among them."""
    behind = [one for one in plan if get_progress(one, now) not in _UPCOMING]
    return tuple(sorted(behind, key=lambda one: one.begins_at, reverse=True))


def find_course(plan: Sequence[Session], now: datetime) -> UUID | None:
    """Return the course of the latest session that was not cancelled, or else of the next; None without one."""
    there = list_uncancelled(plan)
    found = (*list_past(there, now), *list_upcoming(there, now))
    return found[0].course if found else None


def number_sessions(plan: Iterable[NumberedSession]) -> Mapping[UUID, SessionNumber]:
    """
    Number the dosing sessions that were not cancelled, by time: maintenance separately, single ones not at all.

    Counted and not read from the plan: a session that is cancelled, moved or added leaves the numbers right.
    """
    series: dict[bool, list[UUID]] = {True: [], False: []}
    for one in list_uncancelled(plan):
        if one.kind is SessionKind.DOSING and one.phase is not Phase.SINGLE:
            series[one.phase is Phase.MAINTENANCE].append(one.id)
    return {
        ident: SessionNumber(place, len(all_))
        for all_ in series.values()
        for place, ident in enumerate(all_, 1)
    }


def is_maintenance(details: SessionDetails) -> bool:
    """Return whether a dosing session counts in the maintenance series."""
    return details.phase is Phase.MAINTENANCE


def find_dosing_session(one: Session, plan: Iterable[Session]) -> Session | None:
    """Return the dosing session that *one* is, or is about."""
    if one.details.kind is SessionKind.DOSING:
        return one
    return next((other for other in plan if other.id.hex == one.details.about), None)


def list_talks(dosing: Session, plan: Iterable[Session]) -> tuple[Session, ...]:
    """Return the talks that belong to a dosing session, in the order of their times."""
    return tuple(one for one in plan if one.details.about == dosing.id.hex)


def is_acute(one: Session, now: datetime, hours: int) -> bool:
    """
    Return whether a dosing session is under way, or began so recently that a page has to be one calm screen.

    Args:
        hours: How long after its start that is, as the care team wrote for its course.
    """
    acute = timedelta(hours=hours)
    state = get_day_state(one.details, now)
    if state is not DayState.RESTING:
        return state is DayState.UNDER_WAY
    dated_ahead = (
        one.began_at is not None and one.began_at > now + acute
    )  # by a clock that was put right since
    return one.status in _RESTING_STATUSES and now < one.begins_at + acute and not dated_ahead


def is_home_dosing_day(details: SessionDetails, now: datetime) -> bool:
    """Return whether a dosing session is at home and on its day, its patient's own until they can say they rested."""
    if details.kind is not SessionKind.DOSING or details.setting is Setting.CLINIC:
        return False
    return details.status is not Status.CANCELLED and details.starts_at - EARLY <= now < get_rest_time(
        details, now
    )


def get_visible_plan(actor: Actor, plan: OpenedRows[Session]) -> OpenedRows[Session]:
    """Return a plan as its reader may see it: to a clinician, a day at home shows as planned until it is over."""
    if actor.role is not Role.CLINICIAN:
        return plan
    seen = (
        msgspec.structs.replace(one, details=_hide_progress(one.details))
        if is_home_dosing_day(one.details, actor.now)
        else one
        for one in plan
    )
    return OpenedRows(seen, plan.damaged)


def _hide_progress(details: SessionDetails) -> SessionDetails:
    return msgspec.structs.replace(
        details, status=Status.PLANNED, started_at=None, ended_at=None, rested_on=None, acute_hours=None
    )
