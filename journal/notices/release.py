"""
Release what is due: a job of the server, which needs no key, since it goes by the times of sealed rows alone.

It sees that a notice exists, whose links it is for and when; never what it is about.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from journal.accounts.notices import queue_notice
from journal.care import tables
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.mail.messages import Notice
from journal.store.database import ensure_transaction
from journal.store.rows import Row, fetch_row, fetch_rows, filter_undamaged

DELAY = timedelta(minutes=10)
"""After how long a notice goes that nobody released by a button."""
BATCH_SIZE = 50


class DueRow(Row, frozen=True):
    """A notice that is due, and for whom."""

    id: UUID
    link_id: UUID
    backup_id: UUID | None


class ClinicianRow(Row, frozen=True):
    """Whose care link it is."""

    clinician_id: UUID


async def release_due(installation: Installation) -> int:
    """Release each notice whose time has come, and each that is open too long to its backup; return how many."""
    now, released = installation.clock(), 0
    for row in await _load(_query_due(now)):
        released += await release(installation, now, row.id)
    for row in await _load(_query_late(now)):
        async with ensure_transaction():
            if await _query_late(now).filter(id=row.id).update(backup_released_at=now):
                await _tell(installation, row.backup_id)
                released += 1
    return released


async def release(installation: Installation, now: datetime, notice: UUID) -> bool:
    """Release one notice; return whether it had not been before. The mail says only that something waits."""
    async with ensure_transaction():
        there = tables.PatientNotice.filter(id=notice, released_at=None)
        found = await fetch_rows(DueRow, there.filter(sealed__isnull=False))
        if not await there.update(released_at=now):
            return False
        for row in filter_undamaged(found):
            await _tell(installation, row.link_id)
    return True


def _query_due(now: datetime) -> Any:
    # What is due later than its delay was written by a clock that ran ahead.
    return tables.PatientNotice.filter(
        Q(release_at__lte=now) | Q(release_at__gt=now + 2 * DELAY), released_at=None
    )


def _query_late(now: datetime) -> Any:
    return tables.PatientNotice.filter(
        backup_at__lte=now,
        released_at__isnull=False,
        acknowledged_at=None,
        backup_released_at=None,
        backup_sealed__isnull=False,
    )


async def _load(query: Any) -> list[DueRow]:
    return filter_undamaged(await fetch_rows(DueRow, query.limit(BATCH_SIZE)))


async def _tell(installation: Installation, link: UUID | None) -> None:
    """Queue the mail; where there is no address to be read, the notice stands in the portal all the same."""
    row = await fetch_row(ClinicianRow, tables.CareLink.filter(id=link, ended_at=None)) if link else None
    if row is None:
        return
    try:
        await queue_notice(installation, row.clinician_id, Notice.WAITS)
    except Damaged:
        return
