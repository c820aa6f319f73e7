"""All entries of some kinds, found by the table of contents, so that no other entry is opened for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from crypto import PageMark
from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries import entries, listing
from journal.entries.listing import INLINE_PAGE_LIMIT
from journal.entries.page_search import ATTEMPTS, load_contents, parse_contents
from journal.errors import Damaged
from journal.roles import Role
from journal.vault import contents_rows, record_state
from journal.vault.contents import ContentsLine, format_line_id, open_page
from journal.vault.contents_rows import Pages
from journal.vault.entry_rows import Entry

Select = Callable[[Sequence[ContentsLine]], Sequence[ContentsLine]]


async def load_entries_of_kinds(
    actor: Actor,
    kinds: Collection[EntryKind],
    select: Select | None = None,
    listed: Sequence[Sequence[Any]] = (),
) -> tuple[bool, tuple[Entry, ...]]:
    """
    Open the actor's own entries of some kinds, the oldest first; one that does not open is `damaged`.

    Args:
        select: Which of them, by their lines of the table of contents; all where it is left out.
        listed: What `listing.build_query` found just now, if anything: what is there is not asked for again.

    Returns:
        Whether the journal is as it was left, as far as these entries show it, and they.
    """
    actor.require_role(Role.PATIENT)
    wanted, seen = frozenset(kind.value for kind in kinds), None
    known = parse_contents(actor, listed)
    for _ in range(ATTEMPTS if await listing.can_use_contents(actor) else 0):
        contents, known = known or await load_contents(actor), None
        if contents is None or contents.state_row == seen:
            break
        seen = contents.state_row
        missing = [mark for mark in contents.marks if mark.number not in contents.pages]
        pages = {**contents.pages, **await contents_rows.load_pages(actor.id, missing)}
        work = partial(_open_lines, actor, contents.marks, pages, wanted)
        try:
            lines = await asyncio.to_thread(work) if len(contents.marks) > INLINE_PAGE_LIMIT else work()
        except Damaged:
            continue  # another page may have saved between the two statements
        lines = list(select(lines)) if select else lines
        found = await entries.load_entries(actor, [format_line_id(line.id) for line in lines])
        if listing.is_match(found, lines):
            return True, found
    is_intact, every = await record_state.read_verified(actor, partial(entries.load_all_entries, actor))
    there = tuple(one for one in every if not one.damaged and one.document.kind in wanted)
    if select is None:
        return is_intact, there
    chosen = {one.id for one in select([one.line for one in there])}
    return is_intact, tuple(one for one in there if one.id.hex in chosen)


def _open_lines(
    actor: Actor, marks: Sequence[PageMark], pages: Pages, wanted: Collection[str]
) -> list[ContentsLine]:
    """Return the lines of some kinds; raises `Damaged`."""
    return [
        line
        for mark in marks
        for line in open_page(actor.vault, actor.id, mark, pages.get(mark.number, b""))
        if line.form in wanted
    ]
