"""
Who opened or changed what, and when. Ids and states only: never a word that anybody wrote.

An event is written in the transaction of the act that it records, so there is neither one without the other. It waits
for nobody: its place in the chain comes a moment later (`journal/audit/chain_worker.py`).
Saving an entry is no event: the journal is its writer's own, and who reads it is what counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from journal.actor import Actor
from journal.audit.acts import REFUSALS, Act, Outcome
from journal.audit.chain import EventRecord
from journal.audit.pending import write_events
from journal.installation.installation import Installation


async def record_event(
    actor: Actor,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
    recipient: UUID | None = None,
) -> None:
    """Record what a signed-in person did, in the open transaction."""
    await write_events(
        actor.installation, [_build_record(actor.id, action, actor.now, patient, about, recipient)]
    )


async def record_events(actor: Actor, action: Act, patient: UUID, about: Iterable[UUID]) -> None:
    """Record one act on each of several things, in as many statements as for one."""
    await write_events(
        actor.installation, [_build_record(actor.id, action, actor.now, patient, one) for one in about]
    )


async def record_unauthenticated_event(
    installation: Installation,
    account: UUID | None,
    action: Act,
    *,
    patient: UUID | None = None,
    about: UUID | None = None,
) -> None:
    """Record what was done without a session; *account* is None where none is known."""
    await write_events(installation, [_build_record(account, action, installation.clock(), patient, about)])


async def record_share_openings(actor: Actor, patient: UUID, shares: Iterable[UUID]) -> None:
    """Record that *actor* opened each of *shares*."""
    await record_events(actor, Act.SHARE_OPENED, patient, shares)


def _build_record(
    actor_id: UUID | None,
    action: Act,
    at: datetime,
    patient: UUID | None,
    about: UUID | None,
    recipient: UUID | None = None,
) -> EventRecord:
    outcome = Outcome.REFUSED if action in REFUSALS else Outcome.DONE
    return EventRecord(at, actor_id, patient, recipient, about, action.value, outcome.value)
