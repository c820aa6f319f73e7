"""Health checks for monitoring: alive, and ready to serve."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from journal.store.database import fetch_raw, is_read_only

READY_TIMEOUT = 5.0  # seconds


async def report_alive(request: Request) -> Response:
    """Return that the process is alive."""
    return PlainTextResponse("alive")


async def report_ready(request: Request) -> Response:
    """Return whether the database answers within seconds and takes writes; 503 when it does not."""
    async with asyncio.timeout(READY_TIMEOUT):
        await fetch_raw("SELECT 1")
        if await is_read_only():
            return PlainTextResponse("read-only", 503)
    return PlainTextResponse("ready")
