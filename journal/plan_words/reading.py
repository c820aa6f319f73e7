"""
Open the words of sessions for their patient, or for a clinician by their care link; and the key to seal others with.

What is opened is the session as its reader sees it: only for a page, and never what is stored again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import msgspec

from crypto import Sealer
from journal.actor import Actor
from journal.care import tables as care_tables
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.care.links import KEYS_RENEWED, Link
from journal.errors import Damaged, StaleRevision, TrustBroken
from journal.plan_words.keys import open_own_key
from journal.sealing import SealingKey, open_document
from journal.sessions import plan_key
from journal.sessions.rows import Session
from journal.sessions.session_words import SessionWords, add_words, take_words, words_context
from journal.store.database import fetch_raw
from journal.store.rows import OpenedRows, Row, as_bytes, fetch_row, filter_undamaged, parse_rows

SELECT_WORDS = """
    SELECT kap_session.id, words, plan_key.wrapped FROM kap_session
    LEFT JOIN plan_key ON plan_key.id = kap_session.patient_id
    WHERE kap_session.patient_id = $1 AND words IS NOT NULL
"""
SELECT_WORDS_OF_ONE = f"{SELECT_WORDS} AND kap_session.id = $2"


class WordsRow(Row, frozen=True):
    """The words of a session, with the key as its patient has it."""

    id: UUID
    words: bytes
    wrapped: bytes | None


class CopyRow(Row, frozen=True):
    """The copy of the key that a care link has."""

    plan_copy: bytes | None


async def open_words(
    actor: Actor, link: Link | None, plan: Iterable[Session], only: Collection[UUID] | None = None
) -> OpenedRows[Session]:
    """
    Return the sessions of one patient with their words, as far as *actor* reads them.

    Args:
        link: The care link of a clinician; None for the patient.
        only: The sessions whose words are wanted, where it is not all.
    """
    every = tuple(plan)
    asked = {one.id for one in every if one.details.words_at and (only is None or one.id in only)}
    found: Mapping[UUID, bytes] = {}
    key: SealingKey | None = None
    if asked:
        found, key = await _load(actor, link, every[0].patient, asked)
    opened = (_open(key, one, found.get(one.id)) if one.id in asked else one for one in every)
    return OpenedRows(opened, plan.damaged if isinstance(plan, OpenedRows) else ())


async def open_own_words(actor: Actor, one: Session, link: Link | None = None) -> Session:
    """Return one session with its words; as `open_words`."""
    return (await open_words(actor, link, (one,)))[0]


async def load_words(actor: Actor, one: Session, link: Link | None) -> SessionWords | None:
    """Return the words of one session; None where they do not open for *actor*."""
    seen = await open_own_words(actor, one, link)
    return None if seen.is_closed else take_words(seen.details)


async def load_key(actor: Actor, link: Link | None) -> SealingKey | None:
    """
    Return the key of a plan to seal words with, in the transaction that has locked its patient's account.

    Returns:
        None for a clinician who has no copy of it: while sharing is paused, or the patient did not sign in yet.

    Raises:
        StaleRevision: If the link's key was drawn anew since the link was read.
    """
    if link is None:
        return Sealer(await open_own_key(actor))
    row = await fetch_row(CopyRow, care_tables.CareLink.filter(id=link.id, ended_at=None, paused_at=None))
    if row is None or row.plan_copy is None or not link.trusted:
        return None
    key = await _open_copy(actor, link, row.plan_copy)
    if key is None:
        raise StaleRevision(KEYS_RENEWED)
    return key


async def load_reading_key(actor: Actor, link: Link | None) -> SealingKey | None:
    """Return the key of a plan to open words with; None where *actor* has none. *link* as for `open_words`."""
    if link is not None:
        return await _open_copy(actor, link, as_bytes(link.row.plan_copy))
    row = await plan_key.load_row(actor.id)
    own = None if row is None else plan_key.open_own(actor, row.wrapped)
    return None if own is None else Sealer(own)


async def _load(
    actor: Actor, link: Link | None, patient: UUID, asked: Collection[UUID]
) -> tuple[Mapping[UUID, bytes], SealingKey | None]:
    if len(asked) == 1:
        raw = await fetch_raw(SELECT_WORDS_OF_ONE, patient, *asked)
    else:
        raw = await fetch_raw(SELECT_WORDS, patient)
    rows = filter_undamaged(parse_rows(WordsRow, raw))
    if not rows:
        return {}, None
    if link is not None:
        key = await _open_copy(actor, link, as_bytes(link.row.plan_copy))
    else:
        own = plan_key.open_own(actor, as_bytes(rows[0].wrapped))
        key = None if own is None else Sealer(own)
    return {row.id: row.words for row in rows}, key


async def _open_copy(actor: Actor, link: Link, copy: bytes) -> SealingKey | None:
    try:
        return plan_key.open_copy(copy, link.id, await open_shared_key(actor, link))
    except (Damaged, SharingPaused, TrustBroken):
        return None


def _open(key: SealingKey | None, one: Session, sealed: bytes | None) -> Session:
    try:
        if key is None or sealed is None:
            raise Damaged
        place = words_context(one.patient, one.id, one.details.words_at)
        words = open_document(key, sealed, place, SessionWords)
    except Damaged:
        return msgspec.structs.replace(one, is_closed=True)
    return msgspec.structs.replace(one, details=add_words(one.details, words))
