"""
Who opened or changed what, and when. Ids and states only: never a word that anybody wrote.

An event is written in the transaction of the act that it records, so there is neither one without the other. It waits
for nobody: its place in the chain comes a moment later (`journal/audit/sealing.py`).
Saving an entry is no event: the journal is its writer's own, and who reads it is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from journal.actor import Actor
from journal.audit.acts import REFUSALS, Act, Outcome
from journal.audit.chain import Line
from journal.audit.pending import write_events
from journal.installation.installation import House


async def note(
    actor: Actor,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
    recipient: UUID | None = None,
) -> None:
    """Record what a signed-in person did, in the open transaction."""
    await write_events(actor.house, [_line(actor.id, action, actor.now, patient, about, recipient)])


async def note_each(actor: Actor, action: Act, patient: UUID, about: Iterable[UUID]) -> None:
    """Record one act on each of several things, in as many statements as for one."""
    await write_events(actor.house, [_line(actor.id, action, actor.now, patient, one) for one in about])


async def note_unsigned(
    house: House,
    account: UUID | None,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
) -> None:
    """Record what was done without a session; *account* is None where none is known."""
    await write_events(house, [_line(account, action, house.clock(), patient, about)])


async def note_opened(actor: Actor, patient: UUID, shares: Iterable[UUID]) -> None:
    """Record that *actor* opened each of *shares*."""
    await note_each(actor, Act.SHARE_OPENED, patient, shares)


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
