"""
An answer's head and its body, written at once where the server would write one after the other.

Whatever is unusual about an answer (long, of another length than it says, in pieces, to HEAD, the last on its
connection, with a header that cannot be written) is left to the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
CONTENT_TYPES = tuple((b"content-type", b"text/%s; charset=utf-8" % one) for one in (b"html", b"plain"))


def format_header(header: Header) -> bytes:
    """Return a header as the protocol writes it, or nothing where the server has to look at it, or to refuse it."""
    name, value = header
    if (
        not name.islower()
        or HEADER_RE.search(name)
        or HEADER_VALUE_RE.search(value)
        or name in SERVER_HEADERS
    ):
        return b""
    return b"%s: %s\r\n" % header


class SingleWrite:
    """Outermost of all: write a response's head and body at once where possible."""

    def __init__(self, app: ASGIApp, common_headers: Iterable[Header]) -> None:
        """Serve *app*, most of whose answers end with the headers *common_headers*, each checked this once."""
        self.app = app
        self.common_headers = [*common_headers]
        self.common_lines = b"".join(map(format_header, self.common_headers))
        self.lines = {header: format_header(header) for header in (*self.common_headers, *CONTENT_TYPES)}
        self.server_headers: Sequence[Header] | None = None
        self.server_lines: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a `send` of our own where the server's is the one we know."""
        cycle = getattr(send, "__self__", None)
        if isinstance(cycle, RequestResponseCycle):
            send = _Response(cycle, self).send
        await self.app(scope, receive, send)

    def format_server_headers(self, headers: Sequence[Header]) -> list[bytes]:
        """Return the server's own headers as the protocol writes them; it makes others each second."""
        if headers is not self.server_headers:
            self.server_headers, self.server_lines = headers, [format_header(header) for header in headers]
        return self.server_lines


class _Response:
    """One response. The server holds no reference to it, so it is freed with the request."""

    __slots__ = ("cycle", "head", "writer")

    def __init__(self, cycle: RequestResponseCycle, writer: SingleWrite) -> None:
        self.cycle = cycle
        self.writer = writer
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
        writer, status, headers = self.writer, message["status"], [*message["headers"]]
        size, end = b"0" if status == NO_CONTENT else b"", b"\r\n"
        if headers[-len(writer.common_headers) :] == writer.common_headers:
            del headers[-len(writer.common_headers) :]
            end = writer.common_lines + end
        lines = [STATUS_LINE[status], *writer.format_server_headers(cycle.default_headers)]
        for header in headers:
            line = writer.lines.get(header)
            if line is None and header[0] == CONTENT_LENGTH and header[1].isdigit():
                size = header[1]
                line = b"content-length: %s\r\n" % size
            lines.append(line or format_header(header))
        if not size or b"" in lines:
            return b""
        cycle.chunked_encoding, cycle.expected_content_length = False, int(size)
        return b"".join([*lines, end])
