"""The rows of a table of contents: which of them an act reads, and the statements that write it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from crypto import PageMark, RecordRoot, Sealer
from journal.errors import Damaged
from journal.store.database import MayChangeNothing, Statement, fetch_raw, fetch_raw_in_thread
from journal.vault.contents import ContentsDraft, ContentsLine, open_page

SELECT_STATE = "SELECT 0, revision, sealed FROM record_state WHERE id = $1"
SELECT_STATE_AND_PAGES = """
    SELECT 0, revision, sealed FROM record_state WHERE id = $1
    UNION ALL SELECT 1, number, sealed FROM
        (SELECT number, sealed FROM contents WHERE owner_id = $2 AND oldest_at <= $3
         ORDER BY oldest_at DESC LIMIT 2) page
"""
"""The state, and the page on which a record of that time stands, with the one before: in one statement."""
SELECT_PAGES = "SELECT number, sealed FROM contents WHERE owner_id = $1 AND number IN ({places})"
INSERT_PAGE = """
    INSERT INTO contents (id, owner_id, number, oldest_at, revision, sealed) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (owner_id, number) DO UPDATE
    SET oldest_at = excluded.oldest_at, revision = excluded.revision, sealed = excluded.sealed
"""
"""The root names no such page yet: what storage put there is nobody's, and must not keep a save back."""
UPDATE_PAGE = (
    "UPDATE contents SET oldest_at = $1, revision = $2, sealed = $3 WHERE owner_id = $4 AND number = $5"
)
DELETE_PAGE = "DELETE FROM contents WHERE owner_id = $1 AND number = $2"
DELETE_TEXT = "DELETE FROM contents_text WHERE owner_id = $1 AND number = $2"
DELETE_TEXTS = "DELETE FROM contents_text WHERE owner_id = $1"
BATCH_SIZE = 50  # numbers in one statement
INLINE_LIMIT = 500  # lines: to put them on their pages takes a few milliseconds

Pages = Mapping[int, bytes]
"""Envelopes by the numbers of their pages."""


async def load_state(owner: UUID, created: Collection[int]) -> tuple[Sequence[Any] | None, Pages]:
    """Return the row of the state as (revision, sealed), if it is there, and where one time is asked for its pages."""
    if len(created) == 1:
        rows = await fetch_raw(SELECT_STATE_AND_PAGES, owner, owner, *created)
    else:
        rows = await fetch_raw(SELECT_STATE, owner)
    state = next((row[1:] for row in rows if row[0] == 0), None)
    return state, parse_pages(row[1:] for row in rows if row[0] == 1)


def parse_pages(rows: Iterable[Sequence[Any]]) -> Pages:
    """Return pages by their numbers, from rows of number and envelope; what is of a wrong type is left out."""
    return {
        number: sealed for number, sealed in rows if isinstance(number, int) and isinstance(sealed, bytes)
    }


async def load_pages(owner: UUID, marks: Sequence[PageMark]) -> Pages:
    """Return the pages that are named, as far as they are there; a thread reads many."""
    found: dict[int, bytes] = {}
    fetch = fetch_raw_in_thread if len(marks) > BATCH_SIZE else fetch_raw
    for at in range(0, len(marks), BATCH_SIZE):
        numbers = [mark.number for mark in marks[at : at + BATCH_SIZE]]
        places = ", ".join(f"${place}" for place in range(2, len(numbers) + 2))
        found |= parse_pages(await fetch(SELECT_PAGES.format(places=places), owner, *numbers))
    return found


async def update_contents(
    vault: Sealer,
    owner: UUID,
    root: RecordRoot,
    pages: Pages,
    removed: Sequence[ContentsLine],
    added: Sequence[ContentsLine],
) -> tuple[RecordRoot, list[Statement]]:
    """
    Remove and add lines; return the new root and the statements that write pages and delete others.

    Args:
        root: What was read of the pages, and what to keep beside them.
        pages: Those that are there already.

    Raises:
        Damaged: If a page that is needed is not as the root names it.
    """
    draft = await _load_draft(vault, owner, root, pages, removed, added)
    # Also where the line stays, since it is not what goes: of a record that goes, no text keeps a word.
    touched = draft.list_page_numbers([*removed, *added])

    def work() -> tuple[RecordRoot, list[tuple[PageMark, bytes]], list[int]]:
        draft.apply(removed, added)
        return draft.seal(vault, owner, root)

    after, changed_pages, dropped = await asyncio.to_thread(work) if len(added) > INLINE_LIMIT else work()
    statements = build_page_statements(owner, changed_pages, dropped)
    touched |= {mark.number for mark, _ in changed_pages} | set(dropped)
    return after, [
        *statements,
        *(MayChangeNothing((DELETE_TEXT, (owner, number))) for number in sorted(touched)),
    ]


def build_texts_deletion(owner: UUID) -> Statement:
    """Return the statement that deletes the texts of all pages."""
    return MayChangeNothing((DELETE_TEXTS, (owner,)))


async def _load_draft(
    vault: Sealer,
    owner: UUID,
    root: RecordRoot,
    pages: Pages,
    removed: Sequence[ContentsLine],
    added: Sequence[ContentsLine],
) -> ContentsDraft:
    """Return a draft with all pages read that an act needs; raises `Damaged`."""
    draft = ContentsDraft(root)
    needed = draft.list_needed_pages(removed, added)
    others = await load_pages(owner, [mark for mark in needed if mark.number not in pages])
    for mark in needed:
        sealed = pages.get(mark.number) or others.get(mark.number)
        if sealed is None:
            raise Damaged
        draft.add_page_lines(mark, open_page(vault, owner, mark, sealed))
    return draft


def build_page_statements(
    owner: UUID, pages: Iterable[tuple[PageMark, bytes]], dropped: Iterable[int]
) -> list[Statement]:
    """Return the statements that write pages and delete others."""
    statements: list[Statement] = [(DELETE_PAGE, (owner, number)) for number in dropped]
    for mark, sealed in pages:
        if mark.revision == 1:
            values = (uuid4(), owner, mark.number, mark.oldest, mark.revision, sealed)
            statements.append((INSERT_PAGE, values))
        else:
            statements.append((UPDATE_PAGE, (mark.oldest, mark.revision, sealed, owner, mark.number)))
    return statements
