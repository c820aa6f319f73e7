"""
The brief: one page for one session, usually the next talk, from shared copies only.

Every line is the patient's own words and names the copy it comes from. Nothing is summed up, ranked or
concluded, and nothing shows whether there is more than was shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from journal.actor import Actor
from journal.brief.beliefs import BeliefPair, build_belief_pairs
from journal.brief.layout import (
    MAX_ASKED,
    MAX_CAME_AHEAD,
    MAX_CAME_BESIDE,
    MAX_CLOSED,
    MAX_PAIRS,
    MAX_PAIRS_AHEAD,
    MAX_SKILLS,
    MAX_STEPS,
    MAX_STEPS_AHEAD,
    MAX_WORSE,
    PAGE_LINES,
    SCALES,
    SECTION_LIMITS,
    SENTENCE_LETTERS,
    SOURCE_LINES,
    STEP_LETTERS,
    count_lines,
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
from journal.care.documents import Attention
from journal.care.links import Link
from journal.catalogue.fields import BriefRole, EntryKind
from journal.entries.assignment import SessionAssignment
from journal.errors import NotFound
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sessions.schedule import SessionNumber
from journal.sessions.session import SessionKind
from journal.sharing import reading
from journal.sharing.reading import Folder, IncomingShare

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Brief:
    """
    All that fits on one page; each tuple is newest first and may be empty.

    `session` is the one that it is for; `plan` has those that it may be for. `about` is the dosing session that
    it is about; `days` counts from its day to today and is negative while it is still to come. `has_more` says
    that something shared did not fit.
    """

    link: Link
    paused: bool
    damaged: int
    session: Session | None
    plan: tuple[Session, ...]
    about: Session | None
    number: SessionNumber | None
    days: int | None
    bring: tuple[Quote, ...]
    not_open: tuple[Quote, ...]
    intention: tuple[Quote, ...]
    hopes: tuple[Quote, ...]
    setting: tuple[Quote, ...]
    comfort: tuple[Quote, ...]
    state: tuple[Quote, ...]
    day: tuple[Quote, ...]
    came: tuple[Quote, ...]
    beliefs: tuple[BeliefPair, ...]
    skills: tuple[SkillLine, ...]
    worse: tuple[SkillLine, ...]
    steadies: tuple[Quote, ...]
    steps: tuple[Step, ...]
    has_more: bool
    closed: tuple[IncomingShare, ...] = ()
    asked: tuple[IncomingShare, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to quote, and no title to name."""
        return not (any(self.sources) or self.closed or self.asked)

    @property
    def sources(self) -> tuple[IncomingShare, ...]:
        """Return every copy that a line draws on, each once."""
        return tuple({one.id: one for one in self._iterate_sources()}.values())

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Return every quotation, section by section."""
        return tuple(quote for role in SECTION_LIMITS for quote in getattr(self, role))

    def _iterate_sources(self) -> Iterator[IncomingShare]:
        yield from (line.source for line in self.quotes)
        yield from (line.source for line in self.steps)
        yield from (source for pair in self.beliefs for source in pair.sources)
        yield from (use.source for skill in self.worse + self.skills for use in skill.uses)


class _LinePicker:
    """Takes the lines that a section has room for; `has_more` when any were left out."""

    def __init__(self) -> None:
        self.has_more = False

    def take_lines(self, lines: Iterable[T], most: int) -> tuple[T, ...]:
        found = tuple(islice(lines, most + 1))
        self.has_more |= len(found) > most
        return found[:most]

    def take_quotes(
        self, shared: Iterable[IncomingShare], role: BriefRole, most: int | None = None
    ) -> tuple[Quote, ...]:
        return self.take_lines(list_quotes(shared, role), most or SECTION_LIMITS[role].lines)

    def take_skills(
        self, shared: Iterable[IncomingShare]
    ) -> tuple[tuple[SkillLine, ...], tuple[SkillLine, ...], tuple[Quote, ...]]:
        """Return the skills that made nothing worse, those that did, and what else steadies."""
        used = list_skills(shared)
        harmful = [one for one in used if one.worse]
        worse = self.take_lines(harmful, MAX_WORSE)
        skills = self.take_lines((one for one in used if not one.worse), MAX_SKILLS - len(worse))
        steadies = list_quotes(shared, "steadies", without={one.skill for one in harmful})
        return skills, worse, self.take_lines(steadies, SECTION_LIMITS["steadies"].lines)


async def build_brief(actor: Actor, patient: UUID, wanted: UUID | None = None) -> Brief:
    """
    Build the brief for the session *wanted*, else for the next talk; the patient sees which copies it quotes.

    Intention, hopes, setting and state are those of the dosing session in question. What came, and what the
    patient brings, includes what was shared since the last talk; what was noted of the day is
    of that session alone. Beliefs, what steadies, small steps and a wish
    not to open with something carry over from one session to the next; so does what to do if they get frightened, which
    stands there while a dosing session is ahead.

    Raises:
        NotFound: If *wanted* is no session of the patient's plan, or was cancelled.
    """
    found = await reading.load_folder(actor, patient)
    plan = schedule.list_uncancelled(found.sessions)
    session = _find_wanted(plan, wanted) if wanted else _find_next_talk(plan, actor.now)
    about = _find_subject(plan, session, actor.now)
    shared, near, page = found.shared, _select_related(found, session, about), _LinePicker()
    since = _get_last_talk(plan, session, actor.now)
    now = tuple(one for one in shared if one in near or one.shared_at > since)
    ahead = _is_ahead(session, about, actor.now)
    prepared = near if ahead else ()
    skills, worse, steadies = page.take_skills(shared)
    day = page.take_quotes(() if ahead else near, "day")
    drawn = Brief(
        link=found.link,
        paused=found.paused,
        damaged=len(found.damaged),
        session=session,
        plan=plan,
        about=about,
        number=schedule.number_sessions(plan).get(about.id) if about else None,
        days=(_get_local_date(actor, actor.now) - _get_local_date(actor, about.begins_at)).days
        if about
        else None,
        bring=page.take_quotes(now, "bring"),
        not_open=page.take_quotes(shared, "not_open"),
        intention=page.take_quotes(near, "intention"),
        hopes=page.take_quotes(prepared, "hopes"),
        setting=page.take_quotes(prepared, "setting"),
        comfort=page.take_quotes(_find_comfort_plan(shared) if ahead else (), "comfort"),
        state=page.take_quotes(prepared, "state"),
        day=day,
        came=page.take_quotes(now, "came", MAX_CAME_AHEAD if ahead else MAX_CAME_BESIDE if day else None),
        beliefs=page.take_lines(_list_pairs(shared), MAX_PAIRS_AHEAD if ahead else MAX_PAIRS),
        skills=skills,
        worse=worse,
        steadies=steadies,
        steps=page.take_lines(list_steps(shared), MAX_STEPS_AHEAD if ahead else MAX_STEPS),
        closed=page.take_lines(put_talked_behind(found.closed), MAX_CLOSED),
        has_more=page.has_more,  # read last, when all of the above has been taken
    )
    quoted = {one.id for one in drawn.sources}
    asked = (one for one in shared if one.unread and one.document.asks is Attention.BEFORE_TALK)
    drawn = replace(drawn, asked=tuple(one for one in asked if one.id not in quoted)[:MAX_ASKED])
    await reading.mark_opened(actor, patient, quoted)
    return _fit_page(drawn)


def _list_pairs(shared: Iterable[IncomingShare]) -> list[BeliefPair]:
    """Return the pairs of sentences, those behind whose copies were all talked about."""
    pairs = build_belief_pairs(shared)
    return sorted(pairs, key=lambda pair: all(one.talked_at is not None for one in pair.sources))


def _fit_page(drawn: Brief) -> Brief:
    """Shorten quotations only as far as the page needs it."""
    tries = (_shorten_brief(drawn, scale) for scale in SCALES[:-1])
    # A full page has the numbers alone, and not what can be said of them; and what one step has taught.
    bare = replace(
        drawn,
        beliefs=tuple(replace(one, finding=None) for one in drawn.beliefs),
        steps=(*drawn.steps[:1], *(replace(one, learned="") for one in drawn.steps[1:])),
    )
    fitted = next(
        (one for one in tries if _count_printed_lines(one) <= PAGE_LINES), _shorten_brief(bare, SCALES[-1])
    )
    cut = [one.cut for one in fitted.quotes] + [one.cut for one in fitted.beliefs]
    cut += [one.cut for one in fitted.worse + fitted.skills] + [
        one.cut or one.learned_cut for one in fitted.steps
    ]
    return replace(fitted, has_more=fitted.has_more or any(cut))


def _shorten_brief(drawn: Brief, scale: float) -> Brief:
    quotes: dict[str, Any] = {
        role: tuple(one.shorten(limit.letters * scale) for one in getattr(drawn, role))
        for role, limit in SECTION_LIMITS.items()
    }
    return replace(
        drawn,
        beliefs=tuple(one.shorten(SENTENCE_LETTERS * scale) for one in drawn.beliefs),
        steps=tuple(one.shorten(STEP_LETTERS * scale) for one in drawn.steps),
        **quotes,
    )


def _count_printed_lines(drawn: Brief) -> float:
    """Estimate the lines that it takes on paper, in columns of half a page."""
    return (
        sum(count_lines(one.text) + SOURCE_LINES for one in drawn.quotes)
        + sum(
            2 * (max(count_lines(one.old), count_lines(one.new)) + SOURCE_LINES * (2 if one.finding else 1))
            for one in drawn.beliefs
        )
        + (1 + len(drawn.closed) if drawn.closed else 0)
        + sum(1 + SOURCE_LINES * len(one.uses) for one in drawn.worse + drawn.skills)
        + sum(count_lines(one.text) + count_lines(one.learned) + SOURCE_LINES for one in drawn.steps)
    )


def _find_comfort_plan(shared: Iterable[IncomingShare]) -> tuple[IncomingShare, ...]:
    """Return the newest copy of what to do if the patient gets frightened: there is one plan, whenever it was begun."""
    found = next((one for one in shared if one.document.kind == EntryKind.COMFORT), None)
    return () if found is None else (found,)


def _find_wanted(plan: Iterable[Session], wanted: UUID) -> Session:
    for one in plan:
        if one.id == wanted:
            return one
    raise NotFound


def _find_next_talk(plan: Iterable[Session], now: datetime) -> Session | None:
    """Return the talk that is under way, else the next one, whatever its kind."""
    return next((one for one in schedule.list_upcoming(plan, now) if not _is_dosing(one)), None)


def _is_dosing(one: Session) -> bool:
    return one.details.kind is SessionKind.DOSING


def _is_ahead(session: Session | None, about: Session | None, now: datetime) -> bool:
    """Return whether the session looks ahead to its dosing session, so that preparation is what counts."""
    if session is not None and session.kind is SessionKind.PREPARATION:
        return True
    return about is None or about.begins_at > now


def _find_subject(plan: tuple[Session, ...], session: Session | None, now: datetime) -> Session | None:
    """Return the dosing session in question: that of *session*, else the last one, else the first."""
    if session is not None:
        return _find_dosing_session(session, plan)
    dosing = [one for one in plan if _is_dosing(one)]
    before = [one for one in dosing if one.begins_at <= now]
    return before[-1] if before else next(iter(dosing), None)


def _find_dosing_session(one: Session, plan: Iterable[Session]) -> Session | None:
    """Return the dosing session that *one* is about: as planned, else the one that it looks ahead to or back at."""
    lasting = schedule.list_uncancelled(plan)
    if (planned := schedule.find_dosing_session(one, lasting)) is not None:
        return planned
    dosing = [other for other in lasting if other.kind is SessionKind.DOSING]
    before = [other for other in dosing if other.begins_at <= one.begins_at]
    after = [other for other in dosing if other.begins_at > one.begins_at]
    if after and (not before or one.kind is SessionKind.PREPARATION):
        return after[0]
    return before[-1] if before else None


def _get_last_talk(plan: tuple[Session, ...], session: Session | None, now: datetime) -> datetime:
    """Return when the last talk before *session* began."""
    end = min(now, session.begins_at) if session else now
    talks = [one.begins_at for one in plan if not _is_dosing(one) and one != session]
    return max((began for began in talks if began <= end), default=EARLIEST)


def _select_related(
    found: Folder, session: Session | None, about: Session | None
) -> tuple[IncomingShare, ...]:
    """Return the copies that belong to *about*, to a talk about it or to *session*."""
    if about is None:
        return found.shared
    dosing = [one for one in schedule.list_uncancelled(found.sessions) if one.kind is SessionKind.DOSING]
    assignment = SessionAssignment(found.sessions)

    def is_related(one: IncomingShare) -> bool:
        at = assignment.find_session(one.document.kind, one.document.session_id, one.written_at)
        if at is None:
            return about == dosing[0]  # written before all sessions
        return at == session or _find_dosing_session(at, found.sessions) == about

    return tuple(one for one in found.shared if is_related(one))


def _get_local_date(actor: Actor, moment: datetime) -> date:
    return moment.astimezone(actor.zone).date()
