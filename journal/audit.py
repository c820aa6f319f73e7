"""
Who opened or changed what, and when. Ids and states only: never a word that anybody wrote.

An event is written in the transaction of the act that it records, so there is neither one without the other.
Saving an entry is no event: the journal is its writer's own, and who reads it is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from journal.actors import Actor
from journal.audit_acts import REFUSALS as REFUSALS
from journal.audit_acts import Act as Act
from journal.audit_acts import Outcome as Outcome
from journal.audit_chain import Line, append
from journal.errors import Damaged
from journal.house import House
from journal.store import key_of
from journal.tables import AuditEvent

COLUMNS = ("at", "actor_id", "action", "object_id", "recipient_id", "id")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log; `id` is its number. `recipient_id` was given something that a patient's record holds."""

    at: datetime
    actor_id: UUID | None
    action: Act
    object_id: UUID | None
    recipient_id: UUID | None
    id: int


@dataclass(frozen=True, slots=True)
class Whole:
    """An event with the patient whose record it is about, for a log of everybody's."""

    event: Event
    patient_id: UUID | None


async def note(
    actor: Actor,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
    recipient: UUID | None = None,
) -> None:
    """Write what a signed-in person did; the last statement of its transaction."""
    await append(actor.house, [_line(actor.id, action, actor.now, patient, about, recipient)])


async def note_each(actor: Actor, action: Act, patient: UUID, about: Iterable[UUID]) -> None:
    """Write that *actor* did the same to each of several things, in as many statements as for one."""
    await append(actor.house, [_line(actor.id, action, actor.now, patient, one) for one in about])


async def note_unsigned(
    house: House,
    account: UUID | None,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
) -> None:
    """Write what was done by nobody who is signed in, or not yet; *account* is None where none is known."""
    await append(house, [_line(account, action, house.clock(), patient, about)])


async def note_opened(actor: Actor, patient: UUID, shares: Iterable[UUID]) -> None:
    """Write that *actor* opened each of *shares*."""
    await note_each(actor, Act.SHARE_OPENED, patient, shares)


async def events_about(patient: UUID, *, limit: int = 500, before: int | None = None) -> tuple[Event, ...]:
    """Give the latest events about *patient*'s record, newest first; *before* an event's id for the next."""
    query = AuditEvent.filter(patient_id=patient)
    if before is not None:
        query = query.filter(id__lt=before)
    return tuple(_event(row) for row in await query.order_by("-id").limit(limit).values_list(*COLUMNS))


async def of_everybody(
    *, limit: int, before: int | None = None, person: UUID | None = None, room: str = ""
) -> tuple[Whole, ...]:
    """
    Give the latest events of the whole log, newest first; *before* an event's id for the next.

    Args:
        person: Only what this person did, or what was done about or for them.
        room: Only the classes whose names begin with it, such as "share".
    """
    query = AuditEvent.all()
    if person is not None:
        concerned = Q(actor_id=person) | Q(patient_id=person) | Q(recipient_id=person) | Q(object_id=person)
        query = query.filter(concerned)
    if room:
        query = query.filter(action__in=[act.value for act in Act if act.value.startswith(f"{room}.")])
    if before is not None:
        query = query.filter(id__lt=before)
    rows = await query.order_by("-id").limit(limit).values_list(*COLUMNS, "patient_id")
    return tuple(Whole(_event(row[:-1]), _key(row[-1])) for row in rows)


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


async def given_away(
    patient: UUID,
    given: Iterable[Act],
    taken: Iterable[Act],
    *,
    since: datetime,
    limit: int | None = None,
    before: int | None = None,
) -> tuple[Event, ...]:
    """Give the acts of *given*, and those of *taken* that were not the patient's own, newest first."""
    others = Q(action__in=[act.value for act in taken]) & ~Q(actor_id=patient)
    query = AuditEvent.filter(Q(action__in=[act.value for act in given]) | others, patient_id=patient)
    query = query.filter(at__gte=since).order_by("-id")
    if before is not None:
        query = query.filter(id__lt=before)
    if limit is not None:
        query = query.limit(limit)
    return tuple(_event(row) for row in await query.values_list(*COLUMNS))


def _line(
    who: UUID | None,
    action: Act,
    at: datetime,
    patient: UUID | None,
    about: UUID | None,
    recipient: UUID | None = None,
) -> Line:
    outcome = Outcome.REFUSED if action in REFUSALS else Outcome.DONE
    return Line(at, who, patient, recipient, about, action.value, outcome.value)


def _event(row: tuple[Any, ...]) -> Event:
    at, actor, action, about, recipient, ident = row
    try:
        return Event(at, _key(actor), Act(action), _key(about), _key(recipient), ident)
    except ValueError as error:  # no class of event, or no id: somebody else wrote it
        raise Damaged from error


def _key(value: object) -> UUID | None:
    return key_of(value) if value else None
