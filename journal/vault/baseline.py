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
from journal.store.database import change, change_all, fetch_aside, transaction
from journal.vault import entry_rows, tables
from journal.vault.contents import Line, laid_out, root_context
from journal.vault.contents_rows import written
from journal.vault.entry_rows import OWN
from journal.vault.record_snapshot import MOST_STEPS, Part, Snapshot, opened_state, snapshot
from journal.vault.record_state import LOCK, STEP

SOME = 100  # entries opened before the event loop runs other tasks


async def begin(vault: Sealer, owner: UUID) -> None:
    """Create the empty record state of a new account."""
    sealed = vault.seal(RecordRoot().encode(), context=root_context(owner, 1))
    await tables.RecordState.create(id=owner, owner_id=owner, revision=1, sealed=sealed)


async def begin_anew(vault: Sealer, owner: UUID) -> None:
    """Create an empty record state, after all records were set aside with the keys that opened them."""
    await tables.RecordState.filter(Q(owner_id=owner) | Q(id=owner)).delete()
    await _clear(owner)
    await begin(vault, owner)


async def rebuild(vault: Sealer, owner: UUID) -> None:
    """
    Rebuild the record state under *vault* from what is stored: in a transaction, after everything in it was checked.

    Call it at the end of a transaction that seals all records under another key.
    """
    await change(LOCK, owner)
    seen = await snapshot(owner, earlier=True)
    beside = await asyncio.to_thread(_beside, seen)
    lines = await _lines(vault, owner)
    before = seen.kept[0] if seen.kept and seen.kept[0] < MOST_STEPS else 0
    # Storage may have altered the row: reset its owner, and the revision that the next step starts from.
    anew: dict[str, Any] = {"owner_id": owner, "revision": before, "sealed": b""}
    if not await tables.RecordState.filter(id=owner).update(**anew):
        await tables.RecordState.create(id=owner, **anew)
    await _write(vault, owner, before, RecordRoot(beside), lines)


async def lay_out(actor: Actor) -> None:
    """Create the table of contents of an account that has none, if its records are intact."""
    seen = await snapshot(actor.id, earlier=False)
    state = opened_state(actor.vault, actor.id, seen.kept)
    if seen.kept is None or not isinstance(state, RecordState):
        return
    lines = await _lines(actor.vault, actor.id)
    # The sum proves that these are the entries of that state, the revision that nobody wrote since.
    if await asyncio.to_thread(_sum, state, lines) != state.sets[Part.ENTRIES]:
        return
    root = RecordRoot(replace(state, sets=state.sets[Part.EARLIER :]))
    async with transaction() as held:
        if not await _write(actor.vault, actor.id, seen.kept[0], root, lines):
            await held.rollback()


def _beside(seen: Snapshot) -> RecordState:
    """Return the sums of the records that stand on no page."""
    beside = RecordRoot().beside
    for part in (Part.EARLIER, Part.SHARED):
        beside = beside.changed(part - 1, come=seen.members[part])
    return beside


def _sum(state: RecordState, lines: Sequence[Line]) -> Any:
    return state.over((ident.bytes, revision, end) for ident, revision, end in (one.member for one in lines))


async def _lines(vault: Sealer, owner: UUID) -> list[Line]:
    """Return a line for each stored entry, without kind and title where it does not open."""
    rows = await fetch_aside(OWN + " AND deleted_at IS NULL ORDER BY created_at", owner)
    lines = []
    for at in range(0, len(rows), SOME):
        lines += [one.line for one in entry_rows.opened_by(vault, owner, rows[at : at + SOME])]
        await asyncio.sleep(0)
    return lines


async def _write(vault: Sealer, owner: UUID, before: int, root: RecordRoot, lines: Sequence[Line]) -> bool:
    """Replace the whole table; return False, and the caller has to roll back, when the state has moved on."""
    root, pages, _ = await asyncio.to_thread(lambda: laid_out(lines).seal(vault, owner, root))
    sealed = vault.seal(root.encode(), context=root_context(owner, before + 1))
    if await change_all((STEP, (before + 1, sealed, owner, before))) is not None:
        return False
    await _clear(owner)
    return await change_all(*written(owner, pages, ())) is None


async def _clear(owner: UUID) -> None:
    """Delete all pages and their texts."""
    await tables.ContentsPage.filter(owner_id=owner).delete()
    await tables.ContentsText.filter(owner_id=owner).delete()
