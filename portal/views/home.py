"""Home."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def home(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
