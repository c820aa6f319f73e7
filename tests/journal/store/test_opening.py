"""A database is opened where it was said, for its owner only, and does what was asked of it; or it is not opened."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.backends.sqlite.client import SqliteClient

from journal.practice import tables as practice_tables
from journal.store.address import format_sqlite_url
from journal.store.database import Store, fetch_raw, get_connection, migrate, transaction
from journal.store.errors import DatabaseRefused
from journal.store.sqlite import PRAGMAS, READER_PRAGMAS, CheckedClient, apply_pragmas
from portal.config import Config
from tests.cast import SERVER_KEY

# What text has been taken for something else: by a shell, by a reader of addresses, by SQLite.
FOLDERS = [
    "hash#tag",
    "what?mode=memory",
    "100%",
    "%41",
    "two words",
    ":memory:",
    "file::memory:?cache=shared",
    'it\'s "quoted" `here`',
    "semi;colon&and=not",
    "line\nbreak",
    "\x1b[2J",
    "bücher",
    "b\u0075\u0308cher",
    "鍵と日記",
    "-rf",
    "~",
    "$HOME",
    "back\\slash",
    "[brackets]{braces}",
    "a" * 200,
    os.fsdecode(b"\xff\xfe"),
]


def modes(folder: Path) -> dict[str, int]:
    """Who may do what with the files of a folder."""
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def owner_only(name: str) -> dict[str, int]:
    """The files of a database that is in use, which nobody else may read."""
    return dict.fromkeys((name, f"{name}-wal", f"{name}-shm"), 0o600)


def address_in(folder: Path) -> str:
    """The address of the database of an installation whose data folder this is."""
    environment = {"HEARTHSIDE_DATA": str(folder), "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex()}
    return Config.from_mapping(environment).database_url


@pytest.fixture
def no_umask() -> Iterator[None]:
    """A process whose new files everybody may write, unless it says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("name", FOLDERS, ids=repr)
async def test_whatever_a_folder_is_called_the_database_is_in_it(
    migrated_sqlite: Path, tmp_path: Path, name: str, no_umask: None
) -> None:
    """What is written stands in the file in that folder, which only its owner may read; nothing is made elsewhere."""
    folder = tmp_path / "place" / name
    folder.mkdir(parents=True)
    file = folder / "hearthside.sqlite3"
    shutil.copyfile(migrated_sqlite, file)
    store = await Store.open(address_in(folder))
    with store.use():
        await practice_tables.Practice.create(id=1, demo=False, sealed=b"", created_at="2026-11-22T12:00:00Z")
        ((demo,),) = await fetch_raw("SELECT demo FROM practice WHERE id = $1", 1)
    assert modes(folder) == owner_only(file.name)
    await store.close()
    assert not demo
    assert modes(tmp_path / "place").keys() == {name}
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM practice").fetchone() == (1,)


async def test_a_database_is_made_for_its_owner_only(tmp_path: Path, no_umask: None) -> None:
    """Also in a folder that everybody may write, with a name that means much, and with its logs from the beginning."""
    folder = tmp_path / "place" / "; :memory:?mode=memory&cache=shared#%41\n'\"ü"
    folder.mkdir(parents=True)
    await migrate(address_in(folder))
    assert modes(folder) == {"hearthside.sqlite3": 0o600}
    store = await Store.open(address_in(folder))
    assert modes(folder) == owner_only("hearthside.sqlite3")
    await store.close()
    assert modes(tmp_path / "place").keys() == {folder.name}


async def test_a_database_that_others_could_read_is_closed_to_them(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    """One that was copied there with a wider mode, and the logs of a service that runs."""
    path = tmp_path / "hearthside.sqlite3"
    shutil.copyfile(migrated_sqlite, path)
    running = await Store.open(format_sqlite_url(path))
    for name in owner_only(path.name):
        path.with_name(name).chmod(0o666)
    store = await Store.open(format_sqlite_url(path))
    assert modes(tmp_path) == owner_only(path.name)
    for one in (store, running):
        await one.close()


async def test_another_programs_file_is_left_as_it_is(tmp_path: Path) -> None:
    """A database that is not ours is neither closed to others nor changed in any byte."""
    path = tmp_path / "recipes.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE recipe (name TEXT)")
    path.chmod(0o644)
    before = path.read_bytes()
    for opening in (migrate(format_sqlite_url(path)), Store.open(format_sqlite_url(path))):
        with pytest.raises(DatabaseRefused, match="another program"):
            await opening
    assert (path.read_bytes(), modes(tmp_path)) == (before, {path.name: 0o644})


async def test_every_connection_does_what_was_asked_of_it(sqlite_url: str) -> None:
    """Both the one that writes and the one that reads say so themselves, on a file that had other settings."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite://"))) as database:
        assert database.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    store = await Store.open(sqlite_url)
    with store.use():
        for name, value in PRAGMAS.items():
            ((said,),) = (await get_connection().execute_query(f"PRAGMA {name}"))[1]
            assert (name, said) == (name, value)
        reading = store.reader.connection
        assert reading is not None
        for name, value in READER_PRAGMAS.items():
            assert reading.execute(f"PRAGMA {name}").fetchone() == (value,)
    await store.close()


async def test_a_connection_that_does_not_is_not_used() -> None:
    """A database in memory cannot have a write-ahead log, and SQLite does not say so: the connection is closed."""
    client = CheckedClient(":memory:", connection_name="sqlite", statement_timeout=None, **PRAGMAS)
    with pytest.raises(DatabaseRefused, match="journal_mode is memory"):
        await client.create_connection(with_db=True)
    assert client._connection is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 7),
        ("secure_delete", 9),
        ("no_such_pragma", 1),
        ("page_size", 7),
    ],
)
def test_what_sqlite_passes_over_is_noticed(name: str, value: str | int) -> None:
    """A value that it does not take, and a name that it does not know."""
    with closing(sqlite3.connect(":memory:")) as database, pytest.raises(DatabaseRefused, match=name):
        apply_pragmas(database, {name: value})


async def test_the_orm_connects_as_it_is_checked(sqlite_url: str) -> None:
    """Every connection of the ORM's is made by the client that checks."""
    store = await Store.open(sqlite_url)
    with store.use():
        assert isinstance(get_connection(), CheckedClient)
        async with transaction() as inside:
            assert isinstance(inside, SqliteClient)
            assert inside._connection is get_connection()._connection
    await store.close()
