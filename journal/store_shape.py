"""Whether a database holds our tables, in this version's shape: looked at before anything is read or changed."""

from __future__ import annotations

import pkgutil
import sqlite3
from collections.abc import Collection, Iterable, Set
from contextlib import closing
from enum import Enum
from pathlib import Path

from tortoise.apps import Apps
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from journal import migrations, tables
from journal.store_address import Address
from journal.store_errors import SETTING, DatabaseRefused

APPLIED = "tortoise_migrations"
OUR_STEPS = "SELECT name FROM tortoise_migrations WHERE app = 'journal'"
SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
SQLITE_STRANGE = """
    SELECT type, name FROM sqlite_master
    WHERE type IN ('trigger', 'view') OR (type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~')
"""
POSTGRES_STRANGE = """
    SELECT 'trigger' AS type, tgname AS name FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = CAST(current_schema() AS regnamespace)
    UNION ALL SELECT 'rule', rulename FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
        WHERE rulename <> '_RETURN' AND relnamespace = CAST(current_schema() AS regnamespace)
    UNION ALL SELECT CASE WHEN relkind IN ('r', 'p') THEN 'table' ELSE 'view' END, relname FROM pg_class
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = CAST(current_schema() AS regnamespace)
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    UNION ALL SELECT 'function', proname FROM pg_proc
        WHERE pronamespace = CAST(current_schema() AS regnamespace)
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL SELECT 'trigger', evtname FROM pg_event_trigger
        WHERE NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_event_trigger.oid AND deptype = 'e')
"""
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
    STRANGE = (
        "The database {} has a trigger, view, rule, function or table that is not Hearthside's. It could change what is"
        " saved. Find out who put it there and drop it, or restore a backup that you trust."
    )
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


def table_names() -> Set[str]:
    """Return the names of the tables of all models."""
    models = [one for one in vars(tables).values() if isinstance(one, type) and issubclass(one, Model)]
    return {one._meta.db_table for one in models if one is not Model}  # noqa: SLF001 - as above


def shape_of_file(path: Path, ours: Set[str]) -> Shape:
    """Return what the SQLite file at *path* holds, which is left as it is; *ours* are the names of our tables."""
    with closing(sqlite3.connect(path)) as looking:
        there = {name for (name,) in looking.execute(SQLITE_TABLES)}
        applied = {name for (name,) in looking.execute(OUR_STEPS)} if APPLIED in there else set()
        strange = is_strange(looking.execute(SQLITE_STRANGE), ours)
    return _shape(there, applied, ours, strange=strange)


async def shape_of_server(client: BaseDBAsyncClient, ours: Set[str]) -> Shape:
    """Return what the PostgreSQL database of *client* holds; *ours* are the names of our tables."""
    there = {row["name"] for row in (await client.execute_query(POSTGRES_TABLES))[1]}
    steps = (await client.execute_query(OUR_STEPS))[1] if APPLIED in there else ()
    objects = (await client.execute_query(POSTGRES_STRANGE))[1]
    strange = is_strange(((row["type"], row["name"]) for row in objects), ours)
    return _shape(there, {row["name"] for row in steps}, ours, strange=strange)


def is_strange(objects: Iterable[tuple[str, str]], ours: Set[str]) -> bool:
    """Return whether something among *objects*, kinds and names, is not a table of ours: it might run by itself."""
    return any(kind != "table" or name not in {*ours, APPLIED} for kind, name in objects)


def _shape(there: Set[str], applied: Set[str], ours: Set[str], *, strange: bool) -> Shape:
    if not applied:
        return Shape.FOREIGN if there - {APPLIED} else Shape.NOTHING
    if applied - shapes():
        return Shape.NEWER
    if strange:
        return Shape.STRANGE
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
