"""Files that somebody imports, as they are remembered: read, imported, removed, and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from anyio import to_thread
from tortoise.queryset import QuerySet

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.ages import compute_age
from journal.errors import Damaged, JournalError, NotFound, StaleRevision
from journal.i18n import N_
from journal.importing import tables
from journal.importing.documents import (
    MAX_RUNS,
    PREVIEW_KEPT,
    SILENT_AFTER,
    RunDocument,
    StagedPart,
    State,
    part_context,
    run_context,
)
from journal.importing.items import Summary, compute_digest
from journal.installation.password_work import Busy
from journal.roles import Role
from journal.sealing import open_document, seal_document
from journal.store.database import fetch_raw_in_thread, flush_deleted, transaction
from journal.store.rows import (
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    fetch_row,
    fetch_rows,
    filter_undamaged,
    open_rows,
)
from journal.vault.documents import Origin
from journal.vault.entry_rows import SELECT_ENTRIES, Entry, open_raw_entries

OPENED_AT_ONCE = 200  # entries that a thread opens before another gets its turn
CHANGED = N_("This was changed on another page. Nothing was done here; look at it as it is now.")
ANOTHER_RUNS = N_(
    "Another import is being added or removed at this moment. Please try again once it is done."
)


class NoRoom(JournalError):
    """As many files are remembered as fit."""

    message = N_("There are 10 imports here already. Open one of them and delete it first.")


class AnotherRuns(Busy):
    """Another file of the same person is being imported or removed; nothing was done."""

    message = N_("Another import is being added or removed at this moment. Please try again once it is done.")
    retry_after = 20


class RunRow(Row, frozen=True):
    """A row of a file."""

    id: UUID
    revision: NonNegative
    state: State
    done: NonNegative
    total: NonNegative
    sealed: bytes
    created_at: Timestamp
    updated_at: Timestamp
    until: Timestamp


@dataclass(frozen=True, slots=True)
class Run:
    """One file, opened. Of its parts, `done` are imported."""

    id: UUID
    revision: int
    state: State
    done: int
    total: int
    document: RunDocument
    created_at: datetime
    updated_at: datetime
    until: datetime

    @property
    def summary(self) -> Summary:
        """Return what was found in it."""
        return self.document.summary

    def is_silent(self, now: datetime) -> bool:
        """Return whether something was being done with it, and no sign of it came for a while."""
        is_doing = self.state in (State.IMPORTING, State.REMOVING)
        return is_doing and compute_age(self.updated_at, now) > SILENT_AFTER

    def is_running(self, now: datetime) -> bool:
        """Return whether something is being done with it."""
        return self.state in (State.IMPORTING, State.REMOVING) and not self.is_silent(now)

    def can_start(self, now: datetime) -> bool:
        """Return whether it can be imported, or its rest."""
        return self.state in (State.READ, State.PAUSED) or (
            self.state is State.IMPORTING and self.is_silent(now)
        )

    def can_be_removed(self, now: datetime) -> bool:
        """Return whether what it added can be removed again."""
        if now >= self.until or self.state in (State.READ, State.REMOVED):
            return False
        return not self.is_running(now)


async def stage(actor: Actor, summary: Summary, parts: Sequence[bytes]) -> UUID:
    """
    Store what was read, sealed, until it is imported; return the id of the file.

    Raises:
        NoRoom: If as many files are remembered as fit.
    """
    actor.require_role(Role.PATIENT)
    ident, known = uuid4(), await load_digests(actor)
    there = sum(digest in known for digest in summary.digests)
    document = RunDocument(msgspec.structs.replace(summary, digests=()), there)
    rows = await to_thread.run_sync(lambda: list(_seal_parts(actor, ident, parts)))
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        if await query_mine(actor).count() >= MAX_RUNS:
            raise NoRoom
        await tables.ImportRun.create(
            id=ident,
            owner_id=actor.id,
            revision=1,
            state=State.READ.value,
            done=0,
            total=len(parts),
            sealed=seal_document(actor.vault, document, run_context(actor.id, ident, 1)),
            created_at=actor.now,
            updated_at=actor.now,
            until=actor.now + PREVIEW_KEPT,
        )
        for row in rows:
            await row.save(force_create=True)
    return ident


def _seal_parts(actor: Actor, run: UUID, parts: Sequence[bytes]) -> Iterator[tables.ImportPart]:
    for number, part in enumerate(parts):
        ident, staged = uuid4(), StagedPart(run.hex, number, msgspec.Raw(part))
        sealed = seal_document(actor.vault, staged, part_context(actor.id, ident))
        yield tables.ImportPart(id=ident, run_id=run, number=number, sealed=sealed)


async def list_runs(actor: Actor) -> OpenedRows[Run]:
    """Return the files of the actor's that are remembered, the latest first."""
    actor.require_role(Role.PATIENT)
    rows = await fetch_rows(RunRow, query_mine(actor).order_by("-created_at", "-id"))
    return open_rows(rows, lambda row: _open(actor, row))


