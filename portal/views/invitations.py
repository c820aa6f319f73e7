"""Invitations."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def invitations(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def invitation(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def withdrawal(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
