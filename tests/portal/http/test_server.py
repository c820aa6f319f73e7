"""A real server on a real socket, and people who send it what no browser sends."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
import uvloop
from starlette.types import Message, Receive, Scope, Send

from portal.http.fallback import ErrorFallback
from portal.http.limits import STANDARD, BodyLimits, Limits
from portal.http.middleware import HEADERS
from portal.http.server import CountingTransport, HttpConnection, build_server_config
from tests.portal.conftest import ORIGIN, Portal
from tests.waiting import PATIENCE, let_pass

HOST = ORIGIN.partition("//")[2]
A_GIGABYTE = 1 << 30
OURS = f"host: {HOST}\r\norigin: {ORIGIN}\r\nsec-fetch-site: same-origin\r\n"
FORM = f"{OURS}content-type: application/x-www-form-urlencoded\r\n"
GET = f"GET /help-now HTTP/1.1\r\n{OURS}\r\n".encode()
FILE = '--x\r\ncontent-disposition: form-data; name="email"; filename="a"\r\n\r\na\r\n--x--'
ODD = f"GET /help-now?%ff=%00&a[]=b HTTP/1.1\r\n{OURS}cookie: ;=;;a;hearthside=\xe4\r\n\r\n".encode("latin-1")
IMPATIENT = 0.05


@dataclass(frozen=True)
class Answer:
    """What came back on a connection until it was closed, or until one answer was whole."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Line:
    """One connection to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *parts: bytes) -> None:
        """Send, however little the server cares."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def hear(self) -> Answer:
        """Wait for one answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body.decode())

    async def closed(self) -> bool:
        """Wait until the server has closed it; tells whether it said nothing more."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True


@dataclass
class Listening:
    """A server that listens."""

    port: int
    server: uvicorn.Server

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """Connect to it."""
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port))
        try:
            yield line
        finally:
            line.writer.transport.abort()

    async def expects_more(self, begun: bytes) -> None:
        """Wait until the server, which shares our loop, has taken in what was *begun* on its one connection."""
        while not self._has_taken_in(begun):  # noqa: ASYNC110 - each turn of the loop is what is waited for
            await asyncio.sleep(0)

    async def has_sent(self) -> None:
        """
        Wait until an answer is under way to one that does not take it.

        A file is read by a thread, piece by piece: all has to be handed over that may be, or a piece comes later.
        """
        while not (self._buffered() and self._has_handed_over()):  # noqa: ASYNC110 - as below
            await asyncio.sleep(0)

    async def sends_no_more(self) -> None:
        """Wait until the system takes nothing more of an answer, since its reader does not."""
        before = -1
        while before != self._buffered():
            before = self._buffered()
            for _ in range(100):
                await asyncio.sleep(0)

    async def takes_a_drop(self, plug: socket.socket) -> None:
        """Read from *plug* until a little of what waits is under way."""
        before, loop = self._buffered(), asyncio.get_running_loop()
        while self._buffered() == before and self.server.server_state.connections:
            await loop.sock_recv(plug, 256)
            await asyncio.sleep(0)

    async def has_let_go(self) -> None:
        """Wait until nobody is connected."""
        while self.server.server_state.connections:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)

    def _buffered(self) -> int:
        open_now = set[object](self.server.server_state.connections)
        return sum(
            one.transport.get_write_buffer_size() for one in open_now if isinstance(one, HttpConnection)
        )

    def _has_handed_over(self) -> bool:
        open_now = set[object](self.server.server_state.connections)
        return all(
            one.flow.write_paused or one.cycle.response_complete
            for one in open_now
            if isinstance(one, HttpConnection)
        )

    def _has_taken_in(self, begun: bytes) -> bool:
        open_now = set[object](self.server.server_state.connections)
        return any(isinstance(one, HttpConnection) and one.in_head == bool(begun) for one in open_now)

    async def answer(self, *parts: bytes) -> Answer:
        """Send what stands there and give the first answer, which is dressed whatever it is."""
        async with self.line() as line:
            await line.say(*parts)
            answer = await line.hear()
        dressed(answer)
        return answer


