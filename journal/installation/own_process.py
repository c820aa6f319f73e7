"""Programs of ours that work in a process of their own: what is slow, or holds the interpreter, or may take memory."""

from __future__ import annotations

import os
import socket
import sys
from asyncio import StreamWriter, create_subprocess_exec, gather, get_running_loop, timeout
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from pathlib import Path

from journal.installation import private_process

BUFFER_SIZE = 64 * 1024  # bytes that are read at once
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
    # A socket, and not a pipe: what a pipe brings goes through a buffer of the event loop, which would keep it.
    here, there = socket.socketpair()
    here.setblocking(False)
    with here, there:
        process = await create_subprocess_exec(
            sys.executable,
            "-I",
            str(LAUNCHER),
            str(program),
            *arguments,
            stdin=PIPE,
            stdout=there.fileno(),
            stderr=DEVNULL,
            env=environment,
        )
        there.close()
        try:
            async with timeout(seconds):
                _, made = await gather(_write(process.stdin, given), _read(here))
                await process.wait()
        except TimeoutError as error:
            raise ProgramFailed from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        raise ProgramFailed
    return made


async def _write(program: StreamWriter | None, given: bytes) -> None:
    if program is None:  # which it is for programs that are given nothing
        return
    with suppress(BrokenPipeError, ConnectionResetError):  # it may end before it has read all
        program.write(given)
        await program.drain()
    program.close()


async def _read(here: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    made, part = bytearray(), bytearray(BUFFER_SIZE)
    with suppress(ConnectionResetError):  # it ended with something given that it had not read
        while size := await get_running_loop().sock_recv_into(here, part):
            made += memoryview(part)[:size]
    return bytes(made)
