"""
Import a file: a part at a time, each in a transaction of its own, beside the requests of the pages.

What is interrupted goes on with the first part that was not imported. The actor's keys lie in this process while it
works, and no longer (docs/decisions/0042).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import msgspec

from crypto import Sealer
from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.errors import Damaged, StaleRevision
from journal.importing import tables
from journal.importing.documents import UNDO_KEPT, RunDocument, StagedPart, State, part_context
from journal.importing.items import ImportedEntry, ImportedSession, ImportedVersion, Part
from journal.importing.runs import CHANGED, Run, load_digests, load_run, require_alone, work_beside, write_run
from journal.plan_words.keys import open_own_key
from journal.roles import Role
from journal.sealing import decode_document, open_document, seal_document
from journal.sessions.rows import (
    CourseDetails,
    insert_course,
    insert_session,
    load_my_sessions,
)
from journal.sessions.session import SessionDetails
from journal.sessions.session_words import NO_WORDS, take_words
from journal.store.database import transaction
from journal.store.progress import run_with_retry
from journal.store.rows import Row, fetch_row
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.contents import ContentsLine, build_entry_line
from journal.vault.documents import (
    Beside,
    EntryDocument,
    Origin,
    RevisionDocument,
    entry_context,
    revision_context,
)
from journal.vault.record_snapshot import Member
from journal.vault.record_snapshot import Part as StatePart
from journal.vault.record_state import RecordChange

TIMES = ("started_at", "ended_at", "local", "zone", "minutes", "kind", "setting", "route", "phase")
"""What a session is recognised by: two that are the same in all of it are one."""


class PartRow(Row, frozen=True):
    """A row of a part."""

    id: UUID
    sealed: bytes


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a part becomes: rows, and how the record state changes."""

    entries: Sequence[vault_tables.Entry]
    versions: Sequence[vault_tables.EntryRevision]
    lines: Sequence[ContentsLine]
    members: Sequence[Member]


