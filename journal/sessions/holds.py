"""
Acts that cannot be undone wait until a patient has slept.

A new share, deleting, ending care, exporting and changing consent are held from the start of a dosing
session until the patient says, on the next day and once its effects can be over, that they have rested. Where nobody
said that it began, they are held from its planned time until somebody says whether it took place: no frees, and yes
asks for rest. Nothing lapses by itself. Pausing all sharing and stopping a share are never held, and nothing that was
held is carried out silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from uuid import UUID

from journal.actor import Actor
from journal.ages import CLOCK_TOLERANCE
from journal.errors import HeldUntilRested
from journal.held_acts import Asked
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.roles import Role
from journal.sessions.rows import Session, load_my_sessions, load_plan
from journal.sessions.session import SessionDetails, SessionKind, Status
from journal.time_zones import parse_zone

MORNING = time(5, 0)
"""When the next day begins for a hold: nobody is asked at midnight whether they have slept."""

EFFECTS_LAST = timedelta(hours=8)
"""How long after a start effects can last (DOMAIN 4.3): whoever began in the evening is not rested at five."""

HELD_TODAY = N_(
    "You have a dosing session today. Some steps wait until tomorrow, once you have slept: new shares, "
    "deleting, ending care and exporting records. Stopping a share and pausing all sharing work at "
    "any time."
)
HELD_UNTIL_RESTED = N_(
    "You had a dosing session. When you have slept and feel rested, say so here; until then, steps that "
    "cannot be undone wait. Stopping a share and pausing all sharing work at any time."
)
HELD_FOR_CARE_TEAM = N_(
    "Your patient has a dosing session and has yet to rest after it. Until they say that they did, neither care nor "
    "what was agreed on about notices can be ended. Nothing was changed."
)
CARE_TEAM_WAITS = timedelta(days=7)
"""After how long past rest a clinician can end care on their own word: whoever never answers binds nobody."""

HELD_UNTIL_ANSWERED = N_(
    "A dosing session was planned, and nobody has said whether it took place. Until that is answered, steps that "
    "cannot be undone wait. Stopping a share and pausing all sharing work at any time."
)

_BEGUN_STATUSES = frozenset({Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY})
_OVER_STATUSES = frozenset({Status.INTEGRATING, Status.CLOSED})


@dataclass(frozen=True, slots=True)
class Hold:
    """Why and until when acts wait. Both moments are in UTC."""

    since: datetime
    may_confirm_from: datetime
    sentence: str
    needs_confirmation: bool
    """Whether the patient has to say that they rested."""
    needs_answer: bool = False
    """Whether somebody has to say whether it took place. Without either, it lapses in the morning."""


def find_hold(sessions: Iterable[SessionDetails], now: datetime) -> Hold | None:
    """
    Return the hold on irreversible acts at *now*, or None.

    Args:
        sessions: All sessions of one patient.
        now: An aware moment.
    """
    holds = list_holds(sessions, now)
    return max(holds, key=lambda found: (found.needs_confirmation, found.may_confirm_from), default=None)


def list_holds(sessions: Iterable[SessionDetails], now: datetime) -> tuple[Hold, ...]:
    """Return the hold of each session that has one: an old one that nobody answered hides none of today's."""
    found = (_find_session_hold(session, now) for session in sessions)
    return tuple(one for one in found if one is not None)


def get_rested_date(details: SessionDetails, now: datetime) -> str | None:
    """Return the date to store when the patient says at *now* that they rested, or None before they can say so."""
    if now < get_rest_time(details, now):
        return None
    return now.astimezone(parse_zone(details.zone)).date().isoformat()


def get_next_morning(details: SessionDetails, now: datetime) -> datetime:
    """Return when the day after a session begins, UTC; *now* bounds the start that is believed."""
    return _get_morning_after(details, _get_start(details, now))


def get_rest_time(details: SessionDetails, now: datetime) -> datetime:
    """
    Return from when on a patient can say that they rested, UTC; *now* bounds the start that is believed.

    It is the next morning, or when both the effects and the hours of the course are over, whichever is later.
    """
    start = _get_start(details, now)
    hours = timedelta(hours=details.acute_hours or 0)
    return max(_get_morning_after(details, start), start + max(EFFECTS_LAST, hours))


def _find_session_hold(details: SessionDetails, now: datetime) -> Hold | None:
    start = _get_start(details, now)
    if (
        details.kind is not SessionKind.DOSING
        or details.status is Status.CANCELLED
        or _has_rested(details, start)
    ):
        return None
    morning, rest = _get_morning_after(details, start), get_rest_time(details, now)
    until_confirmed = details.status in _BEGUN_STATUSES
    until_answered = details.status not in _BEGUN_STATUSES | _OVER_STATUSES and start <= now
    # A begun session holds for its day whatever its status: a tap on "closed" does not make anyone sober.
    today = details.started_at is not None and start <= now < rest
    if not (until_confirmed or until_answered or today):
        return None
    later = HELD_UNTIL_ANSWERED if until_answered else HELD_UNTIL_RESTED
    until = morning if until_answered else rest
    return Hold(start, until, HELD_TODAY if now < morning else later, until_confirmed, until_answered)


