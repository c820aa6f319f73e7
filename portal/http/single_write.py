"""
An answer's head and its body, written at once where the server would write one after the other.

Whatever is unusual about an answer (long, of another length than it says, in pieces, to HEAD, the last on its
connection, with a header that cannot be written) is left to the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

Header = tuple[bytes, bytes]
CONTENT_LENGTH = b"content-length"
NO_CONTENT = 204
MAX_JOINED_SIZE = 256 * 1024  # bytes; of more, a copy costs more than a second write
SERVER_HEADERS = frozenset({b"connection", b"transfer-encoding"})


def format_header(header: Header) -> bytes:
    """Return a header as the protocol writes it, or nothing where the server has to look at it, and to refuse it."""
    name, value = header
    if not name.islower() or HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        return b""
    return b"%s: %s\r\n" % header


class SingleWrite:
    """Outermost of all: write a response's head and body at once where possible."""

    def __init__(self, app: ASGIApp, common_headers: Iterable[Header]) -> None:
        """Serve *app*, most of whose answers carry the headers *common_headers*, each of which is checked this once."""
        self.app = app
        self.lines = {header: format_header(header) for header in common_headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a `send` of our own where the server's is the one we know."""
        cycle = getattr(send, "__self__", None)
        if isinstance(cycle, RequestResponseCycle):
            send = _Response(cycle, self.lines).send
        await self.app(scope, receive, send)


class _Response:
    """One response. The server holds no reference to it, so it is freed with the request."""

    __slots__ = ("cycle", "head", "lines")

    def __init__(self, cycle: RequestResponseCycle, lines: Mapping[Header, bytes]) -> None:
        self.cycle = cycle
        self.lines = lines
        self.head = b""  # held back until its body comes

    async def send(self, message: Any) -> None:
        """Send one message of the application."""
        cycle = self.cycle
        if not cycle.response_started:
            self.head = self._format_head(message)
            if self.head:
                cycle.response_started, cycle.waiting_for_100_continue = True, False
                return
        elif self.head:
            head, self.head = self.head, b""
            body = message.get("body", b"")
            if (
                message.get("more_body")
                or len(body) != cycle.expected_content_length
                or len(body) > MAX_JOINED_SIZE
            ):
                cycle.transport.write(head)
            else:
                cycle.transport.write(head + body)
                cycle.expected_content_length = 0
                message = {"type": message["type"], "body": b""}  # the end of an answer is the server's
        await cycle.send(message)

    def _format_head(self, message: Any) -> bytes:
        """Return the head as it is written, or nothing where that is left to the server."""
        cycle = self.cycle
        if message["type"] != "http.response.start" or cycle.scope["method"] == "HEAD":
            return b""
        if not cycle.keep_alive or cycle.flow.write_paused or cycle.disconnected:
            return b""
        status = message["status"]
        size, lines = b"0" if status == NO_CONTENT else b"", [STATUS_LINE[status]]
        for header in [*cycle.default_headers, *message["headers"]]:
            line = self.lines.get(header) or format_header(header)
            if not line or header[0] in SERVER_HEADERS:
                return b""
            if header[0] == CONTENT_LENGTH:
                size = header[1]
            lines.append(line)
        if not size.isdigit():
            return b""
        cycle.chunked_encoding, cycle.expected_content_length = False, int(size)
        return b"".join([*lines, b"\r\n"])
