"""
A brief put together of what its reader may see: nothing is loaded or stored here, and nothing else is known.

Every line is the patient's own words, or a number or label that they chose, and names the copy it comes from. Nothing
is summed up, ranked or concluded, and nothing shows whether there is more than was shared. Lines are in the order of
days, of the patient's own lists and of what was set; never of what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import chain, islice
from typing import TypeVar, cast
from uuid import UUID

from journal.brief.beliefs import BeliefPair, build_belief_pairs
from journal.brief.layout import (
    MAX_CAME_AHEAD,
    MAX_CAME_BESIDE,
    MAX_COMFORT_BEHIND,
    MAX_PAIRS_AHEAD,
    MAX_STEPS_AHEAD,
    OTHER_LIMITS,
    SECTION_LIMITS,
    Line,
)
from journal.brief.quotes import (
    Quote,
    SkillLine,
    Step,
    list_quotes,
    list_skills,
    list_steps,
    put_talked_behind,
)
from journal.brief.set_things import SetThing, list_set_things
from journal.brief.subject import EARLIEST, find_subject, get_last_talk, is_ahead, select_related
from journal.brief.tracked import Checked, Measured, PlanNote, list_checked, list_measured, list_plan_notes
from journal.brief.triggers import Trigger, list_shared_triggers
from journal.care.documents import Attention
from journal.care.links import Link
from journal.care_notes.notes import CareNote
from journal.catalogue.fields import BriefRole, EntryKind
from journal.coming_talk.items import Item
from journal.notices.inbox import OpenNotice
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.schedule import SessionNumber
from journal.sharing.reading import Folder, IncomingShare

T = TypeVar("T")
OTHER_SECTIONS = tuple(name for name in OTHER_LIMITS if name not in ("since", "closed"))


@dataclass(frozen=True, slots=True)
class Material:
    """
    What a brief is made of: what is shared, what was set over the care link, and the reader's own notes.

    `now` and `zone` are the reader's. `damaged` counts things and versions that do not open.
    """

    folder: Folder
    now: datetime
    zone: tzinfo
    notices: tuple[OpenNotice, ...] = ()
    items: Sequence[Item] = ()
    notes: Sequence[CareNote] = ()
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Brief:
    """
    All that fits on one page; each tuple may be empty.

    `session` is the one that it is for; `plan` has those that it may be for. `about` is the dosing session that
    it is about; `days` counts from its day to today and is negative while it is still to come. `since` and `closed` are
    titles, `since` of what was shared after the talk on `last_talk`. `damaged` counts copies that do not open,
    `damaged_own` what the reader wrote. `has_more` says that something shared did not fit; `is_small`, that it is
    printed in small letters.
    """

    link: Link
    paused: bool
    damaged: int
    damaged_own: int
    notices: tuple[OpenNotice, ...]
    session: Session | None
    plan: tuple[Session, ...]
    about: Session | None
    number: SessionNumber | None
    days: int | None
    is_ahead: bool
    last_talk: datetime | None
    bring: tuple[Quote, ...]
    not_open: tuple[Quote, ...]
    closed: tuple[IncomingShare, ...]
    since: tuple[IncomingShare, ...]
    intention: tuple[Quote, ...]
    hopes: tuple[Quote, ...]
    setting: tuple[Quote, ...]
    state: tuple[Quote, ...]
    day: tuple[Quote, ...]
    came: tuple[Quote, ...]
    things: tuple[SetThing, ...]
    beliefs: tuple[BeliefPair, ...]
    triggers: tuple[Trigger, ...]
    skills: tuple[SkillLine, ...]
    steadies: tuple[Quote, ...]
    worse: tuple[SkillLine, ...]
    steps: tuple[Step, ...]
    comfort: tuple[Quote, ...]
    checked: tuple[Checked, ...]
    measured: tuple[Measured, ...]
    plans: tuple[PlanNote, ...]
    sitter: tuple[Quote, ...]
    has_more: bool
    is_small: bool = False

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to quote, and no title to name."""
        return not (any(self.lines) or self.closed or self.since)

    @property
    def lines(self) -> Iterator[Line]:
        """Yield every line that quotes or tells something, section by section."""
        return cast(
            Iterator[Line],
            chain.from_iterable(getattr(self, name) for name in (*SECTION_LIMITS, *OTHER_SECTIONS)),
        )

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Return every quotation, section by section."""
        return tuple(quote for role in SECTION_LIMITS for quote in getattr(self, role))

    @property
    def sources(self) -> tuple[UUID, ...]:
        """Return the ids of the copies that a line draws on, each once; titles alone open nothing."""
        return tuple(dict.fromkeys(ident for line in self.lines for ident in line.drawn_from))


class _LinePicker:
    """Takes the lines that a section has room for; `has_more` when any were left out."""

    def __init__(self) -> None:
        self.has_more = False

    def take(self, name: str, lines: Iterable[T], most: int | None = None) -> tuple[T, ...]:
        most = OTHER_LIMITS[name].lines if most is None else most
        found = tuple(islice(lines, most + 1))
        self.has_more |= len(found) > most
        return found[:most]

    def take_quotes(
        self, shared: Sequence[IncomingShare], role: BriefRole, most: int | None = None
    ) -> tuple[Quote, ...]:
        return self.take(role, list_quotes(shared, role), most or SECTION_LIMITS[role].lines)

    def take_skills(
        self, shared: Sequence[IncomingShare]
    ) -> tuple[tuple[SkillLine, ...], tuple[SkillLine, ...], tuple[Quote, ...]]:
        """Return the skills that made nothing worse, those that did, and what else steadies."""
        used = list_skills(shared)
        harmful = [one for one in used if one.worse]
        worse = self.take("worse", harmful)
        most = OTHER_LIMITS["skills"].lines - len(worse)
        skills = self.take("skills", (one for one in used if not one.worse), most)
        steadies = list_quotes(shared, "steadies", without={one.skill for one in harmful})
        return skills, worse, self.take("steadies", steadies, SECTION_LIMITS["steadies"].lines)


def compose_brief(material: Material, session: Session | None) -> Brief:
    """
    Return the brief for a session of the plan, as much of each section as there is ever room for.

    Intention, hopes, setting, state and what a sitter noted are those of the dosing session in question. What came,
    what the patient brings and check-ins include what was shared since the last talk; what was noted of the day is of
    that session alone. Beliefs, triggers, what steadies, small steps, measures, what to do if they get frightened and a
    wish not to open with something carry over from one session to the next.
    """
    found, now = material.folder, material.now
    plan = schedule.list_uncancelled(found.sessions)
    about = find_subject(plan, session, now)
    shared, near, page = found.shared, select_related(found, session, about), _LinePicker()
    since = get_last_talk(plan, session, now)
    there = {one.id for one in near}
    lately = tuple(one for one in shared if one.id in there or one.shared_at > since)
    ahead = is_ahead(session, about, now)
    prepared = near if ahead else ()
    skills, worse, steadies = page.take_skills(shared)
    day = page.take_quotes(() if ahead else near, "day")
    return Brief(
        link=found.link,
        paused=found.paused,
        damaged=len(found.damaged),
        damaged_own=material.damaged,
        notices=material.notices,
        session=session,
        plan=plan,
        about=about,
        number=schedule.number_sessions(plan).get(about.id) if about else None,
        days=(_get_date(now, material.zone) - _get_date(about.begins_at, material.zone)).days
        if about
        else None,
        is_ahead=ahead,
        last_talk=None if since == EARLIEST else since,
        bring=page.take_quotes(lately, "bring"),
        not_open=page.take_quotes(shared, "not_open"),
        closed=page.take("closed", put_talked_behind(found.closed)),
        since=page.take("since", _list_since(shared, since)),
        intention=page.take_quotes(near, "intention"),
        hopes=page.take_quotes(prepared, "hopes"),
        setting=page.take_quotes(prepared, "setting"),
        state=page.take_quotes(prepared, "state"),
        day=day,
        came=page.take_quotes(lately, "came", MAX_CAME_AHEAD if ahead else MAX_CAME_BESIDE if day else None),
        things=page.take("things", list_set_things(material.items, plan, session, shared)),
        beliefs=page.take("beliefs", _list_pairs(shared), MAX_PAIRS_AHEAD if ahead else None),
        triggers=page.take("triggers", list_shared_triggers(shared)),
        skills=skills,
        steadies=steadies,
        worse=worse,
        steps=page.take("steps", list_steps(shared), MAX_STEPS_AHEAD if ahead else None),
        comfort=page.take_quotes(
            _find_comfort_plan(shared), "comfort", None if ahead else MAX_COMFORT_BEHIND
        ),
        checked=page.take("checked", list_checked(lately)),
        measured=page.take("measured", list_measured(shared, material.notes, plan, now)),
        plans=page.take("plans", list_plan_notes(shared, material.notes)),
        sitter=page.take_quotes(near, "sitter"),
        has_more=page.has_more,  # read last, when all of the above has been taken
    )


def _list_since(shared: Iterable[IncomingShare], since: datetime) -> list[IncomingShare]:
    """Return what was shared since the last talk, and what is to be read before this one and was not opened."""

    def is_new(one: IncomingShare) -> bool:
        return one.shared_at > since or (one.unread and one.document.asks is Attention.BEFORE_TALK)

    return put_talked_behind(one for one in shared if is_new(one))


def _list_pairs(shared: Iterable[IncomingShare]) -> list[BeliefPair]:
    """Return the pairs of sentences, those behind whose copies were all talked about."""
    pairs = build_belief_pairs(shared)
    return sorted(pairs, key=lambda pair: all(one.talked_at is not None for one in pair.sources))


def _find_comfort_plan(shared: Iterable[IncomingShare]) -> tuple[IncomingShare, ...]:
    """Return the newest copy of what to do if the patient gets frightened: there is one plan, whenever it was begun."""
    found = next((one for one in shared if one.document.kind == EntryKind.COMFORT), None)
    return () if found is None else (found,)


def _get_date(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()
