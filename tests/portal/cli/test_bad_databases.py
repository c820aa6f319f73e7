"""Every command, with every kind of database that does not open: it ends, and says in one sentence what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from portal.cli.command import COMMANDS
from tests.cast import SERVER_KEY
from tests.portal.cli.commands import Commands
from tests.postgres import PostgresServer
from tests.waiting import PATIENCE

NAME = "hearthside.sqlite3"
SETTING = "HEARTHSIDE_DATABASE_URL"
SECRET = "n0b0dy-may-see"
STEPS = """
    CREATE TABLE tortoise_migrations (id SERIAL PRIMARY KEY, app VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL, UNIQUE (app, name))
"""


@dataclass(frozen=True)
class Place:
    """A folder for a database, with a good one to spoil."""

    folder: Path
    good: Path

    @property
    def database(self) -> Path:
        return self.folder / NAME

    def copied(self) -> Path:
        """The good database in its place."""
        shutil.copyfile(self.good, self.database)
        return self.database


@pytest.fixture
def place(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Place]:
    """An empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    yield Place(folder, migrated_sqlite)
    folder.chmod(0o700)  # so that it can be removed


def noise(place: Place) -> None:
    place.database.write_bytes(os.urandom(40_000))


def cut(place: Place) -> None:
    place.database.write_bytes(place.good.read_bytes()[:5_000])


def cut_in_its_head(place: Place) -> None:
    place.database.write_bytes(place.good.read_bytes()[:60])


def a_folder(place: Place) -> None:
    place.database.mkdir()


def a_pipe(place: Place) -> None:
    os.mkfifo(place.database)


def a_link_to_nothing(place: Place) -> None:
    place.database.symlink_to(place.folder / "nothing")


def with_a_folder_for_its_index(place: Place) -> None:
    """SQLite reads it, and cannot write."""
    place.copied().with_name(f"{NAME}-shm").mkdir()


def with_a_folder_for_its_log(place: Place) -> None:
    place.copied().with_name(f"{NAME}-wal").mkdir()


def with_a_log_of_others(place: Place) -> None:
    log = place.copied().with_name(f"{NAME}-wal")
    log.touch(mode=0o000)


def unreadable(place: Place) -> None:
    place.copied().chmod(0o000)


def unwritable(place: Place) -> None:
    place.copied().chmod(0o400)


def in_a_folder_that_is_read_only(place: Place) -> None:
    place.copied()
    (place.folder / "server-key").write_text(SERVER_KEY.hex())
    place.folder.chmod(0o500)


def in_a_folder_that_is_closed(place: Place) -> None:
    place.copied()
    place.folder.chmod(0o000)


def of_another_program(place: Place) -> None:
    with closing(sqlite3.connect(place.database)) as database, database:
        database.execute("CREATE TABLE account (name TEXT, balance INTEGER)")


def without_a_table(place: Place) -> None:
    """One of ours was dropped; or another program's steps are called as ours are."""
    with closing(sqlite3.connect(place.copied())) as database, database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DROP TABLE entry")


def newer(place: Place) -> None:
    with closing(sqlite3.connect(place.copied())) as database, database:
        database.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('journal', '9999_later', '2030-01-01')"
        )


def missing(place: Place) -> None:
    """There is nothing."""


def empty(place: Place) -> None:
    place.database.touch()


Spoil = Callable[[Place], None]
CREATING = ("migrate", "run")
KINDS: dict[Spoil, tuple[str, ...]] = {
    noise: (),
    cut: (),
    cut_in_its_head: (),
    a_folder: (),
    a_pipe: (),
    a_link_to_nothing: ("restore",),
    with_a_folder_for_its_index: (),
    with_a_folder_for_its_log: (),
    with_a_log_of_others: (),
    unreadable: (),
    unwritable: (),
    in_a_folder_that_is_read_only: (),
    in_a_folder_that_is_closed: (),
    of_another_program: (),
    without_a_table: ("backup",),
    newer: (),
    missing: (*CREATING, "restore"),
    empty: CREATING,
}
"""Each way to spoil a database, and the commands that make something of it all the same."""


