"""
Create an account's record state, and rebuild it when its owner accepts what is stored.

An account of an earlier version has a sum over its entries. Its table of contents is created the first time that its
owner reads an intact journal, or when they accept what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from crypto import RecordRoot, RecordState, Sealer
from journal.actor import Actor
from journal.store.database import execute, execute_all, fetch_raw, fetch_raw_in_thread, transaction
from journal.vault import entry_rows, tables
from journal.vault.contents import ContentsLine, build_draft, root_context
from journal.vault.contents_rows import build_page_statements
from journal.vault.entry_rows import SELECT_ENTRIES
from journal.vault.record_snapshot import (
    MAX_STATE_REVISION,
    Part,
    Snapshot,
    load_snapshot,
    open_state,
    parse_state_row,
)
from journal.vault.record_state import LOCK_STATE, SELECT_RECORD_STATE, UPDATE_STATE

BATCH_SIZE = 100  # entries opened before the event loop runs other tasks


async def create_record_state(vault: Sealer, owner: UUID, revision: int = 1) -> None:
    """Create the empty record state of a new account."""
    sealed = vault.seal(RecordRoot().encode(), context=root_context(owner, revision))
    await tables.RecordState.create(id=owner, owner_id=owner, revision=revision, sealed=sealed)


async def recreate_record_state(vault: Sealer, owner: UUID) -> None:
    """
    Create an empty record state, after all records were set aside with the keys that opened them.

    Its revision goes on from the one before: that of an account is never lower than it was.
    """
    rows = await fetch_raw(SELECT_RECORD_STATE, owner)
    row = parse_state_row(rows[0] if rows else None)
    before = row[0] if row is not None and row[0] < MAX_STATE_REVISION else 0
    await tables.RecordState.filter(Q(owner_id=owner) | Q(id=owner)).delete()
    await _delete_contents(owner)
    await create_record_state(vault, owner, before + 1)


async def rebuild_record_state(vault: Sealer, owner: UUID) -> None:
    """
    Rebuild the record state under *vault* from what is stored: in a transaction, after everything in it was checked.

    Call it at the end of a transaction that seals all records under another key.
    """
    await execute(LOCK_STATE, owner)
    seen = await load_snapshot(owner, earlier=True)
    beside = await asyncio.to_thread(_hash_unlisted, seen)
    lines = await _load_lines(vault, owner)
    before = seen.state_row[0] if seen.state_row and seen.state_row[0] < MAX_STATE_REVISION else 0
    # Storage may have altered the row: reset its owner, and the revision that the next step starts from.
    anew: dict[str, Any] = {"owner_id": owner, "revision": before, "sealed": b""}
    if not await tables.RecordState.filter(id=owner).update(**anew):
        await tables.RecordState.create(id=owner, **anew)
    await _save_contents(vault, owner, before, RecordRoot(beside), lines)


async def create_contents(actor: Actor) -> None:
    """Create the table of contents of an account that has none, if its records are intact."""
    seen = await load_snapshot(actor.id, earlier=False)
    state = open_state(actor.vault, actor.id, seen.state_row)
    if seen.state_row is None or not isinstance(state, RecordState):
        return
    lines = await _load_lines(actor.vault, actor.id)
    # The sum proves that these are the entries of that state, the revision that nobody wrote since.
    if await asyncio.to_thread(_hash_lines, state, lines) != state.sets[Part.ENTRIES]:
        return
    root = RecordRoot(replace(state, sets=state.sets[Part.EARLIER :]))
    async with transaction() as held:
        if not await _save_contents(actor.vault, actor.id, seen.state_row[0], root, lines):
            await held.rollback()


def _hash_unlisted(seen: Snapshot) -> RecordState:
    """Return the sums of the records that stand on no page."""
    beside = RecordRoot().beside
    for part in (Part.EARLIER, Part.SHARED):
        beside = beside.change_set(part - 1, added=seen.members[part])
    return beside


def _hash_lines(state: RecordState, lines: Sequence[ContentsLine]) -> Any:
    return state.hash_members(
        (ident.bytes, revision, end) for ident, revision, end in (one.member for one in lines)
    )


async def _load_lines(vault: Sealer, owner: UUID) -> list[ContentsLine]:
    """Return a line for each stored entry, without kind and title where it does not open."""
    rows = await fetch_raw_in_thread(SELECT_ENTRIES + " AND deleted_at IS NULL ORDER BY created_at", owner)
    lines = []
    for at in range(0, len(rows), BATCH_SIZE):
        lines += [one.line for one in entry_rows.open_raw_entries(vault, owner, rows[at : at + BATCH_SIZE])]
        await asyncio.sleep(0)
    return lines


async def _save_contents(
    vault: Sealer, owner: UUID, before: int, root: RecordRoot, lines: Sequence[ContentsLine]
) -> bool:
    """Replace the whole table; return False, and the caller has to roll back, when the state has moved on."""
    root, pages, _ = await asyncio.to_thread(lambda: build_draft(lines).seal(vault, owner, root))
    sealed = vault.seal(root.encode(), context=root_context(owner, before + 1))
    if await execute_all((UPDATE_STATE, (before + 1, sealed, owner, before))) is not None:
        return False
    await _delete_contents(owner)
    return await execute_all(*build_page_statements(owner, pages, ())) is None


async def _delete_contents(owner: UUID) -> None:
    """Delete all pages and their texts."""
    await tables.ContentsPage.filter(owner_id=owner).delete()
    await tables.ContentsText.filter(owner_id=owner).delete()
