"""A page of a patient's timeline: entries, sessions and who can read what, asked for in one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from journal.actor import Actor
from journal.entries import listing
from journal.entries.assignment import SessionAssignment
from journal.entries.listing import EntryList, EntrySummary
from journal.entries.narrowing import EntryFilter, EntryMatcher, find_entries
from journal.roles import Role
from journal.sessions.rows import Plan, build_plan_query, parse_plan
from journal.sharing.recipients import (
    Readers,
    build_readers_query,
    load_readers,
    load_shared_ids,
    parse_readers,
)
from journal.store.database import Statement, fetch_each
from journal.store.statements import Subquery


@dataclass(frozen=True, slots=True)
class TimelineResult:
    """
    Entries, the newest first, with the patient's sessions and who has copies of these entries.

    `oldest` is when the oldest of all entries was begun, of a narrowed list.
    """

    listing: EntryList
    plan: Plan
    readers: Readers
    oldest: datetime | None = None


def build_timeline_queries(
    patient: UUID | Subquery, *, before: datetime | None = None, limit: int
) -> tuple[Statement, Statement, Statement]:
    """Return the statements for a page."""
    return (
        listing.build_query(patient, before, limit),
        build_plan_query(patient),
        build_readers_query(patient, before, limit),
    )


async def load_timeline_page(
    actor: Actor, *, before: datetime | None = None, limit: int, rows: Sequence[Sequence[Sequence[Any]]] = ()
) -> TimelineResult:
    """
    Return the latest *limit* entries, *before* a time for the next page, with all that stands beside them.

    Args:
        rows: What `build_timeline_queries` found for the same page, where that was asked already.
    """
    actor.require_role(Role.PATIENT)
    entries, sessions, copies = rows or await fetch_each(
        *build_timeline_queries(actor.id, before=before, limit=limit)
    )
    plan = parse_plan(actor.installation, sessions)
    lines = None if before else await listing.compare_whole_list(actor, entries, limit)
    if lines is None and await listing.can_use_contents(actor):
        lines = listing.parse_list(actor, entries, before, limit)
    if lines is not None:
        return TimelineResult(
            EntryList(True, lines),
            plan,
            parse_readers(actor, copies, _get_save_finder(lines)),
        )
    found = await listing.list_compared(actor, before, limit)
    return TimelineResult(
        found, plan, await load_readers(actor, {one.id: one.updated_at for one in found.entries})
    )


def _get_save_finder(lines: Sequence[EntrySummary]) -> Callable[[str], datetime | None]:
    by_id = {one.id: one for one in lines}
    return lambda ident: by_id[ident].updated_at if ident in by_id else None


async def load_narrowed_page(
    actor: Actor, wanted: EntryFilter, plan: Plan, *, before: datetime | None = None, limit: int
) -> TimelineResult:
    """Return the latest *limit* entries that *wanted* lets through, beside *plan*, which is all of it."""
    found = await find_entries(actor, await build_matcher(actor, wanted, plan), before=before, limit=limit)
    readers = await load_readers(actor, {one.id: one.updated_at for one in found.listing.entries})
    return TimelineResult(found.listing, plan, readers, found.oldest)


async def build_matcher(actor: Actor, wanted: EntryFilter, plan: Plan) -> EntryMatcher:
    """Return what tells which of one's own entries *wanted* lets through."""
    shared = await load_shared_ids(actor) if wanted.is_shared is not None else frozenset()
    return EntryMatcher(wanted, SessionAssignment(plan), shared)
