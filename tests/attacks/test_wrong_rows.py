"""
Hostile storage, cell by cell: values of the wrong type, of no meaning or out of every range, in every column.

A row that storage made wrong is damaged, and nothing else is. What a page shows when the row is not there at all, it
also shows when the row is wrong: so no list is closed, and no other row of it is hidden. No answer is a 5xx, and no
page names anybody whom it did not name before. The columns come from the tables and the pages from the routes.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from journal.audit import chain_worker
from journal.audit.query import FIRST_PENDING_NUMBER
from journal.store.foreign_objects import load_models
from portal.routes import ROUTES
from tests.attacks import crowd
from tests.attacks import world as worlds
from tests.attacks.asking import Asking
from tests.attacks.reading import Answers, Look, Readings, answers_of_file, answers_of_postgres
from tests.attacks.test_routes import address
from tests.attacks.world import HERS, OTHERS, PLANNED, World
from tests.cast import NAMES, Furniture
from tests.portal.conftest import running
from tests.postgres import PostgresServer
from tests.waiting import PATIENCE

AS_TEXT = "bad UTF-8"
VALUES: dict[str, Any] = {
    "words": "not what belongs here",
    "an empty text": "",
    "bytes": b"\x00\xff\xfe",
    "no bytes": b"",
    AS_TEXT: b"\xc3\x28\xa0\xa1",  # stored as text
    "zero": 0,
    "a negative number": -1,
    "a huge number": 2**62,
    "a fraction beyond all range": 9e999,
    "nothing": None,
    "a date that there is not": "2026-13-45 99:99:99+00:00",
    "a date without a zone": "2026-11-22 12:00:00",
    "the last moment": "9999-12-31 23:59:59.999999+00:00",
    "the first moment": "0001-01-01 00:00:00+14:00",
    "an id that is none": "00000000-0000-0000-0000-00000000000g",
    "two megabytes": "x" * (2 << 20),
    "a text with a nought": "a\x00b",
}
"""What SQLite lets anybody put into any cell."""

OF_TYPE: dict[str, tuple[str, ...]] = {
    "timestamp with time zone": (
        "'infinity'", "'-infinity'", "'294276-12-31'", "'0044-03-15 BC'", "'0001-01-01'",
        "'9999-12-31 23:59:59.999999'",
    ),
    "bytea": ("''", "'\\x00'", "'\\xc328'", "convert_to(repeat('x', 1000000), 'UTF8')"),
    "integer": ("-1", "0", "2147483647", "-2147483648"),
    "bigint": ("-1", "0", "9223372036854775807", "-9223372036854775808"),
    "smallint": ("-1", "0", "32767"),
    "character varying": ("''", "'words'", "U&'\\202E'", "repeat('x', 16)"),
    "uuid": (
        "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "'12345678-1234-4234-8234-123456789012'",
    ),
    "boolean": ("true", "false"),
}  # fmt: skip
"""What PostgreSQL lets somebody put into a cell of a type; NULL comes beside them."""

LISTED: dict[str, str] = {
    "account": "SELECT id FROM account WHERE id IN ('{dana}', '{gil}', '{nora}')",
    "audit_event": "SELECT id FROM audit_event WHERE patient_id = '{alice}' ORDER BY id DESC LIMIT 3",
    "audit_pending": "SELECT id FROM audit_pending WHERE patient_id = '{alice}' ORDER BY id DESC LIMIT 3",
    "call_contact": "SELECT id FROM call_contact WHERE patient_id = '{alice}'",
    "care_link": "SELECT id FROM care_link WHERE id IN ('{gil's link}', '{frieda's link}', '{hana's link}')",
    "care_note": "SELECT id FROM care_note WHERE link_id = '{link}'",
    "course": "SELECT id FROM course WHERE id = '{course}'",
    "instructions_version": "SELECT id FROM instructions_version WHERE patient_id = '{alice}'",
    "entry": "SELECT id FROM entry WHERE id IN ('{free}', '{loose 0}', '{gone 0}')",
    "entry_revision": "SELECT id FROM entry_revision WHERE entry_id = '{entry}' ORDER BY created_at, id LIMIT 3",
    "given_back": "SELECT id FROM given_back WHERE link_id = '{otto's link}' ORDER BY id LIMIT 3",
    "handover": "SELECT id FROM handover WHERE patient_id = '{alice}' ORDER BY id",
    "invitation": "SELECT id FROM invitation WHERE clinician_id = '{bob}' AND renews IS NULL ORDER BY lookup LIMIT 3",
    "kap_session": "SELECT id FROM kap_session WHERE id IN ('{check-in 0}', '{check-in 1}', '{check-in 2}')",
    "kept_share": "SELECT id FROM kept_share WHERE link_id = '{mona's old link}'",
    "notice_policy": "SELECT id FROM notice_policy WHERE patient_id = '{alice}'",
    "passkey": "SELECT id FROM passkey WHERE account_id = '{alice}' AND id <> '{passkey}' ORDER BY id LIMIT 3",
    "patient_notice": "SELECT id FROM patient_notice WHERE patient_id = '{alice}' ORDER BY id",
    "reading_hours": "SELECT id FROM reading_hours WHERE id = '{bob}'",
    "reminder_slot": "SELECT id FROM reminder_slot WHERE id = '{alice}'",
    "record_state": "SELECT id FROM record_state WHERE id IN ('{karl's link}', '{gil's link}')",
    "set_aside": "SELECT id FROM set_aside WHERE id = '{otto's aside}'",
    "set_aside_record": "SELECT id FROM set_aside_record WHERE aside_id = '{otto's aside}' ORDER BY id LIMIT 3",
    "set_aside_slot": "SELECT id FROM set_aside_slot WHERE aside_id = '{otto's aside}'",
    "setup_link": "SELECT id FROM setup_link WHERE id <> '{set-up link}' ORDER BY lookup LIMIT 3",
    "share": "SELECT id FROM share WHERE entry_id IN ('{loose 1}', '{loose 2}', '{loose 3}')",
    "reply": "SELECT id FROM reply WHERE link_id = '{link}' ORDER BY id",
    "reply_draft": "SELECT id FROM reply_draft WHERE owner_id = '{bob}'",
    "packet": "SELECT id FROM packet WHERE owner_id = '{alice}' ORDER BY id",
    "import_run": "SELECT id FROM import_run WHERE owner_id = '{alice}'",
    "import_part": "SELECT id FROM import_part WHERE run_id = '{import run}'",
    "own_note": "SELECT id FROM own_note WHERE owner_id = '{bob}' AND patient = '{alice}' ORDER BY id",
    "talk_item": "SELECT id FROM talk_item WHERE link_id = '{link}' ORDER BY id",
    "talk_set": "SELECT id FROM talk_set WHERE clinician_id = '{bob}'",
    "calendar_feed": "SELECT id FROM calendar_feed WHERE id = '{feed}'",
    "sitter_link": "SELECT id FROM sitter_link WHERE id = '{sitter link}'",
    "sitter_note": "SELECT id FROM sitter_note WHERE id IN ('{sitter note}', '{other sitter note}')",
    "web_session": (
        "SELECT id FROM web_session WHERE account_id = '{alice}' AND handle <> '{visit}' ORDER BY id LIMIT 3"
    ),
}
"""Rows that stand in lists, beside others, by table."""

OWN: tuple[dict[str, str], ...] = (
    {"account": "SELECT id FROM account WHERE id IN ('{alice}', '{bob}', '{erin}')"},
    {
        "web_session": (
            "SELECT id FROM web_session WHERE account_id IN ('{bob}', '{erin}') OR handle = '{visit}' ORDER BY id"
        )
    },
    {
        "contents": "SELECT id FROM contents WHERE owner_id = '{alice}'",
        "key_renewal": "SELECT id FROM key_renewal WHERE id = '{lena}'",
        "key_slot": "SELECT id FROM key_slot WHERE account_id IN ('{alice}', '{bob}', '{erin}') AND kind = 'password'",
        "record_state": "SELECT id FROM record_state WHERE id = '{alice}'",
        "second_factor": "SELECT account_id FROM second_factor WHERE account_id IN ('{alice}', '{bob}', '{erin}')",
    },
)
"""Rows that whoever looks needs for every page, so that all of theirs may say that they cannot be opened."""

ELSEWHERE = {
    "succession": "leads nowhere when it is wrong: tests/journal/key_rotation/test_new_link_keys.py",
    "key_log": "no page reads it; a sign-in does: tests/attacks/test_witness.py",
    "link_head": "the same",
    "witness": "the same",
    "link_renewal": "no row of now needs it: tests/journal/key_rotation/test_new_link_keys.py",
    "plan_key": "words are closed until another is drawn: tests/journal/plan_words/test_words.py",
    "contents_text": "passed over when it is wrong: tests/journal/entries/test_page_search.py",
    "audit_head": "the end of the log's chain: tests/journal/audit/test_log.py",
    "audit_key": "the key of the log's chain: tests/journal/audit/test_log.py",
    "audit_lease": "no page reads it: tests/journal/audit/test_chain_worker.py",
    "audit_verified": "no page reads it: tests/portal/cli/test_audit.py",
    "device_copy": "what cannot be read is left out: tests/journal/safety_plan/test_device_copy.py",
    "heartbeat": "no page reads it: tests/journal/operations/test_heartbeat.py",
    "outbox": "tests/journal/mail/test_outbox.py",
    "practice": "tests/portal/test_practice.py",
    "spent_challenge": "nothing reads it",
    "throttle": "tests/journal/test_damaged_rows.py",
    "worker": "nothing reads it but statements that count",
}
"""Tables whose rows are made wrong elsewhere, or that no page reads."""

MORE = (
    ("alice", "/journal?deleted={gone 1}"),
    ("alice", "/journal?before=2026-11-22T12:00:00%2B00:00"),
    ("alice", f"/journal?q={HERS}"),
    ("alice", "/journal/{entry}/shares?to={link}"),
    ("alice", f"/sharing/log?before={2 * FIRST_PENDING_NUMBER}"),
    ("alice", "/journal/{entry}/replies/{link}"),
    ("alice", "/sharing/{karl's link}"),
    ("alice", "/sharing/handovers/{karl's handover}"),
    ("alice", "/account/passkeys/{passkey}/removal"),
    ("alice", "/sessions/{sat session}/sitter/notes"),
    ("bob", "/replies"),
    ("bob", "/patients/{alice}/my-notes"),
    ("bob", "/patients/{alice}/shared/{share}"),
    ("bob", "/patients/{otto}"),
    ("bob", "/patients/{otto}/giving-back"),
    ("bob", "/patients/{mona}"),
    ("bob", "/patients/{mona}/giving-back"),
    ("bob", "/patients/{mona}/restart"),
    ("erin", "/people/audit?person={alice}"),
    ("erin", "/people/{gil}"),
    ("lena", "/"),
    ("lena", "/account"),
    ("lena", "/account/renewal"),
    ("lena", "/journal"),
    ("otto", "/"),
    ("otto", "/journal"),
    ("otto", "/sharing"),
    ("otto", "/sharing/{otto's link}/returned"),
    ("otto", "/account/set-aside"),
)
"""Pages beside those whose address `address` writes: of others, and with something asked; `q` is sent as a form."""

TRUNCATED = 16
"""Of so many renewals of a database in PostgreSQL one."""
LOOKERS = (None, "alice", "bob", "erin")
ALWAYS = ("/", "/help-now", "/sign-in", "/account", "/journal", "/patients", "/people")
PEOPLE = ("frieda", "gil", "karl", "hana", "lena", "mona", "nora", "ines", "otto")
NAMED = frozenset(
    {HERS, OTHERS, PLANNED, *NAMES.values(), *(f"{name.capitalize()} Example" for name in PEOPLE)}
)
Keys = dict[str, list[Any]]


@dataclass(frozen=True)
class Bend:
    """One cell: the row by its table and key, and how the value is written in SQL."""

    table: str
    key: Any
    column: str
    value: Any


@dataclass(frozen=True)
class Seen:
    """One answer: its status, every piece of text on the page, and who is named."""

    status: int
    pieces: frozenset[str]
    names: frozenset[str]


Controls = tuple[dict[Look, Seen], dict[Look, Seen], Readings]


@dataclass
class Ground:
    """The application on a database without constraints, in which rows can be bent and taken away."""

    asking: Asking
    world: World
    names: dict[str, str]

    async def renew(self, bends: Iterable[Bend] = (), gone: Iterable[tuple[str, Any]] = ()) -> None:
        """Put everything back, then bend cells and take rows away."""
        raise NotImplementedError

    async def keys(self, chosen: Mapping[str, str]) -> Keys:
        """Find the keys of the chosen rows."""
        raise NotImplementedError

    async def answers(self, readings: Readings, *tables: str) -> Answers:
        """Have the database answer again what was asked, or what was asked of certain tables."""
        raise NotImplementedError

    async def at_stake(self, readings: Readings) -> Callable[[Look], bool]:
        """Return whether a page may be another one as rows are now; else all that it asks is answered as ever."""
        return readings.may_differ(await self.answers(readings)).__contains__

    async def see(self, looks: Iterable[Look], readings: Readings | None = None) -> dict[Look, Seen]:
        """Ask for pages; *readings* learns what each reads."""
        found = {}
        for who, path in looks:
            async with readings.noting(self.asking.portal, (who, path)) if readings else nullcontext():
                status, text = await self.asking.ask(who, path)
            # Two like lines of the log are one with their number, unless a damaged one stands between them.
            text = re.sub(r">\d+ times, last at ([\d:]+)<", r">\1<", unescape(text))
            pieces = frozenset(piece.strip() for piece in re.findall(r">([^<>]+)<", text)) - {""}
            found[who, path] = Seen(status, pieces, frozenset(one for one in NAMED if one in text))
        return found

    def looks(self) -> list[Look]:
        """Every page of every route that can be read, by everybody."""
        paths = dict.fromkeys(address(rule, self.world) for rule in ROUTES if "GET" in rule.methods)
        asked = [(who, path) for who in LOOKERS for path in paths]
        return asked + [(who, path.format_map(self.names)) for who, path in MORE]


@dataclass
class Sqlite(Ground):
    """On SQLite, where without declared types each cell takes any value."""

    path: Path
    pristine: Path

    async def renew(self, bends: Iterable[Bend] = (), gone: Iterable[tuple[str, Any]] = ()) -> None:
        with closing(sqlite3.connect(self.pristine)) as good, closing(sqlite3.connect(self.path)) as there:
            good.backup(there)
            for one in bends:
                place = "CAST(? AS TEXT)" if one.value == VALUES[AS_TEXT] else "?"
                where = f"WHERE {key_of_table(one.table)} = ?"
                there.execute(f"UPDATE {one.table} SET {one.column} = {place} {where}", (one.value, one.key))
            for table, key in gone:
                there.execute(f"DELETE FROM {table} WHERE {key_of_table(table)} = ?", (key,))
            there.commit()

    async def keys(self, chosen: Mapping[str, str]) -> Keys:
        with closing(sqlite3.connect(self.pristine)) as good:
            return {
                table: [row[0] for row in good.execute(sql.format_map(self.names))]
                for table, sql in chosen.items()
            }

    async def answers(self, readings: Readings, *tables: str) -> Answers:
        return answers_of_file(self.path, readings.statements(*tables))


@dataclass
class Postgres(Ground):
    """On PostgreSQL, which keeps its types."""

    connection: asyncpg.Connection
    renewed: int = 0

    async def renew(self, bends: Iterable[Bend] = (), gone: Iterable[tuple[str, Any]] = ()) -> None:
        # To truncate takes several times as long as to delete, which leaves rows behind that are passed over later.
        script = [f"DELETE FROM {table}" for table in tables_and_columns()]
        if self.renewed % TRUNCATED == 0:
            script = [f"TRUNCATE {', '.join(tables_and_columns())}"]
        self.renewed += 1
        script += [f"INSERT INTO {table} SELECT * FROM kept.{table}" for table in tables_and_columns()]
        for one in bends:
            where = f"WHERE {key_of_table(one.table)} = '{one.key}'"
            script.append(f"UPDATE {one.table} SET {one.column} = {one.value} {where}")
        script += [f"DELETE FROM {table} WHERE {key_of_table(table)} = '{key}'" for table, key in gone]
        await self.connection.execute(";".join(script))

    async def keys(self, chosen: Mapping[str, str]) -> Keys:
        return {
            table: [row[0] for row in await self.connection.fetch(sql.format_map(self.names))]
            for table, sql in chosen.items()
        }

    async def answers(self, readings: Readings, *tables: str) -> Answers:
        return await answers_of_postgres(readings.statements(*tables))


def tables_and_columns() -> dict[str, list[str]]:
    """Every table with its columns, as the database names them."""
    return {
        str(model._meta.db_table): list(model._meta.fields_db_projection.values()) for model in load_models()
    }


def key_of_table(table: str) -> str:
    """The column that names a row."""
    others = {
        "second_factor": "account_id",
        "throttle": "key",
        "spent_challenge": "lookup",
        "key_log": "number",
    }
    return others.get(table, "id")


FEW_EVENTS = "DELETE FROM audit_event WHERE id <= (SELECT MAX(id) FROM audit_event) - 50"
"""So that no page of the log has a second: which events stand on the first would depend on those that are wrong."""


def without_types(path: Path) -> None:
    """Write every table anew without types, NOT NULL and foreign keys."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute(FEW_EVENTS)
        for table, names in tables_and_columns().items():
            columns = ", ".join(names)
            connection.execute(f"CREATE TABLE bare_{table} ({columns})")
            connection.execute(f"INSERT INTO bare_{table} SELECT {columns} FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE bare_{table} RENAME TO {table}")
            connection.execute(f"CREATE UNIQUE INDEX only_{table} ON {table} ({key_of_table(table)})")
        connection.commit()


