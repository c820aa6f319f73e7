"""
Who opened or changed what, and when. Ids and states only: never a word that anybody wrote.

An event is written in the transaction of the act that it records, so there is neither one without the other. It waits
for nobody: its place in the chain comes a moment later (`journal/audit_sealing.py`).
Saving an entry is no event: the journal is its writer's own, and who reads it is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from journal.actors import Actor
from journal.audit_acts import REFUSALS as REFUSALS
from journal.audit_acts import Act as Act
from journal.audit_acts import Outcome as Outcome
from journal.audit_chain import Line
from journal.audit_pending import write_events
from journal.audit_query import Condition, newest, oldest, one_of
from journal.audit_query import Event as Event
from journal.audit_query import Whole as Whole
from journal.house import House


async def note(
    actor: Actor,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
    recipient: UUID | None = None,
) -> None:
    """Write what a signed-in person did, in the transaction that is open."""
    await write_events(actor.house, [_line(actor.id, action, actor.now, patient, about, recipient)])


async def note_each(actor: Actor, action: Act, patient: UUID, about: Iterable[UUID]) -> None:
    """Write that *actor* did the same to each of several things, in as many statements as for one."""
    await write_events(actor.house, [_line(actor.id, action, actor.now, patient, one) for one in about])


async def note_unsigned(
    house: House,
    account: UUID | None,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
) -> None:
    """Write what was done by nobody who is signed in, or not yet; *account* is None where none is known."""
    await write_events(house, [_line(account, action, house.clock(), patient, about)])


async def note_opened(actor: Actor, patient: UUID, shares: Iterable[UUID]) -> None:
    """Write that *actor* opened each of *shares*."""
    await note_each(actor, Act.SHARE_OPENED, patient, shares)


async def events_about(patient: UUID, *, limit: int = 500, before: int | None = None) -> tuple[Event, ...]:
    """Return the latest events about *patient*'s record, newest first; *before* an event's id for the next."""
    found = await newest(_about(patient).before(before), limit)
    return tuple(one.event for one in found)


async def of_everybody(
    *, limit: int, before: int | None = None, person: UUID | None = None, room: str = ""
) -> tuple[Whole, ...]:
    """
    Return the latest events of the whole log, newest first; *before* an event's id for the next.

    Args:
        person: Only what this person did, or what was done about or for them.
        room: Only the classes whose names begin with it, such as "share".
    """
    wanted = Condition().before(before)
    if person is not None:
        columns = ("actor_id", "patient_id", "recipient_id", "object_id")
        wanted = wanted.also(" OR ".join(f"{column} = {{}}" for column in columns), *[person] * len(columns))
    if room:
        acts = [act.value for act in Act if act.value.startswith(f"{room}.")]
        wanted = wanted.also(one_of("action", acts), *acts)
    return await newest(wanted, limit)


async def openings(patient: UUID, shares: Iterable[UUID]) -> dict[UUID, tuple[datetime, ...]]:
    """Return when each of *shares* was opened, oldest first; those that nobody opened are left out."""
    asked = list(shares)
    opened = _about(patient).also("action = {}", Act.SHARE_OPENED.value)
    found: dict[UUID, tuple[datetime, ...]] = {}
    for one in await oldest(opened.also(one_of("object_id", asked), *asked)):
        share, at = one.event.object_id, one.event.at
        if share is not None:
            found[share] = (*found.get(share, ()), at)
    return found


async def every_event(patient: UUID, *, by: UUID | None = None) -> tuple[Event, ...]:
    """Return all events about *patient*'s record, oldest first; with *by*, the acts of that person alone."""
    wanted = _about(patient)
    if by is not None:
        wanted = wanted.also("actor_id = {}", by)
    return tuple(one.event for one in await oldest(wanted))


async def given_away(
    patient: UUID,
    given: Iterable[Act],
    taken: Iterable[Act],
    *,
    since: datetime,
    limit: int | None = None,
    before: int | None = None,
) -> tuple[Event, ...]:
    """Return the acts of *given*, and those of *taken* that were not the patient's own, newest first."""
    by_anybody, by_others = [act.value for act in given], [act.value for act in taken]
    wanted = _about(patient).also(
        f"{one_of('action', by_anybody)} OR ({one_of('action', by_others)} AND actor_id <> {{}})",
        *by_anybody,
        *by_others,
        patient,
    )
    found = await newest(wanted.also("at >= {}", since).before(before), limit)
    return tuple(one.event for one in found)


def _about(patient: UUID) -> Condition:
    return Condition("patient_id = {}", (patient,))


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
