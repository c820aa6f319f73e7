"""Programs of ours that work in a process of their own: what is slow, or holds the interpreter, or may take memory."""

from __future__ import annotations

import os
import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE
from pathlib import Path

from journal.installation import private_process

LAUNCHER = Path(private_process.__file__)
"""Runs a program so that nobody can read its memory."""


class ProgramFailed(Exception):
    """It ended with an error, or not in time; nothing of what it was given is told."""


async def run_program(program: Path, *arguments: str, given: bytes, seconds: float) -> bytes:
    """
    Return what a program writes that is given bytes. It knows nothing of our settings, and its errors are not shown.

    It ends when it has written, so what it frees need not be overwritten: the system never hands memory on unwiped.

    Raises:
        ProgramFailed: If it ended with an error, or took more than so many seconds.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEARTHSIDE_") and name not in private_process.ALLOCATOR
    }
    process = await create_subprocess_exec(
        sys.executable,
        "-I",
        str(LAUNCHER),
        str(program),
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
    )
    try:
        async with timeout(seconds):
            # Unlike other ways to write to a process, this tolerates one that ends before it has read all.
            made, _ = await process.communicate(given)
    except TimeoutError as error:
        raise ProgramFailed from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ProgramFailed
    return made
