"""
A database that is some way off: passes bytes on to another address, each a while later.

Run as `python -m bench.distance HOST PORT MILLISECONDS`, it prints the port that it listens on; a question and its
answer take so many milliseconds longer. It ends with its input.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from bench.server import ROOT


@contextmanager
def away(url: str, milliseconds: float) -> Iterator[str]:
    """Put the database at *url* a round trip of *milliseconds* away; return the address that it has from there."""
    parts = urlsplit(url)
    where = [parts.hostname or "", str(parts.port), str(milliseconds)]
    with subprocess.Popen(
        [sys.executable, "-m", "bench.distance", *where],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as wire:  # fmt: skip
        assert wire.stdin is not None
        assert wire.stdout is not None
        try:
            place = f"{parts.username}:{parts.password}@127.0.0.1:{int(wire.stdout.readline())}"
            yield parts._replace(netloc=place).geturl()
        finally:
            wire.stdin.close()


async def _pass_on(reader: StreamReader, writer: StreamWriter, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while said := await reader.read(1 << 16):
            loop.call_later(seconds, writer.write, said)
    loop.call_later(seconds, writer.close)


async def _listen(host: str, port: int, milliseconds: float) -> None:
    each_way = milliseconds / 2000

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        answers, onward = await asyncio.open_connection(host, port)
        await asyncio.gather(_pass_on(reader, onward, each_way), _pass_on(answers, writer, each_way))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        os._exit(0)  # whoever is connected still has ended as well


if __name__ == "__main__":
    asyncio.run(_listen(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
