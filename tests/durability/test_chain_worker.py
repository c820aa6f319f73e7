"""Whatever moment a worker dies or freezes at, each event is chained once, by another; and the chain never forks."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.chain_worker import AuditChainWorker
from journal.audit.verification import Head, verify_log
from journal.installation.installation import Installation
from journal.store.database import Store, execute, fetch_raw, is_sqlite
from tests.cast import SERVER_KEY

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
AT_ONCE, PROCESSES = 50, 4
FREE = "UPDATE audit_lease SET until = 0"


class Process:
    """A process that begets sealers and writers, and what it says of them."""

    def __init__(self, given: IO[str], said: IO[str]) -> None:
        self._given, self._said = given, said

    def asks(self, line: str) -> None:
        """Beget a child, or let the one that is stopped go on."""
        self._given.write(f"{line}\n")
        self._given.flush()

    def says(self) -> str:
        """What came of it, once it comes."""
        return self._said.readline().strip()


@contextmanager
def process(url: str) -> Iterator[Process]:
    """A process that is there for as long as the block lasts."""
    command = [sys.executable, "-m", "tests.durability.chain_worker", url]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as begun:
        assert begun.stdin is not None
        assert begun.stdout is not None
        try:
            yield Process(begun.stdin, begun.stdout)
        finally:
            begun.stdin.close()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Installation]:
    """The database, from here."""
    store = await Store.open(url)
    try:
        with store.use():
            yield Installation.with_key(SERVER_KEY)
    finally:
        await store.close()


async def note(installation: Installation, count: int) -> None:
    """Write events, each about something else."""
    for _ in range(count):
        await audit_log.record_unauthenticated_event(installation, None, Act.NOT_FOUND, about=uuid4())


async def everything(installation: Installation, total: int, *kept: Head) -> Head:
    """Each of so many events is there once, chained or pending, and the chain is whole; return its head."""
    report = await verify_log(installation, kept)
    assert report.chain_break is None
    assert report.head.sequence + len(report.pending) == total
    ids = await fetch_raw("SELECT object_id FROM audit_event UNION SELECT object_id FROM audit_pending")
    assert len(ids) == total
    return report.head


async def test_killed_at_every_statement_each_event_is_chained_once(database_url: str) -> None:
    """One statement after the other: all of a batch is chained or none of it, and the next worker chains the rest."""
    killed, total, kept = 0, 0, list[Head]()
    async with opened(database_url) as installation:
        await note(installation, 1)
        await AuditChainWorker(installation, uuid4()).release()
        total += 1
        with process(database_url) as worker:
            for statement in range(1, 100):
                await note(installation, 3)
                total += 3
                ((waiting,),) = await fetch_raw("SELECT COUNT(*) FROM audit_pending")
                worker.asks(f"chain kill {statement}")
                if (said := worker.says()) != "killed":
                    assert said == f"done {waiting}"
                    break
                killed += 1
                kept.append(await everything(installation, total, *kept))
                await execute(FREE)
        kept.append(await everything(installation, total, *kept))
        await AuditChainWorker(installation, uuid4()).release()
        assert (await everything(installation, total, *kept)).sequence == total
    log.info("killed %s times, %s events, each chained once", killed, total)
    assert killed >= 6


async def test_frozen_in_the_middle_another_takes_over_and_the_chain_does_not_fork(database_url: str) -> None:
    """
    A worker that stops when it has read all, or (on PostgreSQL, which no stopped writer locks) between any two
    statements of its transaction: another takes over, and the first changes nothing when it goes on.
    """
    points = ["execute_all 1"]
    async with opened(database_url) as installation:
        if not is_sqlite():
            points += [f"execute {statement}" for statement in range(2, 6)]
        await note(installation, 1)
        other, total = AuditChainWorker(installation, uuid4()), 1
        await other.release()
        with process(database_url) as worker:
            for point in points:
                await note(installation, 3)
                total += 3
                worker.asks(f"chain stop {point}")
                assert worker.says() == "stopped"
                await note(installation, 2)
                total += 2
                while await fetch_raw(
                    "SELECT id FROM audit_pending"
                ):  # until the lease of the first has ended
                    await other.chain_pending()
                head = await everything(installation, total)
                assert head.sequence == total
                worker.asks("go on")
                assert worker.says().startswith(("done 0", "failed"))
                assert await everything(installation, total, head) == head
                await other.release()


async def test_a_holder_that_froze_after_a_batch_is_replaced(database_url: str) -> None:
    """Its lease, which it does not renew, ends by itself; when it goes on, it sees whose turn it is."""
    async with opened(database_url) as installation:
        one, other = AuditChainWorker(installation, uuid4()), AuditChainWorker(installation, uuid4())
        await note(installation, 3)
        assert await one.chain_pending() == 3
        await note(installation, 2)
        assert await other.chain_pending() == 0
        while not await other.chain_pending():
            pass  # until the lease has ended by the database's clock: one looks once a second, this one all the time
        await note(installation, 1)
        assert (await one.chain_pending(), await other.chain_pending()) == (0, 1)
        await everything(installation, 6)


async def test_fifty_acts_at_once_from_four_processes(database_url: str) -> None:
    """Beside two sealers that each take the lease whenever they can: none is lost, and each is chained once."""
    total = AT_ONCE * PROCESSES
    async with opened(database_url) as installation, opened_again(database_url) as second:
        with ExitStack() as begun:
            writers = [begun.enter_context(process(database_url)) for _ in range(PROCESSES)]
            for one in writers:
                one.asks(f"write {AT_ONCE}")
            writing = asyncio.gather(*(asyncio.to_thread(one.says) for one in writers))
            sealers = [AuditChainWorker(installation, uuid4()), AuditChainWorker(installation, uuid4())]
            while not writing.done():
                chaining = sealers[0].chain_pending()
                with second.use():
                    also = asyncio.create_task(sealers[1].chain_pending())
                await asyncio.gather(chaining, also)
                await execute(FREE)
            assert await writing == [f"done {AT_ONCE}"] * PROCESSES
        await execute(FREE)
        await sealers[0].release()
        head = await everything(installation, total)
        assert head.sequence == total
        log.info("%s events from %s processes at once, each chained once", total, PROCESSES)


@asynccontextmanager
async def opened_again(url: str) -> AsyncIterator[Store]:
    """A second worker's connections."""
    store = await Store.open(url)
    try:
        yield store
    finally:
        await store.close()
