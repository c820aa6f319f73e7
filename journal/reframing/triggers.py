"""
Triggers: short names of a patient's own for what set something off, and what came of it, by date.

A name stands with a reframe, a moment or a grounding log. Names that differ in case or accents are one trigger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.catalogue.revisits import Moment, parse_moments
from journal.entries import by_kind
from journal.errors import NotFound
from journal.folding import fold
from journal.reframing.reframes import MOMENTS
from journal.vault.entry_rows import Entry

TRIGGER_FIELDS = {EntryKind.REFRAME: "reframe.trigger_name", EntryKind.GROUNDING: "ground.trigger_name"}
"""The question of each kind of entry whose answer names a trigger."""

MAX_SUGGESTED = 40
"""How many earlier names a form suggests."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a trigger was named: a reframe, a grounding log, or a `moment` of a reframe."""

    day: date
    entry: Entry
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """
    A name as it was written last, with every place where it stands, the latest first.

    `entry` and `place` are its address: an entry that names it, and which of that entry's names it is.
    """

    name: str
    entry: UUID
    place: int
    occurrences: tuple[Occurrence, ...]

    @property
    def language(self) -> str:
        """Return the language of the page on which the name was written last."""
        return self.occurrences[0].entry.document.language


async def list_triggers(actor: Actor) -> tuple[Trigger, ...]:
    """Return the actor's own triggers, those named lately first."""
    return build_triggers(actor, await load_naming_entries(actor))


async def load_naming_entries(actor: Actor) -> tuple[Entry, ...]:
    """Return the actor's own entries that may name a trigger, the oldest first."""
    _, found = await by_kind.load_entries_of_kinds(actor, TRIGGER_FIELDS.keys())
    return found


def build_triggers(actor: Actor, found: Iterable[Entry]) -> tuple[Trigger, ...]:
    """Return the triggers that entries name, those named lately first."""
    named: dict[str, list[tuple[str, Occurrence]]] = {}
    for entry in found:
        if not entry.damaged:
            for name, occurrence in _list_names(actor, entry):
                named.setdefault(_key(name), []).append((name, occurrence))
    triggers = (_build_trigger(actor, key, some) for key, some in named.items())
    return tuple(sorted(triggers, key=lambda one: (one.occurrences[0].day, one.name), reverse=True))


async def load_trigger(actor: Actor, entry: UUID, place: int) -> Trigger:
    """
    Return a trigger by an entry that names it.

    Raises:
        NotFound: If it is not the actor's own, or names none there.
    """
    for one in await list_triggers(actor):
        for occurrence in one.occurrences:
            if occurrence.entry.id == entry:
                keys = _list_keys(actor, occurrence.entry)
                if place < len(keys) and keys[place] == _key(one.name):
                    return one
    raise NotFound


async def list_names(actor: Actor) -> tuple[str, ...]:
    """Return the names that a form suggests, those used lately first."""
    return select_names(await list_triggers(actor))


def select_names(found: Iterable[Trigger]) -> tuple[str, ...]:
    """Return the names of the first few triggers."""
    return tuple(one.name for one in found)[:MAX_SUGGESTED]


def _build_trigger(actor: Actor, key: str, some: Iterable[tuple[str, Occurrence]]) -> Trigger:
    latest = sorted(some, key=lambda one: (one[1].day, one[1].entry.created_at), reverse=True)
    name, first = latest[0]
    place = _list_keys(actor, first.entry).index(key)
    return Trigger(name, first.entry.id, place, tuple(occurrence for _, occurrence in latest))


def _list_names(actor: Actor, entry: Entry) -> Iterator[tuple[str, Occurrence]]:
    """Yield each name that an entry holds, in a lasting order: its own, then those of its moments."""
    begun = entry.created_at.astimezone(actor.zone).date()
    own = entry.document.answers.get(TRIGGER_FIELDS[EntryKind(entry.document.kind)])
    if isinstance(own, str) and own:
        yield own, Occurrence(begun, entry)
    for moment in parse_moments(entry.document.answers.get(MOMENTS)):
        if moment.trigger and moment.is_dated:
            yield moment.trigger, Occurrence(moment.day, entry, moment)


def _list_keys(actor: Actor, entry: Entry) -> list[str]:
    return list(dict.fromkeys(_key(name) for name, _ in _list_names(actor, entry)))


def _key(name: str) -> str:
    return " ".join(fold(name).split())
