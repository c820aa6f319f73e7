"""A migration that is interrupted leaves nothing behind that would stop the next one."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from tortoise.exceptions import BaseORMException

from journal.store import database as store_database
from journal.store.errors import DatabaseUnavailable
from tests.postgres import PostgresServer
from tests.waiting import PATIENCE

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
STEP = 4

STOP = """
    CREATE TABLE tortoise_migrations (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, app VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL,
        applied_at TIMESTAMP NOT NULL, UNIQUE (app, name)
    );
    CREATE TRIGGER stop BEFORE INSERT ON tortoise_migrations BEGIN SELECT RAISE(ABORT, 'stopped'); END;
"""


async def test_an_interrupted_migration_is_begun_again(tmp_path: Path) -> None:
    """Stopped after its last step, before it is noted as done: all of it is taken back, and then it succeeds."""
    path = tmp_path / "hearthside.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(STOP)
    with pytest.raises(BaseORMException, match="stopped"):
        await store_database.migrate(f"sqlite://{path}")
    with closing(sqlite3.connect(path)) as database:
        made = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'account'").fetchone()
        assert made == (0,)
        database.execute("DROP TRIGGER stop")
    for _ in range(2):
        await store_database.migrate(f"sqlite://{path}")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM account").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM tortoise_migrations").fetchone()[0] >= 1


def test_a_killed_migration_is_begun_again(migrated_sqlite: Path, tmp_path: Path) -> None:
    """Killed before one statement after the other, on one file: there is all of it or nothing; then it succeeds."""
    path, killed, whole = tmp_path / "hearthside.sqlite3", 0, made(migrated_sqlite)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.durability.migrator", f"sqlite://{path}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as migrator:
        assert migrator.stdin is not None
        assert migrator.stdout is not None
        for statement in range(1, 10_000, STEP):
            migrator.stdin.write(f"{statement}\n")
            migrator.stdin.flush()
            if migrator.stdout.readline() == "done\n":
                break
            killed += 1
            assert made(path) in (0, whole)
        migrator.stdin.close()
    log.info("killed %s times, then migrated", killed)
    assert killed * STEP > whole
    assert made(path) == whole


def made(path: Path) -> int:
    """How many of our tables there are, in a file that is sound."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return len({name for name in names if not name.startswith("sqlite_")} - {"tortoise_migrations"})


async def test_a_migration_that_postgresql_loses_is_begun_again(own_server: PostgresServer) -> None:
    """Its connection killed by the server while it waits for a lock that somebody holds; then it succeeds."""
    await own_server.create("hearth")
    url = own_server.url("hearth")
    holder, watcher = [await asyncpg.connect(url, timeout=PATIENCE) for _ in range(2)]
    try:
        await holder.execute(
            "CREATE TABLE tortoise_migrations (id SERIAL PRIMARY KEY, app VARCHAR(255) NOT NULL, name VARCHAR(255)"
            " NOT NULL, applied_at TIMESTAMPTZ NOT NULL, UNIQUE (app, name))"
        )
        await holder.execute(
            "BEGIN; LOCK TABLE tortoise_migrations IN EXCLUSIVE MODE"
        )  # it can be read, not written
        migrating = asyncio.create_task(store_database.migrate(url))
        while not await watcher.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'hearth'"
            " AND wait_event_type = 'Lock' AND query ILIKE 'INSERT%tortoise_migrations%'"
        ):
            assert not migrating.done()
        with pytest.raises(DatabaseUnavailable):
            await migrating
        count = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'account'"
        assert await watcher.fetchval(count) == 0
        await holder.execute("ROLLBACK")
        await store_database.migrate(url)
        assert await watcher.fetchval(count) == 1
    finally:
        for one in (holder, watcher):
            await one.close()