async def without_constraints(connection: asyncpg.Connection) -> None:
    """Write every table anew without NOT NULL and foreign keys, beside a copy to put everything back from."""
    await connection.execute("CREATE SCHEMA kept")
    await connection.execute(FEW_EVENTS)
    for table in tables_and_columns():
        await connection.execute(
            f"CREATE TABLE kept.{table} AS TABLE {table}; DROP TABLE {table} CASCADE;"
            f"CREATE TABLE {table} AS TABLE kept.{table};"
            f"CREATE UNIQUE INDEX only_{table} ON {table} ({key_of_table(table)})"
        )


def names_of(world: World, hanas_link: object) -> dict[str, str]:
    """What can stand in braces in a statement or an address."""
    return {name: str(one) for name, one in (world.ids | world.people).items()} | {
        "hana's link": str(hanas_link)
    }


@pytest.fixture(scope="session")
def crowded(
    attacked_sqlite: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, World]:
    """An SQLite file with the world and the crowd in it, in which every cell takes any value."""
    path, world = tmp_path_factory.mktemp("crowded") / "world.sqlite3", deepcopy(attacked_sqlite[1])
    shutil.copyfile(attacked_sqlite[0], path)
    asyncio.run(crowd.gather(f"sqlite://{path}", world))
    without_types(path)
    return path, world


