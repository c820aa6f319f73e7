"""Triggers of a brief: the patient's own short names for what set something off, and where each was named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from types import MappingProxyType
from uuid import UUID

from journal.brief.layout import SOURCE_LINES, count_lines, shorten_text
from journal.brief.quotes import get_text
from journal.catalogue.revisits import parse_moments
from journal.folding import fold
from journal.reframing.reframes import MOMENTS
from journal.reframing.triggers import TRIGGER_FIELDS
from journal.sharing.reading import IncomingShare

FIELDS: Mapping[str, str] = MappingProxyType({kind.value: field for kind, field in TRIGGER_FIELDS.items()})
MAX_PLACES = 2  # of one trigger


@dataclass(frozen=True, slots=True)
class Trigger:
    """
    A name as it was written last, and the latest copies that name it, the latest first.

    `cut`: there are more copies. `name_cut`: the name is longer.
    """

    name: str
    places: tuple[IncomingShare, ...]
    cut: bool = False
    name_cut: bool = False

    @property
    def source(self) -> IncomingShare:
        """Return the copy in which the name was written last."""
        return self.places[0]

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the ids of the copies that name it."""
        return tuple(one.id for one in self.places)

    @property
    def is_cut(self) -> bool:
        """Return whether more copies name it, or its name is longer."""
        return self.cut or self.name_cut

    def shorten(self, letters: float) -> Trigger:
        """Return it with its name shortened to *letters*."""
        name, cut = shorten_text(self.name, letters)
        return replace(self, name=name, name_cut=cut)

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes, with its places."""
        return count_lines(self.name, width) + SOURCE_LINES * len(self.places)


def list_shared_triggers(shared: Iterable[IncomingShare]) -> tuple[Trigger, ...]:
    """
    Return each trigger once, however its name was typed, those named on the latest days first.

    Those behind whose copies were all talked about stand behind.
    """
    named: dict[str, list[tuple[date, str, IncomingShare]]] = {}
    for one in shared:
        for day, name in _list_names(one):
            named.setdefault(" ".join(fold(name).split()), []).append((day, name, one))
    found = []
    for some in named.values():
        some.sort(key=lambda place: place[0], reverse=True)
        places = tuple({one.id: one for _, _, one in some}.values())
        found.append((some[0][0], Trigger(some[0][1], places[:MAX_PLACES], len(places) > MAX_PLACES)))
    found.sort(key=lambda one: one[0], reverse=True)
    found.sort(key=lambda one: all(place.talked_at is not None for place in one[1].places))
    return tuple(one for _, one in found)


def _list_names(one: IncomingShare) -> Iterator[tuple[date, str]]:
    """Yield the names that a copy holds with the days they are of: its own, then those of its moments."""
    field = FIELDS.get(one.document.kind)
    if field is None:
        return
    if name := get_text(one, field):
        yield one.document.find_first_day(UTC), name
    for moment in reversed(parse_moments(one.document.answers.get(MOMENTS))):
        if moment.trigger and moment.is_dated:
            yield moment.day, moment.trigger
