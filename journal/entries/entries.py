"""
Write and read one's own entries.

A save names the revision that it was made from. If another page saved in between, the losing text is kept as an
earlier version and the writer is told. A text that another page saved is always kept as an earlier version, even when
words were only added: the next save of the same page may remove them, and a browser may have put old words beside a
new revision.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
from tortoise.exceptions import IntegrityError

from journal.actor import Actor
from journal.catalogue.fields import Answer, FieldKind
from journal.catalogue.forms import FORMS
from journal.entries import revisions
from journal.errors import NotFound, SavedAsEarlierVersion, StaleRevision
from journal.i18n import N_
from journal.roles import Role
from journal.sealing import seal_document
from journal.store.database import Statement, execute_all, fetch_raw, fetch_raw_in_thread, transaction
from journal.store.rows import fetch_rows, parse_first_row, parse_rows
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument, entry_context
from journal.vault.entry_rows import (
    SELECT_ENTRIES,
    Entry,
    EntryRow,
    open_entries,
    open_entry,
    open_raw_entries,
)
from journal.vault.record_snapshot import TAG_SIZE, Part
from journal.vault.record_state import RecordChange

UNDO_WINDOW = timedelta(days=7)
UPDATE_ENTRY = """
    UPDATE entry SET revision = $1, sealed = $2, updated_at = $3
    WHERE id = $4 AND owner_id = $5 AND revision = $6 AND deleted_at IS NULL
    AND substr(sealed, length(sealed) - 15) = $7
"""
"""The envelope is compared too: a key rotation reseals it and leaves the revision."""
INSERT_ENTRY = """
    INSERT INTO entry (id, owner_id, revision, sealed, created_at, updated_at) VALUES ($1, $2, 1, $3, $4, $5)
"""
BATCH_SIZE = 500  # ids in one statement
CHANGE_ATTEMPTS = 5
APART_FIELDS = frozenset(field.id for form in FORMS.values() for field in form.fields if field.apart)
CODE_FIELDS = frozenset(
    field.id
    for form in FORMS.values()
    for field in form.fields
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.DATE)
)
"""Answers that are codes: the same in every language."""
_ID = re.compile(r"\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b")
_WORD = re.compile(r"[^\W\d_TZ]|[^\W\d_]{2,}")  # T and Z stand in times
INLINE_LIMIT = 100  # entries that are opened in less time than another thread takes to wake


async def load_entry(actor: Actor, wanted: UUID, *, deleted: bool = False) -> Entry:
    """Return one of the actor's own entries; a deleted one only when asked for."""
    actor.require_role(Role.PATIENT)
    row = parse_first_row(EntryRow, await fetch_raw(SELECT_ENTRIES + " AND id = $2", actor.id, wanted))
    if row is None or (row.deleted_at is not None and not deleted):
        raise NotFound
    return open_entry(actor, row)


async def load_timeline(
    actor: Actor, *, before: datetime | None = None, limit: int = 30
) -> tuple[Entry, ...]:
    """
    Return the latest *limit* entries, newest first; *before* a time for the next page.

    Entries without a readable time come in addition to *limit*, wherever the database sorts them.
    """
    actor.require_role(Role.PATIENT)
    values, later = ((actor.id,), "") if before is None else ((actor.id, before), " AND created_at < $2")
    page = f"{SELECT_ENTRIES} AND deleted_at IS NULL{later} ORDER BY created_at DESC LIMIT ${len(values) + 1}"
    most = limit
    while True:
        found = open_entries(actor, parse_rows(EntryRow, await fetch_raw(page, *values, most)))
        timeless = sum(not one.is_dated for one in found)
        if len(found) < most or most == limit + timeless:
            return found
        most = limit + timeless


async def load_all_entries(actor: Actor) -> tuple[Entry, ...]:
    """Return all entries, oldest first; a thread opens them, since there may be thousands."""
    actor.require_role(Role.PATIENT)
    rows = await fetch_raw_in_thread(SELECT_ENTRIES + " AND deleted_at IS NULL ORDER BY created_at", actor.id)
    return await asyncio.to_thread(open_raw_entries, actor.vault, actor.id, rows)