def tried(command_line: Commands, place: Place, *but: str, named: str, **settings: str) -> None:
    """Every command *but* some ends, refuses, and says in one sentence what is *named*."""
    shutil.copyfile(place.good, place.folder.with_name("backup"))
    files = {"backup": ["../copy"], "head": ["../head"], "restore": ["../backup"]}
    options = {"closing-notice": ["--withdraw"]}
    lines = [
        [name, *options.get(name, ()), *(str(place.folder / file) for file in files.get(name, ()))]
        for name in COMMANDS.keys() - set(but)
    ]
    for (name, *_), done in zip(
        lines, command_line.run(*lines, HEARTHSIDE_SERVER_KEY=SERVER_KEY.hex(), **settings), strict=True
    ):
        assert done.code in ((2,) if name in ("head", "verify-audit") else (1, 2)), (name, done)
        assert "Traceback" not in done.out + done.err, (name, done)
        assert SECRET not in done.out + done.err, (name, done)
        if name == "doctor" and done.code == 1:  # what it finds is what it was asked for
            found = [line for line in done.out.splitlines() if line.startswith("mend") and named in line]
            assert (done.err, bool(found)) == ("", True), done
        else:
            assert (done.err.count("\n"), named in done.err) == (1, True), (name, done)
    assert not place.folder.with_name("copy").exists()


@pytest.mark.parametrize("spoil", KINDS, ids=lambda spoil: spoil.__name__)
def test_a_file_that_does_not_open(command_line: Commands, place: Place, spoil: Spoil) -> None:
    """Whatever is in its place: every command names the file or its folder, and changes nothing."""
    spoil(place)
    before = _state(place.folder)
    tried(command_line, place, *KINDS[spoil], named=str(place.folder), HEARTHSIDE_DATA=str(place.folder))
    assert _state(place.folder) == before


def _state(folder: Path) -> dict[str, bytes | None]:
    """What lies in a folder, whoever may read it: its files with what they hold."""
    with opened_up(folder, 0o700):
        state: dict[str, bytes | None] = {}
        for path in folder.iterdir():
            if path.is_file():
                with opened_up(path, 0o600):
                    state[path.name] = path.read_bytes()
            else:
                state[path.name] = None
        # SQLite leaves its logs where it did not get as far as to close.
        return {name: held for name, held in state.items() if not name.endswith(("-wal", "-shm"))}


