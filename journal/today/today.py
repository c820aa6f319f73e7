"""Load what is next for a patient: from their plan, what they wrote, and what other rooms say is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import CheckIn
from journal.check_ins import offers as check_in_offers
from journal.check_ins.offers import Offer as CheckInOffer
from journal.check_ins.records import list_made
from journal.clinic import instructions
from journal.clinic.instructions import ACUTE_HOURS, Instructions
from journal.coming_talk import answers
from journal.coming_talk.answers import ForTalk
from journal.coming_talk.items import list_talks_ahead
from journal.day_lines import records as day_lines
from journal.dosing_day import requests
from journal.entries import by_kind
from journal.entries.assignment import SessionAssignment
from journal.evaluation import reviewing
from journal.evaluation.records import build_evaluation
from journal.measures import records as measure_records
from journal.measures.instruments import Instrument
from journal.notices import proposals
from journal.reframing import offers as reframe_offers
from journal.reframing import reframes
from journal.reframing.offers import Offer
from journal.reminders import following
from journal.reminders.following import Done
from journal.sessions import holds, schedule
from journal.sessions.moments import Offsets
from journal.sessions.rows import Session, load_my_sessions
from journal.today.reminding import collect_done
from journal.today.things import Situation, ThingKind, Today, Written, choose_today
from journal.vault.contents import ContentsLine, from_microseconds
from journal.vault.entry_rows import Entry

OPENED_KINDS = frozenset({EntryKind.REFRAME, EntryKind.MEASURE, EntryKind.CHECK_IN, EntryKind.EVALUATION})
"""The kinds of which every entry is opened: what is due follows from their answers."""
LISTED_KINDS = frozenset(
    {EntryKind.PREPARATION, EntryKind.CAPTURE, EntryKind.INTEGRATION, EntryKind.CHECKLIST}
)
"""The kinds of which the table of contents is enough."""
TALK_NEAR = timedelta(days=7)
"""How long before a talk it is named what was set for it."""


@dataclass(frozen=True, slots=True)
class Due:
    """What other rooms say is due, each once at most."""

    is_asked_again: bool = False
    check_in: CheckInOffer | None = None
    step: Entry | None = None
    again: Offer | None = None
    measure: Instrument | None = None
    for_talk: ForTalk | None = None
    proposed_by: Link | None = None
    asked_by: Link | None = None
    is_day_line_open: bool = False

    @property
    def kinds(self) -> frozenset[ThingKind]:
        """Return what of it there is."""
        before = self.check_in is not None and self.check_in[0] is CheckIn.BEFORE
        there = {
            ThingKind.ASKED_AGAIN: self.is_asked_again,
            ThingKind.BEFORE: before,
            ThingKind.CHECK_IN: self.check_in is not None and not before,
            ThingKind.STEP: self.step,
            ThingKind.REVISIT: self.again,
            ThingKind.MEASURE: self.measure,
            ThingKind.TALK: self.for_talk,
            ThingKind.PROPOSAL: self.proposed_by,
            ThingKind.EVALUATION: self.asked_by,
            ThingKind.DAY_LINE: self.is_day_line_open,
        }
        return frozenset(kind for kind, one in there.items() if one)


@dataclass(frozen=True, slots=True)
class LoadedToday:
    """
    The one next thing and the rest, with what is due, and the offsets of each course.

    `has_reframes`: a moment can be about one. `done`, where they are reminded, is what need not be told any more, and
    when measures come again. Without `is_intact`, the journal is not as its owner left it, as far as the entries that
    were opened show it.
    """

    today: Today
    due: Due
    offsets: Mapping[UUID | None, Offsets]
    has_reframes: bool
    is_intact: bool
    done: Done


async def load_today(
    actor: Actor, plan: Sequence[Session], team: Sequence[Link], listed: Sequence[Sequence[Any]] = ()
) -> LoadedToday:
    """
    Return what is next for a patient.

    Args:
        plan: All of their sessions, in the order of their times.
        team: Their care links that last.
        listed: What a list of their entries asked for just now, as `load_entries_of_kinds` takes it.
    """
    lines: list[ContentsLine] = []
    opened = _list_opened_kinds(actor, plan)

    def select(there: Sequence[ContentsLine]) -> Sequence[ContentsLine]:
        lines[:] = there
        return [line for line in there if line.form in opened]

    is_intact, found = await by_kind.load_entries_of_kinds(actor, frozenset(EntryKind), select, listed)
    seen = measure_records.build_measures(actor, is_intact, found)
    says = bool(plan) or seen.is_any_whole  # without either, nothing is asked of the care team's texts
    texts = await instructions.load_current(actor.installation, actor.id) if says else {}
    offsets = {course: one.details.offsets for course, one in texts.items()}
    due = await _load_due(actor, plan, team, found, texts, lines, seen=seen)
    case = Situation(
        plan,
        actor.now,
        actor.zone,
        offsets,
        {course: one.details.acute_hours for course, one in texts.items()},
        _list_written(plan, [line for line in lines if line.form in LISTED_KINDS]),
        due.kinds,
    )
    has_reframes = bool(reframes.select_reframes(found))
    done = Done()
    if actor.is_reminded:
        done = collect_done(case, list_made(found), seen, get_course_days(texts, plan, actor))
    return LoadedToday(choose_today(case, ACUTE_HOURS), due, offsets, has_reframes, is_intact, done)


async def renew_reminders(actor: Actor, plan: Sequence[Session], loaded: LoadedToday) -> None:
    """Renew what the actor is reminded of, as their own request knows it."""
    if actor.is_reminded:
        await following.renew_for_patient(actor, following.Loaded(plan, loaded.offsets), loaded.done)


async def load_and_renew_reminders(actor: Actor) -> None:
    """Renew the same from what is stored now: after the actor wrote something, or chose anew."""
    actor = replace(actor, is_reminded=True)
    plan, team = await load_my_sessions(actor), await links.load_my_links(actor)
    await renew_reminders(actor, plan, await load_today(actor, plan, team))


def _list_opened_kinds(actor: Actor, plan: Sequence[Session]) -> frozenset[EntryKind]:
    asked = requests.can_be_there([one.details for one in plan], actor.now)
    return OPENED_KINDS | (
        ({EntryKind.DAY_LINES} if actor.has_day_lines else set()) | ({EntryKind.WAITING} if asked else set())
    )


async def _load_due(
    actor: Actor,
    plan: Sequence[Session],
    team: Sequence[Link],
    found: Sequence[Entry],
    texts: Mapping[UUID | None, Instructions],
    lines: Sequence[ContentsLine],
    *,
    seen: measure_records.Measures,
) -> Due:
    offsets = {course: one.details.offsets for course, one in texts.items()}
    check_in = check_in_offers.find_offer(actor, plan, list_made(found), offsets)
    if holds.get_hold(actor, plan) is not None:
        return Due(check_in=check_in)
    step, again = await reframe_offers.choose_for_home(actor, reframes.select_reframes(found), plan)
    return Due(
        bool(requests.select_requests(actor, found)),
        check_in,
        step,
        again,
        seen.find_due(get_course_days(texts, plan, actor)) if seen.is_any_whole else None,
        await _find_for_talk(actor, plan, team, lines),
        await proposals.find_proposal(actor, team),
        await reviewing.find_ask(actor, team, build_evaluation(True, found)),
        actor.has_day_lines and _is_day_line_open(actor, found),
    )


def get_course_days(
    texts: Mapping[UUID | None, Instructions], plan: Sequence[Session], actor: Actor
) -> dict[str, int]:
    """Return after how many days measures are answered again in the course that a plan is in, by their ids."""
    return instructions.get_measure_days(texts.get(schedule.find_course(plan, actor.now)))


async def _find_for_talk(
    actor: Actor, plan: Sequence[Session], team: Sequence[Link], lines: Iterable[ContentsLine]
) -> ForTalk | None:
    """
    Return what was set for the next talk that is near, as long as something of it has no answer and no word.

    Whether an answer is there follows from *lines*, all of the table of contents, so that home asks no more for it.
    """
    near = [one for one in list_talks_ahead(plan, actor.now) if one.starts_at - actor.now < TALK_NEAR]
    if not near:
        return None
    found = await answers.list_for_talk(actor, plan=near, team=team, with_answers=False)
    items = {own.item.answer: own.item for one in found for own in one.items if not one.closed}
    written = {line.id for line in lines} if items else frozenset[str]()
    is_open = {
        item.id
        for answer, item in items.items()
        if answer.hex not in written and item.word is None and item.mark is None
    }
    return next((one for one in found if any(own.item.id in is_open for own in one.items)), None)


def _list_written(plan: Sequence[Session], lines: Iterable[ContentsLine]) -> tuple[Written, ...]:
    """Return what was written about dosing sessions; what is about a talk belongs to the talk’s session."""
    assignment, written = SessionAssignment(plan), []
    for line in lines:
        one = assignment.find_session_of(line.form, line.session, line.created)
        dosing = schedule.find_dosing_session(one, plan) if one is not None else None
        if dosing is not None:
            changed = from_microseconds(line.updated)
            written.append(Written(UUID(line.id), EntryKind(line.form), dosing.id, changed))
    return tuple(written)


def _is_day_line_open(actor: Actor, found: Iterable[Entry]) -> bool:
    return day_lines.build_day_lines(True, found).find_line(day_lines.get_today(actor)) is None
