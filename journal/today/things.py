"""
Choose the one next thing of a patient's, and the order of the rest, from their plan and what is due.

Nothing here is late, counted or asked again because it was left: a moment begins, lasts, and makes room for the next.
What is off in a hold is never chosen in one, whatever a caller says is due. It reads nothing and keeps nothing: the
same is chosen from the same, so that a page and a reminder agree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from journal.catalogue.fields import EntryKind
from journal.sessions import holds, schedule
from journal.sessions.day_state import DayState, find_current_day, get_day_state
from journal.sessions.holds import Hold
from journal.sessions.moments import USUAL, Moment, Offsets, Span, list_moments
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind
from journal.time_zones import parse_zone

SESSION_NEAR = timedelta(hours=3)
"""How long before its time a session is what the day is about, also where the day before has not ended."""


class ThingKind(StrEnum):
    """What can be next; of several, the first of these comes first."""

    CALM_PAGE = "calm-page"
    """A session is under way: its one page."""
    CAPTURE = "capture"
    """Hours after the start: what is still there. Never while it is acute."""
    REST = "rest"
    CONFIRM_REST = "confirm-rest"
    """The next morning: whether they have slept."""
    START = "start"
    """It is the day of a session, and it can be started."""
    TOOK_PLACE = "took-place"
    """The day of a session has passed, and nobody said whether it took place."""
    REPORT = "report"
    """The time of a session has passed today, and nobody said that it began."""
    ASKED_AGAIN = "asked-again"
    """Something that was asked for in a hold waits for an answer."""
    CHECKLIST = "checklist"
    START_LATER = "start-later"
    """The evening before: it could be started, and nobody expects that."""
    BEFORE = "before"
    """The questions before a session."""
    CHECK_IN = "check-in"
    INTEGRATE = "integrate"
    STEP = "step"
    """The small step of a reframe has come back."""
    REVISIT = "revisit"
    """A reframe is offered to be looked at again."""
    STAYED = "stayed"
    """What stayed, a week later and again."""
    PREPARE = "prepare"
    TALK = "talk"
    """A clinician set something for a talk that is near, and nothing was said to it yet."""
    PROPOSAL = "proposal"
    """A clinician proposes something about notices."""
    EVALUATION = "evaluation"
    """A prescriber asks for an evaluation."""
    MEASURE = "measure"
    DAY_LINE = "day-line"
    NOTHING = "nothing"


ORDER = tuple(ThingKind)
DUE_KINDS = frozenset(
    {
        ThingKind.ASKED_AGAIN,
        ThingKind.BEFORE,
        ThingKind.CHECK_IN,
        ThingKind.STEP,
        ThingKind.REVISIT,
        ThingKind.TALK,
        ThingKind.PROPOSAL,
        ThingKind.EVALUATION,
        ThingKind.MEASURE,
        ThingKind.DAY_LINE,
    }
)
"""What other rooms say is due; all else follows from the plan and from what was written."""
OFF_IN_HOLD = frozenset(
    {
        ThingKind.ASKED_AGAIN,
        ThingKind.CHECK_IN,
        ThingKind.INTEGRATE,
        ThingKind.STEP,
        ThingKind.REVISIT,
        ThingKind.STAYED,
        ThingKind.TALK,
        ThingKind.PROPOSAL,
        ThingKind.EVALUATION,
        ThingKind.MEASURE,
        ThingKind.DAY_LINE,
    }
)
"""What asks for numbers, for what it means, or for a decision, and so waits until a patient has rested."""
OFF_UNTIL_RESTED = OFF_IN_HOLD | {ThingKind.PREPARE}
"""The same from the start of a session on."""


@dataclass(frozen=True, slots=True)
class Written:
    """An entry of which no more is known than its table of contents says; `session` is the one it belongs to."""

    entry: UUID
    kind: EntryKind
    session: UUID
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Thing:
    """
    One thing that is next, or is among the rest.

    `session` is the one that it is about, `since` when its moment came, and `entry` an entry that it goes on with.
    """

    kind: ThingKind
    session: Session | None = None
    since: datetime | None = None
    entry: UUID | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """
    The one next thing, and the rest in its order; `first` is `NOTHING` where nothing waits.

    `is_acute`: a session began so recently that a page has to be one calm screen; then there is no rest of things.
    """

    first: Thing
    rest: tuple[Thing, ...]
    day: DayState
    about: Session | None
    hold: Hold | None
    is_acute: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What the choice follows from: a plan in the order of its times, and the moment at which it is asked.

    `zone` is the patient's. `offsets` and `acute_hours` are those of each course, where its care team wrote them.
    `due` is what other rooms say is due.
    """

    plan: Sequence[Session]
    now: datetime
    zone: ZoneInfo
    offsets: Mapping[UUID | None, Offsets] = field(default_factory=lambda: MappingProxyType({}))
    acute_hours: Mapping[UUID | None, int] = field(default_factory=lambda: MappingProxyType({}))
    written: Sequence[Written] = ()
    due: Collection[ThingKind] = frozenset()

    def list_spans(self, one: Session) -> Mapping[Moment, Span]:
        """Return the moments of a session."""
        found = list_moments(one.details, self.offsets.get(one.course, USUAL), self.zone)
        return {span.moment: span for span in found}

    def find_written(self, kind: EntryKind, one: Session) -> Written | None:
        """Return the entry of a kind that was changed last of those that belong to a session."""
        found = [piece for piece in self.written if piece.kind is kind and piece.session == one.id]
        return max(found, key=lambda piece: (piece.changed_at, piece.entry), default=None)


