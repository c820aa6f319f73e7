"""
How tests wait: for an event, never for a time.

An answer, a line on a pipe, a lock that is held, the end of a process: however busy the machine is, a test goes on when
its event comes. PATIENCE ends a test whose event never comes; it is handed to every library that would give up sooner
by itself. What has no bound of its own (a pipe, a process) is ended by `faulthandler_timeout` in pyproject.toml.

tests/test_architecture.py refuses every other number of seconds in the tests.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from httpx import AsyncClient, Limits

PATIENCE = float(os.environ.get("PATIENCE", "300"))
"""Seconds. `PATIENCE=5` in the environment lets a test fail sooner while it is being written."""


def browser_at(origin: str, **settings: Any) -> AsyncClient:
    """Return a browser for a server in another process, which it asks as our own pages do."""
    return AsyncClient(
        base_url=origin,
        headers={"origin": origin, "sec-fetch-site": "same-origin"},
        timeout=PATIENCE,
        # A server may close a connection that rests at the very moment at which it is used again.
        limits=Limits(max_keepalive_connections=0),
        **settings,
    )


@contextmanager
def own_port() -> Iterator[int]:
    """Lend a port of this machine: nobody else is given it meanwhile, also while no server listens there."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        if sys.platform != "linux":  # elsewhere a server cannot listen on a port that is held
            held.close()
        yield port


def let_pass(seconds: float) -> None:
    """Let the clock of the running event loop go forward, and with it all that waits for a time in there."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]
