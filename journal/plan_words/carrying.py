"""
Carry over what was written of sessions before there were keys of plans: seal it, erase it where it stood.

Its patient does, with their first page; until then pages read both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

import msgspec

from crypto import Sealer
from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.errors import Damaged
from journal.plan_words.keys import give_copies, is_active, open_own_key
from journal.roles import Role
from journal.sealing import seal_document
from journal.sessions import plan_key
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import Session, SessionRow, open_course, open_session, seal_course, session_context
from journal.sessions.session_words import has_words, leave_words, take_words, words_context
from journal.store.database import flush_deleted, transaction
from journal.store.rows import Row, fetch_rows, filter_undamaged

BATCH_SIZE = 200  # sessions that are carried over in one transaction

Carry = Callable[[Actor, Sealer], Awaitable[None]]
"""Seals what other tables hold from before, in the transaction that is open."""


class BareCourseRow(Row, frozen=True):
    """A course whose title, if it has one, stands under the server key."""

    id: UUID
    sealed: bytes


async def settle(actor: Actor, mine: Iterable[Link], plan: Iterable[Session], carry: Carry) -> None:
    """
    Do what waits for a patient: give the key to who lacks it, draw it anew where it is due, and carry old words over.

    Args:
        mine: Their care links, also those that have ended, as they were loaded: mostly they say that nothing waits.
        plan: All of their sessions.
        carry: For the tables of rooms above this one.
    """
    if actor.role is not Role.PATIENT or actor.is_head_request:
        return
    if not await _is_waiting(actor, tuple(mine), tuple(plan)):
        return
    carried = BATCH_SIZE
    while carried == BATCH_SIZE:
        async with transaction():
            await lock_account(actor.id)
            await require_keys(actor)
            key = await open_own_key(actor)
            lacking = [link for link in await links.load_my_links(actor) if not link.row.plan_copy]
            await give_copies(actor, key, lacking)
            carried = await _carry_sessions(actor, Sealer(key))
            if carried < BATCH_SIZE:
                await _carry_courses(actor, Sealer(key))
                await carry(actor, Sealer(key))
                await plan_key.mark_carried(actor)
    await flush_deleted()


async def _is_waiting(actor: Actor, mine: tuple[Link, ...], plan: tuple[Session, ...]) -> bool:
    lacking = any(is_active(link) and link.row.plan_copy is None for link in mine)
    if (
        lacking
        or not all(link.row.plan_settled for link in mine)
        or any(has_words(one.details) for one in plan)
    ):
        return True
    # Who never had a care team has courses from a file at most.
    return not mine and any(one.course for one in plan) and not await plan_key.is_settled(actor.id)


async def _carry_sessions(actor: Actor, key: Sealer) -> int:
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


async def _carry_courses(actor: Actor, key: Sealer) -> None:
    bare = sessions_tables.Course.filter(patient_id=actor.id, words=None)
    for row in filter_undamaged(await fetch_rows(BareCourseRow, bare.order_by("id"))):
        try:
            called = open_course(actor.installation, actor.id, row.id, row.sealed)
        except Damaged:
            continue
        if called.title:
            sealed, words = seal_course(actor, actor.id, row.id, called, key)
            await bare.filter(id=row.id, sealed=row.sealed).update(sealed=sealed, words=words)
