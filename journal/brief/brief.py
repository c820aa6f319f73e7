"""
The brief: one page for the coming integration session, from shared copies only.

Every line is the patient's own words and names the copy it comes from. Nothing is summed up, ranked or
concluded, and nothing shows whether there is more than was shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID

from journal.actor import Actor
from journal.brief.beliefs import Pair, pairs
from journal.brief.layout import PAGE, PAIRS, ROOM, SCALES, SENTENCE, SKILLS, SOURCE, STEP, STEPS, lines_of
from journal.brief.quotes import Quote, SkillLine, Step, quotes, skills, steps
from journal.care.links import Link
from journal.catalogue.fields import BriefRole
from journal.entries.belonging import Belonging
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.schedule import Number
from journal.sessions.session import SessionKind
from journal.sharing import reading
from journal.sharing.reading import Folder, Shared

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Brief:
    """
    All that fits on one page; each tuple is newest first and may be empty.

    `about` is the dosing session that the coming integration session is about; `days` counts from its day to
    today and is negative while it is still to come. `more` says that something shared did not fit.
    """

    link: Link
    paused: bool
    damaged: int
    coming: Session | None
    about: Session | None
    number: Number | None
    days: int | None
    intention: tuple[Quote, ...]
    state: tuple[Quote, ...]
    bring: tuple[Quote, ...]
    not_open: tuple[Quote, ...]
    came: tuple[Quote, ...]
    beliefs: tuple[Pair, ...]
    skills: tuple[SkillLine, ...]
    steadies: tuple[Quote, ...]
    steps: tuple[Step, ...]
    more: bool

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to quote."""
        return not any(self.sources)

    @property
    def sources(self) -> tuple[Shared, ...]:
        """Return every copy that a line draws on, each once."""
        return tuple({one.id: one for one in self._sources()}.values())

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Return every quotation, section by section."""
        return self.intention + self.state + self.bring + self.not_open + self.came + self.steadies

    def _sources(self) -> Iterator[Shared]:
        yield from (line.source for line in self.quotes)
        yield from (line.source for line in self.steps)
        yield from (source for pair in self.beliefs for source in pair.sources)
        yield from (use.source for skill in self.skills for use in skill.uses)


class _Page:
    """Takes the lines that a section has room for; `more` when any were left out."""

    def __init__(self) -> None:
        self.more = False

    def take(self, lines: Iterable[T], most: int) -> tuple[T, ...]:
        found = tuple(islice(lines, most + 1))
        self.more |= len(found) > most
        return found[:most]

    def quotes(self, shared: Iterable[Shared], role: BriefRole) -> tuple[Quote, ...]:
        return self.take(quotes(shared, role), ROOM[role].lines)


async def brief(actor: Actor, patient: UUID) -> Brief:
    """
    Build the brief; every copy that is quoted counts as opened, and the patient sees that.

    An intention is that of the dosing session in question. What came, and what the patient brings, includes
    what was shared since the last talk. Beliefs, what steadies, small steps and a wish not to open with
    something carry over from one session to the next.
    """
    found = await reading.folder(actor, patient)
    plan = schedule.lasting(found.sessions)
    coming = _coming(plan, actor.now)
    about = _about(plan, coming, actor.now)
    shared, near, page = found.shared, _near(found, coming, about), _Page()
    since = _last_talk(plan, coming, actor.now)
    now = tuple(one for one in shared if one in near or one.shared_at > since)
    went = about is not None and about.begins_at <= actor.now
    drawn = Brief(
        link=found.link,
        paused=found.paused,
        damaged=len(found.damaged),
        coming=coming,
        about=about,
        number=schedule.numbers(plan).get(about.id) if about else None,
        days=(_day(actor, actor.now) - _day(actor, about.begins_at)).days if about else None,
        intention=page.quotes(near, "intention"),
        state=() if went else page.quotes(near, "state"),
        bring=page.quotes(now, "bring"),
        not_open=page.quotes(shared, "not_open"),
        came=page.quotes(now, "came"),
        beliefs=page.take(pairs(shared), PAIRS),
        skills=page.take(skills(shared), SKILLS),
        steadies=page.quotes(shared, "steadies"),
        steps=page.take(steps(shared), STEPS),
        more=page.more,  # read last, when all of the above has been taken
    )
    await reading.mark_opened(actor, patient, [one.id for one in drawn.sources])
    return _fitted(drawn)


def _fitted(drawn: Brief) -> Brief:
    """Shorten quotations only as far as the page needs it."""
    tries = (_shortened(drawn, scale) for scale in SCALES)
    fitted = next((one for one in tries if _printed_lines(one) <= PAGE), _shortened(drawn, SCALES[-1]))
    cut = [one.cut for one in fitted.quotes] + [one.cut for one in fitted.beliefs]
    cut += [one.cut for one in fitted.skills] + [one.cut or one.learned_cut for one in fitted.steps]
    return replace(fitted, more=fitted.more or any(cut))


def _shortened(drawn: Brief, scale: float) -> Brief:
    def short(lines: tuple[Quote, ...], role: BriefRole) -> tuple[Quote, ...]:
        return tuple(one.shortened(ROOM[role].letters * scale) for one in lines)

    return replace(
        drawn,
        intention=short(drawn.intention, "intention"),
        state=short(drawn.state, "state"),
        bring=short(drawn.bring, "bring"),
        not_open=short(drawn.not_open, "not_open"),
        came=short(drawn.came, "came"),
        steadies=short(drawn.steadies, "steadies"),
        beliefs=tuple(one.shortened(SENTENCE * scale) for one in drawn.beliefs),
        steps=tuple(one.shortened(STEP * scale) for one in drawn.steps),
    )


def _printed_lines(drawn: Brief) -> float:
    """Estimate the lines that it takes on paper, in columns of half a page."""
    return (
        sum(lines_of(one.words) + SOURCE for one in drawn.quotes)
        + sum(2 * (max(lines_of(one.old), lines_of(one.new)) + SOURCE) for one in drawn.beliefs)
        + sum(1 + SOURCE * len(one.uses) for one in drawn.skills)
        + sum(lines_of(one.words) + lines_of(one.learned) + SOURCE for one in drawn.steps)
    )


def _coming(plan: Iterable[Session], now: datetime) -> Session | None:
    ahead = schedule.ahead(plan, now)
    return next((one for one in ahead if one.details.kind is SessionKind.INTEGRATION), None)


def _about(plan: tuple[Session, ...], coming: Session | None, now: datetime) -> Session | None:
    """Return the dosing session in question: the coming talk's, else the last one, else the first."""
    dosing = [one for one in plan if one.details.kind is SessionKind.DOSING]
    if coming is not None:
        return _dosing_of(coming, plan)
    before = [one for one in dosing if one.begins_at <= now]
    return before[-1] if before else next(iter(dosing), None)


