"""A page of a patient's timeline: entries, sessions and who can read what, asked for in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from journal.actor import Actor
from journal.entries import listing
from journal.entries.listing import Listing
from journal.roles import Role
from journal.sessions.rows import Plan, plan_of, select_plan
from journal.sharing.recipients import Readers, readers, readers_of, select_readers
from journal.store.database import Statement, fetch_each
from journal.store.statements import Subquery


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, the newest first, with the patient's sessions and who has copies of these entries."""

    listing: Listing
    plan: Plan
    readers: Readers


def select_page(
    patient: UUID | Subquery, *, before: datetime | None = None, limit: int
) -> tuple[Statement, Statement, Statement]:
    """Return the statements for a page."""
    return (
        listing.select(patient, before, limit),
        select_plan(patient),
        select_readers(patient, before, limit),
    )


async def load_page(
    actor: Actor, *, before: datetime | None = None, limit: int, rows: Sequence[Sequence[Sequence[Any]]] = ()
) -> Page:
    """
    Return the latest *limit* entries, *before* a time for the next page, with all that stands beside them.

    Args:
        rows: What `select_page` found for the same page, where that was asked already.
    """
    actor.must_be(Role.PATIENT)
    trusted = await listing.may_be_trusted(actor)
    entries, sessions, copies = rows or await fetch_each(*select_page(actor.id, before=before, limit=limit))
    plan = plan_of(actor, sessions)
    lines = listing.lines_of(actor, entries, before, limit) if trusted else None
    if lines is not None:
        return Page(Listing(True, lines), plan, readers_of(actor, copies))
    found = await listing.compared(actor, before, limit)
    return Page(found, plan, await readers(actor, [one.id for one in found.entries]))
