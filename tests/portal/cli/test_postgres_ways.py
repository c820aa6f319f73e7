"""The ways to a PostgreSQL server that its address can name: by port, by socket, and over TLS."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.portal.cli.test_bad_databases import executed
from tests.postgres import PostgresServer
from tests.receiver import certificate

ROOT = Path(__file__).parents[3]
ASKED_FOR_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # SSLRequest, as PostgreSQL's protocol has it


async def linked(url: str, data: Path, **settings: str) -> tuple[int | None, str]:
    """Ask for a set-up link from the database at *url*; return the exit code, and what was said."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HEARTHSIDE_DATA": str(data),
        "HEARTHSIDE_DATABASE_URL": url,
        **settings,
    }
    command = [
        sys.executable,
        "-c",
        "import sys; from portal.cli.command import main; sys.exit(main())",
        "setup-link",
    ]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@asynccontextmanager
async def before(url: str, context: ssl.SSLContext) -> AsyncIterator[str]:
    """Stand before a server that knows no TLS, and speak it; return the address to reach it by."""
    parts = urlsplit(url)
    assert parts.port is not None
    answers = []

    async def carry(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(ConnectionError):
            while said := await reader.read(1 << 16):
                writer.write(said)
        writer.close()

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            assert await reader.readexactly(len(ASKED_FOR_TLS)) == ASKED_FOR_TLS
            writer.write(b"S")
            await writer.start_tls(context)
            back, onward = await asyncio.open_connection(parts.hostname, parts.port)
            answers.append(asyncio.create_task(carry(back, writer)))
            await carry(reader, onward)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield url.replace(f":{parts.port}/", f":{port}/")
    finally:
        server.close()
        await asyncio.gather(*answers)


async def test_tls_with_a_certificate_that_is_trusted(postgres_url: str, tmp_path: Path) -> None:
    """With `?ssl=true` the way is sealed, to a server whose certificate this machine trusts for its host."""
    trusted, context = certificate(tmp_path)
    async with before(postgres_url, context) as url:
        code, said = await linked(f"{url}?ssl=true", tmp_path / "data", SSL_CERT_FILE=str(trusted))
        assert (code, "/setup/" in said) == (0, True), said


async def test_tls_with_a_certificate_that_nobody_vouches_for(postgres_url: str, tmp_path: Path) -> None:
    """A certificate that is not trusted, or is another host's, is refused in a sentence."""
    trusted, context = certificate(tmp_path)
    async with before(postgres_url, context) as url:
        for wrong, settings in (
            (url, {}),
            (url.replace("127.0.0.1", "localhost"), {"SSL_CERT_FILE": str(trusted)}),
        ):
            code, said = await linked(f"{wrong}?ssl=true", tmp_path / "data", **settings)
            assert (code, said.count("\n"), "TLS" in said) == (1, 1, True), said


async def test_a_socket(postgres: PostgresServer, postgres_url: str, tmp_path: Path) -> None:
    """A server on this machine is reached through the folder of its socket."""
    name = urlsplit(postgres_url).path[1:]
    code, said = await linked(postgres.socket_url(name), tmp_path / "data")
    assert (code, "/setup/" in said) == (0, True), said


async def test_signs_in_user_name_and_password(postgres: PostgresServer, tmp_path: Path) -> None:
    """Whatever they are made of: written as percent and two digits, they arrive as they are."""
    odd, secret = "o'd@d:/?#[%] \"ü", "p#s?s/w@r:d% ü[]"
    url = postgres.url("postgres")
    role, literal = odd.replace('"', '""'), secret.replace("'", "''")
    await executed(url, f"CREATE ROLE \"{role}\" SUPERUSER LOGIN PASSWORD '{literal}'")
    await executed(url, f'CREATE DATABASE "{role}"')
    there = f"postgres://{quote(odd, safe='')}:{quote(secret, safe='')}@{url.partition('@')[2]}"
    code, said = await linked(there.removesuffix("postgres") + quote(odd, safe=""), tmp_path / "data")
    assert (code, "hearthside migrate" in said) == (1, True), said
    await executed(url, f'DROP DATABASE "{role}"')
    await executed(url, f'DROP ROLE "{role}"')
