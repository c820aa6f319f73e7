"""
A process that runs `hearthside` commands, several at a time, each in a child of its own that has to end by itself.

Run as `python -m tests.portal.cli.commands`. It loads the product once, so that a command takes no longer than its
work. Each line of input is JSON: a list of commands, and their settings; each line of output says how they ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from portal import cli
from portal.cli.command import main
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
# Root may read and write what nobody may: these commands may do what users may with files of their own.
ORDINARY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@dataclass(frozen=True)
class Done:
    """How a command ended, None if it did not, and what it printed."""

    code: int | None
    out: str
    err: str


class Commands:
    """The process, as tests use it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, *commands: Sequence[str], **settings: str) -> list[Done]:
        """Run *commands* at the same time, with nothing but *settings* in their environment."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([commands, settings]) + "\n")
        self._process.stdin.flush()
        return [Done(*one) for one in json.loads(self._process.stdout.readline())]


@contextmanager
def running() -> Iterator[Commands]:
    """Start the process, with the rights of an ordinary user."""
    command = [sys.executable, "-m", "tests.portal.cli.commands"]
    if os.geteuid() == 0:
        assert shutil.which(ORDINARY[0])
        command = [*ORDINARY, *command]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield Commands(process)
        assert process.stdin is not None
        process.stdin.close()


def _run_each() -> None:
    for line in sys.stdin:
        commands, settings = json.loads(line)
        begun = [_begin(command, settings) for command in commands]
        os.write(1, (json.dumps([_end(*one) for one in begun]) + "\n").encode())


def _begin(command: Sequence[str], settings: Mapping[str, str]) -> tuple[Any, IO[bytes], IO[bytes]]:
    out, err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed at the end of the command
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_run, args=(command, settings, out.fileno(), err.fileno()))
    child.start()
    return child, out, err


def _run(command: Sequence[str], settings: Mapping[str, str], out: int, err: int) -> None:
    for old, new in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(old, new)
    os.environ.clear()
    os.environ.update(settings)
    sys.exit(main(list(command)))


def _end(child: Any, out: IO[bytes], err: IO[bytes]) -> tuple[int | None, str, str]:
    child.join(PATIENCE)
    code = child.exitcode
    child.kill()
    with out, err:
        for file in (out, err):
            file.seek(0)
        return code, *(file.read().decode(errors="backslashreplace") for file in (out, err))


if __name__ == "__main__":
    for module in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
        importlib.import_module(module.name)
    gc.freeze()
    _run_each()
