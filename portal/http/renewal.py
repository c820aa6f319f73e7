"""
A server that renews its process while nobody is there.

A process that is renewed hands all its memory back, also what nothing overwrites: stacks, and what libraries keep. The
listening socket stays open: who connects meanwhile waits a moment in its queue, and is answered by the new process.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import uvicorn

TICKS_PER_SECOND = 10  # uvicorn's
IDLE_TICKS = 5 * TICKS_PER_SECOND
"""After so many requests as are set: how long nobody has to be connected."""
LONG_IDLE_TICKS = 600 * TICKS_PER_SECOND
"""After any request."""
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
        self.idle_ticks = 0
        self.kept: list[int] = []  # the listening sockets, when the process is to be renewed

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end, ten times a second."""
        if await super().on_tick(counter):
            return True
        self.idle_ticks = self.idle_ticks + 1 if self._is_idle() else 0
        if self.renewal is None or not self._is_due(self.renewal) or not await self.renewal.is_possible():
            return False
        # Nothing is waited for from here until the server has stopped listening.
        if not self._is_idle() or self.should_exit or not self.renewal.close():
            return False
        self.kept = [os.dup(one.fileno()) for server in self.servers for one in server.sockets]
        return True

    def _is_idle(self) -> bool:
        return not (self.server_state.connections or self.server_state.tasks)

    def _is_due(self, renewal: Renewal) -> bool:
        served = self.server_state.total_requests
        return (served >= renewal.requests and self.idle_ticks >= IDLE_TICKS) or (
            served > 0 and self.idle_ticks >= LONG_IDLE_TICKS
        )

    def restart(self) -> None:
        """Start this very program anew in this process, with the listening sockets."""
        for one in self.kept:
            os.set_inheritable(one, True)
        environment = {**os.environ, LISTENING: ",".join(map(str, self.kept))}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - our own command line


def get_handed_sockets(environment: Mapping[str, str]) -> list[socket.socket] | None:
    """Return the sockets that the process before handed on; None for the first one, which makes its own."""
    numbers = environment.get(LISTENING)
    if not numbers:
        return None
    sockets = [socket.socket(fileno=int(number)) for number in numbers.split(",")]
    for one in sockets:
        one.set_inheritable(False)
    return sockets
