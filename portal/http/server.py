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
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from portal.config import Config
from portal.http.limits import BODY_COMPLETE_KEY, STANDARD, Limits
from portal.http.middleware import NO_STORE, build_security_headers
from portal.http.receive_buffer import BufferedConnection, ReceiveBuffer
from portal.http.single_write import Header, SingleWrite

USER_TIMEOUT_OPTION: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it: milliseconds
SHUTDOWN_TIMEOUT = 20  # seconds that requests have to end in when the service is stopped


class CountingTransport:
    """A transport that counts how many written bytes were sent."""

    __slots__ = ("inner", "is_closing", "write_inner", "written")

    def __init__(self, inner: asyncio.WriteTransport) -> None:
        self.inner = inner
        self.write_inner, self.is_closing = inner.write, inner.is_closing
        self.written = 0

    def __getattr__(self, name: str) -> Any:
        """Return what the transport itself has."""
        return getattr(self.inner, name)

    def write(self, data: bytes) -> None:
        """Write *data*; nothing on a closed connection, where uvloop would raise."""
        if not self.is_closing():
            self.written += len(data)
            self.write_inner(data)

    def count_unsent(self) -> int:
        """Return how many bytes are not sent yet."""
        return self.inner.get_write_buffer_size()

    def count_sent(self) -> int:
        """Return how many bytes were sent."""
        return self.written - self.count_unsent()


