"""
The mark that signing in leaves in a browser, so that its owner's attempts are counted apart from everybody else's.

It opens nothing and shows only that a browser was once used here.
Links with a token are keys: whoever tries many that do not work has to wait.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import Response

from journal.rate_limiting import attempts, limits
from journal.rate_limiting.attempts import MARK_SIZE, Visitor
from portal.http.client import get_client_address

MAX_MARKS = 4  # people who share a browser
LIFETIME = 400 * 24 * 3600  # seconds: browsers keep no cookie longer


def build_visitor(request: Request) -> Visitor:
    """Return the visitor of a request: their address and the marks in their browser."""
    return Visitor(get_client_address(request), _read_marks(request))


def set_mark(request: Request, response: Response, mark: bytes) -> Response:
    """Store *mark* in the browser, beside those of other people, dropping the oldest; nothing without a mark."""
    if not mark:
        return response
    config = request.app.state.config
    marks = (mark, *_read_marks(request))[:MAX_MARKS]
    response.set_cookie(
        config.known_cookie,
        urlsafe_b64encode(b"".join(marks)).decode(),
        max_age=LIFETIME,
        path="/",
        httponly=True,
        secure=config.is_secure,
        samesite="lax",
    )
    return response


def _read_marks(request: Request) -> tuple[bytes, ...]:
    try:
        kept = urlsafe_b64decode(request.cookies.get(request.app.state.config.known_cookie, ""))
    except ValueError:
        return ()
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