async def load_run(actor: Actor, wanted: UUID) -> Run:
    """Return one of the actor's files; raises `NotFound`, and `Damaged` for one that does not open."""
    actor.require_role(Role.PATIENT)
    row = await fetch_row(RunRow, query_mine(actor).filter(id=wanted))
    if row is None:
        raise NotFound
    return _open(actor, row)


async def require_alone(actor: Actor, wanted: UUID) -> None:
    """
    Verify that nothing is being done with another of the actor's files, in a transaction that has locked the account.

    Two at once would each add what the other adds, or one keep what the other removes.

    Raises:
        AnotherRuns: If it is.
    """
    others = (
        query_mine(actor).filter(state__in=[State.IMPORTING.value, State.REMOVING.value]).exclude(id=wanted)
    )
    for row in filter_undamaged(await fetch_rows(RunRow, others)):
        if compute_age(row.updated_at, actor.installation.clock()) <= SILENT_AFTER:
            raise AnotherRuns


async def delete_run(actor: Actor, wanted: UUID) -> None:
    """
    Delete what is remembered of a file, also of one that does not open.

    What it added stays, and cannot be removed as a whole any more.

    Raises:
        NotFound: If it is not the actor's.
        StaleRevision: If something is being done with it.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        with suppress(Damaged):
            if (await load_run(actor, wanted)).is_running(actor.now):
                raise StaleRevision(CHANGED)
        await query_mine(actor).filter(id=wanted).delete()
    await flush_deleted()


def query_mine(actor: Actor) -> QuerySet[tables.ImportRun]:
    """Return a query for the actor's files."""
    return tables.ImportRun.filter(owner_id=actor.id)


async def write_run(actor: Actor, there: Run, document: RunDocument, **changes: object) -> Run:
    """
    Store what became of a file, in the transaction that is open; return it as it is then.

    Raises:
        StaleRevision: If another page, or another process, changed it.
    """
    now, revision = actor.installation.clock(), there.revision + 1
    sealed = seal_document(actor.vault, document, run_context(actor.id, there.id, revision))
    mine = query_mine(actor).filter(id=there.id, revision=there.revision)
    if not await mine.update(revision=revision, sealed=sealed, updated_at=now, **changes):
        raise StaleRevision(CHANGED)
    state = State(changes.get("state", there.state))  # type: ignore[arg-type]
    done = changes.get("done", there.done)
    return replace(
        there, revision=revision, document=document, updated_at=now, state=state, done=int(str(done))
    )


def work_beside(
    actor: Actor,
    work: Callable[[], Awaitable[None]],
    on_failure: Callable[[], Awaitable[object]],
    report: Callable[[BaseException], None],
) -> None:
    """Begin *work* beside the requests of the pages; whatever goes wrong, *on_failure* says so to its person."""

    async def run() -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - nobody waits for this task, and the page has to say so
            if not isinstance(error, JournalError):
                report(error)
            with suppress(Exception):  # then it falls silent, which is told as well
                await on_failure()

    task = asyncio.create_task(run())
    actor.installation.background_work.add(task)
    task.add_done_callback(actor.installation.background_work.discard)


async def load_digests(actor: Actor) -> set[str]:
    """Return what stands for each entry of the journal: as it is, and as it was when it was imported."""
    rows = await fetch_raw_in_thread(SELECT_ENTRIES, actor.id)

    def collect() -> set[str]:
        found: set[str] = set()
        for at in range(0, len(rows), OPENED_AT_ONCE):
            for one in open_raw_entries(actor.vault, actor.id, rows[at : at + OPENED_AT_ONCE]):
                if not one.damaged:
                    found.add(digest_entry(one))
                    found |= {origin.digest} if (origin := get_origin(one)) else set()
        return found

    return await asyncio.to_thread(collect)


def digest_entry(one: Entry, *, is_dated: bool = True) -> str:
    """Return what stands for an entry as it reads now, or for one of which nothing told when it was begun."""
    said = one.document
    return compute_digest(
        said.kind, said.title, said.note, said.answers, one.created_at if is_dated else None
    )


def get_origin(one: Entry) -> Origin | None:
    """Return where an entry was imported from, or None for one that was written here."""
    return one.document.beside.origin if one.document.beside else None


async def delete_expired(now: datetime) -> None:
    """Delete files whose time is over. Needs nobody's key."""
    if await tables.ImportRun.filter(until__lte=now).delete():
        await flush_deleted()


async def delete_runs_of(account: UUID) -> None:
    """Delete the files of an account that begins anew: its new keys open none. In the transaction that is open."""
    await tables.ImportRun.filter(owner_id=account).delete()


def _open(actor: Actor, row: RunRow) -> Run:
    if row.revision == 0:
        raise Damaged
    place = run_context(actor.id, row.id, row.revision)
    document = open_document(actor.vault, row.sealed, place, RunDocument)
    return Run(
        row.id,
        row.revision,
        row.state,
        row.done,
        row.total,
        document,
        row.created_at,
        row.updated_at,
        row.until,
    )
