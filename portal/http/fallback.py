"""Log how each request ended, and answer unexpected errors; only the headers are further out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from functools import cache
from time import perf_counter
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request, empty_receive
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from journal.errors import Damaged
from journal.i18n import LANGUAGES, N_
from portal import logs
from portal.http.limits import LIMITED_RECEIVE_KEY
from portal.web.errors import SERVER_ERROR, render_server_error
from portal.web.translation import Translator, get_language

HEADING = N_("This did not work")
HELP = N_("Help now")
NO_EMERGENCY_SERVICE = N_(
    "Hearthside is not an emergency service and is not watched live. If you are in danger, call your local emergency"
    " number."
)
# Whole and as it stands: what makes all other pages may be what broke.
SERVER_ERROR_PAGE = """<!doctype html>
<html lang="{language}">
<head>
  <meta charset="utf-8">
  <title>Hearthside</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <link rel="stylesheet" href="/static/css/hearthside.css">
</head>
<body>
  <main class="page">
    <h1>{heading}</h1>
    <p>{sentence}</p>
    <p><a href="/help-now">{help}</a></p>
    <p>{emergency}</p>
  </main>
</body>
</html>
"""


@cache
def build_fallback_answers() -> Mapping[str, tuple[str, str]]:
    """Return, for each language, the page and the sentence for when no other page can be made."""
    found = {}
    for language in LANGUAGES:
        words = Translator(language)
        say = words.gettext
        page = SERVER_ERROR_PAGE.format(
            language=language,
            heading=say(HEADING),
            sentence=say(SERVER_ERROR),
            help=say(HELP),
            emergency=say(NO_EMERGENCY_SERVICE),
        )
        found[language] = (page, words.translate(SERVER_ERROR))
    return MappingProxyType(found)


class ErrorFallback:
    """Answer unexpected errors with a kind sentence; log where they happened, never what was typed."""

    def __init__(self, app: ASGIApp, *, log_all: bool = False) -> None:
        """Log what went wrong, or *log_all* request."""
        self.app = app
        self.log_all = log_all
        build_fallback_answers()  # now, while files can be read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; if it breaks before an answer began, answer 500."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun, status = perf_counter(), 0

        async def send_and_record(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_record)
        except ClientDisconnect:
            return None  # whoever asked has gone: there is nobody to answer
        except Exception as error:  # noqa: BLE001 - the message of an unknown error may quote what was typed
            mark = secrets.token_hex(4)
            _log_request(scope, 500, begun, mark, error)
            if status:
                raise ConnectionError("the answer broke off") from None
            return await (await _build_response(scope, mark))(scope, receive, send)
        finally:
            scope.pop(
                LIMITED_RECEIVE_KEY, None
            )  # it refers to the scope, which has the actor and what was typed
        told = scope.get("state", {}).pop("error", None)  # its traceback has what was typed
        if status >= 500 or isinstance(told, Damaged) or self.log_all:
            _log_request(scope, status, begun, secrets.token_hex(4), told)


async def _build_response(scope: Scope, request_id: str) -> Response:
    """Return the error page, with what was typed if it came within the limits."""
    if "hx-request" in Headers(scope=scope):
        return PlainTextResponse(build_fallback_answers()[get_language()][1], 500)
    try:
        return await render_server_error(
            Request(scope, scope.get(LIMITED_RECEIVE_KEY, empty_receive)), request_id
        )
    except Exception:  # noqa: BLE001 - so it was what makes all other pages
        return Response(build_fallback_answers()[get_language()][0], 500, media_type="text/html")


def _log_request(scope: Scope, status: int, started: float, request_id: str, error: Exception | None) -> None:
    """Log the request, with its route's path and nothing that people typed."""
    route = getattr(scope.get("route"), "path", "none")
    # What storage damaged is for the operator to know, however kindly it is answered.
    level = logging.ERROR if status >= 500 or isinstance(error, Damaged) else logging.INFO
    fields = {"request": request_id, "method": scope["method"], "route": route, "status": status}
    fields["ms"] = round((perf_counter() - started) * 1000, 1)
    logs.log_event(level, "answered", fields | (logs.describe_error(error) if error else {}))
