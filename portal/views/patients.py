"""Patients."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import NotFound


async def caseload(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def patient(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def shared(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def trust(request: Request) -> Response:
    """Not built yet."""
    raise NotFound


async def end(request: Request) -> Response:
    """Not built yet."""
    raise NotFound
