"""Of a record of which there is one, which one counts where several stand in a journal."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from journal.catalogue.fields import EntryKind
from journal.entries.only_entry import select_only_entry
from journal.vault.documents import Beside, EntryDocument, Origin
from journal.vault.entry_rows import Entry
from tests.cast import NOON


def plan(number: int, days: int, *, is_imported: bool = False) -> Entry:
    """A safety plan that was begun so many days after noon."""
    beside = Beside(origin=Origin("0" * 32, "digest", "hearthside")) if is_imported else None
    begun = NOON + timedelta(days=days)
    return Entry(UUID(int=number), 1, EntryDocument("safety", beside=beside), begun, begun, None)


def test_what_was_imported_takes_the_place_of_nothing() -> None:
    """Whatever day a file says: one's own counts, the latest begun; an imported one where there is no other."""
    old, new = plan(1, 0), plan(2, 1)
    early, late = plan(3, -9, is_imported=True), plan(4, 9, is_imported=True)
    assert select_only_entry([late, old, new, early], EntryKind.SAFETY) == new
    assert select_only_entry([late, early], EntryKind.SAFETY) == late
    assert select_only_entry([], EntryKind.SAFETY) is None
