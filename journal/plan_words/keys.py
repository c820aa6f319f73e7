"""
Give the key of a patient's plan to the people who see it, and draw another where somebody has it who is not to read on.

Only the patient does: with a page that they open, and before words of theirs are sealed. In the same transaction every
word is sealed under the new key, so that one key opens all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from crypto import CryptoError, Keyring, Sealer
from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.care import links
from journal.care import tables as care_tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link
from journal.errors import Damaged, JournalError
from journal.roles import Role
from journal.sealing import SealingKey, seal_document
from journal.sessions import plan_key
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import Session, SessionRow, open_session, session_context
from journal.sessions.session_words import has_words, leave_words, take_words, words_context
from journal.store.database import flush_deleted, transaction
from journal.store.rows import Row, fetch_rows, filter_undamaged

BATCH_SIZE = 200  # sessions that are carried over in one transaction


class WordsRow(Row, frozen=True):
    """A session's words, with its row."""

    id: UUID
    patient_id: UUID
    course_id: UUID | None
    revision: int
    sealed: bytes
    words: bytes


async def settle(actor: Actor, mine: Iterable[Link], plan: Iterable[Session]) -> None:
    """
    Do what waits for a patient: give the key to who lacks it, draw it anew where it is due, and carry old words over.

    Args:
        mine: Their care links, and `plan` all of their sessions, as they were loaded: mostly nothing waits.
    """
    if actor.role is not Role.PATIENT or actor.is_head_request:
        return
    waits = any(_is_active(link) and (link.row.plan_copy is None or link.row.plan_due) for link in mine)
    if not waits and not any(has_words(one.details) for one in plan):
        return
    carried = BATCH_SIZE
    while carried == BATCH_SIZE:
        async with transaction():
            await lock_account(actor.id)
            await require_keys(actor)
            key = await open_own_key(actor)
            await _give_copies(
                actor, key, [link for link in await links.load_my_links(actor) if not link.row.plan_copy]
            )
            carried = await _carry_over(actor, Sealer(key))
    await flush_deleted()


async def open_own_key(actor: Actor) -> bytes:
    """Return the key of the patient's plan, drawn anew where it is due, in the transaction that locked the account."""
    row = await plan_key.load_row(actor.id)
    if row is not None and row.due_at is None and (key := plan_key.open_own(actor, row.wrapped)) is not None:
        return key
    return await renew(actor)


async def renew(actor: Actor) -> bytes:
    """
    Draw another key for the patient's plan, and seal all words under it, in the transaction that locked the account.

    Where their own copy does not open, that of a care link stands in. Words that do not open stay as they are.
    """
    row = await plan_key.load_row(actor.id)
    team = await links.load_my_links(actor)
    old = None if row is None else plan_key.open_own(actor, row.wrapped)
    opener = Sealer(old) if old is not None else await _open_some_copy(actor, team)
    new = await plan_key.draw(actor)
    await care_tables.CareLink.filter(patient_id=actor.id, ended_at=None).update(plan_copy=None)
    await _give_copies(actor, new, team)
    if opener is not None:
        await reseal_words(actor.id, actor, opener, Sealer(new))
    return new


async def reseal_words(patient: UUID, actor: Actor, old: SealingKey, new: SealingKey) -> int:
    """Seal the words of a patient's sessions that *old* opens under *new*; return how many."""
    kept = sessions_tables.KapSession.filter(patient_id=patient, words__isnull=False)
    resealed = 0
    for row in filter_undamaged(await fetch_rows(WordsRow, kept.order_by("id"))):
        try:
            one = open_session(
                actor.installation, SessionRow(row.id, patient, row.course_id, row.revision, row.sealed)
            )
            place = words_context(patient, row.id, one.details.words_at)
            sealed = new.seal(old.open(row.words, context=place), context=place)
        except (CryptoError, Damaged):
            continue
        resealed += await kept.filter(id=row.id, words=row.words).update(words=sealed)
    return resealed


async def restore_words(actor: Actor, older: Keyring, wrapped: bytes) -> None:
    """
    Seal the words from before a reset under the key of now, in the transaction that is open.

    Args:
        wrapped: The key of the plan of then, under the keys of then.
    """
    await lock_account(actor.id)
    before = plan_key.open_wrapped(older, actor.id, wrapped)
    if before is not None:
        await reseal_words(actor.id, actor, Sealer(before), Sealer(await open_own_key(actor)))


async def _open_some_copy(actor: Actor, team: Iterable[Link]) -> Sealer | None:
    for link in team:
        try:
            found = plan_key.open_copy(link.row.plan_copy, link.id, await open_shared_key(actor, link))
        except JournalError:
            continue
        if found is not None:
            return found
    return None


async def _give_copies(actor: Actor, key: bytes, team: Iterable[Link]) -> None:
    for link in team:
        if not _is_active(link):
            continue
        try:
            copy = plan_key.seal_copy(key, link.id, await open_shared_key(actor, link))
        except JournalError:
            continue  # the page of the link says so
        lasting = care_tables.CareLink.filter(id=link.id, patient_id=actor.id, ended_at=None, paused_at=None)
        await lasting.filter(key_number=link.row.key_number).update(plan_copy=copy)


def _is_active(link: Link) -> bool:
    return link.trusted and link.ended_at is None and link.paused_at is None


async def _carry_over(actor: Actor, key: Sealer) -> int:
    """Seal words that the server key opens, of some sessions, and erase them there; return of how many."""
    bare = sessions_tables.KapSession.filter(patient_id=actor.id, words=None)
    carried = 0
    for row in filter_undamaged(await fetch_rows(SessionRow, bare.order_by("id"))):
        try:
            details = open_session(actor.installation, row).details
        except Damaged:
            continue
        if not has_words(details):
            continue
        words = seal_document(key, take_words(details), words_context(actor.id, row.id, row.revision))
        left = msgspec.structs.replace(leave_words(details), words_at=row.revision)
        place = session_context(actor.id, row.id, row.revision)
        sealed = seal_document(actor.installation.server_keys, left, place)
        carried += await bare.filter(id=row.id, sealed=row.sealed).update(sealed=sealed, words=words)
        if carried == BATCH_SIZE:
            break
    return carried
