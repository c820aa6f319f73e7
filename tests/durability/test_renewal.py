"""A process that is renewed again and again while people come and go: nobody is turned away, and nothing is lost."""

from __future__ import annotations

import asyncio
import re
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uvicorn
from httpx import AsyncClient

from portal.background import PeriodicTask, TaskGate, run_forever
from portal.cli.serve import NOT_RENEWED, RENEWED
from portal.http.process_renewal import (
    CLOSE,
    DRAINING_TICKS,
    INSISTING_TICKS,
    LONG_IDLE_TICKS,
    PATIENT_TICKS,
    QUIET_TICKS,
    TICKS_PER_SECOND,
    Renewal,
    RenewingServer,
)
from tests.attacks.memory_scan import READABLE, allow_reading, count_found, forms_of_key, forms_of_text
from tests.attacks.test_memory import find_keys, sign_in
from tests.cast import PASSWORDS, SERVER_KEY, Furniture
from tests.durability.test_served import origin_of
from tests.portal.browsing import action, opened
from tests.serving import MAIN, ROOT, Program, listening
from tests.waiting import browser_at, own_port

ROUNDS = 2
AT_ONCE = 6
ENOUGH = 20  # requests after which a process may be renewed
WAITING = 10
FONT = "/static/fonts/literata-latin.woff2"
HERS = "Zaunkoenig"
HASTY = f"""
from portal.http import process_renewal
process_renewal.DRAINING_TICKS = process_renewal.PATIENT_TICKS
process_renewal.INSISTING_TICKS = 600
{MAIN}
"""
"""The product; it waits three seconds for a moment without any connection, and a minute for one where nobody waits."""


@dataclass
class Visitor:
    """One browser's own way of asking, a connection for many requests: none may end that was not said to."""

    port: int
    cookies: str

    @asynccontextmanager
    async def connected(self, **settings: int) -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
        """Connect, as somebody who takes no more than `rcvbuf` bytes before they are read, if that is given."""
        plug = socket.socket()
        plug.setblocking(False)
        if settings:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, settings["rcvbuf"])
        await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=plug, limit=8192)
        try:
            yield reader, writer
        finally:
            writer.close()

    def head(self, first: str, *lines: str) -> bytes:
        """The head of a request."""
        origin = origin_of(self.port)
        ours = (f"host: {origin[7:]}", f"origin: {origin}", "sec-fetch-site: same-origin")
        return "\r\n".join([f"{first} HTTP/1.1", *ours, f"cookie: {self.cookies}", *lines, "", ""]).encode()


