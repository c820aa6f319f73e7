"""Log how each request ended, and answer unexpected errors; only the headers are further out."""

from __future__ import annotations

import logging
import secrets
from time import perf_counter

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request, empty_receive
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from journal.errors import Damaged
from portal import logs
from portal.http.limits import BOUNDED
from portal.web.errors import BROKEN, broken

# Whole and as it stands: what makes all other pages may be what broke.
BROKEN_PAGE = f"""<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Hearthside</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <link rel="stylesheet" href="/static/css/hearthside.css">
</head>
<body>
  <main class="page">
    <h1>This did not work</h1>
    <p>{BROKEN}</p>
    <p><a href="/help-now">Help now</a></p>
    <p>Hearthside is not an emergency service. If you are in danger, call your local emergency number.</p>
  </main>
</body>
</html>
"""


class LastResort:
    """Answer unexpected errors with a kind sentence; log where they happened, never what was typed."""

    def __init__(self, app: ASGIApp, *, every: bool = False) -> None:
        """Log what went wrong, or *every* request."""
        self.app = app
        self.every = every

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; if it breaks before an answer began, answer 500."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun, status = perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            return None  # whoever asked has gone: there is nobody to answer
        except Exception as error:  # noqa: BLE001 - the message of an unknown error may quote what was typed
            mark = secrets.token_hex(4)
            _tell(scope, 500, begun, mark, error)
            if status:
                raise ConnectionError("the answer broke off") from None
            return await (await _answer(scope, mark))(scope, receive, send)
        told = scope.get("state", {}).get("error")
        if status >= 500 or isinstance(told, Damaged) or self.every:
            _tell(scope, status, begun, secrets.token_hex(4), told)


async def _answer(scope: Scope, mark: str) -> Response:
    """Return the error page, with what was typed if it came within the limits."""
    if "hx-request" in Headers(scope=scope):
        return PlainTextResponse(BROKEN, 500)
    try:
        return await broken(Request(scope, scope.get(BOUNDED, empty_receive)), mark)
    except Exception:  # noqa: BLE001 - so it was what makes all other pages
        return Response(BROKEN_PAGE, 500, media_type="text/html")


def _tell(scope: Scope, status: int, begun: float, mark: str, error: Exception | None) -> None:
    """Log the request, with its route's path and nothing that people typed."""
    route = getattr(scope.get("route"), "path", "none")
    # What storage damaged is for the operator to know, however kindly it is answered.
    level = logging.ERROR if status >= 500 or isinstance(error, Damaged) else logging.INFO
    fields = {"request": mark, "method": scope["method"], "route": route, "status": status}
    fields["ms"] = round((perf_counter() - begun) * 1000, 1)
    logs.event(level, "answered", fields | (logs.trouble(error) if error else {}))
