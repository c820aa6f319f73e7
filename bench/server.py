"""
The server that is measured: the product as it is served, one worker, in a process of its own.

Run as `python -m bench.server`, it serves with the settings of its environment, like `hearthside serve`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import no_cipher
from bench.ending import end_with_the_measurement
from bench.people import SERVER_KEY, People
from bench.rows import DATABASE
from journal.installation.private_process import build_wiping_environment
from portal.cli.command import main

ROOT = Path(__file__).parent.parent
LISTENS = b"running on"  # said by the server once connections are taken


def furnish(folder: Path, *flags: str) -> People:
    """Fill *folder* in a process of its own, so that no cipher is left out of this one."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.people", str(folder), *flags],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    return msgspec.json.decode(done.stdout, type=People)


class Port(int):
    """Where a server listens; `process` is the id of its process."""

    process: int


@contextmanager
def served_plainly() -> Iterator[int]:
    """Serve `bench.plain`; return the port."""
    port = _free_port()
    with _running(["bench.plain", str(port)], os.environ):
        yield port


@contextmanager
def served(folder: Path, *flags: str, url: str = "", overwrites: bool = True) -> Iterator[Port]:
    """Serve what is in *folder*, or in the database at *url*, as the product does; return the port."""
    port = _free_port()
    settings = {
        "HEARTHSIDE_DATA": str(folder),
        "HEARTHSIDE_DATABASE_URL": url or f"sqlite://{folder / DATABASE}",
        "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
        "HEARTHSIDE_ORIGIN": f"http://127.0.0.1:{port}",
        "HEARTHSIDE_PORT": str(port),
    }
    environment = os.environ | settings
    if overwrites:
        environment = build_wiping_environment(environment)
    with _running(["bench.server", *flags], environment) as process:
        found = Port(port)
        found.process = process
        yield found


def cpu_seconds(port: Port) -> float:
    """Return how many seconds of CPU a server has taken so far, as Linux counts them."""
    fields = Path(f"/proc/{port.process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _running(module: list[str], environment: Mapping[str, str]) -> Iterator[int]:
    """Run a module until the block ends; return the id of its process."""
    server = subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert server.stderr is not None
        while LISTENS not in (line := server.stderr.readline()):
            if not line:
                raise RuntimeError("the server did not start")
        yield server.pid
    finally:
        server.terminate()
        server.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


if __name__ == "__main__":
    end_with_the_measurement()
    if no_cipher.FLAG in sys.argv:
        no_cipher.take_out()
    sys.exit(main(["serve"]))
