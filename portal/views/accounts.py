"""Accounts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def sign_in(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def sign_out(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def strength(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def account(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def password(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
