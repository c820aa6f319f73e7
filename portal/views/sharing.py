"""Sharing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def shares(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def update(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def revocation(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
