"""How much may come, and how long it may take: a body, its fields, and (in `server.py`) what stands before it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.web.errors import render_http_error
from portal.web.forms import UPLOAD_PATHS

CONNECTION_CLOSE = {"connection": "close"}
BODY_COMPLETE_KEY = "hearthside.body_is_whole"
"""Where a scope says that the server has the whole body, so that nothing is waited for."""
LIMITED_RECEIVE_KEY = "hearthside.bounded_body"
"""Where a scope has what gives its body within the limits, for whoever stands outside of them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What one request may bring. Bytes and seconds.

    The longest form there is, with every field full and every letter written as nine, stays below `body`. What brings
    files of somebody who is signed in may take `upload` and `upload_seconds` instead.
    """

    body: int = 4 * 1024 * 1024
    body_seconds: float = 60
    upload: int = 65 * 1024 * 1024
    upload_seconds: float = 900
    head: int = 32 * 1024
    head_seconds: float = 15
    stalled_seconds: float = 60  # nobody takes an answer, or goes on sending what nobody reads
    min_bytes_per_second: int = (
        240  # bytes of an answer that are taken each second at least; as in ASP.NET's Kestrel
    )
    arriving_seconds: float = 2  # a head may be on its way, before a process is renewed in spite of it
    unknown_seconds: float = 10  # the same of a request of nobody who is signed in
    taking_seconds: float = 30  # the same of an answer that is complete

    def apply_to(self, path: str) -> Limits:
        """Return the limits of a request to *path*."""
        return (
            replace(self, body=self.upload, body_seconds=self.upload_seconds)
            if path in UPLOAD_PATHS
            else self
        )


STANDARD = Limits()


class BodyLimits:
    """Refuse a body that is too large, before anything is looked at if it says so, and one that takes too long."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that ends in time."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self.limits.apply_to(scope["path"]).body:
            refusal = await render_http_error(Request(scope), HTTPException(413, headers=CONNECTION_CLOSE))
            return await refusal(scope, receive, send)
        await self.app(scope, limit_body(scope, receive, self.limits), send)


def limit_body(scope: Scope, receive: Receive, limits: Limits) -> Receive:
    """Return a `receive` that keeps the body within *limits*, and store it in the scope."""
    within: Receive = TimedBody(scope, receive, limits.apply_to(scope["path"])).receive
    scope[LIMITED_RECEIVE_KEY] = within
    return within


@dataclass(slots=True)
class TimedBody:
    """A body as it comes in."""

    scope: Scope
    source: Receive
    limits: Limits
    size: int = 0
    deadline: float = 0
    is_complete: bool = False

    async def receive(self) -> Message:
        """Return the next message. What follows the body, which is only a disconnect, may take any time."""
        if self.is_complete:
            return await self.source()
        message = await (self.source() if BODY_COMPLETE_KEY in self.scope else self._wait())
        if message["type"] == "http.request":
            self.size += len(message.get("body", b""))
            self.is_complete = not message.get("more_body", False)
        if self.size > self.limits.body:
            raise HTTPException(413, headers=CONNECTION_CLOSE)
        return message

    async def _wait(self) -> Message:
        self.deadline = self.deadline or asyncio.get_running_loop().time() + self.limits.body_seconds
        try:
            async with asyncio.timeout_at(self.deadline):
                return await self.source()
        except TimeoutError:
            raise HTTPException(408, headers=CONNECTION_CLOSE) from None
