"""Which processes serve, and with which server key: no key is removed while one of them still seals with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from journal.ages import age
from journal.installation.installation import House
from journal.key_rotation import tables

LOOK = timedelta(seconds=2)
"""How often a process checks whether the key file was written."""
EVERY = timedelta(seconds=30)
"""How often it reports at least."""
ALIVE = 4 * EVERY
"""How long after its last report a process counts as serving."""


@dataclass(slots=True)
class Presence:
    """One process that serves, and its last report."""

    house: House
    worker: UUID
    said: tuple[str, datetime] | None = None

    async def tell(self) -> None:
        """Report which key this process seals with, if that changed or the last report is old."""
        self.house.server.look()
        mark, now = self.house.server.mark, self.house.clock()
        if self.said is None or self.said[0] != mark or age(self.said[1], now) >= EVERY:
            await report(self.house, self.worker)
            self.said = mark, now


async def report(house: House, worker: UUID) -> None:
    """Store that *worker* serves, and the key that it seals with from now on."""
    house.server.look()
    now = house.clock()
    mine = tables.Worker.filter(id=worker)
    if not await mine.update(key_mark=house.server.mark, seen_at=now):
        await tables.Worker.create(id=worker, key_mark=house.server.mark, seen_at=now)
    await tables.Worker.filter(~Q(seen_at__gt=now - 10 * ALIVE, seen_at__lt=now + 10 * ALIVE)).delete()


async def leave(worker: UUID) -> None:
    """Delete the row of *worker*."""
    await tables.Worker.filter(id=worker).delete()


async def alive(house: House) -> int:
    """Count the processes that serve."""
    return await _alive(house).count()


async def behind(house: House) -> int:
    """Count the processes that serve and do not seal with the newest key yet."""
    return await _alive(house).exclude(key_mark=house.server.mark).count()


def _alive(house: House) -> QuerySet[tables.Worker]:
    return tables.Worker.filter(seen_at__gt=house.clock() - ALIVE, seen_at__lt=house.clock() + ALIVE)
