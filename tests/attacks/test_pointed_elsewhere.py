"""
Every foreign key and id of every table, pointed at another row or person: nobody reads a stranger's name or date.

The columns are listed from the models, so that a new one is tried as well.
"""

from __future__ import annotations

import sqlite3
from typing import Any
from uuid import uuid4

import pytest
from tortoise.fields import UUIDField
from tortoise.models import Model

from journal import tables
from tests.attacks.conftest import Target
from tests.attacks.world import OTHERS, WORDS
from tests.cast import NAMES

MODELS = [
    one
    for one in vars(tables).values()
    if isinstance(one, type) and issubclass(one, Model) and one is not Model
]
PAGES = {
    "alice": (
        "/",
        "/journal",
        "/sharing",
        "/sharing/log",
        "/sharing/disclosures",
        "/sessions",
        "/account",
        "/records",
    ),
    "dana": (
        "/",
        "/journal",
        "/sharing",
        "/sharing/log",
        "/sharing/disclosures",
        "/sessions",
        "/account",
        "/records",
    ),
    "bob": ("/", "/patients", "/patients/{alice}", "/patients/{alice}/brief", "/patients/{dana}", "/account"),
    "charlie": (
        "/",
        "/patients",
        "/patients/{alice}",
        "/patients/{alice}/brief",
        "/patients/{dana}",
        "/account",
    ),
    "frieda": ("/", "/patients", "/patients/{alice}", "/patients/{dana}"),
    "erin": ("/", "/people", "/account"),
    None: ("/unlock", "/sign-in"),
}
"""The pages of each on which names or dates of others can stand."""
SECRETS = (
    *WORDS,
    OTHERS,
    *NAMES.values(),
    *(f"{name.capitalize()} Example" for name in ("frieda", "gil", "karl")),
)


def columns() -> list[tuple[str, str]]:
    """Every column that names a row: each foreign key, and each id that is a UUID."""
    ids, keys = set(), set()
    for model in MODELS:
        meta = model._meta
        named = meta.fields_db_projection.items()
        ids |= {
            (meta.db_table, column) for name, column in named if isinstance(meta.fields_map[name], UUIDField)
        }
        keys |= {(meta.db_table, f"{name}_id") for name in meta.fk_fields | meta.o2o_fields}
    return sorted(ids | keys)


async def told(target: Target) -> dict[tuple[str | None, str], set[str]]:
    """What of everybody's names, words and dates each page shows to each."""
    seen: dict[tuple[str | None, str], set[str]] = {}
    people = {name: str(one) for name, one in target.world.people.items()}
    for who, pages in PAGES.items():
        async with target.client(who) as browser:
            for page in pages:
                answer = await browser.get(page.format(**people))
                shown = {one for one in SECRETS if one in answer.text}
                seen[who, page] = shown
    return seen


def test_the_columns_are_found() -> None:
    """The list is not empty, and has those that matter most."""
    assert {("care_link", "clinician_id"), ("web_session", "account_id"), ("share", "entry_id")} <= set(
        columns()
    )


@pytest.mark.parametrize("column", columns(), ids=".".join)
async def test_a_column_that_points_elsewhere_shows_no_stranger(
    target: Target, column: tuple[str, str]
) -> None:
    """Whoever looks at whichever page sees no name, word or date that was not theirs to see before."""
    table, name = column
    usual: dict[str | None, set[str]] = {}
    for (who, _), shown in (await told(target)).items():
        usual.setdefault(who, set()).update(shown)
    for turn in (1, 2):
        with sqlite3.connect(target.path) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            before = connection.execute(f"SELECT rowid, {name} FROM {table} ORDER BY rowid").fetchall()
            rotate(connection, table, name, before, turn)
        connection.close()
        for (who, page), shown in (await told(target)).items():
            assert shown <= usual[who], f"{table}.{name}: {who} at {page} reads {shown - usual[who]}"
        with sqlite3.connect(target.path) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            rotate(connection, table, name, before, 0)
        connection.close()


def rotate(
    connection: sqlite3.Connection, table: str, name: str, rows: list[tuple[Any, Any]], by: int
) -> None:
    """Give each row the value of the one so many rows further; by none, its own."""
    if any(value is not None for _, value in rows):
        connection.execute(
            f"UPDATE {table} SET {name} = 'x' || rowid"
        )  # so that unique ones can change places
    for at, (row, value) in enumerate(rows):
        other = rows[(at + by) % len(rows)][1] if by else value
        for one in (other, str(uuid4())):  # where the place is taken, it points at nothing
            if connection.execute(
                f"UPDATE OR IGNORE {table} SET {name} = ? WHERE rowid = ?", (one, row)
            ).rowcount:
                break
