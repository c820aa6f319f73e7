"""Who can read which of a patient's entries, for lists: one statement for a page, and no copy is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from crypto import CryptoError
from journal.accounts.profiles import open_cached_profile
from journal.actor import Actor
from journal.care.links import UNKNOWN_NAME
from journal.care.peer_keys import has_pinned
from journal.entries import listing
from journal.errors import Damaged
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import Statement, fetch_raw, fetch_raw_in_thread, is_sqlite
from journal.store.rows import (
    JoinedValue,
    Row,
    Timestamp,
    as_bytes,
    filter_undamaged,
    parse_rows,
)
from journal.store.statements import Subquery
from journal.time_zones import FIRST_YEAR, LAST_YEAR

SELECT_READERS_OF = """
    SELECT share.entry_id, share.link_id, share.updated_at,
        paused_at, patient_pin, account.id, account.sealed, public_identity
    FROM share JOIN care_link ON care_link.id = share.link_id JOIN account ON account.id = care_link.clinician_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL AND share.ended_at IS NULL AND share.entry_id %s
    ORDER BY share.created_at
"""
SELECT_READERS = SELECT_READERS_OF % f"IN ({listing.SELECT_IDS})"
SELECT_READERS_BEFORE = SELECT_READERS_OF % f"IN ({listing.SELECT_IDS_BEFORE})"
# PostgreSQL looks an array up at once, and each row of a SELECT by itself, which takes twice as long.
POSTGRES_READERS = SELECT_READERS_OF % f"= ANY(ARRAY({listing.SELECT_IDS}))"
POSTGRES_READERS_BEFORE = SELECT_READERS_OF % f"= ANY(ARRAY({listing.SELECT_IDS_BEFORE}))"

SELECT_SHARED = """
    SELECT DISTINCT share.entry_id FROM share JOIN care_link ON care_link.id = share.link_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL AND share.ended_at IS NULL
"""
"""Every entry that somebody has a copy of, also while sharing is paused."""

BATCH_SIZE = 500  # ids in one statement: PostgreSQL takes 32,767 values, and others get their turn


class ReaderRow(Row, frozen=True):
    """A row of `SELECT_READERS`: which link has a copy of which entry, and its clinician."""

    entry_id: UUID
    link_id: UUID
    updated_at: JoinedValue
    paused_at: JoinedValue
    patient_pin: JoinedValue
    account_id: UUID
    sealed: JoinedValue
    public_identity: JoinedValue


class SharedRow(Row, frozen=True):
    """A row of `SELECT_SHARED`."""

    entry_id: UUID


UNKNOWN_CONNECTION = N_("a connection that is not yours")


@dataclass(frozen=True, slots=True)
class Reader:
    """
    A clinician who was given a copy; while sharing is `paused` they cannot open it.

    `version` is when their words were copied, where the entry was saved since.
    """

    name: str
    paused: bool
    version: datetime | None = None


Readers = Mapping[str, tuple[Reader, ...]]
"""Who has a copy of an entry, by its id as addresses write it."""


async def load_readers(actor: Actor, saved: Mapping[UUID | str, datetime]) -> Readers:
    """
    Return for each of one's own entries that is shared the people who have a copy.

    Args:
        saved: When each of the entries was saved last.
    """
    actor.require_role(Role.PATIENT)
    if not saved:
        return {}
    wanted, rows = list(saved), list[Sequence[Any]]()
    for at in range(0, len(wanted), BATCH_SIZE):
        if at:
            await asyncio.sleep(0)
        some = wanted[at : at + BATCH_SIZE]
        places = ", ".join(f"${place}" for place in range(2, len(some) + 2))
        rows += await fetch_raw(SELECT_READERS_OF % f"IN ({places})", actor.id, *some)
    return parse_readers(actor, rows, {str(entry): moment for entry, moment in saved.items()}.get)


async def load_shared_ids(actor: Actor) -> frozenset[UUID]:
    """Return the ids of one's own entries that somebody has a copy of."""
    actor.require_role(Role.PATIENT)
    rows = await fetch_raw_in_thread(SELECT_SHARED, actor.id)
    return await asyncio.to_thread(_parse_shared_ids, rows)


def _parse_shared_ids(rows: Sequence[Sequence[Any]]) -> frozenset[UUID]:
    return frozenset(row.entry_id for row in filter_undamaged(parse_rows(SharedRow, rows)))


def build_readers_query(patient: UUID | Subquery, before: datetime | None, limit: int) -> Statement:
    """Return the statement for `parse_readers`, about the entries that `listing.build_query` selects."""
    latest, earlier = (
        (SELECT_READERS, SELECT_READERS_BEFORE)
        if is_sqlite()
        else (POSTGRES_READERS, POSTGRES_READERS_BEFORE)
    )
    return (
        (latest, (patient, patient, limit))
        if before is None
        else (earlier, (patient, patient, before, limit))
    )


def parse_readers(
    actor: Actor, rows: Sequence[Sequence[Any]], find_saved: Callable[[str], datetime | None]
) -> Readers:
    """
    Return who has a copy of which entry, by the rows of `SELECT_READERS`.

    Args:
        find_saved: Returns when an entry was saved last, by its id; asked for shared ones alone.
    """
    known: dict[UUID, Reader] = {}
    found: dict[str, tuple[Reader, ...]] = {}
    for row in filter_undamaged(parse_rows(ReaderRow, rows)):
        reader = known.get(row.link_id)
        if reader is None:
            reader = known[row.link_id] = Reader(_get_reader_name(actor, row), row.paused_at is not None)
        entry, copied = str(row.entry_id), _parse_time(row.updated_at)
        if copied is not None and (last := find_saved(entry)) is not None and last > copied:
            reader = Reader(reader.name, reader.paused, copied)
        found[entry] = (*found.get(entry, ()), reader)
    return found


def _parse_time(value: JoinedValue) -> datetime | None:
    """Return a time out of a row; None for what is none, since that hides nobody who has a copy."""
    try:
        moment: datetime = msgspec.convert(value, Timestamp)
    except msgspec.ValidationError:
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _get_reader_name(actor: Actor, row: ReaderRow) -> str:
    try:
        pinned, shown = as_bytes(row.patient_pin), as_bytes(row.public_identity)
        has_pinned(actor, pinned, shown, peer=row.account_id, link=row.link_id)
    except CryptoError:
        return UNKNOWN_CONNECTION
    try:
        return open_cached_profile(actor.installation, row.account_id, as_bytes(row.sealed)).name
    except Damaged:
        return UNKNOWN_NAME
