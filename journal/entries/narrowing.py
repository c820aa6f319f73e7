"""
A list of entries narrowed by kind, session, month and whether they are shared, from the table of contents.

Its pages are opened from the newest on, until the list is full, and no entry is. What is shown is compared with its
rows, as in every list; where anything differs, everything is compared and the entries are opened. What does not open
is let through wherever it is not known to be something else: nothing hides it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import zip_longest
from uuid import UUID

from crypto import PageMark
from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries import entries, listing
from journal.entries.assignment import SessionAssignment
from journal.entries.listing import INLINE_PAGE_LIMIT, EntryList, build_line_summary, build_summary
from journal.entries.page_search import ATTEMPTS, load_contents
from journal.errors import Damaged
from journal.roles import Role
from journal.sessions.rows import Session
from journal.vault import contents_rows, record_state
from journal.vault.contents import ContentsLine, from_microseconds, open_page, to_microseconds
from journal.vault.contents_rows import Pages
from journal.vault.entry_rows import Entry

FIRST_BATCH, NEXT_BATCH = 4, 32  # pages that are read at a time; a thread opens more than a few


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries a list shows; None leaves nothing out. `until` is exclusive."""

    kind: EntryKind | None = None
    session: UUID | None = None
    is_shared: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class NarrowedList:
    """The entries that are let through, and when the oldest of all was begun, if there is one."""

    listing: EntryList
    oldest: datetime | None


class EntryMatcher:
    """Decides which of a patient's entries a filter lets through."""

    __slots__ = ("_assignment", "_kind", "_shared", "_since", "_until", "wanted")

    def __init__(
        self, wanted: EntryFilter, assignment: SessionAssignment[Session], shared: Collection[UUID]
    ) -> None:
        """
        Prepare to look at entries.

        Args:
            assignment: The rule for the patient's plan.
            shared: Every entry that somebody has a copy of, where the filter asks for that.
        """
        self.wanted, self._assignment = wanted, assignment
        self._kind = wanted.kind.value if wanted.kind else None
        self._shared = frozenset(one.hex for one in shared)
        self._since = to_microseconds(wanted.since) if wanted.since else None
        self._until = to_microseconds(wanted.until) if wanted.until else None

    def matches_line(self, line: ContentsLine) -> bool:
        """Return whether an entry is let through, by its line; one that does not open has no kind and no session."""
        if self._kind is not None and line.form not in ("", self._kind):
            return False
        if self._since is not None and line.created < self._since:
            return False
        if self._until is not None and line.created >= self._until:
            return False
        if self.wanted.is_shared is not None and (line.id in self._shared) is not self.wanted.is_shared:
            return False
        if self.wanted.session is None or not line.form:
            return True
        post = self._assignment.find_session_of(line.form, line.session, line.created)
        return post is not None and post.id == self.wanted.session

    def matches_entry(self, one: Entry) -> bool:
        """Return whether an opened entry is let through, by what is known of it."""
        if one.damaged and not (one.is_dated and one.has_address):
            return True
        return self.matches_line(one.line)

    def filter_entries(self, found: Sequence[Entry]) -> list[Entry]:
        """Return the opened entries that are let through; thousands take longer than the event loop may wait."""
        return [one for one in found if self.matches_entry(one)]

    def select_pages(self, marks: Sequence[PageMark], before: datetime | None) -> list[PageMark]:
        """Return the pages that may have lines which are let through, the newest first."""
        ends = [one for one in (self._until, to_microseconds(before) if before else None) if one is not None]
        since, until = self._since, min(ends, default=None)
        of_session = marks
        if self.wanted.session is not None:
            of_session = listing.select_session_pages(marks, self._assignment, {self.wanted.session})
        numbers = {mark.number for mark in of_session}
        return [
            mark
            for mark, newer in zip_longest(marks, marks[1:])
            if mark.number in numbers
            and (until is None or mark.oldest < until)
            and (since is None or newer is None or newer.oldest >= since)
        ][::-1]


async def find_entries(
    actor: Actor, matcher: EntryMatcher, *, before: datetime | None = None, limit: int
) -> NarrowedList:
    """
    Return the latest *limit* entries that are let through; *before* a time for the next page.

    After a save by another page meanwhile, all is read again.
    """
    actor.require_role(Role.PATIENT)
    seen = None
    for _ in range(ATTEMPTS if await listing.can_use_contents(actor) else 0):
        contents = await load_contents(actor)
        if contents is None or contents.state_row == seen:
            break
        seen = contents.state_row
        lines = await _find_lines(actor, contents.marks, matcher, before, limit)
        if lines is not None and await listing.is_stored(actor, lines):
            shown = EntryList(True, tuple(map(build_line_summary, lines)))
            return NarrowedList(shown, _get_oldest(contents.marks))
    is_intact, every = await record_state.read_verified(actor, partial(entries.load_all_entries, actor))
    found = await asyncio.to_thread(_select_entries, every, matcher, before, limit)
    oldest = next((one.created_at for one in every if one.is_dated), None)
    return NarrowedList(EntryList(is_intact, tuple(map(build_summary, found))), oldest)


async def load_oldest(actor: Actor) -> datetime | None:
    """Return when the oldest entry was begun, as far as the table of contents tells."""
    actor.require_role(Role.PATIENT)
    contents = await load_contents(actor)
    return _get_oldest(contents.marks) if contents else None


def _get_oldest(marks: Sequence[PageMark]) -> datetime | None:
    return from_microseconds(marks[0].oldest) if marks else None


async def _find_lines(
    actor: Actor, marks: Sequence[PageMark], matcher: EntryMatcher, before: datetime | None, limit: int
) -> list[ContentsLine] | None:
    """Return the lines of a list, the newest first; None when a page is not as the root names it."""
    found: list[ContentsLine] = []
    waiting, until = matcher.select_pages(marks, before), to_microseconds(before) if before else None
    size = FIRST_BATCH
    while waiting and len(found) < limit:
        batch, waiting, size = waiting[:size], waiting[size:], NEXT_BATCH
        pages = await contents_rows.load_pages(actor.id, batch)
        work = partial(_match_pages, actor, batch, pages, matcher, until)
        try:
            found += await asyncio.to_thread(work) if len(batch) > INLINE_PAGE_LIMIT else work()
        except Damaged:
            return None
        await asyncio.sleep(0)
    return found[:limit]


def _match_pages(
    actor: Actor, marks: Sequence[PageMark], pages: Pages, matcher: EntryMatcher, until: int | None
) -> list[ContentsLine]:
    """Return the lines of some pages that are let through; raises `Damaged`."""
    return [
        line
        for mark in marks
        for line in reversed(open_page(actor.vault, actor.id, mark, pages.get(mark.number, b"")))
        if (until is None or line.created < until) and matcher.matches_line(line)
    ]


def _select_entries(
    every: Sequence[Entry], matcher: EntryMatcher, before: datetime | None, limit: int
) -> list[Entry]:
    """Return the same of opened entries; those without a time stand first, on the newest page."""
    let_through = matcher.filter_entries(every)[::-1]
    timeless = [one for one in let_through if not one.is_dated and before is None]
    timed = (one for one in let_through if one.is_dated and (before is None or one.created_at < before))
    return timeless + sorted(timed, key=lambda one: (one.created_at, one.id), reverse=True)[:limit]
