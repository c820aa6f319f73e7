"""
What a database has that no version of Hearthside makes: it could change rows, or show others, unnoticed.

A trigger that runs with every save, a view in place of a table, a rule or a policy that hides rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence, Set
from contextlib import closing
from importlib import import_module
from inspect import isclass
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from journal.store.configuration import TABLE_MODULES
from journal.store.schema_state import MIGRATIONS_TABLE

MAX_LISTED = 5
SELECT_SQLITE_OBJECTS = (
    "SELECT type, name, tbl_name FROM sqlite_master WHERE type <> 'index' ORDER BY type, name"
)
SQLITE_INTERNAL_TABLES = frozenset({"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"})
SELECT_POSTGRES_OBJECTS = """
    WITH visible AS (
        SELECT pg_class.oid, relname, relkind, relrowsecurity FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE pg_table_is_visible(pg_class.oid)
        AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg~_t%' ESCAPE '~'
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    )
    SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' ELSE 'table' END AS kind,
        relname AS name, relname AS place FROM visible
    WHERE relkind IN ('r', 'p', 'f', 'v', 'm')
    UNION ALL SELECT 'trigger', tgname, relname FROM pg_trigger JOIN visible ON visible.oid = tgrelid
    WHERE NOT tgisinternal
    UNION ALL SELECT 'rule', rulename, relname FROM pg_rewrite JOIN visible ON visible.oid = ev_class
    WHERE relkind IN ('r', 'p')
    UNION ALL SELECT 'policy', polname, relname FROM pg_policy JOIN visible ON visible.oid = polrelid
    UNION ALL SELECT 'row security', relname, relname FROM visible WHERE relrowsecurity
    UNION ALL SELECT 'function', proname, '' FROM pg_proc WHERE pronamespace = CAST(current_schema() AS regnamespace)
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL SELECT 'event trigger', evtname, '' FROM pg_event_trigger
    WHERE NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_event_trigger.oid AND deptype = 'e')
    ORDER BY 1, 2
"""


def load_models() -> Sequence[type[Model]]:
    """Return the models of all tables, by the rooms that keep them."""
    names = (one for name in TABLE_MODULES for one in vars(import_module(name)).values())
    return [one for one in names if isclass(one) and issubclass(one, Model) and one is not Model]


def list_own_tables() -> Set[str]:
    """Return the names of the tables that this version has, and of the one in which its migrations are noted."""
    return {MIGRATIONS_TABLE, *(model._meta.db_table for model in load_models())}  # noqa: SLF001 - the ORM has no other way to say it


def list_foreign_in_file(path: Path) -> list[str]:
    """Return what the SQLite file at *path* has that is not ours, such as `trigger "x" on "entry"`."""
    with closing(sqlite3.connect(path)) as looking:
        return list(
            _iter_foreign(
                [
                    row
                    for row in looking.execute(SELECT_SQLITE_OBJECTS)
                    if row[1] not in SQLITE_INTERNAL_TABLES
                ]
            )
        )


async def list_foreign_on_server(client: BaseDBAsyncClient) -> list[str]:
    """Return what the PostgreSQL database of *client* has that is not ours, as for a file."""
    _, rows = await client.execute_query(SELECT_POSTGRES_OBJECTS)
    return list(_iter_foreign([tuple(row.values()) for row in rows]))


def format_names(unknown: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(unknown) - MAX_LISTED} more" if len(unknown) > MAX_LISTED else ""
    return ", ".join(unknown[:MAX_LISTED]) + more


def _iter_foreign(parts: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    ours = list_own_tables()
    for kind, name, table in parts:
        if kind == "row security":
            yield f"row security on {table!a}"
        elif kind != "table":
            yield f"the {kind} {name!a}" + (f" on {table!a}" if table not in {"", name} else "")
        elif name not in ours:
            yield f"the table {name!a}"
