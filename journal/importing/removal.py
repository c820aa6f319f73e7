"""
Remove a whole import again: what it added and nobody changed or shared since, for good.

It works like importing, a hundred entries at a time, and waits after a dosing session as every deletion does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import msgspec

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import tables as care_tables
from journal.entries import revisions
from journal.errors import StaleRevision
from journal.importing import tables
from journal.importing.documents import State
from journal.importing.runs import (
    CHANGED,
    OPENED_AT_ONCE,
    Run,
    digest_entry,
    get_origin,
    load_run,
    require_alone,
    work_beside,
    write_run,
)
from journal.roles import Role
from journal.sessions import tables as sessions_tables
from journal.sessions.holds import refuse_while_held
from journal.sessions.rows import load_my_sessions, open_course
from journal.store.database import fetch_raw_in_thread, flush_deleted, transaction
from journal.store.progress import run_with_retry
from journal.store.rows import Row, fetch_rows, filter_undamaged, open_rows
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.entry_rows import SELECT_ENTRIES, Entry, EntryRow, open_entries, open_raw_entries
from journal.vault.record_snapshot import Part
from journal.vault.record_state import RecordChange

BATCH_SIZE = 100


class SharedRow(Row, frozen=True):
    """An entry of which somebody has a copy."""

    entry_id: UUID


class CourseRow(Row, frozen=True):
    """A row of a course."""

    id: UUID
    sealed: bytes


async def start_removal(actor: Actor, wanted: UUID, report: Callable[[BaseException], None]) -> None:
    """
    Begin to remove an import, or go on with it.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        StaleRevision: If its time is over, or something is being done with it.
        AnotherRuns: If another one is being imported or removed.
        NotFound: If it is not the actor's.
    """
    actor.require_role(Role.PATIENT)
    await refuse_while_held(actor)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        there = await load_run(actor, wanted)
        if not there.can_be_removed(actor.now):
            raise StaleRevision(CHANGED)
        await require_alone(actor, wanted)
        if there.state is not State.REMOVING:
            await audit_log.record_event(actor, Act.IMPORT_REMOVED, patient=actor.id, about=wanted)
        await tables.ImportPart.filter(run_id=wanted).delete()
        run = await write_run(actor, there, there.document, state=State.REMOVING.value)
    work_beside(actor, partial(_remove_all, actor, run), partial(_stop, actor, wanted), report)


async def _stop(actor: Actor, wanted: UUID) -> None:
    """Store that it did not go on; a later page has it go on."""
    async with transaction():
        await lock_account(actor.id)
        there = await load_run(actor, wanted)
        if there.state is State.REMOVING:
            await write_run(actor, there, there.document, state=State.IMPORTED.value)


async def _remove_all(actor: Actor, run: Run) -> None:
    waiting = await _find_imported(actor, run.id)
    kept: set[UUID] = set()
    for at in range(0, len(waiting), BATCH_SIZE):
        some = waiting[at : at + BATCH_SIZE]
        now = replace(actor, now=actor.installation.clock())
        run, stays = await run_with_retry(partial(_remove_batch, now, run, some))
        kept |= stays
    await run_with_retry(partial(_finish, actor, run, kept))
    await flush_deleted()


async def _find_imported(actor: Actor, run: UUID) -> list[UUID]:
    """Return the ids of all entries that a file added, also of deleted ones that can still be restored."""
    rows = await fetch_raw_in_thread(SELECT_ENTRIES, actor.id)

    def find() -> list[UUID]:
        found: list[UUID] = []
        for at in range(0, len(rows), OPENED_AT_ONCE):
            for one in open_raw_entries(actor.vault, actor.id, rows[at : at + OPENED_AT_ONCE]):
                origin = None if one.damaged else get_origin(one)
                if origin is not None and origin.run == run.hex:
                    found.append(one.id)
        return found

    return await asyncio.to_thread(find)


async def _remove_batch(actor: Actor, run: Run, wanted: Sequence[UUID]) -> tuple[Run, set[UUID]]:
    """Delete those of some entries that nobody changed or shared; return the file, and which ones stay."""
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, is_noted=False)
        await require_alone(actor, run.id)
        mine = vault_tables.Entry.filter(owner_id=actor.id, id__in=list(wanted))
        there = [one for one in open_entries(actor, await fetch_rows(EntryRow, mine)) if not one.damaged]
        shares = care_tables.Share.filter(entry_id__in=list(wanted))
        shared = {row.entry_id for row in filter_undamaged(await fetch_rows(SharedRow, shares))}
        gone = [one for one in there if one.id not in shared and _is_as_imported(one)]
        if gone:
            await _delete(actor, gone)
        stays = {one.id for one in there} - {one.id for one in gone}
        document = msgspec.structs.replace(
            run.document, removed=run.document.removed + len(gone), kept=run.document.kept + len(stays)
        )
        return await write_run(actor, run, document), stays


def _is_as_imported(one: Entry) -> bool:
    origin = get_origin(one)
    return origin is not None and (
        origin.digest == digest_entry(one) or origin.digest == digest_entry(one, is_dated=False)
    )


async def _delete(actor: Actor, gone: Sequence[Entry]) -> None:
    lasting = [one for one in gone if one.deleted_at is None]
    members = [member for one in lasting for member in await revisions.load_members(actor, one.id)]
    await vault_tables.Entry.filter(owner_id=actor.id, id__in=[one.id for one in gone]).delete()
    await record_state.update_state(
        actor,
        RecordChange(Part.ENTRIES, removed=[one.line for one in lasting]),
        RecordChange(Part.EARLIER, removed=members),
    )


async def _finish(actor: Actor, run: Run, kept: Collection[UUID]) -> None:
    """Delete its sessions and courses, but for those that an entry which stays is tied to."""
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        mine = vault_tables.Entry.filter(owner_id=actor.id, id__in=list(kept))
        rows = open_entries(actor, await fetch_rows(EntryRow, mine)) if kept else ()
        tied = {one.document.session_id for one in rows}
        added = [
            one for one in (await load_my_sessions(actor)).imported if one.details.imported == run.id.hex
        ]
        lasting = [one for one in added if one.id.hex in tied]
        gone = [one.id for one in added if one not in lasting]
        await sessions_tables.KapSession.filter(patient_id=actor.id, id__in=gone).delete()
        await _delete_courses(actor, run.id, {one.course for one in lasting})
        await write_run(actor, run, run.document, state=State.REMOVED.value)


async def _delete_courses(actor: Actor, run: UUID, lasting: Collection[UUID | None]) -> None:
    def open_one(row: CourseRow) -> tuple[UUID, str]:
        return row.id, open_course(actor.installation, actor.id, row.id, row.sealed).imported

    rows = await fetch_rows(CourseRow, sessions_tables.Course.filter(patient_id=actor.id))
    gone = [ident for ident, of in open_rows(rows, open_one) if of == run.hex and ident not in lasting]
    await sessions_tables.Course.filter(patient_id=actor.id, id__in=gone).delete()
