"""Revisions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def revisions(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def revision(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def restoration(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
