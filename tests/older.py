"""Databases of earlier versions, for tests of what becomes of them."""

from __future__ import annotations

from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from journal.store.configuration import configuration
from journal.store.database import Store, connection
from journal.store.shape import MIGRATABLE


async def as_first(url: str) -> None:
    """Give an empty database the shape of the first version."""
    opened = await Store.open(url, allowed=MIGRATABLE)
    with opened.use():
        executor = MigrationExecutor(connection(), configuration(url)["apps"])
        await executor.migrate([MigrationTarget("journal", "0001_initial")])
    await opened.close()