def needs_answer(details: SessionDetails, now: datetime) -> bool:
    """Return whether the time of a session has come, and nobody said whether it took place."""
    hold = _find_session_hold(details, now)
    return hold is not None and hold.needs_answer


def is_unanswered(details: SessionDetails, now: datetime) -> bool:
    """Return whether the day of a session has passed, and nobody said whether it took place."""
    hold = _find_session_hold(details, now)
    return hold is not None and hold.needs_answer and now >= hold.may_confirm_from


def find_cancel_time(details: SessionDetails, now: datetime) -> datetime | None:
    """Return from when on it can be said that a session did not take place; None where it can be cancelled now."""
    hold = _find_session_hold(details, now)
    waits = hold is not None and hold.needs_answer and now < hold.may_confirm_from
    return hold.may_confirm_from if hold is not None and waits else None


def is_asked(details: SessionDetails, now: datetime) -> bool:
    """Return whether it is time to ask whether a session took place: it is unanswered, and was not put off."""
    if not is_unanswered(details, now):
        return False
    return details.ask_after is None or now >= _get_morning_of(details, date.fromisoformat(details.ask_after))


def get_next_asking(details: SessionDetails, now: datetime) -> str:
    """Return the date to store when the answer is put off at *now*: it is asked again on the next day."""
    return (_get_local_date(details, now) + timedelta(days=1)).isoformat()


def _get_start(details: SessionDetails, now: datetime) -> datetime:
    """
    Return the start of a session, actual or planned.

    A start later than now was stored while the clock ran ahead: then the planned time counts, or the day before where
    that lies ahead as well, so that nobody waits for as long as a clock was wrong.
    """
    if details.began_at is None or details.began_at <= now + CLOCK_TOLERANCE:
        return details.begins_at
    return details.starts_at if details.starts_at <= now else now - timedelta(days=1)


def _has_rested(details: SessionDetails, start: datetime) -> bool:
    return details.rested_on is not None and date.fromisoformat(details.rested_on) > _get_local_date(
        details, start
    )


def _get_local_date(details: SessionDetails, start: datetime) -> date:
    return start.astimezone(parse_zone(details.zone)).date()


def _get_morning_after(details: SessionDetails, start: datetime) -> datetime:
    return _get_morning_of(details, _get_local_date(details, start) + timedelta(days=1))


def _get_morning_of(details: SessionDetails, day: date) -> datetime:
    return datetime.combine(day, MORNING, parse_zone(details.zone)).astimezone(UTC)


async def load_hold(actor: Actor) -> Hold | None:
    """Return the hold on the actor's irreversible acts after a dosing session, or None."""
    return get_hold(actor, await load_my_sessions(actor))


def get_hold(actor: Actor, plan: Sequence[Session]) -> Hold | None:
    """Return the same as `load_hold`, from the patient's own plan where that is loaded already."""
    return find_hold([one.details for one in plan], actor.now)


async def refuse_while_held(actor: Actor, asked: Asked | None = None, *, is_noted: bool = True) -> None:
    """
    Raise `HeldUntilRested` while what cannot be taken back has to wait; *asked* is the act, to be asked again.

    Where nothing holds it, it is noted with the actor: once it is done, a request for it is answered.
    """
    if actor.role is Role.PATIENT:
        refuse_if_held(actor, await load_my_sessions(actor), asked)
        if asked is not None and is_noted:
            actor.passed_acts.append(asked)


def refuse_if_held(actor: Actor, plan: Sequence[Session], asked: Asked | None = None) -> None:
    """Raise the same as `refuse_while_held`, from the patient's own plan where that is loaded already."""
    waiting = get_hold(actor, plan)
    if waiting is not None:
        raise HeldUntilRested(waiting.sentence, asked)


class PatientHold(Enum):
    """How far a patient's hold binds others."""

    NONE = "none"
    BINDING = "binding"
    OVERDUE = "overdue"
    """Nobody has said anything for a week past the time of rest."""


async def load_patient_hold(installation: Installation, patient: UUID, now: datetime) -> PatientHold:
    """Return how far the holds of a patient bind a clinician, or a job of the server, at *now*."""
    waiting = list_holds([one.details for one in await load_plan(installation, patient)], now)
    if not waiting:
        return PatientHold.NONE
    is_overdue = all(now >= one.may_confirm_from + CARE_TEAM_WAITS for one in waiting)
    return PatientHold.OVERDUE if is_overdue else PatientHold.BINDING


async def refuse_while_patient_held(actor: Actor, patient: UUID) -> None:
    """Raise `HeldUntilRested` for a clinician in any hold of a patient's, however old."""
    if await load_patient_hold(actor.installation, patient, actor.now) is not PatientHold.NONE:
        raise HeldUntilRested(HELD_FOR_CARE_TEAM)
