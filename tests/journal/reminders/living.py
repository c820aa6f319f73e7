"""A life with reminders, without a database: sessions begin when planned, and the sender looks when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from journal.accounts.profiles import Profile, ReminderChoices
from journal.mail.outbox import DeliveryOutcome
from journal.reminders.following import Done, Known, move, renew
from journal.reminders.kinds import OFFERED, ReminderKind
from journal.reminders.planned import Planned
from journal.reminders.quiet import Calendar, QuietHours, list_blocked
from journal.reminders.sending import begin_letter, end_letter, verify
from journal.reminders.waiting import Moment, Waiting, from_seconds, note_return, schedule
from journal.roles import Role
from journal.sessions.moments import USUAL
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status

PATIENT = UUID(int=1)
ALL = OFFERED[Role.PATIENT]
USUAL_HOURS = ("21:00", "08:00")


def session(number: int, local: str, zone: str, kind: SessionKind = SessionKind.DOSING) -> Session:
    """A session of two hours that is planned."""
    details = SessionDetails(kind, local, zone, 120, Setting.HOME)
    return with_details(number, details)


def with_details(number: int, details: SessionDetails) -> Session:
    """A session with these details."""
    begin = details.starts_at
    end = begin + timedelta(minutes=details.minutes)
    return Session(UUID(int=number), PATIENT, None, 1, details, begin, end)


def begun(one: Session, at: datetime) -> Session:
    """The same session once it began at *at* and its patient rested on the next day."""
    started = at.isoformat(timespec="seconds")
    rested = (at + timedelta(days=1)).date().isoformat()
    changes = {"status": Status.INTEGRATING, "started_at": started, "rested_on": rested}
    return with_details(one.id.int, msgspec.structs.replace(one.details, **changes))


@dataclass
class Life:
    """Somebody with a plan, who is told what is due; `told` is when, and what of."""

    zone: ZoneInfo
    now: datetime
    plan: list[Session]
    hours: tuple[str, str] = USUAL_HOURS
    kinds: Sequence[ReminderKind] = ALL
    waiting: Waiting = field(default_factory=Waiting)
    told: list[tuple[datetime, tuple[Moment, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose the reminders now."""
        known = self.know()
        self.waiting = schedule(renew(self.waiting, known.due, Done(), self.now), known.calendar, self.now)

    @property
    def quiet(self) -> QuietHours:
        """The quiet hours."""
        begin, end = map(time.fromisoformat, self.hours)
        return QuietHours(begin, end, self.zone)

    def know(self) -> Known:
        """What the server reads of it now."""
        due = Planned(self.plan, {None: USUAL}, self.zone, self.now).list_due(self.kinds)
        choices = ReminderChoices(tuple(kind.value for kind in self.kinds), *self.hours)
        profile = Profile("", "a@example.org", self.zone.key, Role.PATIENT.value, reminders=choices)
        return Known(profile, due, Calendar(self.quiet, list_blocked(self.plan, self.quiet, self.now)))

    def change(self, plan: list[Session]) -> None:
        """Change the plan now."""
        before = self.know().due
        self.plan = sorted(plan, key=lambda one: (one.starts_at, one.id))
        known = self.know()
        self.waiting = schedule(move(self.waiting, before, known.due, self.now), known.calendar, self.now)

    def come_back(self) -> None:
        """Sign in now."""
        self.waiting = schedule(note_return(self.waiting), self.know().calendar, self.now)

    def live(self, until: datetime, *, starts: bool = True) -> None:
        """Pass time until *until*: each session begins at its time, and whatever is due is sent."""
        while True:
            begins = [
                one.starts_at
                for one in self.plan
                if starts
                and one.kind is SessionKind.DOSING
                and one.status is Status.PLANNED
                and one.starts_at >= self.now
            ]
            wakes = [from_seconds(self.waiting.next_at)] if self.waiting.next_at else []
            moment = min([*begins, *wakes], default=until)
            if moment >= until:
                self.now = until
                return
            self.now = max(self.now, moment)
            if moment in begins:
                self.change([begun(one, moment) if one.starts_at == moment else one for one in self.plan])
            else:
                self.send()

    def send(self, outcome: DeliveryOutcome = DeliveryOutcome.SENT) -> None:
        """Do what the sender does when it looks."""
        known = self.know()
        waiting = verify(self.waiting, known)
        at = waiting.find_next(known.calendar, self.now)
        if at is not None and at <= self.now and waiting.try_at <= self.now.timestamp():
            waiting, moments = begin_letter(waiting, self.now)
            if outcome is DeliveryOutcome.SENT:
                self.told.append((self.now, moments))
            waiting = end_letter(waiting, waiting.letter, moments, outcome, self.now)
        self.waiting = schedule(waiting, known.calendar, self.now)
