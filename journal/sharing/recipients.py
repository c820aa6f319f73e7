"""Who can read which of a patient's entries, for lists: one statement for a page, and no copy is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from crypto import CryptoError
from journal.accounts.profiles import known_profile
from journal.actor import Actor
from journal.care.links import NAMELESS, has_pinned
from journal.entries import listing
from journal.errors import Damaged
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import Statement, fetch
from journal.store.rows import Joined, Row, bytes_of, typed, whole
from journal.store.statements import Subquery

SHARED = """
    SELECT share.entry_id, share.link_id, paused_at, patient_pin, account.id, account.sealed, public_identity
    FROM share JOIN care_link ON care_link.id = share.link_id JOIN account ON account.id = care_link.clinician_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL AND share.entry_id IN (%s)
    ORDER BY share.created_at
"""
LISTED = SHARED % listing.IDS
LISTED_BEFORE = SHARED % listing.IDS_BEFORE

SOME = 500  # ids in one statement: PostgreSQL takes 32,767 values, and others get their turn


class SharedRow(Row, frozen=True):
    """A row of `SHARED`: which link has a copy of which entry, and its clinician."""

    entry_id: UUID
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


Readers = Mapping[str, tuple[Reader, ...]]
"""Who has a copy of an entry, by its id as addresses write it."""


async def readers(actor: Actor, entries: Collection[UUID | str]) -> Readers:
    """Return for each of one's own *entries* that is shared the people who have a copy."""
    actor.must_be(Role.PATIENT)
    if not entries:
        return {}
    wanted, rows = list(entries), list[Sequence[Any]]()
    for at in range(0, len(wanted), SOME):
        if at:
            await asyncio.sleep(0)
        some = wanted[at : at + SOME]
        places = ", ".join(f"${place}" for place in range(2, len(some) + 2))
        rows += await fetch(SHARED % places, actor.id, *some)
    return readers_of(actor, rows)


def select_readers(patient: UUID | Subquery, before: datetime | None, limit: int) -> Statement:
    """Return the statement for `readers_of` those entries that `listing.select` selects."""
    if before is None:
        return LISTED, (patient, patient, limit)
    return LISTED_BEFORE, (patient, patient, before, limit)


def readers_of(actor: Actor, rows: Sequence[Sequence[Any]]) -> Readers:
    """Return who has a copy of which entry, by the rows of `SHARED`."""
    known: dict[UUID, Reader] = {}
    found: dict[str, tuple[Reader, ...]] = {}
    for row in whole(typed(SharedRow, rows)):
        reader = known.get(row.link_id)
        if reader is None:
            reader = known[row.link_id] = Reader(_name(actor, row), row.paused_at is not None)
        entry = str(row.entry_id)
        found[entry] = (*found.get(entry, ()), reader)
    return found


def _name(actor: Actor, row: SharedRow) -> str:
    try:
        pinned, shown = bytes_of(row.patient_pin), bytes_of(row.public_identity)
        has_pinned(actor, pinned, shown, peer=row.account_id, link=row.link_id)
    except CryptoError:
        return STRANGER
    try:
        return known_profile(actor.house, row.account_id, bytes_of(row.sealed)).name
    except Damaged:
        return NAMELESS
