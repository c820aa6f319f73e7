"""What may not be planned, and what of a session stays as it is once its time has come or its day has begun."""

from __future__ import annotations

from uuid import UUID

from journal.actor import Actor
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.roles import Role
from journal.sessions import rows as session_rows
from journal.sessions import schedule
from journal.sessions.holds import needs_answer
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting, check_session

PLANNED_TIME_HELD = N_(
    "The time of this session has come. Its day, its kind and its place stay until somebody has said whether it took "
    "place, from the next morning on."
)
HOME_DOSING_DAY = N_(
    "This day is theirs, and nothing of it is changed from here. Call them if it cannot wait."
)


def is_own_day(actor: Actor, details: SessionDetails) -> bool:
    """Return whether a session is at home and on its day, of which a clinician sees and changes no status."""
    return actor.role is Role.CLINICIAN and schedule.is_home_dosing_day(details, actor.now)


def is_answered_by_patient(actor: Actor, details: SessionDetails) -> bool:
    """Return whether only the patient can say of a session at home whether it took place, and *actor* is not they."""
    at_home = details.setting is not Setting.CLINIC
    return actor.role is Role.CLINICIAN and at_home and needs_answer(details, actor.now)


def _is_moved(before: SessionDetails, after: SessionDetails) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in ("local", "zone", "kind", "setting"))


async def verify_details(
    actor: Actor, patient: UUID, details: SessionDetails, current: Session | None = None
) -> None:
    """Raise `InvalidInput` where a session cannot be planned, or not changed from *current*, as *details* say."""
    problems = check_session(details)
    plan = await session_rows.load_plan(actor.installation, patient)
    if details.about is not None:
        dosing = {one.id.hex for one in plan if one.details.kind is SessionKind.DOSING}
        if details.about not in dosing or details.kind is SessionKind.DOSING:
            problems["about"] = N_("Choose one of the dosing sessions.")
    if current is not None:
        before = current.details
        if before.started_at and (before.local, before.zone) != (details.local, details.zone):
            problems["local"] = N_("This session has begun. Its day and time stay as they were.")
        tied = before.started_at or any(one.details.about == current.id.hex for one in plan)
        if needs_answer(before, actor.now) and _is_moved(before, details):
            if is_answered_by_patient(actor, before):
                raise InvalidInput({"local": HOME_DOSING_DAY})
            problems["local"] = PLANNED_TIME_HELD
        if is_own_day(actor, before) and details.setting is not before.setting:
            problems["setting"] = HOME_DOSING_DAY  # elsewhere the day would be seen while it lasts
        if before.kind is SessionKind.DOSING and details.kind is not before.kind and tied:
            problems["kind"] = N_(
                "Other sessions or a day of rest belong to this dosing session. Its kind stays."
            )
    if problems:
        raise InvalidInput(problems)
