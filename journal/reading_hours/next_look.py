"""
When a clinician looks next, as far as their reading hours tell, and whether that is before the next talk.

A look is never promised. Without hours, or where the next look is not before the talk, the answer says that what is
sent may not be read before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from journal.actor import Actor
from journal.care.links import Link
from journal.clinic.hours import DAYS_AHEAD, list_periods
from journal.reading_hours.hours import Hours, load_hours
from journal.roles import Role
from journal.sessions.rows import Session, load_my_sessions
from journal.sessions.schedule import list_uncancelled
from journal.sessions.session import SessionKind
from journal.time_zones import parse_zone

SOON = timedelta(days=14)
"""How long before somebody is away it is told."""


class LookState(StrEnum):
    """What can be said about the next look."""

    UNKNOWN = "unknown"
    """No weekly hours were written: it may not be read before the next talk."""
    NOW = "now"
    """These are their hours, until some time."""
    NEXT = "next"
    """They look next at some time."""
    AFTER_TALK = "after-talk"
    """They look next after the next talk has begun."""


@dataclass(frozen=True, slots=True)
class NextLook:
    """
    When a clinician looks next. Moments are in UTC; `hours.zone` is the clock of the clinician.

    `at` and `until` are the next time of theirs, or the one under way, and None where no weekly hours were written.
    `talk` is when the next talk begins, if one is planned. `away` are the first and the last day away, of a time that
    has not passed and begins within two weeks.
    """

    name: str
    hours: Hours
    state: LookState
    at: datetime | None = None
    until: datetime | None = None
    talk: datetime | None = None
    away: tuple[date, date] | None = None
    is_away: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """Return the clock of the clinician."""
        return parse_zone(self.hours.zone)


def find_next_look(name: str, hours: Hours, now: datetime, talk: datetime | None = None) -> NextLook:
    """Return when the clinician *name*, who has these *hours*, looks next; *talk* is when the next talk begins."""
    place = parse_zone(hours.zone)
    today = now.astimezone(place).date()
    away = hours.away if hours.away and hours.away[1] >= today and hours.away[0] <= today + SOON else None
    is_away = away is not None and away[0] <= today
    periods = list_periods(hours.windows, place, _list_days_there(today - timedelta(days=1), hours.away))
    found = next(((start, end) for start, end in periods if now < end), None)
    if found is None:
        return NextLook(name, hours, LookState.UNKNOWN, talk=talk, away=away, is_away=is_away)
    state = LookState.NOW if found[0] <= now else LookState.NEXT
    if talk is not None and found[0] >= talk:
        state = LookState.AFTER_TALK
    return NextLook(name, hours, state, *found, talk, away, is_away)


def _list_days_there(first: date, away: tuple[date, date] | None) -> Iterator[date]:
    """Yield enough days from *first* on to hold every weekly hour, without those away."""
    day = first
    for _ in range(DAYS_AHEAD):
        if away is not None and away[0] <= day <= away[1]:
            day = away[1] + timedelta(days=1)
        yield day
        day += timedelta(days=1)


def find_next_talk(plan: Iterable[Session], now: datetime) -> datetime | None:
    """Return when the next session begins that is a talk, and not a dosing session."""
    coming = [
        one.starts_at
        for one in list_uncancelled(plan)
        if one.details.kind is not SessionKind.DOSING and one.starts_at > now
    ]
    return min(coming, default=None)


async def load_next_look(actor: Actor, link: Link, plan: Iterable[Session] | None = None) -> NextLook:
    """Return when the clinician of a patient's care link looks next; *plan* is the patient's, where it is loaded."""
    return (await load_next_looks(actor, [link], plan))[link.id]


async def load_own_look(actor: Actor, plan: Iterable[Session]) -> NextLook:
    """Return what a clinician's patient reads of when they look next; *plan* is the patient's."""
    actor.require_role(Role.CLINICIAN)
    hours = (await load_hours(actor.installation, [actor.id])).get(actor.id, Hours())
    return find_next_look(actor.name, hours, actor.now, find_next_talk(plan, actor.now))


async def load_next_looks(
    actor: Actor, links: Iterable[Link], plan: Iterable[Session] | None = None
) -> Mapping[UUID, NextLook]:
    """Return the same for several care links of the patient who asks, by their ids."""
    actor.require_role(Role.PATIENT)
    team = list(links)
    if not team:
        return {}
    talk = find_next_talk(await load_my_sessions(actor) if plan is None else plan, actor.now)
    known = await load_hours(actor.installation, [one.clinician for one in team])
    return {
        one.id: find_next_look(one.peer_name, known.get(one.clinician, Hours()), actor.now, talk)
        for one in team
    }
