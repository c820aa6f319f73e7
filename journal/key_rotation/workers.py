"""Which processes serve, and with which server key: no key is removed while one of them still seals with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from journal.ages import compute_age
from journal.installation.installation import Installation
from journal.key_rotation import tables

CHECK_INTERVAL = timedelta(seconds=2)
"""How often a process checks whether the key file was written."""
REPORT_INTERVAL = timedelta(seconds=30)
"""How often it reports at least."""
WORKER_TIMEOUT = 4 * REPORT_INTERVAL
"""How long after its last report a process counts as serving."""


@dataclass(slots=True)
class WorkerReporter:
    """One process that serves, and its last report."""

    installation: Installation
    worker: UUID
    last_report: tuple[str, datetime] | None = None

    async def report_if_due(self) -> None:
        """Report which key this process seals with, if that changed or the last report is old."""
        self.installation.server_keys.reload_if_changed()
        mark, now = self.installation.server_keys.key_id, self.installation.clock()
        if (
            self.last_report is None
            or self.last_report[0] != mark
            or compute_age(self.last_report[1], now) >= REPORT_INTERVAL
        ):
            await report_worker(self.installation, self.worker)
            self.last_report = mark, now


async def report_worker(installation: Installation, worker: UUID) -> None:
    """Store that *worker* serves, and the key that it seals with from now on."""
    installation.server_keys.reload_if_changed()
    now = installation.clock()
    mine = tables.Worker.filter(id=worker)
    if not await mine.update(key_mark=installation.server_keys.key_id, seen_at=now):
        await tables.Worker.create(id=worker, key_mark=installation.server_keys.key_id, seen_at=now)
    await tables.Worker.filter(
        ~Q(seen_at__gt=now - 10 * WORKER_TIMEOUT, seen_at__lt=now + 10 * WORKER_TIMEOUT)
    ).delete()


async def remove_worker(worker: UUID) -> None:
    """Delete the row of *worker*."""
    await tables.Worker.filter(id=worker).delete()


async def count_workers(installation: Installation) -> int:
    """Count the processes that serve."""
    return await _query_alive(installation).count()


async def count_outdated_workers(installation: Installation) -> int:
    """Count the processes that serve and do not seal with the newest key yet."""
    return await _query_alive(installation).exclude(key_mark=installation.server_keys.key_id).count()


def _query_alive(installation: Installation) -> QuerySet[tables.Worker]:
    return tables.Worker.filter(
        seen_at__gt=installation.clock() - WORKER_TIMEOUT, seen_at__lt=installation.clock() + WORKER_TIMEOUT
    )
