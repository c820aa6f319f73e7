"""
What a clinic notes at a session with esketamine nasal spray: three readings, and from when to when it was felt.

Before, at about 40 minutes, and at the end; times of drowsiness and of feeling far away, and when the patient was ready
to leave. Each may stay blank, and each is kept as it was typed: nothing here says what is good.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from journal.actor import Actor
from journal.dosing_day.lines import LIKELY, Reading, count_minutes, find_unlikely, is_number
from journal.errors import NotFound
from journal.i18n import N_, Labelled
from journal.sessions import rows
from journal.sessions.rows import Session
from journal.sessions.session import Route, SessionKind, Status
from journal.time_zones import parse_zone, resolve_local_time
from journal.user_input import parse_time


class Moment(Labelled):
    """When a reading is taken in the clinic."""

    BEFORE = "before", N_("Before")
    MIDDLE = "middle", N_("At about 40 minutes")
    END = "end", N_("At the end")


SESSION = "session"
TIMES = ("drowsy_from", "drowsy_until", "away_from", "away_until", "ready")
"""From when to when somebody was drowsy, and felt far away; and when they were ready to leave."""
READINGS = tuple(f"{moment.value}_{part}" for moment in Moment for part in ("time", *LIKELY))
CLINIC_FIELDS = (SESSION, *READINGS, *TIMES)
_TIMES = tuple(name for name in (*READINGS, *TIMES) if name.endswith("_time") or name in TIMES)

NOT_ESKETAMINE = N_(
    "These belong to a dosing session with esketamine nasal spray that was not cancelled. What you typed is below."
)
STILL_AHEAD = N_("This session is still to come. What you typed is below.")
NO_TIME = N_("Please give a time such as 14:05, or leave it blank.")
NOT_YET = N_("This time is still to come.")
NO_NUMBER = N_("Please write a number such as 120, or leave this blank.")
ALL_BLANK = N_("Please fill in one of these. Each of the others may stay blank.")


async def load_clinic_session(actor: Actor, patient: UUID, wanted: str) -> Session:
    """
    Return the session with esketamine that these readings are of. The caller has authorised it.

    Raises:
        NotFound: If it is no dosing session of that patient, was cancelled, or is by another route.
    """
    try:
        ident = UUID(wanted)
    except ValueError:
        raise NotFound from None
    for one in await rows.load_sessions(actor.installation, {ident}):
        is_lasting = one.kind is SessionKind.DOSING and one.status is not Status.CANCELLED
        if one.patient == patient and is_lasting and one.details.route is Route.INTRANASAL_ESKETAMINE:
            return one
    raise NotFound


def build_readings(fields: Mapping[str, str]) -> dict[Moment, Reading]:
    """Return the readings of a note that are not blank, by their moments."""
    found = {moment: _build_reading(moment, fields) for moment in Moment}
    return {moment: one for moment, one in found.items() if not one.is_blank}


def _build_reading(moment: Moment, fields: Mapping[str, str]) -> Reading:
    at = parse_time(fields.get(f"{moment.value}_time", ""))
    upper, lower, pulse, oxygen = (fields.get(f"{moment.value}_{part}", "") for part in LIKELY)
    return Reading(at, upper, lower, pulse, oxygen)


def format_span(fields: Mapping[str, str], name: str) -> str:
    """Return from when to when something lasted, as it was typed, such as 14:20–15:05; nothing without either."""
    begun, ended = (fields.get(f"{name}_{end}", "") for end in ("from", "until"))
    return f"{begun}–{ended}" if begun or ended else ""


def find_asked(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of what to ask about once more: values far from what is usual, and ends before beginnings."""
    unlikely = [
        f"{moment.value}_{part}"
        for moment, one in build_readings(fields).items()
        for part in find_unlikely(one)
    ]
    for name in ("drowsy", "away"):
        begun, ended = (parse_time(fields.get(f"{name}_{end}", "")) for end in ("from", "until"))
        if begun and ended and count_minutes(ended) < count_minutes(begun):
            unlikely.append(f"{name}_until")
    return tuple(unlikely)


def name_session(fields: Mapping[str, str], session: Session) -> dict[str, str]:
    """Return the fields with the session's id and its day, by the clocks where it takes place."""
    day = session.begins_at.astimezone(parse_zone(session.details.zone)).date()
    return {**fields, SESSION: session.id.hex, "day": day.isoformat()}


def check_clinic(actor: Actor, fields: Mapping[str, str], session: Session | None) -> dict[str, str]:
    """Return a sentence for each field that needs another look."""
    if session is None:
        return {SESSION: NOT_ESKETAMINE}
    zone = parse_zone(session.details.zone)
    if session.begins_at.astimezone(zone).date() > actor.now.astimezone(zone).date():
        return {SESSION: STILL_AHEAD}
    problems = {
        name: NO_NUMBER
        for name in READINGS
        if name not in _TIMES and fields[name] and not is_number(fields[name])
    }
    for name in _TIMES:
        if not fields[name]:
            continue
        if parse_time(fields[name]) is None:
            problems[name] = NO_TIME
        elif _find_moment(session, fields[name]) > actor.now:
            problems[name] = NOT_YET
    if not any(fields[name] for name in (*READINGS, *TIMES)):
        problems[READINGS[1]] = ALL_BLANK
    return problems


def _find_moment(session: Session, typed: str) -> datetime:
    """Return the moment of a time on a session's day, by the clocks where it takes place; its night is of that day."""
    at, zone = parse_time(typed), session.details.zone
    local = session.begins_at.astimezone(parse_zone(zone)).replace(tzinfo=None)
    if at is None:
        return session.begins_at
    day = local.date()
    begun = count_minutes(local.time())
    if at < local.time() and count_minutes(at) > begun:
        day += timedelta(days=1)  # past midnight
    return resolve_local_time(f"{day}T{at:%H:%M}", zone).utc