async def load_entries_by_id(actor: Actor, wanted: Iterable[UUID]) -> dict[UUID, Entry]:
    """Return the actor's own entries with these ids, without those that are missing or damaged."""
    actor.require_role(Role.PATIENT)
    query = vault_tables.Entry.filter(owner_id=actor.id, deleted_at=None, id__in=list(wanted))
    return {one.id: one for one in open_entries(actor, await fetch_rows(EntryRow, query)) if not one.damaged}


async def load_entries(actor: Actor, wanted: Sequence[str]) -> tuple[Entry, ...]:
    """Return the actor's own entries with these ids that exist, oldest first; a thread opens and sorts many."""
    actor.require_role(Role.PATIENT)
    found: list[Entry] = []
    for at in range(0, len(wanted), BATCH_SIZE):
        some = wanted[at : at + BATCH_SIZE]
        places = ", ".join([f"${place}" for place in range(2, len(some) + 2)])
        asked = f"{SELECT_ENTRIES} AND deleted_at IS NULL AND id IN ({places})"
        if len(wanted) > INLINE_LIMIT:
            rows = await fetch_raw_in_thread(asked, actor.id, *some)
            found += await asyncio.to_thread(open_raw_entries, actor.vault, actor.id, rows)
        else:
            found += open_raw_entries(actor.vault, actor.id, await fetch_raw(asked, actor.id, *some))

    def sort() -> tuple[Entry, ...]:
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id.hex)))

    return await asyncio.to_thread(sort) if len(found) > INLINE_LIMIT else sort()


async def list_deleted_entries(actor: Actor) -> tuple[Entry, ...]:
    """Return the entries whose deletion can still be undone, newest first."""
    actor.require_role(Role.PATIENT)
    rows = await fetch_raw(SELECT_ENTRIES + " AND deleted_at IS NOT NULL ORDER BY deleted_at DESC", actor.id)
    return open_entries(actor, parse_rows(EntryRow, rows))


async def save_entry(
    actor: Actor,
    wanted: UUID,
    base: int,
    document: EntryDocument,
    *,
    sitting: str = "",
    known: Entry | None = None,
) -> Entry:
    """
    Save an entry; on disk when this returns.

    Args:
        wanted: Its id; a new random one for a new entry.
        base: The revision that the text was made from; 0 for a new entry.
        document: All of it.
        sitting: A random id of the page that writes. A page never conflicts with itself when the answer to
            its last save was lost; one that lost to another page keeps one text, not many.
        known: The entry as the caller just read it; a later save is detected by its revision.

    Raises:
        SavedAsEarlierVersion: If another page saved first; *document* is kept among the earlier versions.
        NotFound: If it is somebody else's, or deleted.
    """
    actor.require_role(Role.PATIENT)
    document = msgspec.structs.replace(
        document, sitting=sitting, language=actor.language or document.language
    )
    if base == 0 and known is None:
        try:
            return await _create_entry(actor, wanted, document)
        except IntegrityError:
            pass  # the page sent its first save twice, or another page has its id: decided below
    current = await load_entry(actor, wanted) if known is None or known.deleted_at is not None else known
    if _is_same_text(current.document, document):
        return current
    document = _keep_language(actor, current.document, document)
    same_page = sitting != "" and current.document.sitting == sitting
    if current.revision == base or same_page:
        # A delayed save may arrive after a later one: then the text it replaces is kept.
        keep = current.revision != base or not same_page
        saved = await _update_entry(actor, current, document, keep=keep)
        if saved is not None:
            return saved
    raise SavedAsEarlierVersion(await revisions.save_conflict(actor, wanted, base, document, sitting))


