"""
Give the key of a patient's plan to the people who see it, and draw another where somebody has it who is not to read on.

Only the patient does: with a page that they open, and before words of theirs are sealed. In the same transaction every
word is sealed under the new key, so that one key opens all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from crypto import Context, CryptoError, Keyring, Sealer
from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.care import links
from journal.care import tables as care_tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link
from journal.errors import Damaged, JournalError
from journal.sealing import SealingKey
from journal.sessions import plan_key
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import SessionRow, open_session
from journal.sessions.session_words import words_context
from journal.store.database import execute, fetch_raw
from journal.store.rows import Row, fetch_rows, filter_undamaged, parse_rows


@dataclass(frozen=True, slots=True)
class WordsColumn:
    """A column of words that stand for one of these purposes, under the ids of their patient and their row alone."""

    purposes: tuple[str, ...]
    select: str
    update: str


COLUMNS = (
    WordsColumn(
        ("course-words",),
        "SELECT id, words FROM course WHERE patient_id = $1 AND words IS NOT NULL ORDER BY id",
        "UPDATE course SET words = $1 WHERE id = $2 AND words = $3",
    ),
    WordsColumn(
        ("instructions-words", "instructions-carried"),
        "SELECT id, words FROM instructions_version WHERE patient_id = $1 AND words IS NOT NULL ORDER BY id",
        "UPDATE instructions_version SET words = $1 WHERE id = $2 AND words = $3",
    ),
)
"""Every column under the key of a plan besides that of sessions, whose words name the revision they were written at."""


SELECT_ANY_WORDS = """
    SELECT 1 FROM kap_session WHERE patient_id = $1 AND words IS NOT NULL
    UNION SELECT 1 FROM course WHERE patient_id = $2 AND words IS NOT NULL
    UNION SELECT 1 FROM instructions_version WHERE patient_id = $3 AND words IS NOT NULL
"""


class ValueRow(Row, frozen=True):
    """Words, and whose row they are of."""

    id: UUID
    words: bytes


class WordsRow(Row, frozen=True):
    """A session's words, with its row."""

    id: UUID
    patient_id: UUID
    course_id: UUID | None
    revision: int
    sealed: bytes
    words: bytes


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
    await give_copies(actor, new, team)
    if opener is not None:
        await reseal_words(actor.id, actor, opener, Sealer(new))
    return new


async def has_words(patient: UUID) -> bool:
    """Return whether anything is sealed under the key of a patient's plan."""
    return bool(await fetch_raw(SELECT_ANY_WORDS, patient, patient, patient))


async def reseal_words(patient: UUID, actor: Actor, old: SealingKey, new: SealingKey) -> int:
    """Seal what is written of a patient's sessions, as far as *old* opens it, under *new*; return how many values."""
    resealed = await _reseal_sessions(patient, actor, old, new)
    for column in COLUMNS:
        found = await fetch_raw(column.select, patient)
        for row in filter_undamaged(parse_rows(ValueRow, found)):
            for purpose in column.purposes:
                place = Context(purpose, patient.bytes, row.id.bytes)
                with suppress(CryptoError):
                    sealed = new.seal(old.open(row.words, context=place), context=place)
                    resealed += await execute(column.update, sealed, row.id, row.words)
    return resealed


async def _reseal_sessions(patient: UUID, actor: Actor, old: SealingKey, new: SealingKey) -> int:
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


async def give_copies(actor: Actor, key: bytes, team: Iterable[Link]) -> None:
    """Store a copy of the key for each active care link of *team*, in the transaction that locked the account."""
    for link in team:
        if not is_active(link):
            continue
        try:
            copy = plan_key.seal_copy(key, link.id, await open_shared_key(actor, link))
        except JournalError:
            continue  # the page of the link says so
        lasting = care_tables.CareLink.filter(id=link.id, patient_id=actor.id, ended_at=None, paused_at=None)
        await lasting.filter(key_number=link.row.key_number).update(plan_copy=copy)


def is_active(link: Link) -> bool:
    """Return whether the clinician of a care link is to have the key."""
    return link.trusted and link.ended_at is None and link.paused_at is None
