"""Beliefs of a brief: the old sentence beside the new one, and how true each felt from first to latest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from math import ceil
from uuid import UUID

from journal.brief.layout import SOURCE_LINES, count_lines, shorten_text
from journal.brief.quotes import get_rating, get_text
from journal.catalogue.fields import EntryKind
from journal.catalogue.revisits import Moment, Revisit, parse_moments, parse_revisits
from journal.folding import fold
from journal.reframing.picture import Finding, describe_course, list_ratings
from journal.reframing.reframes import MOMENTS
from journal.sharing.reading import IncomingShare

SOURCES_ON_A_LINE = 3


@dataclass(frozen=True, slots=True)
class BeliefPair:
    """
    One belief, with how true it felt (0 to 100) wherever the patient said so.

    `old_before` and `old_after` come from the earliest copy that has this belief, the latest ratings from a later one
    or from a revisit, whichever day is the last. The old words stand in the copy `source`, the new ones in
    `new_source`, ratings in `first` and `rated`, what can be said of them in `finding_source`. `moment` is the newest
    one, of any of its copies, and stands in `moment_source`.
    """

    old: str
    new: str
    old_before: int | None
    old_after: int | None
    old_latest: int | None
    new_before: int | None
    new_latest: int | None
    source: IncomingShare
    new_source: IncomingShare
    first: IncomingShare
    rated: tuple[IncomingShare, ...] = ()
    finding: Finding | None = None
    finding_source: IncomingShare | None = None
    moment: Moment | None = None
    moment_source: IncomingShare | None = None
    old_cut: bool = False
    new_cut: bool = False
    moment_cut: bool = False

    def shorten(self, letters: float) -> BeliefPair:
        """Return it with its sentences shortened to *letters*."""
        (old, old_cut), (new, new_cut) = shorten_text(self.old, letters), shorten_text(self.new, letters)
        found = replace(self, old=old, new=new, old_cut=old_cut, new_cut=new_cut)
        if self.moment is None:
            return found
        words, cut = shorten_text(self.moment.words, letters)
        return replace(found, moment=replace(self.moment, words=words), moment_cut=cut)

    @property
    def is_cut(self) -> bool:
        """Return whether a sentence is longer than what is quoted."""
        return self.old_cut or self.new_cut or self.moment_cut

    @property
    def sources(self) -> tuple[IncomingShare, ...]:
        """Return the copies that its sentences and numbers stand in, the latest first."""
        found = () if self.finding_source is None else (self.finding_source,)
        every = (self.source, self.new_source, self.first, *self.rated, *found)
        return tuple({one.id: one for one in every}.values())

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the ids of the copies that it draws on."""
        moment = () if self.moment_source is None else (self.moment_source.id,)
        return (*(one.id for one in self.sources), *moment)

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes in two columns: its sentences stand side by side."""
        old = count_lines(self.old, width) + SOURCE_LINES * (2 if self.finding else 1)
        new = count_lines(self.new, width) + SOURCE_LINES * ceil(len(self.sources) / SOURCES_ON_A_LINE)
        if self.moment:
            new += count_lines(self.moment.words, width) + SOURCE_LINES
        return 2 * max(old, new)


@dataclass(frozen=True, slots=True)
class _RatedBelief:
    """What one copy says of one belief."""

    source: IncomingShare
    old: str
    new: str
    old_before: int | None
    old_after: int | None
    new_rating: int | None
    revisits: tuple[Revisit, ...] = ()
    moments: tuple[Moment, ...] = ()

    @property
    def key(self) -> str:
        """Return the sentence folded: alike however it was typed."""
        return " ".join(fold(self.old or self.new).split()).strip(" .,;:!?\"'-")


def build_belief_pairs(shared: Iterable[IncomingShare]) -> tuple[BeliefPair, ...]:
    """Return each belief once, those rated latest first. *shared* comes newest first."""
    found: dict[str, list[_RatedBelief]] = {}
    for rated in _list_ratings(shared):
        found.setdefault(rated.key, []).append(rated)
    return tuple(_build_pair(same) for same in found.values())


def _list_ratings(shared: Iterable[IncomingShare]) -> Iterator[_RatedBelief]:
    for one in shared:
        if one.document.kind == EntryKind.REFRAME:
            old, new = get_text(one, "reframe.old_meaning"), get_text(one, "reframe.new_meaning")
            ids = ("reframe.old_belief_before", "reframe.old_belief_after", "reframe.new_belief")
            again = parse_revisits(one.document.answers.get("reframe.revisits"))
            before, after, now = (get_rating(one, ident) for ident in ids)
            moments = parse_moments(one.document.answers.get(MOMENTS))
            if old or new:
                yield _RatedBelief(one, old, new, before, after, now, again, moments)
        elif old := get_text(one, "prep.old_story"):
            yield _RatedBelief(one, old, "", get_rating(one, "prep.old_story_belief"), None, None)


def _build_pair(same: list[_RatedBelief]) -> BeliefPair:
    latest, first = same[0], same[-1]
    # The newest truer sentence, even where the latest copy only rates the old one once more.
    renewed = next((one for one in same if one.new), latest)
    old = _sort_ratings(
        [(one, None if one is first else _get_old_rating(one)) for one in same],
        [(one, look.day, look.old) for one in same for look in one.revisits],
    )
    new = _sort_ratings(
        [(one, one.new_rating) for one in same],
        [(one, look.day, look.new) for one in same for look in one.revisits],
    )
    told = [*old[-1:], *new[:1], *new[-1:]]
    told_by, finding = next(
        ((one.source, found) for one in same if (found := _find_course(one.source))), (None, None)
    )
    moment, told_in = _find_moment(same)
    return BeliefPair(
        old=latest.old,
        new=renewed.new,
        old_before=first.old_before,
        old_after=first.old_after,
        old_latest=old[-1][0] if old else None,
        new_before=new[0][0] if new else None,
        new_latest=new[-1][0] if len(new) > 1 else None,
        finding=finding,
        finding_source=told_by,
        source=latest.source,
        new_source=renewed.source,
        first=first.source,
        rated=tuple({source.id: source for _, source in told}.values()),
        moment=moment,
        moment_source=told_in,
    )


def _find_moment(same: Iterable[_RatedBelief]) -> tuple[Moment | None, IncomingShare | None]:
    """Return the newest moment with words, and the copy that it stands in."""
    found = [
        (moment, one.source) for one in same for moment in one.moments if moment.is_dated and moment.words
    ]
    newest = max((moment.day for moment, _ in found), default=None)
    # Of one day, the one that was noted last: moments stand in their order.
    return next(
        ((moment, source) for moment, source in reversed(found) if moment.day == newest), (None, None)
    )


def _get_old_rating(one: _RatedBelief) -> int | None:
    return one.old_after if one.old_after is not None else one.old_before


def _sort_ratings(
    written: Sequence[tuple[_RatedBelief, int | None]], again: Iterable[tuple[_RatedBelief, date, int | None]]
) -> list[tuple[int, IncomingShare]]:
    """
    Return ratings, each with its copy, by their days; on one day a revisit is later than what a copy was begun with.

    Args:
        written: The rating that each copy was begun with, the newest copy first.
        again: Those of revisits.
    """
    every = [
        (one.source.document.find_first_day(UTC), False, rating, one) for one, rating in reversed(written)
    ]
    every += [(day, True, rating, one) for one, day, rating in again]
    every.sort(key=lambda each: each[:2])
    return [(rating, one.source) for _, _, rating, one in every if rating is not None]


def _find_course(one: IncomingShare) -> Finding | None:
    """Return what can be said by the ratings that a copy holds; None where it has no revisit."""
    answers = one.document.answers
    if not parse_revisits(answers.get("reframe.revisits")):
        return None
    return describe_course(list_ratings(answers, one.document.find_first_day(UTC)))