def choose_today(case: Situation, usual_acute_hours: int) -> Today:
    """
    Return the one next thing at *case*'s moment, and the rest.

    Args:
        usual_acute_hours: For how many hours from its start a session is acute, where its course says nothing.
    """
    day, about = find_current_day(case.plan, case.now)
    hold = holds.find_hold([one.details for one in case.plan], case.now)
    hours = usual_acute_hours
    if about is not None:
        hours = about.details.acute_hours or case.acute_hours.get(about.course, usual_acute_hours)
    acute = about is not None and schedule.is_acute(about, case.now, hours)
    found = {thing.kind: thing for thing in _list_things(case, day, about, is_acute=acute)}
    off: frozenset[ThingKind] = frozenset()
    if hold is not None:
        off = OFF_UNTIL_RESTED if hold.needs_confirmation else OFF_IN_HOLD
    things = [found[kind] for kind in ORDER if kind in found and kind not in off]
    first = things[0] if things else Thing(ThingKind.NOTHING)
    return Today(first, () if acute else tuple(things[1:]), day, about, hold, acute)


def _list_things(case: Situation, day: DayState, about: Session | None, *, is_acute: bool) -> Iterator[Thing]:
    """Yield what there is at a moment, held or not, in no order."""
    if about is not None:
        yield from _list_of_day(case, day, about, is_acute=is_acute)
    asked = [one for one in case.plan if holds.is_asked(one.details, case.now)]
    if asked:
        yield Thing(ThingKind.TOOK_PLACE, asked[0], asked[0].ends_at)
    if (coming := find_coming(case)) is not None:
        yield from _list_before(case, coming)
    if (latest := find_latest(case)) is not None:
        yield from _list_after(case, latest)
    for kind in DUE_KINDS.intersection(case.due):
        yield Thing(kind)


_OF_DAY: Mapping[DayState, ThingKind] = MappingProxyType(
    {
        DayState.UNDER_WAY: ThingKind.CALM_PAGE,
        DayState.RESTING: ThingKind.REST,
        DayState.MORNING_AFTER: ThingKind.CONFIRM_REST,
    }
)


def _list_of_day(case: Situation, day: DayState, about: Session, *, is_acute: bool) -> Iterator[Thing]:
    if day in _OF_DAY:
        yield Thing(_OF_DAY[day], about, about.begins_at)
    if day is DayState.RESTING and not is_acute:
        span = case.list_spans(about)[Moment.CAPTURE]
        if span.has(case.now) and not is_done(case, EntryKind.CAPTURE, about, about.begins_at):
            yield Thing(ThingKind.CAPTURE, about, span.since)
    if day is DayState.READY:
        kind = ThingKind.START if is_session_day(about, case.now) else ThingKind.START_LATER
        yield Thing(kind, about, about.starts_at)
    needs_answer = day is DayState.UNREPORTED and holds.needs_answer(about.details, case.now)
    if needs_answer and not holds.is_unanswered(about.details, case.now):
        yield Thing(ThingKind.REPORT, about, about.ends_at)


def _list_before(case: Situation, coming: Session) -> Iterator[Thing]:
    spans = case.list_spans(coming)
    check, prepare = spans[Moment.CHECKLIST], spans[Moment.PREPARE]
    if check.has(case.now) and not is_done(case, EntryKind.CHECKLIST, coming, check.since):
        yield Thing(ThingKind.CHECKLIST, coming, check.since)
    if prepare.has(case.now) and case.find_written(EntryKind.PREPARATION, coming) is None:
        yield Thing(ThingKind.PREPARE, coming, prepare.since)


def _list_after(case: Situation, latest: Session) -> Iterator[Thing]:
    spans = case.list_spans(latest)
    for moment, kind in (
        (Moment.INTEGRATE, ThingKind.INTEGRATE),
        (Moment.INTEGRATE_AGAIN, ThingKind.INTEGRATE),
        (Moment.STAYED, ThingKind.STAYED),
        (Moment.STAYED_AGAIN, ThingKind.STAYED),
    ):
        span = spans[moment]
        if not span.has(case.now) or is_done(case, EntryKind.INTEGRATION, latest, span.since):
            continue
        there = case.find_written(EntryKind.INTEGRATION, latest) if kind is ThingKind.STAYED else None
        yield Thing(kind, latest, span.since, there.entry if there else None)


def is_done(case: Situation, kind: EntryKind, one: Session, since: datetime) -> bool:
    """Return whether an entry of a session was written since a moment came."""
    there = case.find_written(kind, one)
    return there is not None and there.changed_at >= since


def find_coming(case: Situation) -> Session | None:
    """Return the dosing session that comes next and has not begun."""
    states = {DayState.AHEAD, DayState.READY}
    return next((one for one in case.plan if get_day_state(one.details, case.now) in states), None)


def find_latest(case: Situation) -> Session | None:
    """Return the last dosing session that took place and was rested after."""
    dosing = [one for one in schedule.list_uncancelled(case.plan) if one.kind is SessionKind.DOSING]
    over = {DayState.INTEGRATING, DayState.OVER}
    taken = [one for one in dosing if get_day_state(one.details, case.now) in over]
    return max(taken, key=lambda one: (one.begins_at, one.id), default=None)


def is_session_day(one: Session, now: datetime) -> bool:
    """Return whether a session is today by the clocks where it takes place, or hours away."""
    zone = parse_zone(one.details.zone)
    return now.astimezone(zone).date() >= one.starts_at.astimezone(zone).date() or (
        now >= one.starts_at - SESSION_NEAR
    )
