"""The product as a process of its own, which answers when the block begins; everything that it says is kept."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAIN = "import sys; from portal.cli.command import main; sys.exit(main())"
LISTENS = b"running on"  # said once connections are taken


@dataclass(frozen=True)
class Program:
    """A running server, and what it has said so far."""

    process: Process
    said: bytearray = field(default_factory=bytearray)
    spoke: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, words: str, times: int = 1) -> None:
        """Wait until it has said something so many times."""
        while self.said.count(words.encode()) < times:
            assert self.process.returncode is None, self.said.decode()
            self.spoke.clear()
            await self.spoke.wait()


@asynccontextmanager
async def listening(
    *arguments: str, settings: Mapping[str, str], code: str = MAIN, cwd: Path | None = None
) -> AsyncIterator[Program]:
    """Start `hearthside` with *arguments* and nothing but *settings* in its environment; end it with the block."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *arguments, env=environment, cwd=cwd, stdout=PIPE, stderr=STDOUT
    )
    program, listens = Program(process), asyncio.Event()
    hearing = asyncio.create_task(_hear(program, listens))
    try:
        await listens.wait()
        assert LISTENS in program.said, program.said.decode()
        yield program
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await hearing


async def _hear(program: Program, listens: asyncio.Event) -> None:
    """Keep every word, so that no full pipe holds the program up; its end is an event as well."""
    assert program.process.stdout is not None
    while line := await program.process.stdout.readline():
        program.said.extend(line)
        program.spoke.set()
        if LISTENS in line:
            listens.set()
    listens.set()
    program.spoke.set()
