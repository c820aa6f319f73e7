"""What somebody who leaves wants to know of their own records: when they last took them, and whether that is all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.roles import Role
from journal.store.rows import Row, Timestamp, fetch_rows, filter_undamaged
from journal.vault import tables as vault_tables

MAX_EVENTS = 100
"""How many exports and packets are looked through: the latest of each kind is wanted."""


MAX_CHANGED = 20
"""How many entries that changed are looked at: a row whose time is none says nothing, one that has one is enough."""


class ChangedRow(Row, frozen=True):
    """When an entry was saved last."""

    updated_at: Timestamp


@dataclass(frozen=True, slots=True)
class Taken:
    """
    When a patient last made a file of everything, and when a packet for somebody; None where that is not known.

    `is_changed`: since the file of everything was made, an entry was added or changed.
    """

    everything: datetime | None = None
    packet: datetime | None = None
    is_changed: bool = False


async def load_taken(actor: Actor) -> Taken:
    """Return when the patient last took their records, by the log, and whether they wrote since."""
    actor.require_role(Role.PATIENT)
    found = await audit_events.list_own_events(
        actor.id, (Act.RECORDS_TAKEN, Act.PACKET_MADE), limit=MAX_EVENTS
    )
    times = {one.action: one.at for one in reversed(found)}
    made_at = times.get(Act.RECORDS_TAKEN)
    is_changed = made_at is not None and await _has_changed_since(actor, made_at)
    return Taken(made_at, times.get(Act.PACKET_MADE), is_changed)


async def _has_changed_since(actor: Actor, made_at: datetime) -> bool:
    kept = vault_tables.Entry.filter(owner_id=actor.id, deleted_at=None)
    later = kept.filter(updated_at__gt=made_at, updated_at__lte=actor.now).limit(MAX_CHANGED)
    return bool(filter_undamaged(await fetch_rows(ChangedRow, later)))
