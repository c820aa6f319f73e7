"""Beliefs of a brief: the old sentence beside the new one, and how true each felt from first to latest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from journal.brief.layout import shorten
from journal.brief.quotes import number_of, words_of
from journal.catalogue.fields import EntryKind
from journal.folding import fold
from journal.sharing.reading import Shared


@dataclass(frozen=True, slots=True)
class Pair:
    """
    One belief, with how true it felt (0 to 100) wherever the patient said so.

    `old_before`, `old_after` and `new_before` come from the earliest copy that has this belief, the latest
    ratings from a later one. The old words stand in the copy `source`, the new ones in `new_source`.
    """

    old: str
    new: str
    old_before: int | None
    old_after: int | None
    old_latest: int | None
    new_before: int | None
    new_latest: int | None
    source: Shared
    new_source: Shared
    first: Shared
    old_cut: bool = False
    new_cut: bool = False

    def shortened(self, letters: float) -> Pair:
        """Return it with its sentences shortened to *letters*."""
        (old, old_cut), (new, new_cut) = shorten(self.old, letters), shorten(self.new, letters)
        return replace(self, old=old, new=new, old_cut=old_cut, new_cut=new_cut)

    @property
    def cut(self) -> bool:
        """Return whether a sentence is longer than what is quoted."""
        return self.old_cut or self.new_cut

    @property
    def sources(self) -> tuple[Shared, ...]:
        """Return the copies that it draws on, the latest first."""
        return tuple({one.id: one for one in (self.source, self.new_source, self.first)}.values())


@dataclass(frozen=True, slots=True)
class _Rated:
    """What one copy says of one belief."""

    source: Shared
    old: str
    new: str
    before: int | None
    after: int | None
    felt: int | None

    @property
    def key(self) -> str:
        """Return the sentence folded: alike however it was typed."""
        return " ".join(fold(self.old or self.new).split()).strip(" .,;:!?\"'-")


def pairs(shared: Iterable[Shared]) -> tuple[Pair, ...]:
    """Return each belief once, those rated latest first. *shared* comes newest first."""
    found: dict[str, list[_Rated]] = {}
    for rated in _all_rated(shared):
        found.setdefault(rated.key, []).append(rated)
    return tuple(_pair(same) for same in found.values())


def _all_rated(shared: Iterable[Shared]) -> Iterator[_Rated]:
    for one in shared:
        if one.document.kind == EntryKind.REFRAME:
            old, new = words_of(one, "reframe.old_meaning"), words_of(one, "reframe.new_meaning")
            ids = ("reframe.old_belief_before", "reframe.old_belief_after", "reframe.new_belief")
            if old or new:
                yield _Rated(one, old, new, *(number_of(one, ident) for ident in ids))
        elif old := words_of(one, "prep.old_story"):
            yield _Rated(one, old, "", number_of(one, "prep.old_story_belief"), None, None)


def _pair(same: list[_Rated]) -> Pair:
    latest, first = same[0], same[-1]
    # The newest truer sentence, even where the latest copy only rates the old one once more.
    renewed = next((one for one in same if one.new), latest)
    again = [one.after if one.after is not None else one.before for one in same[:-1]]
    felt = [one.felt for one in same if one.felt is not None]
    return Pair(
        old=latest.old,
        new=renewed.new,
        old_before=first.before,
        old_after=first.after,
        old_latest=next((rating for rating in again if rating is not None), None),
        new_before=felt[-1] if felt else None,
        new_latest=felt[0] if len(felt) > 1 else None,
        source=latest.source,
        new_source=renewed.source,
        first=first.source,
    )
