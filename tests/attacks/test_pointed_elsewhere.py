"""
Every foreign key and id of every table, pointed at another row or person: nobody reads a stranger's name or date.

The columns are listed from the models, so that a new one is tried as well.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Container
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
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
from tests.portal.conftest import answering, running
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


async def told(
    target: Target, stake: Container[Look] | None = None, readings: Readings | None = None
) -> dict[Look, set[str]]:
    """
    What of everybody's names, words and dates each page shows to each.

    Args:
        stake: The pages to ask for; all where it is not said.
        readings: Learns what each reads.
    """
    seen: dict[Look, set[str]] = {}
    places = places_of(target.world)
    for who, pages in PAGES.items():
        async with target.client(who) as browser:
            for page in (page for page in pages if stake is None or (who, page) in stake):
                async with readings.noting(target.portal, (who, page)) if readings else nullcontext():
                    answer = await browser.get(page.format_map(places))
                shown = {one for one in SECRETS if one in answer.text}
                seen[who, page] = shown
    return seen


def test_the_columns_are_found() -> None:
    """The list is not empty, and has those that matter most."""
    assert {("care_link", "clinician_id"), ("web_session", "account_id"), ("share", "entry_id")} <= set(
        columns()
    )


Usual = tuple[dict[str | None, set[str]], Readings]


@pytest.fixture(scope="module")
def usual(attacked_sqlite: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory) -> Usual:
    """What of everybody's names, words and dates each sees where everything points where it should; what is read."""
    original, world = attacked_sqlite
    path, readings = tmp_path_factory.mktemp("usual") / "world.sqlite3", Readings()
    shutil.copyfile(original, path)

    async def look() -> dict[Look, set[str]]:
        async with answering(f"sqlite://{path}", world.furniture, path.parent) as portal:
            async with portal.client("charlie") as browser:
                await browser.get("/account")  # whose answer opens the connection that reads
            return await told(Target(portal, world, path), readings=readings)

    found: dict[str | None, set[str]] = {}
    for (who, _), shown in asyncio.run(look()).items():
        found.setdefault(who, set()).update(shown)
    readings.usual = answers_of_file(original, readings.statements())
    return found, readings


@pytest.mark.parametrize("column", columns(), ids=".".join)
async def test_a_column_that_points_elsewhere_shows_no_stranger(
    target: Target, usual: Usual, column: tuple[str, str]
) -> None:
    """Whoever looks at whichever page sees no name, word or date that was not theirs to see before."""
    (known, readings), (table, name) = usual, column
    for turn in (1, 2):
        with sqlite3.connect(target.path) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            before = connection.execute(f"SELECT rowid, {name} FROM {table} ORDER BY rowid").fetchall()
            rotate(connection, table, name, before, turn)
        connection.close()
        stake = readings.may_differ(answers_of_file(target.path, readings.statements()))
        for (who, page), shown in (await told(target, stake)).items():
            assert shown <= known[who], f"{table}.{name}: {who} at {page} reads {shown - known[who]}"
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


async def asked(
    ground: Postgres, stake: Container[Look] | None = None, readings: Readings | None = None
) -> dict[str | None, set[str]]:
    """What of everybody's names, words and dates any page shows to each; its arguments as for `told`."""
    seen: dict[str | None, set[str]] = {}
    places = places_of(ground.world)
    for who, page in ((who, page) for who, pages in PAGES.items() for page in pages):
        if stake is None or (who, page) in stake:
            async with readings.noting(ground.asking.portal, (who, page)) if readings else nullcontext():
                _, text = await ground.asking.ask(who, page.format_map(places))
            seen.setdefault(who, set()).update(one for one in SECRETS if one in text)
    return seen


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
    await unbound.renew()
    readings = Readings()
    usual, found = await asked(unbound, readings=readings), []
    await unbound.renew()
    readings.usual = await unbound.answers(readings)
    assert {who for who, shown in usual.items() if shown} >= {"alice", "bob", "dana", "erin"}
    await unbound.connection.execute("TRUNCATE handover")
    usual["bob"] |= (await asked(unbound))["bob"]  # those among whom he can choose
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
            stake = readings.may_differ(await unbound.answers(readings))
            for who, shown in (await asked(unbound, stake)).items():
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