class HttpConnection(HttpToolsProtocol):
    """One connection."""

    transport: CountingTransport  # type: ignore[assignment]

    def __init__(self, *, limits: Limits, default_headers: list[Header], **settings: Any) -> None:
        super().__init__(**settings)
        self.limits = limits
        self.default_headers = default_headers
        self.in_head = False
        self.head_size = 0
        self.received_size = 0  # bytes that came since the head began, or more
        self.refusal_status = HTTPStatus.BAD_REQUEST
        self.read_timer: asyncio.TimerHandle | None = (
            None  # for the rest of a head, or of a body that nobody reads
        )
        self.write_timer: asyncio.TimerHandle | None = None  # for somebody to take what is written
        self.bytes_due = 0  # bytes that have to be taken by then
        self.has_asked = False
        self.begun_at = self.loop.time()  # the connection, then its newest request
        self.answered_at = self.begun_at

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(CountingTransport(transport))  # type: ignore[arg-type]
        self._set_user_timeout()
        self._start_read_timer(self.limits.head_seconds, self._end_slow_head)

    def _set_user_timeout(self) -> None:
        # What the system holds for somebody who takes nothing is not seen here.
        plug = self.transport.get_extra_info("socket")
        if (
            plug is not None
            and plug.family in (socket.AF_INET, socket.AF_INET6)
            and USER_TIMEOUT_OPTION is not None
        ):
            plug.setsockopt(
                socket.IPPROTO_TCP, USER_TIMEOUT_OPTION, round(self.limits.stalled_seconds * 1000)
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers."""
        self._cancel_read_timer()
        if self.write_timer is not None:
            self.write_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive data; limit the size of a head, and the time until it ends."""
        self.received_size = self.head_size + len(data)
        super().data_received(data)
        if self.in_head and not self.transport.is_closing():
            self.head_size += len(data)
            if self.head_size > self.limits.head:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            elif self.read_timer is None:
                self._start_read_timer(self.limits.head_seconds, self._end_slow_head)

    def on_message_begin(self) -> None:
        """Begin to read a head. Most come in one piece; `data_received` waits for the rest of the others."""
        super().on_message_begin()
        self.in_head, self.head_size, self.begun_at = True, 0, self.loop.time()
        self._watch_writes()  # whoever asks for more has to take the answer before

    def on_headers_complete(self) -> None:
        """Pass the request on, unless its head is too large."""
        self._cancel_read_timer()
        self.in_head, self.has_asked = False, True
        if self.received_size > self.limits.head and self._measure_head() > self.limits.head:
            self.refusal_status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("too large")
        super().on_headers_complete()

    def _measure_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def on_message_complete(self) -> None:
        """Record that the body is complete, whether it was read or not."""
        self._cancel_read_timer()
        self.scope[BODY_COMPLETE_KEY] = True  # type: ignore[literal-required]
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Receive an unread body for a while, so that the response arrives; then close."""
        self.answered_at = self.loop.time()
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body and self.read_timer is None:
            self._start_read_timer(self.limits.stalled_seconds, self._close)
        elif self.transport.is_closing():
            self._watch_writes()

    @property
    def is_under_way(self) -> bool:
        """Return whether a request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def is_waited_for(self) -> bool:
        """
        Return whether somebody may be waiting for something here.

        It is a request of somebody who is signed in, one of anybody that is a moment old, a head that may be on its
        way, or the end of an answer. Elsewhere nothing happens, or as little as is allowed.
        """
        now, limits = self.loop.time(), self.limits
        if self.is_under_way:
            is_somebodys = self.cycle.scope["state"].get("actor") is not None
            return is_somebodys or now - self.begun_at < limits.unknown_seconds
        if self.in_head or not self.has_asked:
            return now - self.begun_at < limits.arriving_seconds
        return self.transport.count_unsent() > 0 and now - self.answered_at < limits.taking_seconds

    def pause_writing(self) -> None:
        """Watch from now on whether written bytes are sent."""
        super().pause_writing()
        self._watch_writes()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection once the last response was sent."""
        super().timeout_keep_alive_handler()
        self._watch_writes()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the words are our own
        """Refuse what cannot be parsed, with the headers of every other response."""
        self._refuse(self.refusal_status)

    def _end_slow_head(self) -> None:
        self.read_timer = None
        if self.in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._close()

    def _refuse(self, status: HTTPStatus) -> None:
        self._cancel_read_timer()
        if self.transport.is_closing():
            return
        said = status.phrase.encode()
        lines = [
            b"HTTP/1.1 %d %s" % (status, said),
            *(b"%s: %s" % one for one in [*self.server_state.default_headers, *self.default_headers]),
            b"content-type: text/plain; charset=utf-8",
            b"content-length: %d" % len(said),
            b"connection: close",
        ]
        self.transport.write(b"\r\n".join([*lines, b"", said]))
        self._close()

    def _close(self) -> None:
        self.transport.close()
        self._watch_writes()

    def _start_read_timer(self, seconds: float, end: Any) -> None:
        self.read_timer = self.loop.call_later(seconds, end)

    def _cancel_read_timer(self) -> None:
        if self.read_timer is not None:
            self.read_timer.cancel()
            self.read_timer = None

    def _watch_writes(self) -> None:
        """Abort later unless all waiting bytes, or those of a slow line, are sent by then."""
        waiting = self.transport.count_unsent()
        if waiting and self.write_timer is None:
            least = round(self.limits.min_bytes_per_second * self.limits.stalled_seconds)
            self.bytes_due = self.transport.count_sent() + min(waiting, least)
            self.write_timer = self.loop.call_later(self.limits.stalled_seconds, self._check_writes)

    def _check_writes(self) -> None:
        self.write_timer = None
        if self.transport.count_sent() < self.bytes_due:
            self.transport.abort()
        else:
            self._watch_writes()


def accept_connection(
    connection: type[HttpConnection], buffer: ReceiveBuffer, **settings: Any
) -> BufferedConnection:
    """Return what reads one connection, through the buffer of all."""
    return BufferedConnection(connection(**settings), buffer)


def build_server_config(app: ASGIApp, config: Config, *, limits: Limits = STANDARD) -> uvicorn.Config:
    """Return the settings with which uvicorn serves *app*."""
    dress = [*build_security_headers(config), NO_STORE]
    return uvicorn.Config(
        SingleWrite(app, dress),
        host=config.host,
        port=config.port,
        http=partial(  # type: ignore[arg-type]
            accept_connection, HttpConnection, ReceiveBuffer(), limits=limits, default_headers=dress
        ),
        ws="none",
        access_log=False,
        server_header=False,
        date_header=True,
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
    )
