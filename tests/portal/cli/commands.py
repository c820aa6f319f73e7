"""
A process that runs `hearthside` commands, several at a time, each in a child of its own that has to end by itself.

Run as `python -m tests.portal.cli.commands`. It loads the product once, so that a command takes no longer than its
work. Each line of input is JSON, a `Task`; each line of output says how its commands ended.
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
from dataclasses import astuple, dataclass
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


@dataclass(frozen=True)
class Task:
    """Commands to run, and what they find."""

    commands: list[list[str]]
    settings: dict[str, str]
    given: str
    folder: str


class Commands:
    """The process, as tests use it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(
        self, *commands: Sequence[str], given: str = "", folder: Path | str = ROOT, **settings: str
    ) -> list[Done]:
        """
        Run *commands* at the same time, with nothing but *settings* in their environment.

        Args:
            given: What each of them reads from its standard input.
            folder: Where they run.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        task = Task([list(command) for command in commands], settings, given, str(folder))
        self._process.stdin.write(json.dumps(astuple(task)) + "\n")
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
        task = Task(*json.loads(line))
        begun = [_begin(command, task) for command in task.commands]
        os.write(1, (json.dumps([_end(*one) for one in begun]) + "\n").encode())


def _begin(command: Sequence[str], task: Task) -> tuple[Any, IO[bytes], IO[bytes]]:
    out, err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed at the end of the command
    context = multiprocessing.get_context("fork")
    with TemporaryFile() as given:
        given.write(task.given.encode())
        given.seek(0)
        files = given.fileno(), out.fileno(), err.fileno()
        child = context.Process(target=_run, args=(command, task.settings, task.folder, files))
        child.start()
    return child, out, err


def _run(command: Sequence[str], settings: Mapping[str, str], folder: str, files: Sequence[int]) -> None:
    for new, old in enumerate(files):
        os.dup2(old, new)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a new process has it open until its end
    os.chdir(folder)
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
