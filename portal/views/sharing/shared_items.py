"""What is shared at present, and when each copy was opened, for every page on which the patient sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.entries import entries
from journal.entries.naming import ENTRY_UNREADABLE, EntryName, EntryNamer
from journal.sessions import holds
from journal.sessions.rows import Session, load_my_sessions
from journal.sharing.shares import OutgoingShare
from journal.vault.entry_rows import Entry
from portal.views.sharing.shared_view import SharedView, build_shared_view


@dataclass(frozen=True, slots=True)
class SharedItem:
    """
    One shared copy as its patient sees it listed; `entry` is None when the entry itself cannot be opened.

    `name` is what the entry is called. `view` is what its reader sees, and None for a copy that does not open; until
    its patient has rested after a dosing session there is no picture in it. `opened` are the moments at which the
    present copy was opened; `opened_before` the last at which one was that an update has since replaced.
    """

    share: OutgoingShare
    entry: Entry | None
    name: EntryName
    view: SharedView | None
    opened: tuple[datetime, ...]
    opened_before: datetime | None


async def load_shared_items(
    actor: Actor, given: Iterable[OutgoingShare], plan: Sequence[Session] | None = None
) -> tuple[SharedItem, ...]:
    """Return each copy with its entry and its log; *plan* is the patient's, where it is loaded already."""
    listed = list(given)
    if not listed:
        return ()
    log = await audit_events.load_share_openings(actor.id, [one.id for one in listed])
    plan = await load_my_sessions(actor) if plan is None else plan
    namer, is_held = EntryNamer(plan), holds.get_hold(actor, plan) is not None
    sources = await entries.load_entries_by_id(actor, {one.entry for one in listed})
    return tuple(
        _build_item(actor, one, sources.get(one.entry), log.get(one.id, ()), namer, is_held) for one in listed
    )


def _build_item(
    actor: Actor,
    one: OutgoingShare,
    entry: Entry | None,
    moments: tuple[datetime, ...],
    namer: EntryNamer,
    is_held: bool,
) -> SharedItem:
    now = tuple(at for at in moments if at >= one.updated_at)
    if one.opened_at is not None and not now:
        now = (one.opened_at,)
    before = [at for at in moments if at < one.updated_at]
    view = (
        None
        if one.damaged
        else build_shared_view(one.document, actor.zone, namer, hides_numbers=actor.hides_numbers)
    )
    if view is not None and is_held:
        view = replace(view, picture=None)
    name = namer.name_entry(entry) if entry else EntryName(ENTRY_UNREADABLE, is_damaged=True)
    return SharedItem(one, entry, name, view, now, before[-1] if before else None)