def _dosing_of(one: Session, plan: Iterable[Session]) -> Session | None:
    """Return the dosing session that *one* is about: as planned, else the one that it looks ahead to or back at."""
    lasting = schedule.lasting(plan)
    if (planned := schedule.dosing_of(one, lasting)) is not None:
        return planned
    dosing = [other for other in lasting if other.kind is SessionKind.DOSING]
    before = [other for other in dosing if other.begins_at <= one.begins_at]
    after = [other for other in dosing if other.begins_at > one.begins_at]
    if after and (not before or one.kind is SessionKind.PREPARATION):
        return after[0]
    return before[-1] if before else None


def _last_talk(plan: tuple[Session, ...], coming: Session | None, now: datetime) -> datetime:
    talks = [one for one in plan if one.details.kind is SessionKind.INTEGRATION and one != coming]
    return max((one.begins_at for one in talks if one.begins_at <= now), default=EARLIEST)


def _near(found: Folder, coming: Session | None, about: Session | None) -> tuple[Shared, ...]:
    """Return the copies that belong to *about*, to a talk about it or to the coming one."""
    if about is None:
        return found.shared
    dosing = [one for one in schedule.lasting(found.sessions) if one.kind is SessionKind.DOSING]
    belonging = Belonging(found.sessions)

    def is_near(one: Shared) -> bool:
        at = belonging.session_of(one.document.kind, one.document.session_id, one.written_at)
        if at is None:
            return about == dosing[0]  # written before all sessions
        return at == coming or _dosing_of(at, found.sessions) == about

    return tuple(one for one in found.shared if is_near(one))


def _day(actor: Actor, moment: datetime) -> date:
    return moment.astimezone(actor.zone).date()
