"""
The audit log: whether more workers write more events, and whether one that stands still holds up the others.

Run as `python -m bench.auditing write ADDRESS` it is one worker: for each line of input, a number of seconds, it writes
events for so long, several at a time, and prints how many; beside that it chains events as every worker does. Run as
`python -m bench.auditing freeze ADDRESS` it stops itself in the middle of an act.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from bench.client import Act, Connection, Person, repeat
from bench.distance import away
from bench.figures import Figure, Figures, Length, middle
from bench.people import PATIENT_ONLY, SERVER_KEY, SMALL, People
from bench.server import ROOT, furnish, served
from bench.signing_in import p99
from journal.audit import chain_worker
from journal.audit import log as audit_log
from journal.audit.acts import Act as Event
from journal.audit.chain_worker import AuditChainWorker
from journal.installation.installation import Installation
from journal.store.database import Store, fetch_raw, migrate, transaction
from portal.background import PeriodicTask, run_forever
from tests.postgres import PostgresServer, running_postgres

WORKERS = 4
IN_FLIGHT = 4
ROUND_TRIP = 5  # milliseconds to a database on another machine
PAGES = (("/journal", 200), ("/nothing-here", 404), ("/help-now", 200))  # the second writes an event
Worker = subprocess.Popen[str]


async def auditing(folder: Path, length: Length) -> Figures:
    """Measure on PostgreSQL and on SQLite how events are written, and on PostgreSQL who waits for a frozen worker."""
    sqlite = f"sqlite://{folder / 'events.sqlite3'}"
    with running_postgres() as postgres:
        for name in ("events", "people"):
            await postgres.create(name)
        with away(postgres.url("events"), ROUND_TRIP) as far_away:
            far = await _writing(far_away, length)
        near = await _writing(postgres.url("events"), length)
        beside = far.beside | {f"near_{name}": value for name, value in near.beside.items()}
        figures = {"audit_workers4_of_1": Figure(far.value, beside | {"near_4_of_1": near.value})}
        figures["audit_workers4_of_1_sqlite"] = await _writing(sqlite, length)
        figures["audit_frozen_p99_ratio"] = await _freezing(folder, postgres, length)
    return figures


async def _writing(url: str, length: Length) -> Figure:
    """Compare events per second of four workers with those of one, in turns."""
    await migrate(url)
    store = await Store.open(url)
    alone, together, ratios = [], [], []
    with store.use(), ExitStack() as workers:
        four = [workers.enter_context(_worker("write", url)) for _ in range(WORKERS)]
        for turn in range(length.rounds // 2 + 2):
            one = await _rate(four[:1], 2 * length.seconds)
            all_ = await _rate(four, 2 * length.seconds)
            if turn:  # the first is for warming up
                alone.append(one)
                together.append(all_)
                ratios.append(all_ / one)
    await store.close()
    return Figure(middle(ratios), {"workers1_per_s": middle(alone), "workers4_per_s": middle(together)})


async def _rate(workers: list[Worker], seconds: float) -> float:
    """Have workers write for so long, and wait until all is chained; return events per second."""
    for worker in workers:
        _tell(worker, str(seconds))
    rates = [float(await asyncio.to_thread(_hear, worker)) for worker in workers]
    while await fetch_raw("SELECT 1 FROM audit_pending LIMIT 1"):  # noqa: ASYNC110 - another process chains them
        await asyncio.sleep(0.05)
    return sum(rates)


async def _freezing(folder: Path, postgres: PostgresServer, length: Length) -> Figure:
    """Compare the slowest hundredth of what one server answers while another worker stands still with quiet times."""
    url = postgres.url("people")
    people: People = furnish(folder, PATIENT_ONLY, f"--url={url}", *([SMALL] if length.small else []))
    quiet: list[float] = []
    frozen: list[float] = []
    with served(folder, url=url) as port:
        looking = [_looking(Person(port, people.patient))]
        await repeat(port, looking, length.seconds)
        for _ in range(length.rounds):
            quiet += (await repeat(port, looking, length.seconds)).answers
            with _worker("freeze", url) as worker:
                await asyncio.to_thread(os.waitid, os.P_PID, worker.pid, os.WSTOPPED | os.WNOWAIT)
                frozen += (await repeat(port, looking, length.seconds)).answers
                worker.kill()
    beside = {"quiet_p99_ms": 1000 * p99(quiet), "frozen_p99_ms": 1000 * p99(frozen), "answers": len(frozen)}
    return Figure(p99(frozen) / p99(quiet), beside)


def _looking(person: Person) -> Act:
    requests = cycle([(person.get(path), status) for path, status in PAGES])

    async def act(connection: Connection) -> None:
        request, status = next(requests)
        (await connection.ask(request)).expect(status)

    return act


@contextmanager
def _worker(what: str, url: str) -> Iterator[Worker]:
    """Have a worker of its own process, until the block ends; it says when it is ready, or about to stop."""
    command = [sys.executable, "-m", "bench.auditing", what, url]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        try:
            _hear(worker)
            yield worker
        finally:
            assert worker.stdin is not None
            worker.stdin.close()


def _tell(worker: Worker, line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(f"{line}\n")
    worker.stdin.flush()


def _hear(worker: Worker) -> str:
    assert worker.stdout is not None
    if not (line := worker.stdout.readline()):
        raise RuntimeError("a worker ended")
    return line


async def write(url: str) -> None:
    """Be one worker: write events whenever a line of input says for how long, and chain what is pending."""
    installation, store = Installation.with_key(SERVER_KEY), await Store.open(url)
    with store.use():
        sealer = AuditChainWorker(installation, uuid4())
        chaining = asyncio.create_task(run_forever(PeriodicTask(sealer.chain_pending, chain_worker.INTERVAL)))
        await sealer.chain_pending()
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            begun, seconds = perf_counter(), float(line)
            counts = await asyncio.gather(*(_events(installation, begun + seconds) for _ in range(IN_FLIGHT)))
            print(sum(counts) / (perf_counter() - begun), flush=True)
        chaining.cancel()
        await asyncio.gather(chaining, return_exceptions=True)
    await store.close()


async def _events(installation: Installation, until: float) -> int:
    count = 0
    while perf_counter() < until:
        await audit_log.record_unauthenticated_event(installation, None, Event.SIGN_IN_REFUSED, about=uuid4())
        count += 1
    return count


async def freeze(url: str) -> None:
    """Stand still in the middle of an act, its event written and not committed, until somebody ends this process."""
    installation, store = Installation.with_key(SERVER_KEY), await Store.open(url)
    with store.use():
        async with transaction():
            await audit_log.record_unauthenticated_event(
                installation, None, Event.SIGN_IN_REFUSED, about=uuid4()
            )
            print("frozen", flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    asyncio.run({"write": write, "freeze": freeze}[sys.argv[1]](sys.argv[2]))