async def start_import(actor: Actor, wanted: UUID, report: Callable[[BaseException], None]) -> None:
    """
    Begin to import a file, or go on with it.

    Args:
        report: Told of an error that nobody foresaw.

    Raises:
        StaleRevision: If it is being imported already, or was.
        AnotherRuns: If another one is being imported or removed.
        NotFound: If it is not the actor's.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        there = await load_run(actor, wanted)
        if not there.can_start(actor.now):
            raise StaleRevision(CHANGED)
        await require_alone(actor, wanted)
        if there.state is State.READ:
            await audit_log.record_event(actor, Act.RECORDS_IMPORTED, patient=actor.id, about=wanted)
        run = await write_run(
            actor, there, there.document, state=State.IMPORTING.value, until=actor.now + UNDO_KEPT
        )
    work_beside(actor, partial(_import, actor, run), partial(_pause, actor, wanted), report)


async def _pause(actor: Actor, wanted: UUID) -> None:
    """Store that it did not go on; a later page has it go on."""
    async with transaction():
        await lock_account(actor.id)
        there = await load_run(actor, wanted)
        if there.state is State.IMPORTING:
            await write_run(actor, there, there.document, state=State.PAUSED.value)


async def _import(actor: Actor, run: Run) -> None:
    known = await load_digests(actor)
    while run.done < run.total:
        run = await run_with_retry(partial(_import_part, _as_of_now(actor), run, known))
    async with transaction():
        await lock_account(actor.id)
        await require_keys(actor)
        until = actor.installation.clock() + UNDO_KEPT
        await write_run(actor, run, run.document, state=State.IMPORTED.value, until=until)


def _as_of_now(actor: Actor) -> Actor:
    return replace(actor, now=actor.installation.clock())


async def _import_part(actor: Actor, run: Run, known: set[str]) -> Run:
    """Import one part, and remember that it is; return the file as it is then."""
    document, number = run.document, run.done
    added: list[str] = []
    async with transaction():
        # Before the state's lock: the plan's key needs this one, and two acts would wait for each other.
        await lock_account(actor.id)
        await record_state.lock_state(actor)
        await require_alone(actor, run.id)
        row = await fetch_row(PartRow, tables.ImportPart.filter(run_id=run.id, number=number))
        part = await asyncio.to_thread(_open_part, actor, run.id, number, row)
        if part is None:
            document = msgspec.structs.replace(document, lost=document.lost + 1)
        else:
            document = await _add_sessions(actor, run, document, part)
            fresh = [one for one in part.entries if one.digest not in known]
            made = await asyncio.to_thread(_build_rows, actor, run.id, document, fresh)
            await _add_rows(actor, made)
            added = [one.digest for one in fresh]
            document = msgspec.structs.replace(
                document,
                added=document.added + len(fresh),
                same=document.same + len(part.entries) - len(fresh),
            )
        await tables.ImportPart.filter(run_id=run.id, number=number).delete()
        after = await write_run(actor, run, document, done=number + 1)
    known.update(added)
    return after


def _open_part(actor: Actor, run: UUID, number: int, row: PartRow | None) -> Part | None:
    """Return a part, or None for one that is not what was stored for this place."""
    if row is None:
        return None
    try:
        staged = open_document(actor.vault, row.sealed, part_context(actor.id, row.id), StagedPart)
        if (staged.run, staged.number) != (run.hex, number):
            return None
        return decode_document(staged.part, Part)
    except Damaged:
        return None


async def _add_rows(actor: Actor, made: _Rows) -> None:
    if not made.entries:
        return
    await vault_tables.Entry.bulk_create(made.entries)
    await vault_tables.EntryRevision.bulk_create(made.versions)
    await record_state.update_state(
        actor,
        RecordChange(StatePart.ENTRIES, added=list(made.lines)),
        RecordChange(StatePart.EARLIER, added=list(made.members)),
    )


def _build_rows(actor: Actor, run: UUID, document: RunDocument, entries: Sequence[ImportedEntry]) -> _Rows:
    rows, versions, lines, members = [], [], [], []
    for one in entries:
        ident, session = UUID(hex=one.id), document.sessions.get(one.session or "", one.session)
        source = document.summary.source.value
        said = EntryDocument(
            one.kind,
            one.title,
            one.note,
            session,
            one.answers,
            beside=Beside(origin=Origin(run.hex, one.digest, source, one.zone)),
            language=one.language,
        )
        sealed = seal_document(actor.vault, said, entry_context(actor.id, ident, one.revision))
        rows.append(
            vault_tables.Entry(
                id=ident,
                owner_id=actor.id,
                revision=one.revision,
                sealed=sealed,
                created_at=one.created_at,
                updated_at=one.updated_at,
            )
        )
        lines.append(build_entry_line(ident, one.revision, sealed, one.created_at, one.updated_at, said))
        for version in one.earlier:
            row = _build_version(actor, document, one, version)
            versions.append(row)
            members.append((row.id, 0, row.sealed))
    return _Rows(rows, versions, lines, members)


def _build_version(
    actor: Actor, document: RunDocument, entry: ImportedEntry, one: ImportedVersion
) -> vault_tables.EntryRevision:
    ident = uuid4()
    said = EntryDocument(
        entry.kind,
        one.title,
        one.note,
        document.sessions.get(one.session or "", one.session),
        one.answers,
        language=one.language,
    )
    kept = RevisionDocument(entry.id, one.reason, one.revision, said)
    sealed = seal_document(actor.vault, kept, revision_context(actor.id, ident))
    return vault_tables.EntryRevision(
        id=ident, entry_id=UUID(hex=entry.id), sealed=sealed, created_at=one.kept_at
    )


async def _add_sessions(actor: Actor, run: Run, document: RunDocument, part: Part) -> RunDocument:
    """Store the sessions of a part beside the plan, and their courses; one that is there is not added again."""
    if not part.sessions:
        return document
    there = {_recognise(one.details): one.id.hex for one in (await load_my_sessions(actor)).everything}
    same = {one.id: there[key] for one in part.sessions if (key := _recognise(one.details)) in there}
    fresh = [one for one in part.sessions if one.id not in same]
    wanted = {one.course for one in fresh}
    titled = any(one.title for one in part.courses if one.id in wanted)
    worded = any(take_words(one.details) != NO_WORDS for one in fresh)
    sealer = Sealer(await open_own_key(actor)) if titled or worded else None
    for place, course in enumerate(part.courses):
        if course.id in wanted:
            ident = UUID(hex=course.id)
            called = CourseDetails(course.title, course.language, run.id.hex)
            at = actor.now + timedelta(microseconds=place)  # in their order
            await insert_course(actor, actor.id, ident, called, sealer, at)
    for one in fresh:
        await _store_session(actor, run.id, one, same, sealer)
    return msgspec.structs.replace(
        document,
        sessions=same,
        added_sessions=len(fresh),
        same_sessions=len(same),
    )


async def _store_session(
    actor: Actor, run: UUID, one: ImportedSession, same: dict[str, str], key: Sealer | None
) -> None:
    ident, about = UUID(hex=one.id), one.details.about
    details = msgspec.structs.replace(
        one.details, imported=run.hex, about=same.get(about, about) if about else None
    )
    course = UUID(hex=one.course) if one.course else None
    await insert_session(actor, actor.id, ident, details, course, key)


def _recognise(details: SessionDetails) -> tuple[object, ...]:
    return tuple(getattr(details, name) for name in TIMES)
