"""
Who opened or changed what, and when. Ids and states only: never a word that anybody wrote.

An event is written in the transaction of the act that it records, so there is neither one without the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from journal.actors import Actor
from journal.store import key_of
from journal.tables import AuditEvent

COLUMNS = ("at", "actor_id", "action", "object_id", "id")


class Act(StrEnum):
    """Every class of event."""

    ACCOUNT_OPENED = "account.opened"
    SIGNED_IN = "account.signed-in"
    SIGN_IN_REFUSED = "account.sign-in-refused"
    PASSWORD_CHANGED = "account.password-changed"
    RECOVERED = "account.recovered"
    RECOVERY_KEY_MADE = "account.recovery-key-made"
    INVITED = "care.invited"
    INVITATION_WITHDRAWN = "care.invitation-withdrawn"
    CARE_BEGAN = "care.began"
    CARE_ENDED = "care.ended"
    SHARING_PAUSED = "care.sharing-paused"
    SHARING_RESUMED = "care.sharing-resumed"
    SESSION_PLANNED = "session.planned"
    SESSION_CHANGED = "session.changed"
    ENTRY_DELETED = "entry.deleted"
    ENTRY_RESTORED = "entry.restored"
    SHARED = "share.shared"
    SHARE_UPDATED = "share.updated"
    SHARE_REVOKED = "share.revoked"
    SHARE_OPENED = "share.opened"
    RECORDS_TAKEN = "records.taken"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    at: datetime
    actor_id: UUID | None
    action: Act
    object_id: UUID | None
    id: int


async def note(
    actor_id: UUID | None,
    action: Act,
    at: datetime,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
    outcome: str = "done",
) -> None:
    """Write one event."""
    await AuditEvent.create(
        at=at, actor_id=actor_id, patient_id=patient, action=action.value, object_id=about, outcome=outcome
    )


async def note_opened(actor: Actor, patient: UUID, shares: Iterable[UUID]) -> None:
    """Write that *actor* opened each of *shares*, in one statement."""
    await AuditEvent.bulk_create(
        AuditEvent(
            at=actor.now,
            actor_id=actor.id,
            patient_id=patient,
            action=Act.SHARE_OPENED.value,
            object_id=share,
        )
        for share in shares
    )


async def events_about(patient: UUID, *, limit: int = 500, before: int | None = None) -> tuple[Event, ...]:
    """Give the latest events about *patient*'s record, newest first; *before* an event's id for the next."""
    query = AuditEvent.filter(patient_id=patient)
    if before is not None:
        query = query.filter(id__lt=before)
    return tuple(_event(row) for row in await query.order_by("-id").limit(limit).values_list(*COLUMNS))


async def openings(patient: UUID, shares: Iterable[UUID]) -> dict[UUID, tuple[datetime, ...]]:
    """Give when each of *shares* was opened, oldest first; those that nobody opened are left out."""
    query = AuditEvent.filter(patient_id=patient, action=Act.SHARE_OPENED.value, object_id__in=list(shares))
    found: dict[UUID, tuple[datetime, ...]] = {}
    for share, at in await query.order_by("id").values_list("object_id", "at"):
        found[key_of(share)] = (*found.get(key_of(share), ()), at)
    return found


async def every_event(patient: UUID, *, by: UUID | None = None) -> tuple[Event, ...]:
    """Give all events about *patient*'s record, oldest first; with *by*, the acts of that person alone."""
    query = AuditEvent.filter(patient_id=patient)
    if by is not None:
        query = query.filter(actor_id=by)
    return tuple(_event(row) for row in await query.order_by("id").values_list(*COLUMNS))


def _event(row: tuple[Any, ...]) -> Event:
    at, actor, action, about, ident = row
    return Event(at, key_of(actor) if actor else None, Act(action), key_of(about) if about else None, ident)
