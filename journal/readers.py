"""Who can read which of a patient's entries, for lists: found in two statements for a page, without opening a copy."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crypto import CryptoError
from journal.actors import Actor, Role
from journal.errors import Damaged
from journal.links import NAMELESS, has_pinned
from journal.profiles import known_profile
from journal.rows import Joined, Row, bytes_of, typed, whole
from journal.store import fetch
from journal.words import N_

SHARED = """
    SELECT share.entry_id, share.link_id
    FROM share JOIN care_link ON care_link.id = share.link_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL AND share.entry_id IN (%s)
    ORDER BY share.created_at
"""
SOME = 500  # ids in one statement: PostgreSQL takes 32,767 values, and others get their turn
WHO = """
    SELECT care_link.id, paused_at, patient_pin, account.id, account.sealed, public_identity
    FROM care_link JOIN account ON account.id = care_link.clinician_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL
"""


class SharedRow(Row, frozen=True):
    """Which link has a copy of which entry, as `SHARED` asks for it."""

    entry_id: UUID
    link_id: UUID


class WhoRow(Row, frozen=True):
    """Whom a link is with, as `WHO` asks for it."""

    link_id: UUID
    paused_at: Joined
    patient_pin: Joined
    account_id: UUID
    sealed: Joined
    public_identity: Joined


STRANGER = N_("a connection that is not yours")


@dataclass(frozen=True, slots=True)
class Reader:
    """A clinician who was given a copy; while sharing is `paused` they cannot open it."""

    name: str
    paused: bool


async def readers(actor: Actor, entries: Collection[UUID]) -> Mapping[UUID, tuple[Reader, ...]]:
    """Give for each of one's own *entries* that is shared the people who have a copy."""
    actor.must_be(Role.PATIENT)
    if not entries:
        return {}
    shared: list[Sequence[Any]] = []
    wanted = list(entries)
    for at in range(0, len(wanted), SOME):
        if at:
            await asyncio.sleep(0)
        some = wanted[at : at + SOME]
        places = ", ".join(f"${place}" for place in range(2, len(some) + 2))
        shared += await fetch(SHARED % places, actor.id, *some)
    if not shared:
        return {}
    those = whole(typed(WhoRow, await fetch(WHO, actor.id)))
    known = {row.link_id: Reader(_name(actor, row), row.paused_at is not None) for row in those}
    found: dict[UUID, tuple[Reader, ...]] = {}
    for row in whole(typed(SharedRow, shared)):
        reader = known.get(row.link_id)
        if reader is not None:  # else care ended between the two statements
            found[row.entry_id] = (*found.get(row.entry_id, ()), reader)
    return found


def _name(actor: Actor, row: WhoRow) -> str:
    try:
        pinned, shown = bytes_of(row.patient_pin), bytes_of(row.public_identity)
        has_pinned(actor, pinned, shown, peer=row.account_id, link=row.link_id)
    except CryptoError:
        return STRANGER
    try:
        return known_profile(actor.house, row.account_id, bytes_of(row.sealed)).name
    except Damaged:
        return NAMELESS
