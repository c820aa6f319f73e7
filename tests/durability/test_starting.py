"""A database that is away when the service starts, and one that can be read and not written."""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from journal.operations.diagnostics import Verdict, check_database
from journal.store import database
from tests.cast import SERVER_KEY, furnish
from tests.portal.browsing import Page, opened, pressed
from tests.portal.conftest import Portal, running
from tests.portal.conftest import portal as portal
from tests.postgres import PostgresServer
from tests.serving import MAIN, ROOT
from tests.waiting import PATIENCE, browser_at, own_port

WAITS = b"Waiting for it"


@asynccontextmanager
async def starting(url: str, data: Path, port: int) -> AsyncIterator[Process]:
    """Start the service, whatever there is of its database; kill it with the block if it has not ended."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "HEARTHSIDE_DATA": str(data),
        "HEARTHSIDE_DATABASE_URL": url,
        "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
        "HEARTHSIDE_ORIGIN": f"http://127.0.0.1:{port}",
        "HEARTHSIDE_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, "serve", env=environment, stdout=PIPE, stderr=STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def heard(process: Process, word: bytes) -> list[bytes]:
    """Return what the service says, up to the line with *word*."""
    assert process.stdout is not None
    lines: list[bytes] = []
    while line := await process.stdout.readline():
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(b"".join(lines).decode())


async def test_the_service_waits_for_its_database(own_server: PostgresServer, tmp_path: Path) -> None:
    """One line that it waits and one that it came, however often it looked; then it serves."""
    await own_server.create("hearth")
    await database.migrate(own_server.url("hearth"))
    await asyncio.to_thread(own_server.stop)
    with own_port() as port:
        async with starting(own_server.url("hearth"), tmp_path, port) as process:
            (waits,) = await heard(process, WAITS)
            assert b"PostgreSQL does not answer" in waits
            await asyncio.to_thread(own_server.start)
            lines = await heard(process, b"running on")
            assert [b"The database is there" in line for line in lines].count(True) == 1
            assert not any(WAITS in line for line in lines)
            async with browser_at(f"http://127.0.0.1:{port}") as browser:
                assert (await browser.get("/readyz")).status_code == 200


async def test_a_service_that_waits_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """SIGTERM ends the wait, and is no fault."""
    with own_port() as port:
        url = f"postgres://nobody:{SERVER_KEY.hex()}@127.0.0.1:{port}/hearth"
        async with starting(url, tmp_path, port) as process:
            await heard(process, WAITS)
            process.terminate()
            assert await process.wait() == 0


async def test_what_waiting_does_not_mend_ends_the_start(postgres: PostgresServer, tmp_path: Path) -> None:
    """A wrong password, or no such database: said at once, with exit code 1."""
    authority = postgres.url("postgres").partition("@")[2]
    with own_port() as port:
        for url in (f"postgres://nobody:x@{authority}", f"{postgres.url('postgres')}-which-is-not-there"):
            async with starting(url, tmp_path, port) as process:
                said, _ = await process.communicate()
                assert (process.returncode, said.count(b"\n"), WAITS in said) == (1, 1, False), said


async def test_a_port_that_is_taken_ends_the_start(
    furnished_sqlite_url: tuple[str, object], tmp_path: Path
) -> None:
    """It is said in a sentence, with what to do and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with starting(furnished_sqlite_url[0], tmp_path, port) as process:
            said, _ = await process.communicate()
            assert process.returncode == 1, said
            assert f"cannot listen on 127.0.0.1, port {port}.".encode() in said
            assert b"HEARTHSIDE_PORT" in said
            assert b"Traceback" not in said


@pytest.mark.parametrize("standby", [False, True])
async def test_a_database_that_takes_no_writes_is_noticed(
    own_server: PostgresServer, tmp_path: Path, standby: bool
) -> None:
    """A real standby, or read only by default: not ready, the doctor names it, nothing is called saved."""
    url = own_server.url("hearth")
    await own_server.create("hearth")
    await database.migrate(url)
    furniture = await furnish(url)
    async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
        assert (await browser.get("/readyz")).status_code == 200
        if standby:
            await asyncio.to_thread(own_server.stop)
            await asyncio.to_thread(own_server.start_as_standby)
        else:
            other = await asyncpg.connect(url, timeout=PATIENCE)
            await other.execute("ALTER DATABASE hearth SET default_transaction_read_only = on")
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            )
            await other.close()
        while (ready := await browser.get("/readyz")).text != "read-only":
            assert ready.status_code == 503  # a connection that was cut is noticed by it
        assert ready.status_code == 503
        page = await opened(browser, "/journal/new?kind=free")
        told = await pressed(browser, page, title="After")
        assert (told.status_code, "Nothing was saved" in Page.of(told).words) == (503, True)
        (finding,) = [
            one.sentence
            for one in await check_database(url, portal.cast.installation)
            if one.verdict is Verdict.MEND and "writes" in one.sentence
        ]
        assert ("standby" in finding) is standby
        for path in ("/healthz", "/help-now", "/leave"):
            assert (await browser.get(path)).status_code == 200


@pytest.mark.parametrize(
    "spoil", [Path.mkdir, lambda path: path.symlink_to(path)], ids=["a folder", "a link to itself"]
)
async def test_a_file_that_takes_no_writes_is_noticed(portal: Portal, spoil: Callable[[Path], None]) -> None:
    """Where SQLite's log belongs stands something else: not ready until it is gone."""
    client = database.get_connection()
    journal = Path(client.filename + "-journal")  # type: ignore[attr-defined]
    async with portal.client() as browser:
        assert (await browser.get("/readyz")).status_code == 200
        await asyncio.to_thread(spoil, journal)
        ready = await browser.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "read-only")
        await asyncio.to_thread(journal.rename, journal.with_name("aside"))
        assert (await browser.get("/readyz")).status_code == 200
