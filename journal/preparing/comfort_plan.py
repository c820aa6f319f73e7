"""
The one plan for when a patient gets frightened: an entry of its own kind, written on the page that every entry has.

So it saves itself, keeps its earlier versions, and is sealed, proven, searched, shared, taken away and erased as every
entry is. That there is one is decided when the first words are saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from journal.actor import Actor
from journal.catalogue.comfort import Part, list_parts
from journal.catalogue.fields import EntryKind
from journal.entries import by_kind
from journal.i18n import get_known_language
from journal.vault.entry_rows import Entry


@dataclass(frozen=True, slots=True)
class ComfortPlan:
    """
    A patient's plan. `others` are those begun before it, which were restored or given back.

    Without `is_intact`, storage returned something else than was left; `is_damaged`: a record does not open.
    """

    entry: Entry | None = None
    others: tuple[Entry, ...] = ()
    is_intact: bool = True
    is_damaged: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the parts that were written."""
        return list_parts(self.entry.document.answers) if self.entry else ()

    @property
    def language(self) -> str:
        """Return the language of its words, where it is known."""
        return get_known_language(self.entry.document.language) if self.entry else ""


async def load_plan(actor: Actor) -> ComfortPlan:
    """Return a patient's own plan."""
    is_intact, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.COMFORT})
    return build_plan(is_intact, found)


def build_plan(is_intact: bool, found: Sequence[Entry]) -> ComfortPlan:
    """Return the plan from its records, the oldest first: the latest begun counts."""
    there = [one for one in found if not one.damaged]
    return ComfortPlan(
        there[-1] if there else None, tuple(there[:-1]), is_intact, is_damaged=len(there) < len(found)
    )