@pytest.fixture
def nothing_chained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is put back while the service runs, which would go on to chain what was pending before."""
    monkeypatch.setattr(chain_worker, "INTERVAL", timedelta(days=1))


@pytest.fixture
async def sqlite(
    crowded: tuple[Path, World],
    tmp_path: Path,
    nothing_chained: None,
) -> AsyncIterator[Ground]:
    """The application on a copy of the crowded world."""
    pristine, world = crowded
    path = tmp_path / "world.sqlite3"
    shutil.copyfile(pristine, path)
    with closing(sqlite3.connect(pristine)) as good:
        found = "SELECT id FROM care_link WHERE patient_id = ?"
        (link,) = good.execute(found, (str(world.people["hana"]),)).fetchone()
    async with running(f"sqlite://{path}", world.furniture, tmp_path) as portal:
        yield Sqlite(Asking(portal), world, names_of(world, link), path, pristine)


@pytest.fixture
async def postgres_ground(
    postgres: PostgresServer,
    furnished_postgres_url: tuple[str, Furniture],
    tmp_path: Path,
    nothing_chained: None,
) -> AsyncIterator[Ground]:
    """The application on the crowded world in PostgreSQL."""
    url, furniture = furnished_postgres_url
    world = await worlds.furnish(url, furniture)
    await crowd.gather(url, world)
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        await without_constraints(connection)
        link = await connection.fetchval(
            "SELECT id FROM care_link WHERE patient_id = $1", world.people["hana"]
        )
        async with running(url, world.furniture, tmp_path) as portal:
            yield Postgres(Asking(portal), world, names_of(world, link), connection)
    finally:
        await connection.close()


def dealt(keys: Keys) -> list[list[tuple[str, Any, str]]]:
    """Deal the columns of each table out to its rows, so that a round bends at most one cell of each row."""
    rounds: list[list[tuple[str, Any, str]]] = []
    for table, rows in keys.items():
        for place, column in enumerate(tables_and_columns()[table]):
            at, turn = divmod(place, len(rows))
            while len(rounds) <= at:
                rounds.append([])
            rounds[at].append((table, rows[turn], column))
    return rounds


def wrongs(before: dict[Look, Seen], gone: dict[Look, Seen], now: dict[Look, Seen]) -> Iterator[str]:
    """Return what is not as it has to be."""
    known = known_to(before, gone)
    for look, seen in now.items():
        was, without = before[look], gone[look]
        if seen.status >= 500:
            yield f"{look}: {seen.status}"
        elif without.status == 200 == was.status:
            if seen.status != 200:
                yield f"{look}: {seen.status}"
            elif hidden := (was.pieces & without.pieces) - seen.pieces:
                yield f"{look}: hides {sorted(hidden)[:5]}"
        if named := seen.names - known[look[0]]:
            yield f"{look}: names {sorted(named)}"


def known_to(*those: dict[Look, Seen]) -> dict[str | None, frozenset[str]]:
    """Whom each person reads of on any page of theirs."""
    known: dict[str | None, frozenset[str]] = {}
    for pages in those:
        for (who, _), seen in pages.items():
            known[who] = known.get(who, frozenset()) | seen.names
    return known


async def control(ground: Ground, keys: Keys) -> Controls:
    """See every page that there is when all is well, and when the rows are not there at all."""
    await ground.see(ground.looks())  # what is read for the first time counts as opened
    await ground.renew()
    seen = await ground.see(ground.looks())
    assert [look for look, one in seen.items() if one.status >= 500] == []
    await ground.renew()
    readings = Readings()
    before = await ground.see((look for look, one in seen.items() if one.status in (200, 204)), readings)
    opened = await ground.answers(readings)
    await ground.renew()
    readings.settle(await ground.answers(readings), opened)
    await ground.renew(gone=[(table, key) for table, rows in keys.items() for key in rows])
    at_stake = await ground.at_stake(readings)
    gone = await ground.see(before)
    assert [look for look in before if before[look] != gone[look] and not at_stake(look)] == []
    return before, gone, readings


def told(wrong: str, cells: Iterable[tuple[str, Any, str]]) -> str:
    """Name the cells that were bent."""
    return f"{wrong}, with {', '.join(f'{table}.{column}' for table, _, column in cells)}"


def test_every_table_is_made_wrong() -> None:
    """No table is left out."""
    own = {table for tables_ in OWN for table in tables_}
    assert tables_and_columns().keys() == LISTED.keys() | own | ELSEWHERE.keys()


@pytest.fixture(scope="session")
def controls() -> list[Controls]:
    """What `control` found, which is the same for every value."""
    return []


@pytest.mark.parametrize("how", VALUES)
async def test_a_wrong_row_closes_nothing_but_itself(
    sqlite: Ground, controls: list[Controls], how: str
) -> None:
    """Every column of every table, on every page of everybody: what does not hang on the row is shown as ever."""
    keys, found = await sqlite.keys(LISTED), []
    if not controls:
        controls.append(await control(sqlite, keys))
    before, gone, readings = controls[0]
    for cells in dealt(keys):
        await sqlite.renew(Bend(*cell, VALUES[how]) for cell in cells)
        seen = await sqlite.see(filter(await sqlite.at_stake(readings), before))
        found += [told(wrong, cells) for wrong in wrongs(before, gone, seen)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("how", VALUES)
async def test_a_wrong_row_of_ones_own_is_told_in_kind_words(
    sqlite: Ground, controls: list[Controls], how: str
) -> None:
    """Account, session, keys and state of whoever looks: no page breaks, nobody else's words or name is on it."""
    if not controls:
        controls.append(await control(sqlite, await sqlite.keys(LISTED)))
    (before, _, readings), found = controls[0], []
    known = known_to(before)
    always, every = [[look for look in before if (look[1] in ALWAYS) is fixed] for fixed in (True, False)]
    rounds = [cells for chosen in OWN for cells in dealt(await sqlite.keys(chosen))]
    for turn, cells in enumerate(rounds, len(how)):
        await sqlite.renew(Bend(*cell, VALUES[how]) for cell in cells)
        # Such a row is needed before any page is, so the pages take turns.
        looks = filter(await sqlite.at_stake(readings), always + every[turn % 6 :: 6])
        for look, seen in (await sqlite.see(looks)).items():
            if seen.status >= 500 or not seen.names <= known[look[0]]:
                found.append(told(f"{look}: {seen.status} {sorted(seen.names)}", cells))
    assert found == [], "\n".join(found)


@pytest.mark.long
async def test_a_wrong_row_in_postgresql_closes_nothing_but_itself(postgres_ground: Postgres) -> None:
    """The same with what PostgreSQL's types allow: dates that no calendar has, NULL, and numbers out of range."""
    keys, found = await postgres_ground.keys(LISTED), []
    before, gone, readings = await control(postgres_ground, keys)
    types = {
        (row["table_name"], row["column_name"]): row["data_type"]
        for row in await postgres_ground.connection.fetch(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        )
    }
    for turn in range(max(map(len, OF_TYPE.values())) + 1):
        for cells in dealt(keys):
            values = [(*OF_TYPE[types[table, column]], "NULL") for table, _, column in cells]
            await postgres_ground.renew(
                Bend(*cell, those[turn % len(those)]) for cell, those in zip(cells, values, strict=True)
            )
            seen = await postgres_ground.see(filter(await postgres_ground.at_stake(readings), before))
            found += [told(f"{wrong} ({turn})", cells) for wrong in wrongs(before, gone, seen)]
    assert found == [], "\n".join(found)
