"""Writes to SQLite that wait together share one commit, and each of them fails alone."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextvars import copy_context
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from journal.store.database import Statement, Store, execute_all, fetch_raw, get_connection, transaction
from journal.store.group_commit import MAX_GROUP_SIZE, BoundStatement, run_groups

INSERT = "INSERT INTO throttle (key, tries, until, forgotten) VALUES ($1, $2, 0, 0)"
UPDATE = "UPDATE throttle SET tries = tries + 1 WHERE key = $1"


@pytest.fixture
async def opened(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A database of our shape, with nothing in it."""
    copy = shutil.copyfile(migrated_sqlite, tmp_path / "together.sqlite3")
    opened = await Store.open(f"sqlite://{copy}")
    with opened.use():
        yield opened
    await opened.close()


def insert(key: str) -> Statement:
    """Put a row there."""
    return INSERT, (key, 0)


async def kept() -> dict[str, int]:
    """The rows that are there."""
    rows = await fetch_raw("SELECT key, tries FROM throttle")
    return {row[0]: row[1] for row in rows}


def commits(path: str) -> int:
    """How often something was committed, as the log of a file tells: its commit frames."""
    data = Path(path + "-wal").read_bytes()
    size = int.from_bytes(data[8:12], "big")
    frames = range(32, len(data) - 24, size + 24)
    salt = data[16:24]
    return sum(data[at + 4 : at + 8] != bytes(4) and data[at + 8 : at + 16] == salt for at in frames)


async def test_those_that_wait_share_a_commit(opened: Store) -> None:
    """Of a hundred at once the first goes alone, or with those that came meanwhile; the others in a few commits."""
    path = get_connection().filename  # type: ignore[attr-defined]
    before = commits(path)
    done = await asyncio.gather(*(execute_all(insert(str(number))) for number in range(100)))
    assert done == [None] * 100
    assert len(await kept()) == 100
    assert commits(path) - before <= 2 + -(-100 // MAX_GROUP_SIZE)


async def test_each_fails_alone(opened: Store) -> None:
    """One that breaks a rule, one that changes nothing, one that is no SQL: each undoes itself, and hears why."""
    await execute_all(insert("there"))
    outcomes = await asyncio.gather(
        execute_all(insert("a"), (UPDATE, ("a",))),
        execute_all(insert("b"), insert("there")),
        execute_all(insert("c"), (UPDATE, ("nobody",)), insert("d")),
        execute_all(insert("e"), ("UPDATE nothing SET x = $1", (1,))),
        execute_all(insert("f")),
        return_exceptions=True,
    )
    assert outcomes[0] is None
    assert isinstance(outcomes[1], IntegrityError)
    assert outcomes[2] == 1
    assert isinstance(outcomes[3], OperationalError)
    assert outcomes[4] is None
    assert await kept() == {"there": 0, "a": 1, "f": 0}


async def test_nobody_is_answered_before_the_commit(opened: Store) -> None:
    """Whoever reads with another connection finds what was answered."""
    path = get_connection().filename  # type: ignore[attr-defined]

    async def write(key: str) -> None:
        assert await execute_all(insert(key)) is None
        with sqlite3.connect(path) as other:
            assert other.execute("SELECT 1 FROM throttle WHERE key = ?", (key,)).fetchone() == (1,)
        other.close()

    await asyncio.gather(*(write(uuid4().hex) for _ in range(50)))


async def test_who_is_not_waited_for_any_more_is_left_out(opened: Store) -> None:
    """A write whose request ended while it waited is not written, and keeps nobody back."""
    outside = copy_context()
    async with transaction():
        gone, stays = (
            asyncio.create_task(execute_all(insert(key)), context=outside) for key in ("gone", "stays")
        )
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
    assert await stays is None
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await kept() == {"stays": 0}


def test_each_has_a_savepoint_only_where_one_fails(tmp_path: Path) -> None:
    """Savepoints take as long as what is written; where one comes to nothing, the others are there once."""
    connection = sqlite3.connect(tmp_path / "some.sqlite3", isolation_level=None)
    connection.execute("CREATE TABLE some (id INTEGER PRIMARY KEY)")
    ran: list[str] = []
    connection.set_trace_callback(ran.append)
    insert_, update = "INSERT INTO some VALUES (?)", "UPDATE some SET id = id WHERE id = ?"
    assert run_groups(connection, [[(insert_, [1], False)], [(insert_, [2], False)]]) == [None, None]
    assert len(ran) == 4
    groups: list[list[BoundStatement]] = [
        [(insert_, [3], False)],
        [(insert_, [4], False), (update, [99], False)],
        [(update, [98], True), (insert_, [5], False)],
    ]
    assert run_groups(connection, groups) == [None, 1, None]
    assert ran.count("SAVEPOINT one") == len(groups)
    assert [row[0] for row in connection.execute("SELECT id FROM some ORDER BY id")] == [1, 2, 3, 5]
    connection.close()


def test_where_all_is_lost_each_goes_alone(tmp_path: Path) -> None:
    """An error that undoes the whole transaction costs nobody else their words."""
    with sqlite3.connect(tmp_path / "x", isolation_level=None) as held:
        held.execute("CREATE TABLE t (key TEXT UNIQUE ON CONFLICT ROLLBACK)")
        put = "INSERT INTO t VALUES (?)"
        outcomes = run_groups(held, [[(put, ["a"], False)], [(put, ["a"], False)], [(put, ["b"], False)]])
        assert outcomes[0] is outcomes[2] is None
        assert isinstance(outcomes[1], IntegrityError)
        assert held.execute("SELECT key FROM t ORDER BY key").fetchall() == [("a",), ("b",)]
        assert not held.in_transaction
    held.close()


async def test_what_python_cannot_bind_undoes_itself_alone(opened: Store) -> None:
    """A value that SQLite has no room for fails its own write, and no transaction stays open behind it."""
    outcomes = await asyncio.gather(
        execute_all(insert("a")),
        execute_all(insert("b"), (INSERT, ("c", 2**70))),
        execute_all(insert("d")),
        execute_all((INSERT, ("\ud800", 0))),
        return_exceptions=True,
    )
    assert outcomes[0] is outcomes[2] is None
    assert isinstance(outcomes[1], OverflowError)
    assert isinstance(outcomes[3], UnicodeEncodeError)
    await get_connection().execute_query(INSERT.replace("$1", "?").replace("$2", "?"), ["later", 0])
    assert await kept() == {"a": 0, "d": 0, "later": 0}
    with pytest.raises(OverflowError):
        await execute_all((INSERT, ("alone", 2**70)))
    await get_connection().execute_query(INSERT.replace("$1", "?").replace("$2", "?"), ["last", 0])
    assert await kept() == {"a": 0, "d": 0, "later": 0, "last": 0}


def test_who_cannot_begin_waits_once_for_all(tmp_path: Path) -> None:
    """While another process holds the file, thirty writes that wait together wait as long as one of them would."""
    path = tmp_path / "x"
    with (
        sqlite3.connect(path, isolation_level=None) as other,
        sqlite3.connect(path, isolation_level=None) as held,
    ):
        other.execute("CREATE TABLE t (key TEXT)")
        other.execute("BEGIN IMMEDIATE")
        held.execute("PRAGMA busy_timeout = 0")
        begun: list[str] = []
        held.set_trace_callback(begun.append)
        outcomes = run_groups(held, [[("INSERT INTO t VALUES (?)", ["a"], False)]] * 30)
        assert all(isinstance(one, OperationalError) for one in outcomes)
        assert begun.count("BEGIN IMMEDIATE") == 1
        other.execute("COMMIT")
    other.close()
    held.close()
