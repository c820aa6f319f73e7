"""A clinician's patients in their order: who is seen today, whose session is next, and what is new of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from journal.actor import Actor
from journal.care import links as care_links
from journal.care.links import Link
from journal.replies.unread import load_new
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.schedule import SessionNumber
from journal.sessions.session import SessionKind, Setting, Status
from journal.store.rows import OpenedRows

LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """
    One line of a caseload. `today` is the session of the clinician's own calendar day: one that is under way or still
    to come before one that is over. `number` is that of the dosing session that `today`, or else `next`, is or is
    about; `damaged` counts the sessions of the plan that cannot be opened. `talk` is the next for which the two meet: a
    dosing session at home is the patient's own; `talk_number` is as `number`. `replies`: those that nobody has read.

    Without `trusted` the patient's keys are not the pinned ones, and nothing of theirs is opened.
    """

    patient: UUID
    name: str
    since: datetime
    today: Session | None
    next: Session | None
    number: SessionNumber | None
    last: Session | None
    unread: int
    paused: bool
    trusted: bool = True
    damaged: int = 0
    talk: Session | None = None
    talk_number: SessionNumber | None = None
    replies: int = 0


@dataclass(frozen=True, slots=True)
class Caseload:
    """A clinician's patients, false rows counted, links, whether drafts wait, when to ask about notes after care."""

    cases: tuple[Case, ...]
    unagreed_count: int
    links: tuple[Link, ...] = ()
    has_drafts: bool = False
    notes_left: tuple[datetime | None, ...] = ()


async def load_caseload(actor: Actor) -> Caseload:
    """Return the clinician's patients: today's first, then by their next session; those without one last."""
    actor.require_role(Role.CLINICIAN)
    there = await care_links.load_care_team(actor)
    links = there.links
    plans = await session_plan.load_patient_plans(actor, [link.patient for link in links])
    new = await load_new(actor, links)
    cases = [
        _build_case(actor, link, plans[link.patient], new.copies[link.id], new.replies[link.id])
        for link in links
    ]
    cases.sort(key=_get_order)
    return Caseload(tuple(cases), len(there.unagreed), links, new.has_drafts, new.left)


def _build_case(actor: Actor, link: Link, planned: OpenedRows[Session], unread: int, replied: int) -> Case:
    paused = link.paused_at is not None
    plan = schedule.get_visible_plan(actor, planned)
    ahead = schedule.list_upcoming(plan, actor.now)
    behind = [one for one in schedule.list_past(plan, actor.now) if one.starts_at <= actor.now]
    behind = [one for one in behind if one.details.status is not Status.CANCELLED]
    coming = ahead[0] if ahead else None
    today = _find_session_of_today(actor, plan)
    shown, talk = today or coming, next((one for one in ahead if not _is_at_home(one)), None)
    numbers = schedule.number_sessions(plan)

    def find_number(one: Session | None) -> SessionNumber | None:
        dosing = schedule.find_dosing_session(one, plan) if one else None
        return numbers.get(dosing.id) if dosing else None

    return Case(
        link.patient,
        link.peer_name,
        link.since,
        today,
        coming,
        find_number(shown),
        behind[0] if behind else None,
        0 if paused or not link.trusted else unread,
        paused,
        link.trusted,
        len(planned.damaged),
        talk,
        find_number(talk),
        0 if paused or not link.trusted else replied,
    )


def _is_at_home(one: Session) -> bool:
    return one.kind is SessionKind.DOSING and one.details.setting is Setting.HOME


def _find_session_of_today(actor: Actor, plan: Sequence[Session]) -> Session | None:
    """Return the session under way, else the next of the clinician's today, else its last; a day at home comes last."""
    today = actor.now.astimezone(actor.zone).date()
    kept = schedule.list_uncancelled(plan)
    ahead = schedule.list_upcoming(kept, actor.now)
    # One that began before midnight and goes on is today's as well.
    todays = [one for one in ahead if one.begins_at.astimezone(actor.zone).date() <= today]
    if todays:
        # A dosing day at home is the patient's own, so what there is to meet for comes before it.
        return min(todays, key=lambda one: schedule.is_home_dosing_day(one.details, actor.now))
    behind = schedule.list_past(kept, actor.now)
    return next((one for one in behind if one.begins_at.astimezone(actor.zone).date() == today), None)


def _get_order(case: Case) -> tuple[bool, bool, datetime, str]:
    shown = case.today or case.next
    is_over = case.today is not None and case.today != case.next
    return case.today is None, is_over, shown.begins_at if shown else LATEST, case.name
