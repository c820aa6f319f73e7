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
from portal.http.client import source_of

KEPT = 4  # people who share a browser
LIFETIME = 400 * 24 * 3600  # seconds: browsers keep no cookie longer


def visitor_of(request: Request) -> Visitor:
    """Return the visitor of a request: their address and the marks in their browser."""
    return Visitor(source_of(request), _marks(request))


def remember(request: Request, response: Response, mark: bytes) -> Response:
    """Store *mark* in the browser, beside those of other people, dropping the oldest; nothing without a mark."""
    if not mark:
        return response
    config = request.app.state.config
    marks = (mark, *_marks(request))[:KEPT]
    response.set_cookie(
        config.known_cookie,
        urlsafe_b64encode(b"".join(marks)).decode(),
        max_age=LIFETIME,
        path="/",
        httponly=True,
        secure=config.secure,
        samesite="lax",
    )
    return response


def _marks(request: Request) -> tuple[bytes, ...]:
    try:
        kept = urlsafe_b64decode(request.cookies.get(request.app.state.config.known_cookie, ""))
    except ValueError:
        return ()
    whole = range(0, len(kept) - MARK_SIZE + 1, MARK_SIZE)
    return tuple(kept[at : at + MARK_SIZE] for at in whole)[:KEPT]


@asynccontextmanager
async def counted(request: Request) -> AsyncIterator[None]:
    """Count one attempt at a link; refund it if the block does not raise."""
    house = request.app.state.house
    charged = await limits.charge(attempts.of_link(house, visitor_of(request)), field="link")
    yield
    await limits.give_back(charged)