async def change_entry(
    actor: Actor, wanted: UUID, change: Callable[[Entry], EntryDocument], *, keep: bool = False
) -> Entry:
    """
    Change an entry as it is at this moment; on disk when this returns.

    Args:
        change: Returns the changed document; it is asked anew when another page saved in between.
        keep: Keep the text until now among the earlier versions, whatever was changed.

    Raises:
        StaleRevision: If others saved all the time; nothing was changed.
    """
    for _ in range(CHANGE_ATTEMPTS):
        current = await load_entry(actor, wanted)
        changed = await replace_document(actor, current, change(current), keep=keep)
        if changed is not None:
            return changed
    raise StaleRevision(N_("Another page saved at the same moment. Nothing was changed; look again."))


async def replace_document(
    actor: Actor,
    current: Entry,
    document: EntryDocument,
    *,
    keep: bool | None = False,
    language: str | None = None,
) -> Entry | None:
    """
    Replace all of an entry that was read; return None when another page saved first, or it was deleted.

    Args:
        keep: Keep the text until now among the earlier versions, whatever was changed; None keeps none of it.
        language: That of its words, where it follows from anything else than the page that wrote them.
    """
    actor.require_role(Role.PATIENT)
    if document == current.document:
        return current
    if not _is_written_apart(current.document, document):
        # A page that is open elsewhere may have an older answer on its form: then both are kept.
        document = msgspec.structs.replace(document, sitting="")
    spoken = _keep_language(actor, current.document, document).language if language is None else language
    document = msgspec.structs.replace(document, language=spoken)
    return await _update_entry(actor, current, document, keep=keep)


def _keep_language(actor: Actor, before: EntryDocument, after: EntryDocument) -> EntryDocument:
    """Return *after* in the language of the page that wrote words into it; a tap or a number writes none."""
    language = actor.language if actor.language and _has_new_words(before, after) else before.language
    return msgspec.structs.replace(after, language=language or after.language)


def _has_new_words(before: EntryDocument, after: EntryDocument) -> bool:
    """
    Return whether there are words in *after* that were not in the same field before.

    A title counts where there is nothing else: most of an entry stays in its language when it is called otherwise.
    """
    names = [name for name in after.answers if before.answers.get(name) != after.answers[name]]
    pairs = [(before.answers.get(name), after.answers[name]) for name in names if name not in CODE_FIELDS]
    if not (after.note or after.answers):
        pairs.append((before.title, after.title))
    pairs.append((before.note, after.note))
    return any(_find_words(new) - _find_words(old) for old, new in pairs if old != new)


def _find_words(answer: Answer | None) -> set[str]:
    """Return the words of an answer, without its numbers, its times and the ids in its lines."""
    lines = answer if isinstance(answer, list) else [answer] if isinstance(answer, str) else []
    return {word for line in lines for word in _WORD.findall(_ID.sub("", line))}


def _is_written_apart(before: EntryDocument, after: EntryDocument) -> bool:
    """Return whether only that was changed which no entry's form asks, so that no open page would undo it."""
    names = {*before.answers, *after.answers}
    changed = {name for name in names if before.answers.get(name) != after.answers.get(name)}
    return changed <= APART_FIELDS


async def restore_version(actor: Actor, wanted: UUID, version: UUID) -> Entry:
    """
    Restore an earlier version; the present text becomes an earlier version.

    Raises:
        StaleRevision: If another page saved at the same moment; nothing was changed.
    """
    earlier = await revisions.load_revision(actor, wanted, version)
    current = await load_entry(actor, wanted)
    if _is_same_text(current.document, earlier.document):
        return current  # what stands beside the words is not restored
    document = msgspec.structs.replace(earlier.document, sitting="", beside=current.document.beside)
    restored = await _update_entry(actor, current, document, keep=True)
    if restored is None:
        raise StaleRevision(N_("Another page saved at the same moment. Nothing was changed; look again."))
    return restored


