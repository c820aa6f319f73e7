"""Changes that belong together reach PostgreSQL as one statement: all of them happen, or none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from journal.store.database import (
    Statement,
    Store,
    execute_all,
    fetch_each,
    fetch_raw,
    get_connection,
    transaction,
)
from journal.store.statements import Subquery

INSERT = "INSERT INTO throttle (key, tries, until, forgotten) VALUES ($1, $2, 0, 0)"
UPDATE = "UPDATE throttle SET tries = $1 WHERE key = $2 AND tries = $3"
DELETE = "DELETE FROM throttle WHERE key = $1"


@pytest.fixture
async def opened(postgres_url: str) -> AsyncIterator[Store]:
    """A database of our shape."""
    opened = await Store.open(postgres_url, connections=1)
    with opened.use():
        yield opened
    await opened.close()


def insert(key: str, tries: int = 0) -> Statement:
    """Put a row there."""
    return INSERT, (key, tries)


async def kept() -> dict[str, int]:
    """The rows that are there."""
    rows = await fetch_raw("SELECT key, tries FROM throttle")
    return {row[0]: row[1] for row in rows}


async def test_all_happen_or_none(opened: Store) -> None:
    """Which one changed nothing is said, and what breaks a rule or is no SQL is told as it is of one statement."""
    assert await execute_all(insert("a"), insert("b", 1)) is None
    assert await execute_all((UPDATE, (5, "a", 0)), (DELETE, ("b",)), insert("c", 2)) is None
    there = {"a": 5, "c": 2}
    assert await kept() == there
    assert await execute_all((UPDATE, (6, "a", 4)), insert("d")) == 0
    assert await execute_all((UPDATE, (6, "a", 5)), insert("d"), (DELETE, ("nobody",))) == 2
    with pytest.raises(IntegrityError):
        await execute_all((UPDATE, (6, "a", 5)), insert("c"))
    with pytest.raises(OperationalError):
        await execute_all((UPDATE, (6, "a", 5)), ("UPDATE nothing SET x = $1", (1,)))
    assert await kept() == there


async def test_of_two_at_once_one_wins(opened: Store, postgres_url: str) -> None:
    """A change that was compared with what stood there happens once."""
    await execute_all(insert("a"))
    second = await Store.open(postgres_url)

    async def swap(store: Store, number: int) -> int | None:
        with store.use():
            return await execute_all((UPDATE, (number, "a", 0)), insert(f"of {number}"))

    outcomes = await asyncio.gather(*(swap(one, 1 + place) for place, one in enumerate([opened, second] * 5)))
    await second.close()
    assert sorted(outcomes, key=str) == [0] * 9 + [None]
    (winner,) = (place + 1 for place, outcome in enumerate(outcomes) if outcome is None)
    assert await kept() == {"a": winner, f"of {winner}": 0}


async def test_a_save_is_one_way_to_the_server_and_nothing_is_put_back(opened: Store) -> None:
    """One statement for all changes, one for a reading, and none when a connection comes back."""
    said: list[str] = []
    async with transaction():
        (held,) = get_connection()._parent._pool._holders
        held._con.add_query_logger(lambda one: said.append(one.query))
    said.clear()
    await execute_all(insert("a"), insert("b"))
    await fetch_raw("SELECT key FROM throttle WHERE key = $1", "a")
    assert [first_word(one) for one in said] == ["WITH", "SELECT"]


def first_word(sql: Any) -> str:
    """What kind of statement it is."""
    return str(sql).split()[0]


COUNT = "SELECT count(*) FROM throttle WHERE key = $1"
KEYS = "SELECT key, tries FROM throttle WHERE tries >= $1 AND key <> $2 ORDER BY key DESC"


async def test_several_questions_are_each_answered(database_url: str) -> None:
    """Each by its own rows, in their order, as if it were asked alone: none, one and many, in a transaction too."""
    opened = await Store.open(database_url)
    with opened.use():
        for number in range(12):
            await execute_all(insert(f"key {number:02}", number))
        asked: list[Statement] = [
            (COUNT, ("key 03",)),
            (KEYS, (4, "key 07")),
            (KEYS, (99, "")),
            (COUNT, ("none",)),
        ]

        def plain(answers: Any) -> list[list[tuple[Any, ...]]]:
            return [[tuple(row) for row in rows] for rows in answers]

        alone = plain([await fetch_raw(sql, *values) for sql, values in asked])
        assert [len(rows) for rows in alone] == [1, 7, 0, 1]
        assert plain(await fetch_each(*asked)) == alone
        async with transaction():
            await execute_all(insert("key 12", 12))
            assert [len(rows) for rows in plain(await fetch_each(*asked))] == [1, 8, 0, 1]
        with pytest.raises(OperationalError):
            await fetch_each(asked[0], ("SELECT nothing FROM throttle WHERE key = $1", ("key",)))
        assert plain(await fetch_each(*asked[:1])) == alone[:1]
        # One that the database finds is as good as one that is given.
        there = plain([await fetch_raw(KEYS, 4, "key 07")])
        first = Subquery("SELECT tries FROM throttle WHERE key = $1", "key 04")
        second = Subquery("SELECT max(key) FROM throttle WHERE tries = $1", 7)
        assert plain(await fetch_each((KEYS, (first, "key 07")), (COUNT, (second,)))) == [*there, [(1,)]]
        assert plain(await fetch_each((KEYS, (4, second)))) == there
    await opened.close()
