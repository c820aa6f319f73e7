"""
Every foreign key and id of every table, pointed at another row or person: nobody reads a stranger's name or date.

The columns are listed from the models, so that a new one is tried as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Container
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from tortoise.fields import UUIDField

from journal.audit import chain_worker
from journal.store.foreign_objects import load_models
from tests.attacks import world as worlds
from tests.attacks.asking import Asking
from tests.attacks.conftest import Target
from tests.attacks.reading import Look, Readings, answers_of_file
from tests.attacks.test_wrong_rows import Postgres, key_of_table, tables_and_columns, without_constraints
from tests.attacks.world import OTHERS, WORDS, World
from tests.cast import NAMES, Furniture
from tests.portal.conftest import running
from tests.postgres import PostgresServer
from tests.waiting import PATIENCE

MODELS = load_models()
EVERY_PATIENT = (
    *("/", "/journal", "/sharing", "/sharing/log", "/sharing/disclosures"),
    *("/sessions", "/account", "/account/sessions", "/account/passkeys", "/records"),
)
OF_ALICE = (
    *("/journal/{entry}", "/journal/{entry}/shares", "/journal/{entry}/revisions"),
    *(
        "/sharing/{link}",
        "/sharing/{karl's link}",
        "/sharing/handovers/{handover}",
    ),
    *("/sessions/{session}", "/sessions/{own session}"),
)
EVERY_CLINICIAN = (
    *("/", "/patients", "/patients/{alice}", "/patients/{alice}/brief", "/patients/{alice}/trust"),
    "/patients/{alice}/summary",
    *("/patients/{dana}", "/invitations", "/account"),
)
OF_BOB = (
    *("/patients/{alice}/shared/{share}", "/patients/{alice}/handover", "/patients/{alice}/course"),
    *("/sessions/{session}", "/invitations/{invitation}", "/patients/{mona}", "/patients/{mona}/giving-back"),
)
PAGES = {
    "alice": (*EVERY_PATIENT, *OF_ALICE),
    "dana": (*EVERY_PATIENT, *OF_ALICE),
    "nora": ("/", "/sharing", "/sharing/{nora's link}", "/sharing/{nora's link}/returned"),
    "bob": (*EVERY_CLINICIAN, *OF_BOB),
    "charlie": (*EVERY_CLINICIAN, *OF_BOB),
    "frieda": EVERY_CLINICIAN,
    "erin": ("/", "/people", "/people/audit", "/people/invitations", "/account"),
    None: ("/unlock", "/sign-in", "/invite/{open}", "/restart/{restart}", "/setup/{set up}"),
}
"""The pages of each on which names or dates of others can stand."""
SECRETS = (
    *WORDS,
    OTHERS,
    *NAMES.values(),
    *(f"{name.capitalize()} Example" for name in ("frieda", "gil", "karl", "ines", "nora", "mona")),
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


def places_of(world: World) -> dict[str, str]:
    """What can stand in braces in an address."""
    tokens = world.invited | {"set up": world.set_up["open"]}
    return {name: str(one) for name, one in (world.ids | world.people | tokens).items()}


async def asked(
    asking: Asking, world: World, stake: Container[Look] | None = None, readings: Readings | None = None
) -> dict[str | None, set[str]]:
    """
    What of everybody's names, words and dates any page shows to each.

    Args:
        stake: The pages to ask for; all where it is not said.
        readings: Learns what each reads.
    """
    seen: dict[str | None, set[str]] = {}
    places = places_of(world)
    for who, page in ((who, page) for who, pages in PAGES.items() for page in pages):
        if stake is None or (who, page) in stake:
            async with readings.noting(asking.portal, (who, page)) if readings else nullcontext():
                _, text = await asking.ask(who, page.format_map(places))
            seen.setdefault(who, set()).update(one for one in SECRETS if one in text)
    return seen


def test_the_columns_are_found() -> None:
    """The list is not empty, and has those that matter most."""
    assert {("care_link", "clinician_id"), ("web_session", "account_id"), ("share", "entry_id")} <= set(
        columns()
    )


@dataclass
class Settled:
    """
    The application on one copy of the world, in which everybody has opened every page before.

    `pristine` is its file as it was then, `known` what each saw of everybody's names, words and dates.
    """

    target: Target
    pristine: Path
    known: dict[str | None, set[str]]
    readings: Readings

    def put_back(self) -> None:
        """Have every row be as it was."""
        with (
            closing(sqlite3.connect(self.pristine)) as good,
            closing(sqlite3.connect(self.target.path)) as there,
        ):
            good.backup(there)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def settled(shared: Target, tmp_path_factory: pytest.TempPathFactory) -> Settled:
    """Open every page once as everybody, and note what each then sees and what for."""
    asking, world = Asking(shared.portal), shared.world
    await asked(asking, world)
    settled = Settled(shared, tmp_path_factory.mktemp("settled") / "world.sqlite3", {}, Readings())
    with closing(sqlite3.connect(shared.path)) as there, closing(sqlite3.connect(settled.pristine)) as good:
        there.backup(good)
    settled.known = await asked(asking, world, readings=settled.readings)
    opened = answers_of_file(shared.path, settled.readings.statements())
    settled.put_back()
    settled.readings.settle(answers_of_file(settled.pristine, settled.readings.statements()), opened)
    return settled


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("column", columns(), ids=".".join)
async def test_a_column_that_points_elsewhere_shows_no_stranger(
    settled: Settled, column: tuple[str, str]
) -> None:
    """Whoever looks at whichever page sees no name, word or date that was not theirs to see before."""
    target, (table, name) = settled.target, column
    for turn in (1, 2):
        settled.put_back()
        with closing(sqlite3.connect(target.path)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            rows = connection.execute(f"SELECT rowid, {name} FROM {table} ORDER BY rowid").fetchall()
            rotate(connection, table, name, rows, turn)
            connection.commit()
        stake = settled.readings.may_differ(answers_of_file(target.path, settled.readings.statements(table)))
        for who, shown in (await asked(Asking(target.portal), target.world, stake)).items():
            known = settled.known[who]
            assert shown <= known, f"{table}.{name} ({turn}): {who} reads {shown - known}"


def rotate(
    connection: sqlite3.Connection, table: str, name: str, rows: list[tuple[Any, Any]], by: int
) -> None:
    """Store in each row the value of the one so many rows further."""
    if any(value is not None for _, value in rows):
        connection.execute(
            f"UPDATE {table} SET {name} = 'x' || rowid"
        )  # so that unique ones can change places
    for at, (row, _) in enumerate(rows):
        other = rows[(at + by) % len(rows)][1]
        for one in (other, str(uuid4())):  # where the place is taken, it points at nothing
            if connection.execute(
                f"UPDATE OR IGNORE {table} SET {name} = ? WHERE rowid = ?", (one, row)
            ).rowcount:
                break


@pytest.fixture
async def unbound(
    postgres: PostgresServer,
    furnished_postgres_url: tuple[str, Furniture],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Postgres]:
    """The application on the world in PostgreSQL, without the constraints that an owner of the tables can drop."""
    monkeypatch.setattr(chain_worker, "INTERVAL", timedelta(days=1))  # the database is put back while it runs
    url, furniture = furnished_postgres_url
    world = await worlds.furnish(url, furniture)
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        await without_constraints(connection)
        async with running(url, world.furniture, tmp_path) as portal:
            yield Postgres(Asking(portal), world, {}, connection)
    finally:
        await connection.close()


async def test_the_pages_are_there(target: Target) -> None:
    """Whose they are is shown each of them."""
    places = places_of(target.world)
    for who in ("alice", "nora", "bob", "erin", None):
        async with target.client(who) as browser:
            for page in set(PAGES[who]) - {"/patients/{dana}"}:  # who is not a patient of bob's
                wanted = {200, 303} if page in ("/", "/unlock") else {200}  # staff begin elsewhere
                assert (await browser.get(page.format_map(places))).status_code in wanted, (who, page)


@pytest.mark.long
async def test_a_column_that_points_elsewhere_shows_no_stranger_in_postgresql(unbound: Postgres) -> None:
    """The same, column by column; each that names an account names strangers to everybody as well."""
    asking, world = unbound.asking, unbound.world
    await unbound.renew()
    readings = Readings()
    usual, found = await asked(asking, world, readings=readings), []
    opened = await unbound.answers(readings)
    await unbound.renew()
    readings.settle(await unbound.answers(readings), opened)
    assert {who for who, shown in usual.items() if shown} >= {"alice", "bob", "dana", "erin"}
    await unbound.connection.execute("TRUNCATE handover")
    usual["bob"] |= (await asked(asking, world))["bob"]  # those among whom he can choose
    (ines,) = await unbound.connection.fetch(
        "SELECT id FROM kept.account WHERE id <> ALL($1)", list(unbound.world.people.values())
    )
    strangers = (ines["id"], unbound.world.people["dana"], unbound.world.people["charlie"])
    for table, name in columns():
        ways = [turned(table, name, by) for by in (1, 2)]
        if referred().get((table, name)) == "account" and name != key_of_table(table):
            ways = [f"UPDATE {table} SET {name} = '{one}'" for one in strangers]
        for turn, way in enumerate(ways):
            await unbound.renew()
            await unbound.connection.execute(way)
            stake = readings.may_differ(await unbound.answers(readings, table))
            for who, shown in (await asked(asking, world, stake)).items():
                if not shown <= usual[who]:
                    found.append(f"{table}.{name} ({turn}): {who} reads {sorted(shown - usual[who])}")
    assert found == [], "\n".join(found)


def referred() -> dict[tuple[str, str], str]:
    """The table that each foreign key leads to."""
    return {
        (str(meta.db_table), f"{name}_id"): str(meta.fields_map[name].related_model._meta.db_table)  # type: ignore[attr-defined]
        for meta in (model._meta for model in MODELS)
        for name in meta.fk_fields | meta.o2o_fields
    }


def turned(table: str, name: str, by: int) -> str:
    """
    A statement that has each row point to another: of a foreign key, so many rows further in the table it leads to.

    Any other id changes places with those of the rows of its own table.
    """
    columns, other = tables_and_columns()[table], referred().get((table, name), table)
    key = key_of_table(other) if other != table else name
    values = ", ".join("other.value" if one == name else f"row.{one}" for one in columns)
    return f"""
        CREATE TEMPORARY TABLE pool ON COMMIT DROP AS
        SELECT value, row_number() OVER (ORDER BY value) - 1 AS nth
        FROM (SELECT DISTINCT {key} AS value FROM kept.{other}) AS every WHERE value IS NOT NULL;
        TRUNCATE {table};
        INSERT INTO {table} ({", ".join(columns)})
        SELECT {values} FROM kept.{table} AS row LEFT JOIN pool AS mine ON mine.value = row.{name}
        LEFT JOIN pool AS other ON other.nth = (COALESCE(mine.nth, 0) + {by}) % (SELECT NULLIF(COUNT(*), 0) FROM pool)
    """
