"""
The mark that signing in leaves in a browser, so that its owner's attempts are counted apart from everybody else's.

It opens nothing and shows only that a browser was once used here.
Links with a token are keys: whoever tries many that do not work has to wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import Response

from journal.rate_limiting import attempts, limits
from journal.rate_limiting.attempts import MARK_SIZE, Visitor
from portal.http.client import get_client_address
from portal.web.device_cookies import keep_bytes, read_kept_bytes

MAX_MARKS = 4  # people who share a browser


def build_visitor(request: Request) -> Visitor:
    """Return the visitor of a request: their address and the marks in their browser."""
    return Visitor(get_client_address(request), _read_marks(request))


def set_mark(request: Request, response: Response, mark: bytes) -> Response:
    """Store *mark* in the browser, beside those of other people, dropping the oldest; nothing without a mark."""
    if not mark:
        return response
    marks = (mark, *_read_marks(request))[:MAX_MARKS]
    return keep_bytes(request, response, request.app.state.config.known_cookie, b"".join(marks))


def _read_marks(request: Request) -> tuple[bytes, ...]:
    kept = read_kept_bytes(request, request.app.state.config.known_cookie)
    whole = range(0, len(kept) - MARK_SIZE + 1, MARK_SIZE)
    return tuple(kept[at : at + MARK_SIZE] for at in whole)[:MAX_MARKS]


@asynccontextmanager
async def count_link_attempt(request: Request) -> AsyncIterator[None]:
    """Count one attempt at a link; refund it if the block does not raise."""
    installation = request.app.state.installation
    charged = await limits.count_attempt(
        attempts.build_link_counts(installation, build_visitor(request)), field="link"
    )
    yield
    await limits.refund_attempt(charged)
