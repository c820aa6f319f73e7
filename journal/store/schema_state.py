"""Whether a database holds our tables, in this version's shape: looked at before anything is read or changed."""

from __future__ import annotations

import pkgutil
import sqlite3
from collections.abc import Collection, Set
from contextlib import closing
from enum import Enum
from pathlib import Path

from tortoise.apps import Apps
from tortoise.backends.base.client import BaseDBAsyncClient

from journal import migrations
from journal.store.address import Address
from journal.store.errors import SETTING, DatabaseRefused

MIGRATIONS_TABLE = "tortoise_migrations"
SELECT_APPLIED = "SELECT name FROM tortoise_migrations WHERE app = 'journal'"
SELECT_SQLITE_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
)
SELECT_POSTGRES_TABLES = """
    SELECT relname AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND pg_table_is_visible(pg_class.oid)
    AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg~_t%' ESCAPE '~'
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""


class SchemaState(Enum):
    """What a database holds; each value is what to say where that is refused, with a place for its name."""

    NOTHING = f"There is no database of Hearthside in {{}} yet. Run hearthside migrate, or correct {SETTING}."
    OLDER = "The database {} has the shape of an older version. Make a backup, then run: hearthside migrate."
    CURRENT = ""
    NEWER = f"The database {{}} belongs to a newer version of Hearthside. Install that version, or correct {SETTING}."
    FOREIGN = f"The database {{}} has tables of another program. Name an empty one in {SETTING}."
    PARTIAL = f"The database {{}} lacks some of Hearthside's tables. Restore its latest backup, or correct {SETTING}."


def list_migrations() -> frozenset[str]:
    """Return the names of the migrations that this version knows."""
    return frozenset(module.name for module in pkgutil.iter_modules(migrations.__path__))


CURRENT = (SchemaState.CURRENT,)
MIGRATABLE = (SchemaState.NOTHING, SchemaState.OLDER, SchemaState.CURRENT)


def list_model_tables(apps: Apps | None) -> Set[str]:
    """Return the names of the tables that the models of *apps* have."""
    models = apps.get_models_iterable() if apps else ()
    return {model._meta.db_table for model in models}  # noqa: SLF001 - the ORM has no other way to say it


def read_file_state(path: Path, ours: Set[str]) -> SchemaState:
    """Return what the SQLite file at *path* holds, which is left as it is; *ours* are the names of our tables."""
    with closing(sqlite3.connect(path)) as looking:
        there = {name for (name,) in looking.execute(SELECT_SQLITE_TABLES)}
        applied = (
            {name for (name,) in looking.execute(SELECT_APPLIED)} if MIGRATIONS_TABLE in there else set()
        )
    return _classify(there, applied, ours)


async def read_server_state(client: BaseDBAsyncClient, ours: Set[str]) -> SchemaState:
    """Return what the PostgreSQL database of *client* holds; *ours* are the names of our tables."""
    there = {row["name"] for row in (await client.execute_query(SELECT_POSTGRES_TABLES))[1]}
    steps = (await client.execute_query(SELECT_APPLIED))[1] if MIGRATIONS_TABLE in there else ()
    return _classify(there, {row["name"] for row in steps}, ours)


def _classify(there: Set[str], applied: Set[str], ours: Set[str]) -> SchemaState:
    if not applied:
        return SchemaState.FOREIGN if there - {MIGRATIONS_TABLE} else SchemaState.NOTHING
    if applied - list_migrations():
        return SchemaState.NEWER
    if list_migrations() - applied:
        return SchemaState.OLDER
    return SchemaState.CURRENT if ours <= there else SchemaState.PARTIAL


def require_state(state: SchemaState, address: Address, allowed: Collection[SchemaState]) -> None:
    """
    Refuse a database that holds something else than is *allowed*.

    Raises:
        DatabaseRefused: With what to do about it.
    """
    if state not in allowed:
        raise DatabaseRefused(state.value.format(address))
