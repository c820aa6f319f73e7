"""
Events that were written with their act and have no place in the chain yet.

An act only inserts: it reads nothing, takes no lock that another act wants, and waits for nobody. `AuditChainWorker`
gives each event its place, a second later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

from journal.audit.chain import EventRecord, compute_event_mac, generate_event_id
from journal.audit.key import load_key
from journal.installation.installation import Installation
from journal.store.database import ensure_transaction, execute

INSERT_PENDING = """
    INSERT INTO audit_pending (id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac) VALUES
"""
ROWS_PER_INSERT = 100  # rows: some SQLite takes no more than 999 values


async def write_events(installation: Installation, records: Sequence[EventRecord]) -> None:
    """
    Write events in the transaction that is open, or in one of their own.

    Raises:
        Damaged: If the key of the log does not open and this process does not know it.
    """
    if not records:
        return
    key = installation.audit_key_cache.key or await load_key(installation)
    rows: list[tuple[object, ...]] = []
    # In order also within one act: ids sort by the moment they are drawn, as far as the clock tells.
    for ident, line in zip(sorted(generate_event_id() for _ in records), records, strict=True):
        event = replace(line, id=ident, at=line.at.astimezone(UTC))
        ids = (event.actor, event.patient, event.recipient, event.about)
        rows.append((ident, event.at, *ids, event.action, event.outcome, compute_event_mac(key, event).hex()))
    if len(rows) <= ROWS_PER_INSERT:
        await execute(*build_insert(INSERT_PENDING, rows))
        return
    async with ensure_transaction():
        for start in range(0, len(rows), ROWS_PER_INSERT):
            await execute(*build_insert(INSERT_PENDING, rows[start : start + ROWS_PER_INSERT]))


def build_insert(sql: str, rows: Sequence[Sequence[object]]) -> tuple[str, *tuple[object, ...]]:
    """Write one INSERT of several rows: *sql* up to its values, with places for them, and the values."""
    width = len(rows[0])
    places = (range(first, first + width) for first in range(1, width * len(rows), width))
    values = ", ".join(f"({', '.join(f'${place}' for place in row)})" for row in places)
    return sql + values, *(value for row in rows for value in row)