@contextmanager
def opened_up(path: Path, mode: int) -> Iterator[None]:
    """Set the owner's rights to *mode* for a while."""
    before = path.stat().st_mode & 0o777
    path.chmod(mode)
    yield
    path.chmod(before)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_file_that_another_program_has_locked(command_line: Commands, place: Place, mode: str) -> None:
    """Nobody waits for the other program to let go."""
    with closing(sqlite3.connect(place.copied(), isolation_level=None)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        database.execute("CREATE TABLE other (name TEXT)")
        tried(command_line, place, named=str(place.folder), HEARTHSIDE_DATA=str(place.folder))


def test_a_folder_that_cannot_be_one(command_line: Commands, place: Place) -> None:
    """A file where the folder should be, and an address in a folder that is not there."""
    file = place.folder / "file"
    file.touch()
    tried(command_line, place, named="HEARTHSIDE_DATA", HEARTHSIDE_DATA=str(file / "data"))
    for folder in (file, place.folder / "nowhere"):
        settings = {"HEARTHSIDE_DATA": str(place.folder), SETTING: f"sqlite://{folder / NAME}"}
        tried(command_line, place, named=str(folder), **settings)


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A server that takes connections and gives this *answer* to what it is sent, or none; its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:

        def answer_each() -> None:
            while True:
                try:
                    taken, _ = listening.accept()
                except OSError:
                    return
                with taken:
                    if taken.recv(1024):
                        taken.sendall(answer or b"")

        if answer is not None:  # else connections wait in the queue of the socket
            threading.Thread(target=answer_each, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_a_server_that_is_not_there(command_line: Commands, place: Place) -> None:
    """Nobody listens, something else than PostgreSQL answers, or nobody knows the host. `serve` would wait."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for host in (f"127.0.0.1:{port}", "nowhere.invalid"):
        _tried_at(command_line, place, f"postgres://hs:{SECRET}@{host}/hearth", "serve")
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        _tried_at(command_line, place, f"postgres://hs:{SECRET}@127.0.0.1:{port}/hearth", "serve")


def test_a_server_that_says_nothing(command_line: Commands, place: Place) -> None:
    """A network that swallows everything is waited for a while, and not for ever."""
    with answering(None) as port:
        settings = {"HEARTHSIDE_DATA": str(place.folder), SETTING: f"postgres://hs:x@127.0.0.1:{port}/hearth"}
        (done,) = command_line.run(["migrate"], **settings)
        assert (done.code, done.err.count("\n"), SETTING in done.err) == (1, 1, True)


def test_a_server_that_does_not_let_us_in(
    command_line: Commands, place: Place, postgres: PostgresServer
) -> None:
    """Wrong password, no such user, no such database, and no TLS where it was asked for."""
    url = postgres.url("postgres")
    authority = url.partition("@")[2]
    user = url.partition("://")[2].partition(":")[0]
    for wrong in (
        f"postgres://{user}:{SECRET}@{authority}",
        f"postgres://nobody:{SECRET}@{authority}",
        f"{url}-which-is-not-there",
        f"{url}?ssl=true",
    ):
        _tried_at(command_line, place, wrong)


@pytest.mark.parametrize("spoilt", ["of_another_program", "newer", "without_rights", "empty"])
def test_a_database_of_a_server_that_is_not_ours(
    command_line: Commands, place: Place, postgres: PostgresServer, postgres_url: str, spoilt: str
) -> None:
    """Another program's tables, a newer shape, a user who may not make tables; nothing is there afterwards."""
    name = f"test_{uuid4().hex}"
    asyncio.run(postgres.create(name))
    but: tuple[str, ...] = ()
    url = postgres.url(name)
    match spoilt:
        case "of_another_program":
            asyncio.run(executed(url, "CREATE TABLE account (name TEXT, balance INTEGER)"))
        case "newer":
            url = postgres_url
            step = "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('journal', '9999_later', now())"
            asyncio.run(executed(url, step))
        case "without_rights":
            role = f"role_{uuid4().hex}"
            asyncio.run(executed(url, f"CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'"))
            url = f"postgres://{role}:{SECRET}@{url.partition('@')[2]}"
        case "empty":
            but = CREATING
    _tried_at(command_line, place, url, *but)
    assert asyncio.run(tables(postgres.url(name))) <= {"account"}
    asyncio.run(executed(postgres.url("postgres"), f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.mark.parametrize("mode", ["EXCLUSIVE", "ACCESS EXCLUSIVE"])
async def test_a_table_that_another_program_has_locked(
    command_line: Commands, place: Place, postgres: PostgresServer, mode: str
) -> None:
    """Nobody waits for it to let go: neither where the database is looked at, nor where it is migrated."""
    name = f"test_{uuid4().hex}"
    await postgres.create(name)
    holder = await asyncpg.connect(postgres.url(name), timeout=PATIENCE)
    try:
        await holder.execute(STEPS)
        await holder.execute(f"BEGIN; LOCK TABLE tortoise_migrations IN {mode} MODE")
        settings = {"HEARTHSIDE_DATA": str(place.folder), SETTING: postgres.url(name)}
        for done in await asyncio.to_thread(command_line.run, ["migrate"], ["run"], **settings):
            assert (done.code, done.err.count("\n")) == (1, 1), done
            assert name in done.err
    finally:
        await holder.close()
    await executed(postgres.url("postgres"), f'DROP DATABASE "{name}" WITH (FORCE)')


def _tried_at(command_line: Commands, place: Place, url: str, *but: str) -> None:
    tried(
        command_line,
        place,
        *but,
        named=SETTING,
        HEARTHSIDE_DATA=str(place.folder),
        HEARTHSIDE_DATABASE_URL=url,
    )


async def executed(url: str, statement: str) -> None:
    """Run a statement on PostgreSQL."""
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    await connection.execute(statement)
    await connection.close()


async def tables(url: str) -> set[str]:
    """The tables of a database that is not migrated."""
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows}
