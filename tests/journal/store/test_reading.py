"""PostgreSQL's connections for reading come back however a reading ends."""

from __future__ import annotations

import asyncio
from random import Random

from journal.store.database import Store, fetch_raw, get_connection
from journal.store.postgres import BoundedClient
from tests.waiting import PATIENCE

SLOWLY = "SELECT pg_sleep($1), 7"


async def test_readings_that_are_called_off_keep_no_connection(postgres_url: str) -> None:
    """Whoever goes away, at whatever moment, leaves the others their turn; no answer reaches somebody else."""
    dice = Random(3)
    store = await Store.open(postgres_url, connections=4)
    with store.use():
        for _ in range(5):
            tasks = [asyncio.create_task(fetch_raw("SELECT $1::int", number)) for number in range(40)]
            tasks += [asyncio.create_task(fetch_raw(SLOWLY, 0.01)) for _ in range(10)]
            for task in dice.sample(tasks, 30):
                for _ in range(dice.randrange(4)):
                    await asyncio.sleep(0)
                task.cancel()
            async with asyncio.timeout(PATIENCE):
                done = await asyncio.gather(*tasks, return_exceptions=True)
            for number, rows in enumerate(done[:40]):
                if not isinstance(rows, BaseException):
                    assert [tuple(one) for one in rows] == [(number,)]
        client = get_connection()
        assert isinstance(client, BoundedClient)
        assert client.read_pool is not None
        assert len(client.read_pool._idle) <= 2
        async with asyncio.timeout(PATIENCE):
            rows = await asyncio.gather(*(fetch_raw(SLOWLY, 0.05) for _ in range(6)))
        assert [one[0][1] for one in rows] == [7] * 6
    await store.close()


async def test_a_backend_that_was_ended_is_replaced(postgres_url: str) -> None:
    """Once a reading has failed for it, or before anybody read, the next one has a new connection."""
    store = await Store.open(postgres_url, connections=4)
    with store.use():
        await asyncio.gather(*(fetch_raw(SLOWLY, 0.05) for _ in range(2)))
        await get_connection().execute_query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.gather(*(fetch_raw("SELECT 1") for _ in range(8)), return_exceptions=True)
        async with asyncio.timeout(PATIENCE):
            assert [tuple(one) for one in await fetch_raw("SELECT 1")] == [(1,)]
            assert len(await asyncio.gather(*(fetch_raw(SLOWLY, 0.01) for _ in range(8)))) == 8
    await store.close()
