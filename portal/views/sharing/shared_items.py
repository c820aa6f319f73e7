"""What is shared at present, and when each copy was opened, for every page on which the patient sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.entries.belonging import Belonging
from journal.sessions.rows import Session, my_sessions
from journal.sharing.shares import Given
from journal.vault.entry_rows import Entry
from portal.views.sharing.shared_view import SharedView, session_of, shared_view


@dataclass(frozen=True, slots=True)
class Item:
    """
    One shared copy as its patient sees it listed; `entry` is None when the entry itself cannot be opened.

    `view` is what its reader sees, and None for a copy that does not open. `opened` are the moments at which
    the present copy was opened; `opened_before` the last at which one was that an update has since replaced.
    """

    given: Given
    entry: Entry | None
    view: SharedView | None
    opened: tuple[datetime, ...]
    opened_before: datetime | None

    @property
    def title(self) -> str:
        """Return the entry's own title, which may be empty."""
        return self.entry.document.title if self.entry else ""

    @property
    def kind(self) -> str:
        """Return the label of the kind of entry, to be translated."""
        document = self.entry.document if self.entry else self.given.document
        return EntryKind(document.kind).label


async def items(
    actor: Actor, given: Iterable[Given], plan: Sequence[Session] | None = None
) -> tuple[Item, ...]:
    """Return each copy with its entry and its log; *plan* is the patient's, where it is loaded already."""
    listed = list(given)
    if not listed:
        return ()
    log = await audit_events.openings(actor.id, [one.id for one in listed])
    belonging = Belonging(await my_sessions(actor) if plan is None else plan)
    sources = await entries.several(actor, {one.entry for one in listed})
    return tuple(_item(actor, one, sources.get(one.entry), log.get(one.id, ()), belonging) for one in listed)


def _item(
    actor: Actor,
    one: Given,
    entry: Entry | None,
    moments: tuple[datetime, ...],
    belonging: Belonging[Session],
) -> Item:
    now = tuple(at for at in moments if at >= one.updated_at)
    if one.opened_at is not None and not now:
        now = (one.opened_at,)
    before = [at for at in moments if at < one.updated_at]
    view = None
    if not one.damaged:
        view = shared_view(one.document, actor.zone, session_of(one.document, belonging))
    return Item(one, entry, view, now, before[-1] if before else None)
