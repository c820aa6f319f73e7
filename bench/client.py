"""
A browser that does nothing but ask: so little work of its own that the server is what is measured.

One connection asks, waits for the whole answer and asks again, as a person's browser does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Self, cast
from urllib.parse import urlencode

END_OF_HEAD = b"\r\n\r\n"
COOKIE = re.compile(rb"set-cookie: ([^=]+)=([^;\r]+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, head and body."""

    status: int
    head: bytes
    body: bytes

    def expect(self, status: int) -> Self:
        """Stop the measurement when the answer is another than the one that is measured."""
        if self.status != status:
            raise RuntimeError(f"expected {status}: {self.head.decode()}\n{self.body.decode()[:2000]}")
        return self


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks: where, and with which cookie."""

    port: int
    cookie: str = ""

    def get(self, path: str) -> bytes:
        """Write the request for a page."""
        return self._head("GET", path) + b"\r\n"

    def post(self, path: str, form: list[tuple[str, str]], *, htmx: bool = False) -> bytes:
        """Write the request that sends a form."""
        body = urlencode(form).encode()
        head = self._head("POST", path)
        head += f"Origin: http://127.0.0.1:{self.port}\r\nSec-Fetch-Site: same-origin\r\n".encode()
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n".encode()
        return head + (b"HX-Request: true\r\n" if htmx else b"") + b"\r\n" + body

    def _head(self, method: str, path: str) -> bytes:
        cookie = f"Cookie: hearthside={self.cookie}\r\n" if self.cookie else ""
        return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{cookie}".encode()


class Connection(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self) -> None:
        self._received = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to the server on this machine."""
        _, made = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class is not registered as one

    def data_received(self, data: bytes) -> None:
        """Hand over the answer once it is whole."""
        self._received += data
        end = self._received.find(END_OF_HEAD)
        if end < 0 or self._waiting is None:
            return
        head, size = self._received[:end], 0
        place = head.lower().find(b"content-length:")
        if place >= 0:
            size = int(head[place + 15 :].split(b"\r\n", 1)[0])
        whole = end + len(END_OF_HEAD) + size
        if len(self._received) >= whole:
            waiting, self._waiting = self._waiting, None
            waiting.set_result(Answer(int(head[9:12]), head, self._received[whole - size : whole]))
            self._received = self._received[whole:]

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits that nothing will come."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> Answer:
        """Send one request and wait for the whole answer."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


@dataclass(slots=True)
class Round:
    """What one round of asking took: seconds, and the seconds of each answer."""

    seconds: float = 0.0
    answers: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Return the answers per second."""
        return len(self.answers) / self.seconds


Act = Callable[[Connection], Awaitable[object]]


async def repeat(port: int, acts: list[Act], seconds: float) -> Round:
    """Let each of *acts* go on over a connection of its own, again and again, for that long."""
    done = Round()
    connections = [await Connection.open(port) for _ in acts]
    begun = perf_counter()

    async def go_on(connection: Connection, act: Act) -> None:
        before = perf_counter()
        while not done.answers or before - begun < seconds:  # once at least, however slow the machine is
            await act(connection)
            after = perf_counter()
            done.answers.append(after - before)
            before = after

    try:
        await asyncio.gather(*(go_on(*pair) for pair in zip(connections, acts, strict=True)))
        done.seconds = perf_counter() - begun
    finally:
        for connection in connections:
            connection.close()
    return done


def asking(request: bytes, status: int = 200) -> Act:
    """Return the act of asking the same thing again, with what the answers have a browser keep."""

    async def act(connection: Connection) -> None:
        nonlocal request
        answer = (await connection.ask(request)).expect(status)
        request = with_cookies_of(answer, request)

    return act


def with_cookies_of(answer: Answer, request: bytes) -> bytes:
    """Return the request of somebody who is signed in with the cookies that an answer set, as a browser sends them."""
    for name, value in COOKIE.findall(answer.head):
        kept = re.compile(rb"; %s=[^;\r]*" % re.escape(name))
        line, _, rest = kept.sub(b"", request).partition(b"\r\nCookie: ")
        first, end, rest = rest.partition(b"\r\n")
        request = line + b"\r\nCookie: " + first + b"; " + name + b"=" + value + end + rest
    return request
