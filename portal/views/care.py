"""Care."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def team(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def log(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def pause_all(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def link(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def pause(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def resumption(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def end(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
