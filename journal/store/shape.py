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

APPLIED = "tortoise_migrations"
OUR_STEPS = "SELECT name FROM tortoise_migrations WHERE app = 'journal'"
SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
POSTGRES_TABLES = """
    SELECT relname AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND pg_table_is_visible(pg_class.oid)
    AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg~_t%' ESCAPE '~'
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""


class Shape(Enum):
    """What a database holds; each value is what to say where that is refused, with a place for its name."""

    NOTHING = f"There is no database of Hearthside in {{}} yet. Run hearthside migrate, or correct {SETTING}."
    OLDER = "The database {} has the shape of an older version. Make a backup, then run: hearthside migrate."
    CURRENT = ""
    NEWER = f"The database {{}} belongs to a newer version of Hearthside. Install that version, or correct {SETTING}."
    FOREIGN = f"The database {{}} has tables of another program. Name an empty one in {SETTING}."
    PARTIAL = f"The database {{}} lacks some of Hearthside's tables. Restore its latest backup, or correct {SETTING}."


def shapes() -> frozenset[str]:
    """Return the names of the migrations that this version knows."""
    return frozenset(module.name for module in pkgutil.iter_modules(migrations.__path__))


CURRENT = (Shape.CURRENT,)
MIGRATABLE = (Shape.NOTHING, Shape.OLDER, Shape.CURRENT)


def tables_of(apps: Apps | None) -> Set[str]:
    """Return the names of the tables that the models of *apps* have."""
    models = apps.get_models_iterable() if apps else ()
    return {model._meta.db_table for model in models}  # noqa: SLF001 - the ORM has no other way to say it


def shape_of_file(path: Path, ours: Set[str]) -> Shape:
    """Return what the SQLite file at *path* holds, which is left as it is; *ours* are the names of our tables."""
    with closing(sqlite3.connect(path)) as looking:
        there = {name for (name,) in looking.execute(SQLITE_TABLES)}
        applied = {name for (name,) in looking.execute(OUR_STEPS)} if APPLIED in there else set()
    return _shape(there, applied, ours)


async def shape_of_server(client: BaseDBAsyncClient, ours: Set[str]) -> Shape:
    """Return what the PostgreSQL database of *client* holds; *ours* are the names of our tables."""
    there = {row["name"] for row in (await client.execute_query(POSTGRES_TABLES))[1]}
    steps = (await client.execute_query(OUR_STEPS))[1] if APPLIED in there else ()
    return _shape(there, {row["name"] for row in steps}, ours)


def _shape(there: Set[str], applied: Set[str], ours: Set[str]) -> Shape:
    if not applied:
        return Shape.FOREIGN if there - {APPLIED} else Shape.NOTHING
    if applied - shapes():
        return Shape.NEWER
    if shapes() - applied:
        return Shape.OLDER
    return Shape.CURRENT if ours <= there else Shape.PARTIAL


def refuse(shape: Shape, address: Address, allowed: Collection[Shape]) -> None:
    """
    Refuse a database that holds something else than is *allowed*.

    Raises:
        DatabaseRefused: With what to do about it.
    """
    if shape not in allowed:
        raise DatabaseRefused(shape.value.format(address))
