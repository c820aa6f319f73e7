"""
A process that has loaded the product once, and begets servers that need not load it again.

Run as `python -m tests.browser.nursery NUMBER`, it takes its orders from the socket of that number: to serve, with an
environment, on a socket that comes with the order, and to end a server with a signal. When the socket is closed it
ends, and every server with it.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import msgspec
import uvicorn

from portal.app import create_app
from portal.config import Config
from portal.http.server import build_server_config as settings_for
from portal.web.pages import Templates
from tests.cast import Clock
from tests.pages import COMPILED, build_shared_templates
from tests.waiting import PATIENCE

LONGEST = 1 << 16  # bytes of an order
PAGES = ("html", "txt")


class Serve(msgspec.Struct, tag=True):
    """Serve with nothing but this in the environment; a listening socket and a log come along."""

    environment: dict[str, str]


class End(msgspec.Struct, tag=True):
    """End a server with a signal, and answer when it is gone."""

    process: int
    signal: int


class Nursery:
    """The process, as tests know it."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair()
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())}
        environment |= {COMPILED: os.environ[COMPILED]} if COMPILED in os.environ else {}
        command = [sys.executable, "-m", "tests.browser.nursery", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()])

    def serve(self, environment: Mapping[str, str], listening: socket.socket, log: int) -> int:
        """Have a new process serve on *listening* and write to the file of number *log*; return its id."""
        return self._order(Serve(dict(environment)), listening.fileno(), log)

    def end(self, process: int, by: signal.Signals) -> None:
        """End a server, and return when it is gone."""
        self._order(End(process, by))

    def close(self) -> None:
        """End the process, and with it all that still serve."""
        self._orders.close()
        self._process.wait()

    def _order(self, order: Serve | End, *handles: int) -> int:
        socket.send_fds(self._orders, [msgspec.json.encode(order)], handles)
        return msgspec.json.decode(self._orders.recv(LONGEST), type=int)


@cache
def nursery() -> Nursery:
    """Return the one of this process, which lasts as long."""
    made = Nursery()
    atexit.register(made.close)
    return made


@cache
def compiled_once() -> Templates:
    """Return the product's pages, compiled before the first child is begotten, and so in none of them."""
    templates = build_shared_templates()
    for page in templates.here.list_templates(extensions=PAGES):
        templates.here.get_template(page)
    return templates


def run(handle: int) -> None:
    """Serve on the socket of number *handle*, with the settings of the environment, at the hour it names."""
    config = Config.from_mapping(os.environ)
    app = create_app(config, clock=Clock(datetime.fromisoformat(os.environ["SERVED_NOW"])), quick=True)
    app.state.templates = compiled_once()
    settings = settings_for(app, config)
    # A browser of tests rests for longer than people's, and not every one of them asks again on another connection.
    settings.timeout_keep_alive = round(PATIENCE)
    uvicorn.Server(settings).run(sockets=[socket.socket(fileno=handle)])


def beget(environment: Mapping[str, str], orders: socket.socket, listening: int, log: int) -> int:
    """Return the id of a child that serves."""
    if child := os.fork():
        return child
    try:
        orders.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.clear()
        os.environ.update(environment)
        run(listening)
    except BaseException:  # noqa: BLE001 - whatever it is: nothing of the parent's may go on in the child
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


def main() -> None:
    """Take orders until there can be no more."""
    compiled_once()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts the tests closes the socket as well
    children = set[int]()
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        while (received := socket.recv_fds(orders, LONGEST, 2))[0]:
            order = msgspec.json.decode(received[0], type=Serve | End)
            if isinstance(order, Serve):
                answer = beget(order.environment, orders, *received[1])
                children.add(answer)
                for handle in received[1]:
                    os.close(handle)
            else:
                answer = order.process
                _end(answer, order.signal)
                children.remove(answer)
            orders.sendall(msgspec.json.encode(answer))
    for child in children:
        _end(child, signal.SIGKILL)


def _end(child: int, by: int) -> None:
    os.kill(child, by)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
