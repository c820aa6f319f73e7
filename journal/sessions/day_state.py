"""
Which state a dosing day is in and how far a session is, for every page that asks.

What was said comes first: the status, the start and the rest. The hour only decides between what nobody said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from journal.accounts.profiles import DosingDay, save_dosing_day
from journal.ages import CLOCK_TOLERANCE
from journal.installation.installation import Installation
from journal.sessions.holds import find_hold, get_rest_time
from journal.sessions.rows import Session, load_plan
from journal.sessions.session import SessionDetails, SessionKind, Status

EARLY = timedelta(hours=12)
"""How long before its planned time a session can be said to start."""

INTEGRATION_PERIOD = timedelta(days=7)
"""How long after its start a session is what the day is about."""

_UPCOMING_STATUSES = frozenset({Status.PLANNED, Status.PREPARING, Status.DAY_OF})


class DayState(StrEnum):
    """What a dosing session asks of its patient now."""

    AHEAD = "ahead"
    """It is planned for another day."""

    READY = "ready"
    """It can be started: its time is near, or has come and has not passed."""

    UNREPORTED = "unreported"
    """Its planned time has passed, and nobody said that it began. That stays until somebody says what came of it."""

    UNDER_WAY = "under_way"
    """It has begun, and nobody said that it ended."""

    RESTING = "resting"
    """It ended or was stopped early, and its patient cannot yet say that they rested."""

    MORNING_AFTER = "morning_after"
    """The next morning has come and the effects can be over, and the patient has not said that they have slept."""

    INTEGRATING = "integrating"
    """The patient has rested, and it was not long ago."""

    OVER = "over"
    """It was cancelled, was long ago, or is a talk: nothing of it is to be done."""


class Progress(StrEnum):
    """How far a session is, in a list of sessions."""

    PLANNED = "planned"
    """It is still to come, or its time is now and nobody said that it began."""

    UNDER_WAY = "under_way"
    """It has begun, and has not ended."""

    UNCONFIRMED = "unconfirmed"
    """A dosing session whose time has passed, and nobody said whether it took place."""

    DONE = "done"
    """It took place, or was stopped early. A talk took place once its time has passed."""

    CANCELLED = "cancelled"
    """It was cancelled."""


# Which of two dosing sessions the day is about: the one whose state stands first here.
_ORDER = (
    DayState.UNDER_WAY,
    DayState.RESTING,
    DayState.MORNING_AFTER,
    DayState.READY,
    DayState.INTEGRATING,
    DayState.AHEAD,
)


def get_day_state(details: SessionDetails, now: datetime) -> DayState:
    """Return which state the day of a session is in at *now*."""
    if details.kind is not SessionKind.DOSING or details.status is Status.CANCELLED:
        return DayState.OVER
    if details.status in _UPCOMING_STATUSES:
        return _get_planned_state(details, now)
    hold = find_hold([details], now)
    if hold is None:
        return DayState.INTEGRATING if _is_recent(details.begins_at, now) else DayState.OVER
    if now >= hold.may_confirm_from:
        return DayState.MORNING_AFTER
    return DayState.UNDER_WAY if details.status is Status.IN_SESSION else DayState.RESTING


def get_progress(one: Session, now: datetime) -> Progress:
    """Return how far a session is at *now*."""
    details = one.details
    dosing = details.kind is SessionKind.DOSING
    if details.status is Status.CANCELLED:
        return Progress.CANCELLED
    if details.status in _UPCOMING_STATUSES:
        if now < one.ends_at:
            return Progress.PLANNED
        return Progress.UNCONFIRMED if dosing else Progress.DONE
    if details.status is not Status.IN_SESSION:
        return Progress.DONE
    under_way = get_day_state(details, now) is DayState.UNDER_WAY if dosing else now < one.ends_at
    return Progress.UNDER_WAY if under_way else Progress.DONE


def find_current_day(plan: Sequence[Session], now: datetime) -> tuple[DayState, Session | None]:
    """Return the state of the day and the session that it is about, from a plan in the order of its times."""
    states = [(get_day_state(one.details, now), one) for one in plan]
    # What nobody reported is asked for as long as it takes, and is what the day is about for a week.
    states = [
        (state, one)
        for state, one in states
        if state is not DayState.UNREPORTED or _is_recent(one.starts_at, now)
    ]
    for wanted in _ORDER:
        # A session that nobody reported stands beside those that were: the latest counts.
        among = {wanted, DayState.UNREPORTED} if wanted is DayState.INTEGRATING else {wanted}
        if found := [(state, one) for state, one in states if state in among]:
            return found[0] if wanted in (DayState.READY, DayState.AHEAD) else found[-1]
    return DayState.OVER, None


async def load_day_state(installation: Installation, patient: UUID) -> DayState:
    """Return the state of a patient's day. It needs no key of theirs, so a locked session knows it as well."""
    return find_current_day(await load_plan(installation, patient), installation.clock())[0]


async def record_dosing_day(installation: Installation, patient: UUID, now: datetime) -> None:
    """
    Store for every page of a patient's what their plan says of the day.

    Call it after each change of a session's status, inside its transaction, which has locked the account.
    """
    state, one = find_current_day(await load_plan(installation, patient), now)
    day = None
    if one is not None and state in (DayState.UNDER_WAY, DayState.RESTING):
        day = DosingDay(state.value, get_rest_time(one.details, now))
    await save_dosing_day(installation, patient, day)


def _get_planned_state(details: SessionDetails, now: datetime) -> DayState:
    if now < details.starts_at - EARLY:
        return DayState.AHEAD
    if now < details.ends_at:
        return DayState.READY
    return DayState.UNREPORTED


def _is_recent(began: datetime, now: datetime) -> bool:
    return -CLOCK_TOLERANCE <= now - began < INTEGRATION_PERIOD
