"""
The server: uvicorn's HTTP/1.1, with limits on size and time.

The request line and the headers are bounded, since nothing of ours sees them before they are complete; a client that
reads no response, or goes on sending what is not read, is disconnected.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from portal.config import Config
from portal.http.limits import IS_WHOLE, STANDARD, Limits
from portal.http.middleware import NEVER_KEPT, headers_for
from portal.http.one_write import Header, OneWrite

UNREAD: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it: milliseconds
GRACE = 20  # seconds that requests have to end in when the service is stopped


class Counted:
    """A transport that counts how many written bytes were sent."""

    __slots__ = ("inner", "is_closing", "write_all", "written")

    def __init__(self, inner: asyncio.WriteTransport) -> None:
        self.inner = inner
        self.write_all, self.is_closing = inner.write, inner.is_closing
        self.written = 0

    def __getattr__(self, name: str) -> Any:
        """Return what the transport itself has."""
        return getattr(self.inner, name)

    def write(self, data: bytes) -> None:
        """Write *data*; nothing on a closed connection, where uvloop would raise."""
        if not self.is_closing():
            self.written += len(data)
            self.write_all(data)

    def waiting(self) -> int:
        """Return how many bytes are not sent yet."""
        return self.inner.get_write_buffer_size()

    def taken(self) -> int:
        """Return how many bytes were sent."""
        return self.written - self.waiting()


class Wire(HttpToolsProtocol):
    """One connection."""

    transport: Counted  # type: ignore[assignment]

    def __init__(self, *, limits: Limits, dress: list[Header], **settings: Any) -> None:
        super().__init__(**settings)
        self.limits = limits
        self.dress = dress
        self.in_head = False
        self.head_size = 0
        self.refused = HTTPStatus.BAD_REQUEST
        self.waiting: asyncio.TimerHandle | None = (
            None  # for the rest of a head, or of a body that nobody reads
        )
        self.writing: asyncio.TimerHandle | None = None  # for somebody to take what is written
        self.due = 0  # bytes that have to be taken by then

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(Counted(transport))  # type: ignore[arg-type]
        self._let_go_when_unread()
        self._wait(self.limits.head_seconds, self._head_too_slow)

    def _let_go_when_unread(self) -> None:
        # What the system holds for somebody who takes nothing is not seen here.
        plug = self.transport.get_extra_info("socket")
        if plug is not None and plug.family in (socket.AF_INET, socket.AF_INET6) and UNREAD is not None:
            plug.setsockopt(socket.IPPROTO_TCP, UNREAD, round(self.limits.stalled_seconds * 1000))

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers."""
        self._wait_no_more()
        if self.writing is not None:
            self.writing.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive data; limit the size of a head, and the time until it ends."""
        super().data_received(data)
        if self.in_head and not self.transport.is_closing():
            self.head_size += len(data)
            if self.head_size > self.limits.head:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            elif self.waiting is None:
                self._wait(self.limits.head_seconds, self._head_too_slow)

    def on_message_begin(self) -> None:
        """Begin to read a head. Most come in one piece; `data_received` waits for the rest of the others."""
        super().on_message_begin()
        self.in_head, self.head_size = True, 0
        self._watch()  # whoever asks for more has to take the answer before

    def on_headers_complete(self) -> None:
        """Pass the request on, unless its head is too large."""
        self._wait_no_more()
        self.in_head = False
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > self.limits.head:
            self.refused = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("too large")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Record that the body is complete, whether it was read or not."""
        self._wait_no_more()
        self.scope[IS_WHOLE] = True  # type: ignore[literal-required]
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Receive an unread body for a while, so that the response arrives; then close."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body and self.waiting is None:
            self._wait(self.limits.stalled_seconds, self._close)
        elif self.transport.is_closing():
            self._watch()

    def pause_writing(self) -> None:
        """Watch from now on whether written bytes are sent."""
        super().pause_writing()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection once the last response was sent."""
        super().timeout_keep_alive_handler()
        self._watch()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the words are our own
        """Refuse what cannot be parsed, with the headers of every other response."""
        self._refuse(self.refused)

    def _head_too_slow(self) -> None:
        self.waiting = None
        if self.in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._close()

    def _refuse(self, status: HTTPStatus) -> None:
        self._wait_no_more()
        if self.transport.is_closing():
            return
        said = status.phrase.encode()
        lines = [
            b"HTTP/1.1 %d %s" % (status, said),
            *(b"%s: %s" % one for one in [*self.server_state.default_headers, *self.dress]),
            b"content-type: text/plain; charset=utf-8",
            b"content-length: %d" % len(said),
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join([*lines, b"", said]))
        self._close()

    def _close(self) -> None:
        self.transport.close()
        self._watch()

    def _wait(self, seconds: float, end: Any) -> None:
        self.waiting = self.loop.call_later(seconds, end)

    def _wait_no_more(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def _watch(self) -> None:
        """Abort later unless all waiting bytes, or those of a slow line, are sent by then."""
        waiting = self.transport.waiting()
        if waiting and self.writing is None:
            least = round(self.limits.slowest * self.limits.stalled_seconds)
            self.due = self.transport.taken() + min(waiting, least)
            self.writing = self.loop.call_later(self.limits.stalled_seconds, self._look_again)

    def _look_again(self) -> None:
        self.writing = None
        if self.transport.taken() < self.due:
            self.transport.abort()
        else:
            self._watch()


def serving(app: ASGIApp, config: Config, *, limits: Limits = STANDARD) -> uvicorn.Config:
    """Return the settings with which uvicorn serves *app*."""
    dress = [*headers_for(config), NEVER_KEPT]
    return uvicorn.Config(
        OneWrite(app, dress),
        host=config.host,
        port=config.port,
        http=partial(Wire, limits=limits, dress=dress),  # type: ignore[arg-type]
        ws="none",
        access_log=False,
        server_header=False,
        date_header=True,
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
    )
