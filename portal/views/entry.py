"""Entry."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def new(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def read(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def save(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def edit(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def deletion(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def restoration(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def erasure(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
