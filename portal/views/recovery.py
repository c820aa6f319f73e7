"""Recovery."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def recover(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def recovery_key(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def confirmation(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
