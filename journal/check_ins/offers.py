"""
Which check-in fits the day: offered in one line, never overdue and never counted.

After a dosing session they are offered for the latest one alone; those of earlier ones can be made from their pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.tracked import CheckIn
from journal.check_ins.records import Made, find_refusal, get_today
from journal.sessions import holds
from journal.sessions.day_state import DayState, get_day_state
from journal.sessions.moments import USUAL, Offsets, get_check_in_days
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status

NOT_STARTED = frozenset({DayState.READY, DayState.UNREPORTED})
"""The states of a day in which the questions before a session are offered, as long as they can be made."""
NEAR = timedelta(hours=48)
"""How long before its time the questions before a session are listed."""
DOSING_GOES_ON = timedelta(days=60)
"""For how long after a dosing session the monthly check-in is offered."""

NO_OFFSETS: Mapping[UUID | None, Offsets] = MappingProxyType({})

Offer = tuple[CheckIn, UUID | None]


def list_for_session(
    actor: Actor, one: Session, plan: Sequence[Session], offsets: Offsets = USUAL
) -> tuple[CheckIn, ...]:
    """Return the check-ins of a dosing session whose time has come; the one before it only while it can be made."""
    if one.kind is not SessionKind.DOSING or one.status is Status.CANCELLED:
        return ()
    if one.began_at is None:
        is_near = one.starts_at - actor.now < NEAR
        return (CheckIn.BEFORE,) if is_near and not find_refusal(actor, CheckIn.BEFORE, one, plan) else ()
    days = _count_days(actor, one)
    return tuple(
        CheckIn(moment.value) for moment, (first, _) in get_check_in_days(offsets).items() if days >= first
    )


def list_open_for_session(
    actor: Actor, one: Session, plan: Sequence[Session], offsets: Offsets = USUAL
) -> tuple[CheckIn, ...]:
    """Return the check-ins of a session that can be made now."""
    found = list_for_session(actor, one, plan, offsets)
    return tuple(moment for moment in found if not find_refusal(actor, moment, one, plan))


def find_offer(
    actor: Actor,
    plan: Sequence[Session],
    made: Sequence[Made],
    offsets: Mapping[UUID | None, Offsets] = NO_OFFSETS,
) -> Offer | None:
    """
    Return the check-in that is offered now and the session that it is about, or None.

    Args:
        plan: All sessions of the actor's.
        made: All check-ins that were begun.
        offsets: Those of each course; a course that is left out has the usual ones.
    """
    done = {(one.moment, one.session) for one in made if one.day is not None}
    coming = [one for one in plan if get_day_state(one.details, actor.now) in NOT_STARTED]
    open_ones = [one for one in coming if not find_refusal(actor, CheckIn.BEFORE, one, plan)]
    if open_ones and (CheckIn.BEFORE, open_ones[0].id) not in done:
        return CheckIn.BEFORE, open_ones[0].id
    if holds.get_hold(actor, plan) is not None:
        return None
    taken = [one for one in plan if one.kind is SessionKind.DOSING and one.began_at is not None]
    taken = [one for one in taken if one.status is not Status.CANCELLED and one.begins_at <= actor.now]
    if not taken:
        return None
    latest = max(taken, key=lambda one: one.begins_at)
    days, theirs = _count_days(actor, latest), offsets.get(latest.course, USUAL)
    for moment, (first, last) in get_check_in_days(theirs).items():
        if first <= days <= last and (CheckIn(moment.value), latest.id) not in done:
            return CheckIn(moment.value), latest.id
    is_over = _is_month_over(actor, taken, latest, made, theirs.monthly_days)
    return (CheckIn.MONTHLY, None) if is_over else None


def _is_month_over(
    actor: Actor, taken: Sequence[Session], latest: Session, made: Sequence[Made], days: int
) -> bool:
    if actor.now - latest.begins_at >= DOSING_GOES_ON:
        return False
    monthly = [one.day for one in made if one.moment is CheckIn.MONTHLY and one.day is not None]
    first = min(one.begins_at for one in taken).astimezone(actor.zone).date()
    since: date = max(monthly, default=first)
    return (get_today(actor) - since).days >= days


def _count_days(actor: Actor, one: Session) -> int:
    return (get_today(actor) - one.begins_at.astimezone(actor.zone).date()).days
