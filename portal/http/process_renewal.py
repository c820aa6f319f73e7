"""
A server that renews its process while nobody is there.

A process that is renewed hands all its memory back, also what nothing overwrites: stacks, and what libraries keep. The
listening socket stays open: who connects meanwhile waits a moment in its queue, and is answered by the new process.
The server waits until there is no connection, and once it is to be renewed, each answer ends its own. Where a minute of
that leads to nothing, connections count no more on which nobody waits for anything: who only holds them, or lets drops
fall, would keep a process from ever being renewed. Those alone are cut off.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn

TICKS_PER_SECOND = 10  # uvicorn's
QUIET_TICKS = 1 * TICKS_PER_SECOND
"""How long nobody has to be connected before the process is renewed, after so many requests as are set."""
PATIENT_TICKS = 3 * TICKS_PER_SECOND
"""How long such a pause is waited for; then the next moment without anybody will do."""
DRAINING_TICKS = 60 * TICKS_PER_SECOND
"""How long any moment without a connection is waited for, with answers that end theirs."""
INSISTING_TICKS = 120 * TICKS_PER_SECOND
"""How long one is waited for all in all, from then on without anybody who waits; then as many requests come before."""
LONG_IDLE_TICKS = 600 * TICKS_PER_SECOND
"""How long nobody has to ask anything after fewer requests."""
CLOSE = (b"connection", b"close")
CHECK = "--check"
"""With it, what serves only sees whether it could."""
CHECK_SECONDS = 10.0  # the longest that this may take
CHECK_COUNTS = 120.0  # seconds for which its answer is believed
LISTENING = "HEARTHSIDE_LISTENING"
"""The variable that hands the listening sockets on: their numbers in this process."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """
    When a process is renewed: after `requests`, in a moment in which nothing goes on in it.

    `is_possible` is asked first and may wait; `close` lets nothing begin any more, or returns that something goes on.
    """

    requests: int
    is_possible: Callable[[], Awaitable[bool]]
    close: Callable[[], bool]


class RenewingServer(uvicorn.Server):
    """Serves until it is stopped, or until it is time to renew the process."""

    def __init__(self, config: uvicorn.Config, renewal: Renewal | None) -> None:
        super().__init__(config)
        self.renewal = renewal
        self.due_at = renewal.requests if renewal else 0
        self.idle_ticks = self.resting_ticks = self.draining_ticks = 0
        self.asked = 0  # requests until the tick before
        self.kept: list[int] = []  # the listening sockets, when the process is to be renewed

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end, ten times a second."""
        if await super().on_tick(counter):
            return True
        if self.renewal is None or not self._is_due(self.renewal):
            return False
        if not await self.renewal.is_possible():
            self._postpone(self.renewal)
            return False
        # Nothing is waited for from here until the server has stopped listening.
        is_free = self._is_unwaited() if self._is_insisting() else self._is_idle()
        if not is_free or self.should_exit or not self.renewal.close():
            return False
        self.kept = [os.dup(one.fileno()) for server in self.servers for one in server.sockets]
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        return True

    def _is_due(self, renewal: Renewal) -> bool:
        served = self.server_state.total_requests
        self.idle_ticks = self.idle_ticks + 1 if self._is_idle() else 0
        self.resting_ticks = self.resting_ticks + 1 if served == self.asked else 0
        self.asked = served
        if served >= self.due_at:
            self.draining_ticks += 1
            self._end_connections()
        if self.draining_ticks > INSISTING_TICKS:
            self._postpone(renewal)
        if self._is_insisting():
            return self._is_unwaited()
        if not self.draining_ticks:
            return False
        return self.idle_ticks >= (QUIET_TICKS if self.draining_ticks <= PATIENT_TICKS else 1)

    def _is_insisting(self) -> bool:
        """Return whether connections on which nobody waits count no more."""
        has_rested = self.server_state.total_requests > 0 and self.resting_ticks >= LONG_IDLE_TICKS
        return has_rested or self.draining_ticks > DRAINING_TICKS

    def _is_idle(self) -> bool:
        return not (self.server_state.connections or self.server_state.tasks)

    def _is_unwaited(self) -> bool:
        """Return whether nobody waits for anything; a task whose connection is gone may still be writing."""
        connections: list[Any] = list(self.server_state.connections)
        under_way = sum(one.is_under_way for one in connections)
        return len(self.server_state.tasks) <= under_way and not any(
            one.is_waited_for() for one in connections
        )

    def _end_connections(self) -> None:
        """Have each answer say that it is the last one on its connection; the server makes its headers each second."""
        if CLOSE not in self.server_state.default_headers:
            self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]

    def _postpone(self, renewal: Renewal) -> None:
        self.due_at = self.server_state.total_requests + renewal.requests
        self.idle_ticks = self.resting_ticks = self.draining_ticks = 0

    def restart(self) -> None:
        """Start this very program anew in this process, with the listening sockets."""
        for one in self.kept:
            os.set_inheritable(one, True)
        environment = {**os.environ, LISTENING: ",".join(map(str, self.kept))}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - our own command line


async def would_start() -> bool:
    """Return whether this very program would start as it is installed and set up now: a process of its own tries it."""
    environment = {name: value for name, value in os.environ.items() if name != LISTENING}
    trial = await asyncio.create_subprocess_exec(
        sys.executable, *sys.orig_argv[1:], CHECK, env=environment, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        return await asyncio.wait_for(trial.wait(), CHECK_SECONDS) == 0
    except TimeoutError:
        trial.kill()
        await trial.wait()
        return False


def get_handed_sockets(environment: Mapping[str, str]) -> list[socket.socket] | None:
    """Return the sockets that the process before handed on; None for the first one, which makes its own."""
    numbers = environment.get(LISTENING)
    if not numbers:
        return None
    sockets = [socket.socket(fileno=int(number)) for number in numbers.split(",")]
    for one in sockets:
        one.set_inheritable(False)
    return sockets
