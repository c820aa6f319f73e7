"""Statements written out for what nearly every request asks: the same on both stores as through the ORM."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.exceptions import OperationalError

from journal.audit import tables as audit_tables
from journal.practice import tables as practice_tables
from journal.store.database import (
    MayChangeNothing,
    Store,
    execute,
    execute_all,
    fetch_each,
    fetch_raw,
    fetch_raw_in_thread,
    get_connection,
    transaction,
)
from journal.store.statements import parse_id, parse_time

NOON = datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=UTC)
LINKS = "SELECT lookup, created_at, expires_at, used_at FROM setup_link WHERE lookup = $1"


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Store]:
    """An open database of either kind."""
    store = await Store.open(database_url)
    with store.use():
        yield store
    await store.close()


async def link(name: str, expires_at: datetime = NOON) -> None:
    await practice_tables.SetupLink.create(
        id=uuid4(), lookup=name, sealed=b"", created_at=NOON, expires_at=expires_at
    )


async def test_what_the_orm_wrote_is_read_alike(opened: Store) -> None:
    """Ids, times and empty columns read the same whichever store they come from."""
    await link("a")
    event = await audit_tables.AuditEvent.create(
        id=1, at=NOON, actor_id=uuid4(), action="signed-in", outcome="done", mac=""
    )
    ((lookup, created, expires, used),) = await fetch_raw(LINKS, "a")
    assert (lookup, parse_time(created), parse_time(expires), used) == ("a", NOON, NOON, None)
    ((actor, about),) = await fetch_raw("SELECT actor_id, object_id FROM audit_event WHERE id = $1", event.id)
    assert parse_id(actor) == event.actor_id
    assert about is None


async def test_what_was_written_out_the_orm_reads_alike(opened: Store) -> None:
    """A time and an id written by `change` are found and read through the ORM."""
    await link("a")
    event = await audit_tables.AuditEvent.create(id=1, at=NOON, action="signed-in", outcome="done", mac="")
    later, somebody = NOON + timedelta(days=1, microseconds=7), UUID(int=7)
    assert await execute("UPDATE setup_link SET used_at = $1 WHERE lookup = $2", later, "a") == 1
    assert await execute("UPDATE audit_event SET object_id = $1 WHERE id = $2", somebody, event.id) == 1
    assert (await practice_tables.SetupLink.get(lookup="a")).used_at == later
    assert await practice_tables.SetupLink.filter(used_at__gt=NOON, used_at=later).exists()
    assert await audit_tables.AuditEvent.filter(object_id=somebody).exists()


async def test_a_change_says_how_many_rows_it_changed(opened: Store) -> None:
    """None, one or several."""
    for name in "abc":
        await link(name)
    assert await execute("UPDATE setup_link SET used_at = $1 WHERE lookup = $2", NOON, "nobody") == 0
    assert await execute("UPDATE setup_link SET used_at = $1 WHERE lookup > $2", NOON, "a") == 2


async def test_times_are_compared_as_times(opened: Store) -> None:
    """A time with microseconds and one without are told apart and put in order."""
    whole = NOON.replace(microsecond=0)
    await link("a", whole)
    await link("b", NOON)
    await link("c", whole - timedelta(seconds=1))
    ordered = await fetch_raw(
        "SELECT lookup FROM setup_link WHERE expires_at >= $1 ORDER BY expires_at", whole
    )
    assert [row[0] for row in ordered] == ["a", "b"]


async def test_a_transaction_reads_what_it_wrote(opened: Store) -> None:
    """Inside, a statement sees what was written before it; outside, nobody does until it is committed."""
    await link("a")
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def write() -> str:
        async with transaction():
            try:
                await execute("UPDATE setup_link SET used_at = $1 WHERE lookup = $2", NOON, "a")
                ((_, _, _, used),) = await fetch_raw(LINKS, "a")
            finally:
                begun.set()
            await may_end.wait()
            return str(used and parse_time(used))

    writing = asyncio.create_task(write())
    await begun.wait()
    ((_, _, _, outside),) = await fetch_raw(LINKS, "a")
    may_end.set()
    assert await writing == str(NOON)
    assert outside is None
    ((_, _, _, afterwards),) = await fetch_raw(LINKS, "a")
    assert parse_time(afterwards) == NOON


async def test_what_was_taken_back_was_never_there(opened: Store) -> None:
    """After a transaction that fails, a statement reads what stood there before."""
    await link("a")

    async def fail() -> None:
        async with transaction():
            await execute("UPDATE setup_link SET used_at = $1 WHERE lookup = $2", NOON, "a")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    ((_, _, _, used),) = await fetch_raw(LINKS, "a")
    assert used is None


async def test_what_is_read_together_is_of_one_moment(sqlite_url: str) -> None:
    """What another process commits between two of the SELECTs is in none of them, but in the next ones."""
    store = await Store.open(sqlite_url)
    with store.use():
        await link("a")
        client, every, begun = get_connection(), "SELECT lookup FROM setup_link", 0
        assert isinstance(client, SqliteClient)
        assert store.reader.connection is not None
        with closing(sqlite3.connect(client.filename, isolation_level=None)) as elsewhere:

            def commit_between(statement: str) -> None:
                nonlocal begun
                begun += statement == every
                if begun == 2:
                    elsewhere.execute("DELETE FROM setup_link")

            store.reader.connection.set_trace_callback(commit_between)
            together = [await fetch_each(*[(every, ())] * 3) for _ in range(2)]
    await store.close()
    assert [[len(rows) for rows in each] for each in together] == [[1, 1, 1], [0, 0, 0]]


async def test_a_read_cannot_write(sqlite_url: str) -> None:
    """The connection that reads refuses to write, whatever it is asked."""
    store = await Store.open(sqlite_url)
    with store.use():
        await link("a")
        with pytest.raises(OperationalError):
            await fetch_raw("DELETE FROM setup_link WHERE lookup = $1", "a")
        assert await practice_tables.SetupLink.exists(lookup="a")
    await store.close()


async def test_a_statement_may_find_nothing_if_it_says_so(opened: Store) -> None:
    """Any other undoes all of it; both alike in a transaction of their own and in one that is open."""
    await link("a")
    use = "UPDATE setup_link SET used_at = $1 WHERE lookup = $2"
    first, missing = (use, (NOON, "a")), (use, (NOON, "b"))
    assert await execute_all(first, missing) == 1
    assert (await practice_tables.SetupLink.get(lookup="a")).used_at is None
    assert await execute_all(MayChangeNothing(missing), first, MayChangeNothing(missing)) is None
    assert (await practice_tables.SetupLink.get(lookup="a")).used_at == NOON
    async with transaction():
        assert await execute_all(MayChangeNothing(missing), first) is None
        assert await execute_all(missing) == 0


async def test_who_reads_aside_sees_what_was_committed(opened: Store) -> None:
    """However often, and however many at once; what they read with is closed with the store."""
    for number in range(3):
        await link(str(number))
        found = await asyncio.gather(
            *(fetch_raw_in_thread("SELECT lookup FROM setup_link") for _ in range(number + 2))
        )
        assert {len(rows) for rows in found} == {number + 1}
    await opened.close()
    assert opened.readers.idle is None
