"""For the machine that watches over this one: alive, and ready to serve."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from journal.store import connection


async def healthz(request: Request) -> Response:
    """Answer that the process is alive."""
    return PlainTextResponse("alive")


async def readyz(request: Request) -> Response:
    """Answer that the database answers; 503 when it does not."""
    await connection().execute_query("SELECT 1")
    return PlainTextResponse("ready")
