"""
Which check-in fits the day: offered in one line, never overdue and never counted.

After a dosing session they are offered for the latest one alone; those of earlier ones can be made from their pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from types import MappingProxyType
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.tracked import CheckIn
from journal.check_ins.records import Made, find_refusal, get_today
from journal.sessions import holds
from journal.sessions.day_state import DayState, get_day_state
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status

OFFERED = MappingProxyType(
    {
        CheckIn.NEXT_DAY: (1, 6),
        CheckIn.DAY_7: (7, 13),
        CheckIn.DAY_14: (14, 29),
        CheckIn.DAY_30: (30, 59),
    }
)
"""From which to which day after a dosing session each is offered."""
NOT_STARTED = frozenset({DayState.READY, DayState.UNREPORTED})
"""The states of a day in which the questions before a session are offered, as long as they can be made."""
MONTH = 30  # days
NEAR = timedelta(hours=48)
"""How long before its time the questions before a session are listed."""
DOSING_GOES_ON = timedelta(days=60)
"""For how long after a dosing session the monthly check-in is offered."""

Offer = tuple[CheckIn, UUID | None]


def list_for_session(actor: Actor, one: Session, plan: Sequence[Session]) -> tuple[CheckIn, ...]:
    """Return the check-ins of a dosing session whose time has come; the one before it only while it can be made."""
    if one.kind is not SessionKind.DOSING or one.status is Status.CANCELLED:
        return ()
    if one.began_at is None:
        is_near = one.starts_at - actor.now < NEAR
        return (CheckIn.BEFORE,) if is_near and not find_refusal(actor, CheckIn.BEFORE, one, plan) else ()
    days = _count_days(actor, one)
    return tuple(moment for moment, (first, _) in OFFERED.items() if days >= first)


def find_offer(actor: Actor, plan: Sequence[Session], made: Sequence[Made]) -> Offer | None:
    """
    Return the check-in that is offered now and the session that it is about, or None.

    Args:
        plan: All sessions of the actor's.
        made: All check-ins that were begun.
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
    days = _count_days(actor, latest)
    for moment, (first, last) in OFFERED.items():
        if first <= days <= last and (moment, latest.id) not in done:
            return moment, latest.id
    return (CheckIn.MONTHLY, None) if _is_month_over(actor, taken, latest, made) else None


def _is_month_over(actor: Actor, taken: Sequence[Session], latest: Session, made: Sequence[Made]) -> bool:
    if actor.now - latest.begins_at >= DOSING_GOES_ON:
        return False
    monthly = [one.day for one in made if one.moment is CheckIn.MONTHLY and one.day is not None]
    first = min(one.begins_at for one in taken).astimezone(actor.zone).date()
    since: date = max(monthly, default=first)
    return (get_today(actor) - since).days >= MONTH


def _count_days(actor: Actor, one: Session) -> int:
    return (get_today(actor) - one.begins_at.astimezone(actor.zone).date()).days
