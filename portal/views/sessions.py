"""Sessions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def plan(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def new(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def rest(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def session(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def edit(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def status(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
