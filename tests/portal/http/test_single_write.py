"""An answer is the same on the wire, whether we write it at once or the server writes it piece by piece."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from portal.config import Config
from portal.http.middleware import SecurityHeaders
from portal.http.server import HttpConnection, build_server_config
from portal.http.single_write import MAX_JOINED_SIZE
from tests.cast import SERVER_KEY
from tests.portal.conftest import ORIGIN

DATE = re.compile(rb"\r\ndate: [^\r]+")


class Raw:
    """An answer that says what it is told to."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        for message in self.messages:
            await send(dict(message))


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    """The head of an answer."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    """A piece of its body."""
    return {"type": "http.response.body", "body": content, "more_body": more}


PIECES = (body(b"a" * 10, more=True), body(b"", more=True), body(b"b" * 10))
LENGTH = (b"content-length", b"5")
ANSWERS: dict[str, ASGIApp] = {
    "text": PlainTextResponse("alive"),
    "nothing": PlainTextResponse(""),
    "no content": Response(status_code=204),
    "no content, and a body": Raw(start(status=204), body(b"alive")),
    "no content of a length": Raw(start(LENGTH, status=204), body(b"alive")),
    "not changed": Response(status_code=304),
    "long": PlainTextResponse("a" * MAX_JOINED_SIZE),
    "longer": PlainTextResponse("a" * (MAX_JOINED_SIZE + 1)),
    "redirect": Response(status_code=303, headers={"location": "/sign-in"}),
    "cookies": Raw(start(LENGTH, (b"set-cookie", b"a=b"), (b"set-cookie", b"c=d")), body(b"alive")),
    "closing": PlainTextResponse("alive", headers={"connection": "close"}),
    "in pieces": Raw(start(), *PIECES),
    "in pieces of a known length": Raw(start((b"content-length", b"20")), *PIECES),
    "without a length": Raw(start(), body(b"alive")),
    "told to be in pieces": Raw(start((b"transfer-encoding", b"chunked")), body(b"alive")),
    "in capitals": Raw(start((b"Content-Length", b"5"), (b"Connection", b"Close")), body(b"alive")),
    "too long": Raw(start(LENGTH), body(b"alive and well")),
    "too short": Raw(start(LENGTH), body(b"a")),
    "length that is none": Raw(start((b"content-length", b"five")), body(b"alive")),
    "without a body": Raw(start(LENGTH)),
    "body first": Raw(body(b"alive")),
    "two heads": Raw(start(LENGTH), start(LENGTH), body(b"alive")),
    "memory": Raw(start(LENGTH), {"type": "http.response.body", "body": memoryview(b"alive")}),
    "no body named": Raw(start((b"content-length", b"0")), {"type": "http.response.body"}),
}
BREAKS_OFF = frozenset({"no content, and a body", "too long", "too short", "without a body", "two heads"})
"""Of these the server writes the head before it finds what is wrong."""
SPLIT: dict[str, ASGIApp] = {
    "line in a value": Raw(start(LENGTH, (b"x", b"a\r\nset-cookie: b=c")), body(b"alive")),
    "half a line in a value": Raw(start(LENGTH, (b"x", b"a\nb")), body(b"alive")),
    "nothing in a value": Raw(start(LENGTH, (b"x", b"a\0b")), body(b"alive")),
    "line in a name": Raw(start(LENGTH, (b"x\r\ny", b"a")), body(b"alive")),
    "space in a name": Raw(start(LENGTH, (b"x y", b"a")), body(b"alive")),
    "in what is ready": Raw(start(LENGTH, (b"x-frame-options", b"DENY\r\n\r\n")), body(b"alive")),
    "our own": Response("alive", headers={"location": "/a\r\nset-cookie: b=c"}),
}
ASKED = {
    "get": b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    "twice": b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" * 2,
    "head": b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\nhost: a\r\n\r\n",
    "last": b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    "expects": b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n",
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings of a service."""
    return Config(tmp_path, f"sqlite://{tmp_path}/a.sqlite3", SERVER_KEY, ORIGIN, "127.0.0.1", 8000)


@asynccontextmanager
async def listening(settings: uvicorn.Config) -> AsyncIterator[int]:
    """Serve on a free port."""
    settings.lifespan, settings.timeout_keep_alive = "off", 0
    server = uvicorn.Server(settings)
    with socket.create_server(("127.0.0.1", 0)) as free:
        task = asyncio.create_task(server.serve(sockets=[free]))
        try:
            yield free.getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def heard(port: int, asked: bytes) -> bytes:
    """Everything that comes back until the connection is closed, which it is as soon as nothing more is asked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked)
    try:
        return DATE.sub(b"", await reader.read())
    finally:
        writer.transport.abort()


def by_name(answers: dict[str, ASGIApp]) -> ASGIApp:
    """The application that gives each answer at its own address."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answers[scope["path"][1:]](scope, receive, send)

    return app


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
async def test_the_server_would_have_written_the_same(config: Config, asked: bytes) -> None:
    """Byte by byte; of an answer that breaks off after its head, nothing is written instead of the head alone."""
    app = SecurityHeaders(by_name(ANSWERS | SPLIT), config)
    ours, theirs = build_server_config(app, config), build_server_config(app, config)
    theirs.app = app
    async with listening(ours) as our_port, listening(theirs) as their_port:
        for name in ANSWERS | SPLIT:
            request = asked.replace(b" / ", b" /" + name.replace(" ", "%20").encode() + b" ")
            one, other = await heard(our_port, request), await heard(their_port, request)
            assert one == other or (name in BREAKS_OFF and other.startswith(one)), name
            if name in SPLIT:
                assert b"HTTP/1.1 200" not in one
                assert b"set-cookie" not in one


async def test_head_and_body_are_one_write(config: Config) -> None:
    """The control: what can be written at once is."""
    written: list[bytes] = []

    class Watched(HttpConnection):
        """Keeps what is written."""

        def connection_made(self, transport: Any) -> None:
            """Put a transport that listens in the place of the server's."""
            super().connection_made(Listening(transport, written))  # type: ignore[arg-type]

    for name, times in (
        ("text", 1),
        ("long", 1),
        ("longer", 2),
        ("closing", 2),
        ("in pieces", 3),
        ("no content", 1),
    ):
        settings = build_server_config(SecurityHeaders(ANSWERS[name], config), config)
        serving: Any = settings.http
        watched: Any = partial(serving.func, Watched, *serving.args[1:], **serving.keywords)
        settings.http = watched
        async with listening(settings) as port:
            whole = await heard(port, ASKED["get"])
        assert len(written) == times, name
        assert DATE.sub(b"", b"".join(written)) == whole
        written.clear()


class Listening:
    """A transport, and what is written to it."""

    def __init__(self, transport: asyncio.Transport, written: list[bytes]) -> None:
        self._transport, self._written = transport, written

    def write(self, data: bytes) -> None:
        """Keep and pass on what is not empty."""
        if data:
            self._written.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_what_a_request_held_goes_with_it(config: Config) -> None:
    """Keys of whoever asked are in its state: they are let go when it is over, not when memory is tidied up."""

    class Keys:
        """Stands for them."""

    held: list[weakref.ref[Keys]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["keys"] = keys = Keys()
        held.append(weakref.ref(keys))
        await PlainTextResponse("alive")(scope, receive, send)

    gc.disable()
    try:
        async with listening(build_server_config(app, config)) as port:
            await heard(port, ASKED["twice"])
        assert [one() for one in held] == [None, None]
    finally:
        gc.enable()
