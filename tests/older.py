"""Databases of earlier versions, for tests of what becomes of them."""

from __future__ import annotations

from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from journal.store.configuration import build_configuration
from journal.store.database import Store, get_connection
from journal.store.schema_state import MIGRATABLE


async def as_first(url: str) -> None:
    """Give an empty database the shape of the first version."""
    opened = await Store.open(url, allowed=MIGRATABLE)
    with opened.use():
        executor = MigrationExecutor(get_connection(), build_configuration(url)["apps"])
        await executor.migrate([MigrationTarget("journal", "0001_initial")])
    await opened.close()
