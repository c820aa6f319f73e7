"""Which processes serve, and with which server key: so that no key is put away that one of them still seals with."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from journal import tables
from journal.house import House

EVERY = timedelta(seconds=30)
ALIVE = 4 * EVERY
"""How long after its last word a process counts as serving."""


async def report(house: House, worker: UUID) -> None:
    """Write down that *worker* is there, and the key that it seals with from now on."""
    house.server.look()
    now = house.clock()
    mine = tables.Worker.filter(id=worker)
    if not await mine.update(key_mark=house.server.mark, seen_at=now):
        await tables.Worker.create(id=worker, key_mark=house.server.mark, seen_at=now)
    await tables.Worker.filter(seen_at__lt=now - 10 * ALIVE).delete()


async def leave(worker: UUID) -> None:
    """Write down that *worker* is gone."""
    await tables.Worker.filter(id=worker).delete()


async def behind(house: House) -> int:
    """Count the processes that serve and do not seal with the newest key yet."""
    alive = tables.Worker.filter(seen_at__gt=house.clock() - ALIVE)
    return await alive.exclude(key_mark=house.server.mark).count()