def dressed(answer: Answer) -> None:
    """Fail unless an answer carries the headers that all do."""
    assert {name: answer.headers.get(name) for name, _ in HEADERS} == dict(HEADERS)
    assert answer.headers["cache-control"] == "no-store"


@asynccontextmanager
async def listening(
    portal: Portal, limits: Limits = STANDARD, *, send_buffer: int | None = None
) -> AsyncIterator[Listening]:
    """Serve the application on a free port, with these limits before it, and so many bytes that the system sends."""
    config = portal.app.state.config
    server = uvicorn.Server(build_server_config(portal.app, config, limits=limits))
    server.config.lifespan = "off"  # it runs already
    server.config.timeout_keep_alive = round(PATIENCE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        if send_buffer is not None:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        task = asyncio.create_task(server.serve(sockets=[free]))
        try:
            yield Listening(free.getsockname()[1], server)
        finally:
            server.should_exit = True
            await task


@pytest.fixture
async def server(portal: Portal) -> AsyncIterator[Listening]:
    """The server as it is."""
    async with listening(portal) as server:
        yield server


def post(path: str, *headers: str, length: int | None = None) -> bytes:
    """The head of a form that is sent."""
    lines = [*headers, *([] if length is None else [f"content-length: {length}"])]
    return f"POST {path} HTTP/1.1\r\n{FORM}{''.join(line + chr(13) + chr(10) for line in lines)}\r\n".encode()


def chunked(pieces: Iterable[bytes]) -> Iterable[bytes]:
    """A body without a length."""
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


async def test_an_ordinary_page(server: Listening) -> None:
    """The control: what a browser sends is answered, twice on one connection."""
    async with server.line() as line:
        for _ in range(2):
            await line.say(GET)
            answer = await line.hear()
            dressed(answer)
            assert answer.status == 200


@pytest.mark.parametrize(
    "path", ["/sign-in", "/recover", "/password-strength", "/sign-out", "/journal", "/nowhere"]
)
async def test_a_gigabyte_is_refused_before_it_comes(server: Listening, path: str) -> None:
    """Where the length is told, no byte of the body is waited for; whatever would have read it."""
    assert (await server.answer(post(path, length=A_GIGABYTE))).status == 413


@pytest.mark.parametrize("path", ["/sign-in", "/recover", "/password-strength", "/journal"])
async def test_a_gigabyte_without_a_length_is_refused_as_it_comes(server: Listening, path: str) -> None:
    """Where it is not told, the answer comes while the body still does, long before its end."""
    megabyte, sent = next(iter(chunked([b"a" * (1 << 20)]))), 0
    async with server.line() as line:
        answer = asyncio.create_task(line.hear())
        await line.say(post(path, "transfer-encoding: chunked"))
        while not answer.done() and sent < A_GIGABYTE:
            await line.say(megabyte)
            sent += len(megabyte)
        dressed(await answer)
        assert answer.result().status in (400, 413)
    assert sent < A_GIGABYTE


@pytest.mark.parametrize("fields", [501, 50_000])
async def test_too_many_fields_are_refused(server: Listening, fields: int) -> None:
    """A form of fifty thousand fields is no form; nor is one with a field more than ours have."""
    body = b"&".join(b"f%d=1" % one for one in range(fields))
    answer = await server.answer(post("/sign-in", length=len(body)), body)
    assert answer.status == 400
    assert "Nothing was saved" in answer.body


async def test_a_field_that_is_too_long_is_refused(server: Listening, portal: Portal) -> None:
    """One field holds a megabyte at most, name and value; somebody not signed in sends half of that altogether."""
    body = b"email=" + b"%41" * (180 << 10)
    assert (await server.answer(post("/sign-in", length=len(body)), body)).status == 413
    async with portal.client("alice") as browser:
        cookie = f"cookie: hearthside={browser.cookies['hearthside']}"
    for body in (b"q=" + b"a" * (1 << 20), b"a" * (1 << 20) + b"=q"):
        assert (await server.answer(post("/journal", cookie, length=len(body)), body)).status == 400


KINDS = (
    ("multipart/form-data; boundary=x", FILE),
    ("multipart/form-data", "--x"),
    ("application/json", '{"email": "a"}'),
    ("text/plain", "email=a"),
    ("application/x-www-form-urlencoded, text/plain", "email=a"),
    ("", "email=a"),
)


async def test_what_is_no_form_of_ours_is_refused(server: Listening) -> None:
    """We ask for no files and take no other way of writing a form."""
    for kind, body in KINDS:
        head = f"POST /sign-in HTTP/1.1\r\n{OURS}content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        assert (await server.answer(head.encode(), body.encode())).status == 415, kind


ABSURD = {
    "address": b"GET /" + b"a" * STANDARD.head + b" HTTP/1.1\r\n\r\n",
    "query that never ends": b"GET /help-now?q=" + b"a" * (1 << 20),
    "cookie": GET[:-2] + b"cookie: " + b"a" * STANDARD.head + b"\r\n\r\n",
    "many": GET[:-2] + b"x: y\r\n" * STANDARD.head + b"\r\n",
    "header that never ends": GET[:-2] + b"a" * (1 << 20),
}


async def test_absurd_heads_are_refused(server: Listening) -> None:
    """An address, a cookie or a crowd of headers beyond all use is refused, and not kept until it is whole."""
    got = {name: (await server.answer(head)).status for name, head in ABSURD.items()}
    assert got == dict.fromkeys(ABSURD, 431)


# fmt: off
IN_TWO_WAYS = (
    (post("/sign-in", "transfer-encoding: chunked", length=4) + b"0\r\n\r\nGET", {400}),
    (post("/sign-in", "content-length: 5", length=4) + b"a=b&c", {400}),
    (post("/sign-in", "transfer-encoding: xchunked") + b"0\r\n\r\n", {400}),
    (post("/sign-in", "transfer-encoding: chunked, identity") + b"0\r\n\r\n", {400}),
    (post("/sign-in", "content-length: -1"), {400}),
    (post("/sign-in", "content-length: 1e3"), {400}),
    (post("/sign-in", "transfer-encoding: chunked") + b"zz\r\n", {400}),
    (GET[:-2] + b"x : y\r\n\r\n", {400}),
    (GET[:-2] + b"x\ny: z\r\n\r\n", {400}),
    (GET[:-2] + b"x: a\0b\r\n\r\n", {400}),
    (GET[:-2] + b"host: evil.example\r\n\r\n", {400}),
    (GET[:-2] + f"host: {HOST}\r\n\r\n".encode(), {400}),
    (b"GET /help-now HTTP/1.1\r\n\r\n", {400}),
    (b"GET /help-now HTTP/1.0\r\n\r\n", {400}),
    (b"GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\n\r\n", {400}),
    (b"GET /\xff HTTP/1.1\r\n\r\n", {400}),
    (b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n", {400}),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405}),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01", {400}),
    (f"OPTIONS * HTTP/1.1\r\n{OURS}\r\n".encode(), {400, 404, 405}),
    (f"NONSENSE / HTTP/1.1\r\n{OURS}\r\n".encode(), {400, 405}),
    (f"GET /journal/%00%ff%c0%af HTTP/1.1\r\n{OURS}\r\n".encode(), {404}),
    (ODD, {200}),
)
# fmt: on


async def test_what_can_be_read_in_two_ways_is_refused(server: Listening) -> None:
    """Two lengths, two hosts, half a line: refused, where a proxy and we might each understand something else."""
    for head, statuses in IN_TWO_WAYS:
        assert (await server.answer(head)).status in statuses, head


async def test_an_upgrade_is_no_way_around(server: Listening) -> None:
    """Whoever asks for another protocol is answered in this one."""
    head = f"{OURS}connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: a\r\nsec-websocket-version: 13\r\n"
    assert (await server.answer(f"GET /journal HTTP/1.1\r\n{head}\r\n".encode())).status == 401


@pytest.mark.parametrize("begun", [b"", b"GET /help", GET[:-4], GET + b"GET /"])
async def test_a_head_that_does_not_come_to_an_end_is_not_waited_for(portal: Portal, begun: bytes) -> None:
    """Whoever connects and says nothing, or half, is let go; also after a request that was whole."""
    async with listening(portal, Limits(head_seconds=PATIENCE)) as server, server.line() as line:
        await line.say(begun)
        if begun.startswith(GET):
            assert (await line.hear()).status == 200
        await server.expects_more(begun)
        let_pass(PATIENCE)
        if begun:
            answer = await line.hear()
            dressed(answer)
            assert answer.status == 408
        assert await line.closed()


@pytest.mark.parametrize("path", ["/sign-in", "/recover", "/journal"])
async def test_a_body_that_drips_is_not_waited_for(portal: Portal, path: str) -> None:
    """A body that does not come in time is answered with 408 in kind words, and the connection closed."""
    async with listening(impatient(portal)) as server, server.line() as line:
        await line.say(post(path, length=100), b"email=")
        answer = await line.hear()
        dressed(answer)
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert "did not arrive in time" in answer.body
        assert await line.closed()


async def test_where_all_else_breaks_a_body_is_not_waited_for_either(portal: Portal) -> None:
    """Whoever breaks before reading a body that drips is answered all the same, within the limits of a body."""

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError

    async def drips() -> Message:
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    said: list[Message] = []

    async def hear(message: Message) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/journal", "query_string": b"", "app": portal.app}
    scope["headers"] = [(b"transfer-encoding", b"chunked")]
    app = ErrorFallback(BodyLimits(breaks, limits=Limits(body_seconds=IMPATIENT)))
    async with asyncio.timeout(PATIENCE):
        await app(scope, drips, hear)
    assert said[0]["status"] == 500


def impatient(portal: Portal) -> Portal:
    """The same application with no time for a body."""
    from portal.app import create_app

    app = create_app(
        portal.app.state.config,
        clock=portal.cast.clock,
        quick=True,
        limits=Limits(body_seconds=IMPATIENT),
    )
    app.state.store = portal.app.state.store
    return Portal(app, portal.cast)


async def test_what_is_there_is_not_waited_for(server: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head and a body that come whole start no timer; the one for the next request is all there is."""
    loop, waits = asyncio.get_running_loop(), list[str]()
    call_at = loop.call_at

    def counted(
        when: float, callback: Callable[..., object], *args: Any, **context: Any
    ) -> asyncio.TimerHandle:
        waits.append(getattr(callback, "__name__", ""))
        return call_at(when, callback, *args, **context)

    async with server.line() as line:
        await line.say(GET)  # the connection itself is waited for
        await line.hear()
        monkeypatch.setattr(loop, "call_at", counted)
        for body in (b"password=a", b""):
            await line.say(post("/password-strength", length=len(body)) + body)
            assert (await line.hear()).status == 200
        await line.say(GET)
        await line.hear()
    of_the_server = {"_set_result_unless_cancelled"}  # it looks at its clock ten times a second
    assert set(waits) - of_the_server == {"timeout_keep_alive_handler"}


async def test_a_body_that_nobody_reads_is_not_waited_for(portal: Portal) -> None:
    """What is answered without its body is answered; then the connection does not stay open for the body."""
    async with listening(portal, Limits(stalled_seconds=IMPATIENT)) as server, server.line() as line:
        await line.say(post("/sign-out", length=100), b"a=")
        assert (await line.hear()).status == 303
        assert await line.closed()


async def test_an_answer_that_nobody_takes_is_not_kept(portal: Portal) -> None:
    """Whoever asks and asks, and reads nothing, is let go."""
    async with listening(portal, Limits(stalled_seconds=IMPATIENT)) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as plug:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plug.setblocking(False)
            loop = asyncio.get_running_loop()

            async def ask() -> None:
                while True:
                    await loop.sock_sendall(plug, GET * 50)

            with pytest.raises(ConnectionError):
                await ask()


async def test_a_small_answer_that_nobody_takes_is_not_kept(portal: Portal) -> None:
    """Nor is what would fit into a buffer, also when the connection is already being closed."""
    async with listening(portal, Limits(stalled_seconds=IMPATIENT), send_buffer=4096) as server:
        with socket.socket() as plug:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            plug.connect(("127.0.0.1", server.port))
            plug.sendall(GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
            async with asyncio.timeout(PATIENCE):
                await server.has_sent()
                await server.has_let_go()


@pytest.mark.parametrize("path", ["/static/fonts/literata-latin.woff2", "/static/vendor/htmx.min.js"])
@pytest.mark.parametrize("more", [b"", b"connection: close\r\n"])
async def test_whoever_takes_an_answer_drop_by_drop_is_let_go(portal: Portal, path: str, more: bytes) -> None:
    """A little now and then keeps no connection, of an answer that fills the buffer or of one that does not."""
    limits = Limits(stalled_seconds=PATIENCE, min_bytes_per_second=round(65_536 / PATIENCE))
    async with listening(portal, limits, send_buffer=4096) as server:
        with socket.socket() as plug:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            plug.connect(("127.0.0.1", server.port))
            plug.setblocking(False)
            head = f"GET {path} HTTP/1.1\r\n{OURS}".encode()
            plug.sendall(head + more + b"\r\n")
            async with asyncio.timeout(PATIENCE):
                await server.has_sent()
                await server.sends_no_more()
            for _ in range(3):  # in the first, and perhaps the second, the beginning of the answer was taken
                async with asyncio.timeout(PATIENCE):
                    await server.takes_a_drop(plug)
                let_pass(PATIENCE)
                for _ in range(100):
                    await asyncio.sleep(0)  # so that what the server waits for comes before the next drop
            async with asyncio.timeout(PATIENCE):
                await server.has_let_go()


def test_an_answer_to_one_who_was_let_go_breaks_nothing() -> None:
    """On the loop that serves as well, where writing to a connection that is gone is an error."""

    async def write_after_the_end() -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            _, writer = await asyncio.open_connection(*free.getsockname())
            transport = CountingTransport(writer.transport)
            transport.write(b"before")
            transport.abort()
            transport.write(b"after")
            return transport.written

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(write_after_the_end()) == len(b"before")


async def test_whoever_takes_an_answer_slowly_gets_all_of_it(portal: Portal) -> None:
    """A line that carries little more than what is asked for is waited for to the end."""
    path, size = "/static/fonts/literata-latin.woff2", 110_080
    limits = Limits(stalled_seconds=PATIENCE, min_bytes_per_second=round(8192 / PATIENCE))
    async with listening(portal, limits, send_buffer=4096) as server:
        with socket.socket() as plug:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            plug.connect(("127.0.0.1", server.port))
            plug.setblocking(False)
            plug.sendall(f"GET {path} HTTP/1.1\r\n{OURS}\r\n".encode())
            got, loop = 0, asyncio.get_running_loop()
            while got < size:
                async with asyncio.timeout(PATIENCE):
                    for _ in range(16):
                        if got < size:
                            got += len(await loop.sock_recv(plug, 4096))
                let_pass(PATIENCE * 0.9)


def test_the_limits_hold_what_people_write() -> None:
    """The longest form there is, every letter of it written as nine signs, is still taken."""
    from journal.catalogue.fields import FieldKind
    from journal.catalogue.forms import FORMS

    written = {FieldKind.TEXT, FieldKind.LINE, FieldKind.EMOTIONS}  # the others choose from what is offered
    asked = [[field for field in form.fields if field.kind in written] for form in FORMS.values()]
    longest = max(sum(field.max_answer_length for field in fields) for fields in asked)
    assert longest * len("%e2%82%ac") < STANDARD.body
    assert max(field.max_answer_length for form in FORMS.values() for field in form.fields) * 9 < 1 << 20


def test_no_other_place_reads_a_body() -> None:
    """Forms are read in one place, which has the limits; uploads in another, which gives them to a process that has."""
    from tests.test_architecture import modules, source

    reads = re.compile(r"request\.(form|body|json|stream)\(")
    assert [path.name for path in modules("portal") if reads.search(source(path))] == [
        "imports.py",
        "forms.py",
    ]
