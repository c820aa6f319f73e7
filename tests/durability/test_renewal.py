"""A process that is renewed again and again while people come and go: nobody is turned away, and nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import uvicorn

from portal.background import PeriodicTask, TaskGate, run_forever
from portal.cli.serve import RENEWED
from portal.http.renewal import IDLE_TICKS, LONG_IDLE_TICKS, Renewal, RenewingServer
from tests.cast import PASSWORDS, SERVER_KEY, Furniture
from tests.durability.test_served import origin_of
from tests.portal.browsing import autosaved, opened
from tests.serving import listening
from tests.waiting import browser_at, own_port

ROUNDS = 2
AT_ONCE = 6
ENOUGH = 5  # requests after which a process may be renewed


async def test_nobody_is_turned_away_while_a_process_is_renewed(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Whoever comes at the very moment is answered, signed in as before, and what they save is kept."""
    url, saved = furnished_url[0], 0
    with own_port() as port:
        settings = {
            "HEARTHSIDE_DATA": str(tmp_path),
            "HEARTHSIDE_DATABASE_URL": url,
            "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
            "HEARTHSIDE_ORIGIN": origin_of(port),
            "HEARTHSIDE_PORT": str(port),
            "HEARTHSIDE_RENEW_AFTER": str(ENOUGH),
        }
        async with (
            listening("serve", settings=settings) as program,
            browser_at(origin_of(port)) as browser,
        ):
            typed = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
            assert (await browser.post("/sign-in", data=typed)).status_code == 303
            page = await opened(browser, "/journal/new?kind=free")
            for count in range(ROUNDS):
                await asyncio.gather(*(opened(browser, "/journal") for _ in range(ENOUGH)))
                await program.hear(RENEWED, count + 1)
                save = autosaved(
                    browser, page, title=f"Round {count}", free__text="word", revision=str(saved)
                )
                reading = asyncio.gather(*(opened(browser, "/journal") for _ in range(AT_ONCE)))
                answer, _ = await asyncio.gather(save, reading)
                assert answer.status_code == 200, answer.text
                assert "Saved" in answer.text
                saved += 1
            assert f"Round {ROUNDS - 1}" in (await opened(browser, "/journal")).words
            assert program.process.returncode is None
        assert b"Traceback" not in program.said


async def tick(server: RenewingServer, times: int) -> bool:
    """Let so much time pass; return whether the server ended."""
    for count in range(1, times + 1):
        if await server.on_tick(count):
            return True
    return False


def quiet_server(gate: TaskGate, *, possible: bool = True) -> RenewingServer:
    """A server that listens nowhere, as one whose process may be renewed after two requests."""

    async def is_possible() -> bool:
        return possible

    server = RenewingServer(uvicorn.Config("nothing", log_config=None), Renewal(2, is_possible, gate.close))
    server.servers = []
    return server


async def test_a_process_is_renewed_in_a_quiet_moment_alone() -> None:
    """Not before enough requests, not while somebody is connected or a task runs, and in the end after any request."""
    server = quiet_server(TaskGate())
    assert not await tick(server, LONG_IDLE_TICKS * 2)
    server.server_state.total_requests = 1
    assert not await tick(quiet_server(TaskGate(), possible=False), LONG_IDLE_TICKS)
    assert await tick(server, 1)
    for busy in ("connected", "running", "impossible"):
        gate = TaskGate(running=int(busy == "running"))
        server = quiet_server(gate, possible=busy != "impossible")
        server.server_state.total_requests = 2
        if busy == "connected":
            server.server_state.connections.add(object())  # type: ignore[arg-type]
        assert not await tick(server, LONG_IDLE_TICKS), busy
        server.server_state.connections.clear()
        assert not gate.closed
        if busy == "connected":
            assert not await tick(server, IDLE_TICKS - 1)
            assert await tick(server, 1)


async def test_no_task_begins_once_the_process_is_to_end() -> None:
    """A task that runs keeps the gate open; once it rests, the gate closes and it does not run again."""
    gate, runs, begin, rest = TaskGate(), list[int](), asyncio.Event(), asyncio.Event()

    async def run() -> None:
        runs.append(1)
        begin.set()
        await rest.wait()

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)  # for nothing but the others' turn

    going = asyncio.create_task(run_forever(PeriodicTask(run, timedelta(0)), sleep=sleep, gate=gate))
    await begin.wait()
    assert not gate.close()
    rest.set()
    await asyncio.sleep(0)
    assert gate.close()
    done = len(runs)
    await going
    assert len(runs) == done
