"""The product as a process of its own, with every logger at its most talkative and nowhere to hide a file."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cast import SERVER_KEY
from tests.test_architecture import ROOT

TALKATIVE = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
logging.debug("everything is said")
from portal.cli import main
sys.exit(main())
"""


@dataclass
class Served:
    """A running server: where it answers, what it has said so far, and the folders that it could write to."""

    origin: str
    said: bytearray
    data: Path
    temporary: Path
    home: Path


@asynccontextmanager
async def serving(url: str, folder: Path, **more: str) -> AsyncIterator[Served]:
    """Serve the migrated database at *url*, with folders of its own below *folder*, and stop at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, temporary, home = folder / "data", folder / "temporary", folder / "home"
    for made in (data, temporary, home):
        made.mkdir(exist_ok=True)
    settings = {
        "HEARTHSIDE_DATA": str(data),
        "HEARTHSIDE_DATABASE_URL": url,
        "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
        "HEARTHSIDE_PORT": str(port),
        "HEARTHSIDE_ORIGIN": f"http://127.0.0.1:{port}",
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TALKATIVE, "serve",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(temporary),
            "HOME": str(home),
            **settings,
        },
        cwd=home,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    served = Served(settings["HEARTHSIDE_ORIGIN"], bytearray(), data, temporary, home)
    ready = asyncio.Event()
    listening = asyncio.create_task(_listen(process, served.said, ready))
    try:
        await ready.wait()
        assert process.returncode is None, served.said.decode()
        yield served
    finally:
        process.terminate()
        await process.wait()
        await listening


async def _listen(process: asyncio.subprocess.Process, said: bytearray, ready: asyncio.Event) -> None:
    """Keep every word that the process says; it is ready once it names its address, and over at the end."""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        said += line
        if b"Uvicorn running on" in line:
            ready.set()
    ready.set()
