"""
A fast path to the view for nearly every request: one look-up of the route, one pass over the headers.

Nothing is refused here. Whatever is unusual about a request (another host or site, a method or an address that is not
in the table, a header that comes twice, a body that is too large or does not say how long it is) takes the layers of
`portal/http/middleware.py`, which refuse or answer it. The views and the error handlers are the same on both paths.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from journal.store.database import Store
from portal.config import Config
from portal.http.fallback import ErrorFallback
from portal.http.limits import Limits, limit_body
from portal.http.middleware import SecurityHeaders

PARAMETER = re.compile(r"{(\w+):uuid}")
# As our own pages write ids. Another spelling of one is found by the router.
ID = re.compile(r"(?<=/)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|\Z)")
Handler = Callable[[Request, Exception], Awaitable[Response]]


class RouteTable:
    """Routes by method and path; of a path with ids in it, by what stands between them."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.fixed: dict[tuple[str, str], Route] = {}
        self.with_ids: dict[tuple[str, ...], tuple[Route, tuple[str, ...]]] = {}
        for route in routes:
            names, between = PARAMETER.findall(route.path), PARAMETER.split(route.path)[::2]
            if "{" in "".join(between):
                continue  # another kind of parameter, which the router reads
            for method in (route.methods or set()) - {"HEAD"}:
                if names:
                    self.with_ids.setdefault((method, *between), (route, tuple(names)))
                else:
                    self.fixed.setdefault((method, route.path), route)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, UUID]] | None:
        """Return the route of an address with the ids that stand in it, or None for what is not in the table."""
        route = self.fixed.get((method, path))
        if route is not None:
            return route, {}
        pieces = ID.split(path)
        found = self.with_ids.get((method, *pieces[::2]))
        if found is None:
            return None
        route, names = found
        return route, dict(zip(names, map(UUID, pieces[1::2]), strict=True))


class FastPath:
    """Send plain requests straight to their view, and all others through the middleware."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        table: RouteTable,
        config: Config,
        limits: Limits,
        handlers: Mapping[type[Exception], Handler],
    ) -> None:
        self.layers = app
        self.table = table
        self.origins = {origin.partition("//")[2].encode(): origin.encode() for origin in config.origins}
        self.limits = limits
        self.handlers = handlers
        self.direct = SecurityHeaders(ErrorFallback(self._respond, log_all=config.access_log), config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, on either path."""
        found = self._find(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        if found is None:
            return await self.layers(scope, receive, send)
        scope["route"], scope["path_params"] = found
        if scope["method"] != "GET":
            receive = limit_body(scope, receive, self.limits)
        await self.direct(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[Route, dict[str, UUID]] | None:
        found = self.table.find(scope["method"], scope["path"])
        return found if found is not None and self._is_plain_request(scope) else None

    def _is_plain_request(self, scope: Scope) -> bool:
        """Return whether `HostCheck`, `BodyLimits` and `SameOrigin` would each let a request pass as it is."""
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]):
            return False  # one of them comes twice
        origin = self.origins.get(headers.get(b"host", b""))
        if origin is None:
            return False
        if scope["method"] == "GET":
            return b"content-length" not in headers and b"transfer-encoding" not in headers
        size = headers.get(b"content-length", b"")
        return (
            headers.get(b"sec-fetch-site") == b"same-origin"
            and headers.get(b"origin") in (origin, b"null", None)
            and len(size) < 10
            and size.isdigit()
            and int(size) <= self.limits.body
            and b"transfer-encoding" not in headers
        )

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        store: Store = scope["app"].state.store
        request = Request(scope, receive, send)
        with store.use():
            try:
                response: Response = await scope["route"].endpoint(request)
            except Exception as error:
                handler = next(
                    (self.handlers[one] for one in type(error).__mro__ if one in self.handlers), None
                )
                if handler is None:
                    raise
                response = await handler(request, error)
                error.__traceback__ = None  # it holds what the view had at hand
            await response(scope, receive, send)