async def create_first_entry(
    actor: Actor,
    document: EntryDocument,
    is_there: Callable[[], Awaitable[bool]],
    wanted: UUID | None = None,
) -> bool:
    """
    Create an entry of which there is one only; return False, with nothing changed, if it was made meanwhile.

    Args:
        is_there: Returns whether there is one; asked while nobody else changes the actor's records.
        wanted: The id that it is to have; without one, a random one.

    Raises:
        IntegrityError: If there is an entry of that id.
    """
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        if await is_there():
            return False
        wanted = wanted or uuid4()
        document = msgspec.structs.replace(document, language=actor.language or document.language)
        sealed = seal_document(actor.vault, document, entry_context(actor.id, wanted, 1))
        made = Entry(wanted, 1, document, actor.now, actor.now, None, sealed[-TAG_SIZE:])
        await execute_all((INSERT_ENTRY, (wanted, actor.id, sealed, actor.now, actor.now)))
        await record_state.update_state(actor, RecordChange(Part.ENTRIES, added=[made.line]))
    return True


async def begin_once(
    actor: Actor,
    document: EntryDocument,
    find: Callable[[], Awaitable[UUID | None]],
    wanted: UUID,
    elsewhere: str,
) -> bool:
    """
    Create an entry of which there is one only for the page that begins it; return False if that page did so before.

    Args:
        find: Returns the id of the one that is there, or refuses; asked while nobody else changes the actor's records.
        wanted: The id that the page chose.
        elsewhere: What to say where another page began it.

    Raises:
        StaleRevision: If another page began it; with *elsewhere*.
        NotFound: If the id is another entry's.
    """
    there: list[UUID | None] = []

    async def is_there() -> bool:
        there.append(await find())
        return there[0] is not None

    try:
        if await create_first_entry(actor, document, is_there, wanted):
            return True
    except IntegrityError:
        raise NotFound from None
    if there != [wanted]:
        raise StaleRevision(elsewhere)
    return False


async def _create_entry(actor: Actor, wanted: UUID, document: EntryDocument) -> Entry:
    sealed = seal_document(actor.vault, document, entry_context(actor.id, wanted, 1))
    made = Entry(wanted, 1, document, actor.now, actor.now, None, sealed[-TAG_SIZE:])
    written = (wanted, actor.id, sealed, actor.now, actor.now)
    await record_state.commit_changes(
        actor, [RecordChange(Part.ENTRIES, added=[made.line])], (INSERT_ENTRY, written)
    )
    return made


async def _update_entry(
    actor: Actor, current: Entry, document: EntryDocument, *, keep: bool | None = False
) -> Entry | None:
    """Replace the text that was read; return None when another page saved first, or it was deleted."""
    made = await _try_update(actor, current, document, keep=keep)
    if made is None:
        row = parse_first_row(
            EntryRow,
            await fetch_raw(SELECT_ENTRIES + " AND id = $2 AND deleted_at IS NULL", actor.id, current.id),
        )
        if row is not None and row.revision == current.revision:  # it was resealed with the same text
            anew = msgspec.structs.replace(current, tag=row.sealed[-TAG_SIZE:])
            made = await _try_update(actor, anew, document, keep=keep)
    return made


async def _try_update(
    actor: Actor, current: Entry, document: EntryDocument, *, keep: bool | None
) -> Entry | None:
    revision = current.revision + 1
    sealed = seal_document(actor.vault, document, entry_context(actor.id, current.id, revision))
    same = _is_same_text(current.document, document)  # then nobody sees that anything was changed
    at = current.updated_at if same else actor.now
    made = Entry(current.id, revision, document, current.created_at, at, None, sealed[-TAG_SIZE:])
    written = (revision, sealed, at, current.id, actor.id, current.revision, current.tag)
    moves = [RecordChange(Part.ENTRIES, [current.line], [made.line])]
    statements: list[Statement] = [(UPDATE_ENTRY, written)]
    is_new = keep is False and revisions.is_new_version(actor, current.updated_at, current.document, document)
    if keep or (is_new and not same):
        version, statement = revisions.build_revision(
            actor, current.id, current.revision, current.document, at=current.updated_at
        )
        moves.append(RecordChange(Part.EARLIER, added=[version]))
        statements.append(statement)
    return made if await record_state.commit_changes(actor, moves, *statements) else None


def _is_same_text(one: EntryDocument, other: EntryDocument) -> bool:
    return one == msgspec.structs.replace(
        other, sitting=one.sitting, beside=one.beside, language=one.language
    )
