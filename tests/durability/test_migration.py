"""A migration that is interrupted leaves nothing behind that would stop the next one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.exceptions import BaseORMException

from journal import store

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
        await store.migrate(f"sqlite://{path}")
    with closing(sqlite3.connect(path)) as database:
        made = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'account'").fetchone()
        assert made == (0,)
        database.execute("DROP TRIGGER stop")
    for _ in range(2):
        await store.migrate(f"sqlite://{path}")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM account").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM tortoise_migrations").fetchone()[0] >= 1
