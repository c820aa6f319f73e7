"""The audit log for tests: what was written to it, chained or not, and a sealer that is always at hand."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from journal.audit.chain_worker import AuditChainWorker
from journal.installation.installation import Installation
from journal.store.database import execute, fetch_raw
from journal.store.statements import parse_id, parse_time

# In one statement: a service that runs beside the test chains events in between two.
LOG = """
    SELECT 0 AS waits, id, event_id, at, actor_id, patient_id, recipient_id, object_id, action, outcome FROM audit_event
    UNION ALL
    SELECT 1, NULL, id, at, actor_id, patient_id, recipient_id, object_id, action, outcome FROM audit_pending
    ORDER BY waits, id, event_id
"""


class Logged(NamedTuple):
    """One event of the log, whether it has its place in the chain or not."""

    at: datetime
    actor_id: UUID | None
    patient_id: UUID | None
    recipient_id: UUID | None
    object_id: UUID | None
    action: str
    outcome: str


async def logged(*acts: str, **where: UUID) -> list[Logged]:
    """All that was written so far, or some classes of it, or what names certain ids; oldest first."""
    found = []
    for _, _, _, at, *ids, act, outcome in await fetch_raw(LOG):
        actor, patient, recipient, about = [None if one is None else parse_id(one) for one in ids]
        event = Logged(parse_time(at), actor, patient, recipient, about, act, outcome)
        if (not acts or act in acts) and all(getattr(event, name) == value for name, value in where.items()):
            found.append(event)
    return found


async def chain_all(installation: Installation) -> int:
    """Chain what is pending, whoever holds the lease; return how many events that were."""
    await execute("UPDATE audit_lease SET until = 0")
    return await AuditChainWorker(installation, uuid4()).chain_pending()