async def answered(reader: StreamReader) -> tuple[str, bytes]:
    """Wait for the head of an answer, and for its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    found = re.search(r"content-length: (\d+)", head)
    assert head.startswith("http/1.1 200"), head
    assert found, head
    return head, await reader.readexactly(int(found[1]))


async def ask_until_told(visitor: Visitor) -> None:
    """Ask on one connection until an answer says that it is the last one there."""
    async with visitor.connected() as (reader, writer):
        head = ""
        while "connection: close" not in head:
            writer.write(visitor.head("GET /journal"))
            head, body = await answered(reader)
            assert b"</html>" in body
        assert await reader.read() == b""


async def read_on(browser: AsyncClient, path: str, stop: asyncio.Event) -> int:
    """Read page after page until told; return how many were read."""
    count = 0
    while not stop.is_set():
        await opened(browser, path)
        count += 1
    return count


async def come_and_wait(browser: AsyncClient, visitor: Visitor) -> None:
    """Connect and say nothing while others read, for longer than any pause is waited for; then ask."""
    for _ in range(WAITING):
        async with visitor.connected() as (reader, writer):
            for _ in range(WAITING):
                await opened(browser, "/journal")
            writer.write(visitor.head("GET /journal"))
            await answered(reader)


async def be_there_over_renewal(program: Program, browser: AsyncClient, visitor: Visitor, count: int) -> str:
    """Write, read and rest while the process is renewed; return what the autosaved page said at last."""
    stop, title = asyncio.Event(), f"{HERS} {count}"
    page = await opened(browser, "/journal/new?kind=free")
    typed = page.filled({"title": title, "free.text": f"{HERS} " * 800, "revision": "0"})
    body = urlencode(typed, doseq=True).encode()
    form = ("content-type: application/x-www-form-urlencoded", "hx-request: true")
    async with visitor.connected() as typing, visitor.connected(rcvbuf=4096) as slow:
        typing[1].write(
            visitor.head(f"POST {action(page)}", *form, f"content-length: {len(body)}") + body[:5000]
        )
        slow[1].write(visitor.head(f"GET {FONT}"))
        await asyncio.gather(ask_until_told(visitor), ask_until_told(visitor))
        stream = asyncio.create_task(read_on(browser, "/journal", stop))
        typing[1].write(body[5000:])
        (_, saved), (_, font) = await asyncio.gather(answered(typing[0]), answered(slow[0]))
        assert font == (ROOT / f"portal{FONT}").read_bytes()
        if not count:
            await come_and_wait(browser, visitor)
    await program.hear(RENEWED, count + 1)
    await asyncio.gather(*(opened(browser, "/journal") for _ in range(AT_ONCE)))
    stop.set()
    assert await stream
    assert title in (await opened(browser, "/journal")).words
    return saved.decode()


def settings_of(url: str, data: Path, port: int) -> dict[str, str]:
    """The settings of a process that is renewed often, but its key."""
    return {
        "HEARTHSIDE_DATA": str(data),
        "HEARTHSIDE_DATABASE_URL": url,
        "HEARTHSIDE_ORIGIN": origin_of(port),
        "HEARTHSIDE_PORT": str(port),
        "HEARTHSIDE_RENEW_AFTER": str(ENOUGH),
    }


async def test_nobody_is_turned_away_while_a_process_is_renewed(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Whoever reads, writes, rests or comes meanwhile is answered; once they have gone, nothing of theirs is left."""
    url, furniture = furnished_url
    sought = {name: forms_of_key(key) for name, key in (await find_keys(url, furniture)).items()}
    sought |= {name: forms_of_text(name) for name in (HERS, *PASSWORDS.values())}
    with own_port() as port:
        settings = settings_of(url, tmp_path, port) | {"HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex()}
        async with (
            listening("serve", settings=settings, code=READABLE) as program,
            browser_at(origin_of(port)) as browser,
        ):
            sought |= await sign_in(browser, "alice")
            visitor = Visitor(port, "; ".join(f"{name}={value}" for name, value in browser.cookies.items()))
            for count in range(ROUNDS):
                assert "Saved" in await be_there_over_renewal(program, browser, visitor, count)
            assert (await browser.post("/sign-out")).status_code == 303
            stop = asyncio.Event()
            stream = asyncio.create_task(read_on(browser, "/help-now", stop))
            await program.hear(RENEWED, ROUNDS + 1)
            stop.set()
            assert await stream
            process = program.process
            assert process.returncode is None
            allow_reading(process.pid)
            assert count_found(process.pid, {"server key": [SERVER_KEY]}), "all of it is read"
            assert count_found(process.pid, sought) == {}
        assert b"Traceback" not in program.said


async def tick(server: RenewingServer, times: int) -> bool:
    """Wait for so many ticks; return whether the server ended."""
    for _ in range(times):
        # That counter only says when the server makes its headers anew.
        if await server.on_tick(server.draining_ticks):
            return True
    return False


async def test_who_only_holds_connections_keeps_nobody_from_renewal(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Silence, drops of a head and half a form of nobody end with the process; who reads meanwhile is answered."""
    url, _ = furnished_url
    with own_port() as port:
        settings = settings_of(url, tmp_path, port) | {"HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex()}
        async with (
            listening("serve", settings=settings, code=HASTY) as program,
            browser_at(origin_of(port)) as browser,
        ):
            nobody = Visitor(port, "")
            form = ("content-type: application/x-www-form-urlencoded", "content-length: 50")
            async with nobody.connected() as silent, nobody.connected() as slow, nobody.connected() as half:
                slow[1].write(b"GET /help-now HTTP/1.1\r\nhost: ")
                half[1].write(nobody.head("POST /sign-in", *form) + b"email=")
                await sign_in(browser, "alice")
                stop = asyncio.Event()
                stream = asyncio.create_task(read_on(browser, "/journal", stop))
                await program.hear(RENEWED)
                for reader, _ in (silent, slow, half):
                    await wait_for_end(reader)
                stop.set()
                assert await stream
            assert (await browser.get("/journal")).status_code == 200
        assert b"Traceback" not in program.said


async def wait_for_end(reader: StreamReader) -> None:
    """Wait until the other side ends a connection."""
    with suppress(ConnectionError):
        await reader.read()


async def test_a_process_that_would_not_start_again_goes_on(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Once its key file is another's, the process is not renewed, and serves on; with its own again, it is."""
    url, _ = furnished_url
    key = tmp_path / "kept.key"
    key.write_text(SERVER_KEY.hex())
    key.chmod(0o600)
    with own_port() as port:
        settings = settings_of(url, tmp_path, port) | {"HEARTHSIDE_SERVER_KEY_FILE": str(key)}
        async with (
            listening("serve", settings=settings) as program,
            browser_at(origin_of(port)) as browser,
        ):
            key.write_text(bytes(reversed(SERVER_KEY)).hex())
            for _ in range(ENOUGH):
                await opened(browser, "/help-now")
            await browser.aclose()
            await program.hear(NOT_RENEWED)
            assert RENEWED.encode() not in program.said
            key.write_text(SERVER_KEY.hex())
            async with browser_at(origin_of(port)) as another:
                for _ in range(ENOUGH):
                    await opened(another, "/help-now")
            await program.hear(RENEWED)
            async with browser_at(origin_of(port)) as third:
                await opened(third, "/help-now")


@dataclass(eq=False)
class Connected:
    """What the server asks of a connection, and does to it."""

    is_waited: bool = True
    is_under_way: bool = False
    is_aborted: bool = False

    @property
    def transport(self) -> Connected:
        """Its other half."""
        return self

    def is_waited_for(self) -> bool:
        """Whether somebody waits there."""
        return self.is_waited

    def abort(self) -> None:
        """End it."""
        self.is_aborted = True


def quiet_server(
    gate: TaskGate, *, possible: bool = True, served: int = 0, connected: bool = False
) -> RenewingServer:
    """A server that listens nowhere, as one whose process may be renewed after two requests."""

    async def is_possible() -> bool:
        return possible

    server = RenewingServer(uvicorn.Config("nothing", log_config=None), Renewal(2, is_possible, gate.close))
    server.servers = []
    server.server_state.total_requests = served
    if connected:
        server.server_state.connections.add(Connected())  # type: ignore[arg-type]
    return server


async def test_a_process_is_renewed_in_a_quiet_moment_alone() -> None:
    """Not while somebody is connected or a task runs; after enough requests in a pause, then in any moment."""
    server = quiet_server(TaskGate())
    assert not await tick(server, LONG_IDLE_TICKS * 2)
    server.server_state.total_requests = 1
    assert not await tick(server, LONG_IDLE_TICKS)
    assert await tick(server, 1)
    server = quiet_server(TaskGate(), served=2)
    assert not await tick(server, QUIET_TICKS - 1)
    assert await tick(server, 1)
    for running in (0, 1):
        gate = TaskGate(running)
        server = quiet_server(gate, served=2, connected=not running)
        assert not await tick(server, PATIENT_TICKS)
        assert not gate.closed
        server.server_state.connections.clear()
        gate.running = 0
        assert await tick(server, 1)


async def test_answers_end_their_connections_for_a_while() -> None:
    """Once it is time each answer is the last on its connection; where that leads to nothing, it is let be."""
    server = quiet_server(TaskGate(), served=1, connected=True)
    assert not await tick(server, DRAINING_TICKS)
    assert CLOSE not in server.server_state.default_headers
    server.server_state.total_requests = 2
    for _ in range(INSISTING_TICKS // TICKS_PER_SECOND):
        assert not await tick(server, TICKS_PER_SECOND)
        assert server.server_state.default_headers.count(CLOSE) == 1
    assert not await tick(server, 1 + TICKS_PER_SECOND)
    assert CLOSE not in server.server_state.default_headers
    server.server_state.connections.clear()
    assert not await tick(server, PATIENT_TICKS)
    server.server_state.total_requests = 4
    assert await tick(server, QUIET_TICKS)


@pytest.mark.parametrize("served", [1, 2])
async def test_connections_on_which_nobody_waits_end_with_the_process(served: int) -> None:
    """They count for a minute, or for ten after fewer requests; a request whose connection is gone counts always."""
    server = quiet_server(TaskGate(), served=served)
    connected = [Connected(is_waited=False), Connected(is_waited=False, is_under_way=True)]
    server.server_state.connections.update(connected)  # type: ignore[arg-type]
    tasks = {asyncio.create_task(asyncio.Event().wait()) for _ in range(2)}
    server.server_state.tasks |= tasks  # type: ignore[arg-type]
    assert not await tick(server, INSISTING_TICKS if served == 2 else LONG_IDLE_TICKS + 1)
    assert not any(one.is_aborted for one in connected)
    gone = tasks.pop()
    server.server_state.tasks.discard(gone)
    server.draining_ticks = min(server.draining_ticks, DRAINING_TICKS)
    assert await tick(server, 1)
    assert all(one.is_aborted for one in connected)
    for one in (gone, *tasks):
        one.cancel()


async def test_a_process_that_could_not_be_renewed_is_asked_later() -> None:
    """While a file is made or the database is away nothing is waited for, and nobody is asked ten times a second."""
    server = quiet_server(TaskGate(), served=2, possible=False)
    assert not await tick(server, LONG_IDLE_TICKS)
    assert server.draining_ticks == 0
    assert server.due_at == 4


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
