"""
The brief: one page for the coming integration session, from shared copies only.

Every line is the patient's own words and names the entry it comes from. Nothing is summed up, ranked or concluded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal import reading
from journal.actors import Actor
from journal.care import Link
from journal.forms import BriefRole, EntryKind, FieldKind, form_of
from journal.planning import SessionKind, Status
from journal.reading import Shared
from journal.sessions import Session

LINES = 5  # of one section; the page has to fit on paper
LETTERS = 280  # of one quotation


@dataclass(frozen=True, slots=True)
class Quote:
    """A patient's answer as they wrote it, the question it answers and the entry it stands in."""

    words: str
    question: str
    source: Shared
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ReframeLine:
    """Old meaning and new meaning, with how true each felt (0 to 100), where the patient said so."""

    old: str
    new: str
    old_before: int | None
    old_after: int | None
    new_belief: int | None
    source: Shared


@dataclass(frozen=True, slots=True)
class GroundingLine:
    """A grounding skill that was used, distress before and after (0 to 10), and whether it helped."""

    skill: str
    helped: str
    before: int | None
    after: int | None
    source: Shared


@dataclass(frozen=True, slots=True)
class Brief:
    """All that fits on one page. Each tuple is newest first and may be empty."""

    link: Link
    paused: bool
    coming: Session | None
    about: Session | None
    days_since: int | None
    in_series: int
    intention: tuple[Quote, ...]
    bring: tuple[Quote, ...]
    not_open: tuple[Quote, ...]
    came: tuple[Quote, ...]
    reframes: tuple[ReframeLine, ...]
    beliefs: tuple[Quote, ...]
    grounding: tuple[GroundingLine, ...]
    steadies: tuple[Quote, ...]
    actions: tuple[Quote, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to quote."""
        return not any(
            (self.intention, self.bring, self.not_open, self.came, self.reframes, self.beliefs)
            + (self.grounding, self.steadies, self.actions)
        )


async def brief(actor: Actor, patient: UUID) -> Brief:
    """Draw up the brief; every copy that is quoted counts as opened, and the patient sees that."""
    found = await reading.folder(actor, patient)
    coming = _coming(found.sessions, actor.now)
    about = _about(found.sessions, coming, actor.now)
    near = [one for one in found.shared if _belongs(one, found.sessions, about)]
    made = Brief(
        found.link,
        found.paused,
        coming,
        about,
        (actor.now - about.starts_at).days if about else None,
        _in_series(found.sessions, about),
        _quotes(near, "intention"),
        _quotes(near, "bring"),
        _quotes(near, "not_open"),
        _quotes(near, "came"),
        tuple(_reframes(found.shared))[:LINES],
        _quotes(near, "belief", but=EntryKind.REFRAME),
        tuple(_grounding(found.shared))[:LINES],
        _quotes(found.shared, "steadies", but=EntryKind.GROUNDING),
        _quotes(near, "action"),
    )
    await reading.mark_opened(actor, patient, {line.source.id for line in _lines(made)})
    return made


def _lines(made: Brief) -> Iterator[Quote | ReframeLine | GroundingLine]:
    yield from made.intention + made.bring + made.not_open + made.came + made.beliefs
    yield from made.reframes
    yield from made.grounding
    yield from made.steadies + made.actions


def _coming(plan: tuple[Session, ...], now: datetime) -> Session | None:
    for one in plan:
        if one.details.kind is SessionKind.INTEGRATION and one.details.ends_at > now and _lasts(one):
            return one
    return None


def _about(plan: tuple[Session, ...], coming: Session | None, now: datetime) -> Session | None:
    dosing = [one for one in plan if one.details.kind is SessionKind.DOSING and _lasts(one)]
    if coming is not None and coming.details.about:
        for one in dosing:
            if one.id.hex == coming.details.about and one.starts_at <= now:
                return one
    past = [one for one in dosing if one.starts_at <= now]
    return past[-1] if past else None


def _belongs(one: Shared, plan: tuple[Session, ...], about: Session | None) -> bool:
    if about is None:
        return True
    if one.document.session_id == about.id.hex:
        return True
    tied = next((session for session in plan if session.id.hex == one.document.session_id), None)
    if tied is not None:
        return tied.details.about == about.id.hex or tied.starts_at > about.starts_at
    return one.written_at >= about.starts_at


def _in_series(plan: tuple[Session, ...], about: Session | None) -> int:
    if about is None or about.details.sequence_no is None:
        return 0
    return sum(1 for one in plan if one.course == about.course and one.details.kind is SessionKind.DOSING)


def _lasts(one: Session) -> bool:
    return one.details.status is not Status.CANCELLED


def _quotes(shared: list[Shared] | tuple[Shared, ...], role: BriefRole, but: EntryKind | None = None) -> tuple[Quote, ...]:
    found = []
    for one in shared:
        kind = EntryKind(one.document.kind)
        if kind is but:
            continue
        for field in form_of(kind).fields:
            answer = one.document.answers.get(field.id)
            if field.brief_role != role or answer is None:
                continue
            if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
                words = ", ".join(field.chosen(answer))
            elif isinstance(answer, list):
                words = ", ".join(answer)
            else:
                words = str(answer)
            cut = len(words) > LETTERS
            found.append(Quote(words[:LETTERS].rsplit(" ", 1)[0] if cut else words, field.label, one, cut))
    return tuple(found[:LINES])


def _reframes(shared: tuple[Shared, ...]) -> Iterator[ReframeLine]:
    for one in shared:
        answers = one.document.answers
        old, new = answers.get("reframe.old_meaning", ""), answers.get("reframe.new_meaning", "")
        if one.document.kind == EntryKind.REFRAME and (old or new):
            yield ReframeLine(
                str(old),
                str(new),
                _number(one, "reframe.old_belief_before"),
                _number(one, "reframe.old_belief_after"),
                _number(one, "reframe.new_belief"),
                one,
            )


def _grounding(shared: tuple[Shared, ...]) -> Iterator[GroundingLine]:
    form = form_of(EntryKind.GROUNDING)
    for one in shared:
        skill, helped = one.document.answers.get("ground.skill"), one.document.answers.get("ground.helped", "")
        if one.document.kind == EntryKind.GROUNDING and skill:
            yield GroundingLine(
                form.field("ground.skill").chosen(skill)[0],
                form.field("ground.helped").chosen(helped)[0] if helped else "",
                _number(one, "ground.suds_before"),
                _number(one, "ground.suds_after"),
                one,
            )


def _number(one: Shared, field: str) -> int | None:
    answer = one.document.answers.get(field)
    return answer if isinstance(answer, int) else None
