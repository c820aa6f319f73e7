"""A page of a patient's timeline: entries, sessions and who can read what, asked for in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from journal.actor import Actor
from journal.entries import listing
from journal.entries.listing import Listing
from journal.roles import Role
from journal.sessions.rows import Plan, plan_of, select_plan
from journal.sharing.recipients import Readers, readers, readers_of, select_readers
from journal.store.database import fetch_each


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, the newest first, with the patient's sessions and who has copies of these entries."""

    listing: Listing
    plan: Plan
    readers: Readers


async def load_page(actor: Actor, *, before: datetime | None = None, limit: int) -> Page:
    """Return the latest *limit* entries, *before* a time for the next page, with all that stands beside them."""
    actor.must_be(Role.PATIENT)
    trusted = await listing.may_be_trusted(actor)
    entries, sessions, copies = await fetch_each(
        listing.select(actor, before, limit), select_plan(actor.id), select_readers(actor, before, limit)
    )
    plan = plan_of(actor, sessions)
    lines = listing.lines_of(actor, entries, before, limit) if trusted else None
    if lines is not None:
        return Page(Listing(True, lines), plan, readers_of(actor, copies))
    found = await listing.compared(actor, before, limit)
    return Page(found, plan, await readers(actor, [one.id for one in found.entries]))
