"""Links with a token are keys: whoever tries many that do not work has to wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from journal.rate_limiting import attempts, limits
from portal.known_browser import visitor_of


@asynccontextmanager
async def counted(request: Request) -> AsyncIterator[None]:
    """Count one try at a link; what raises in here was a link that does not work."""
    house = request.app.state.house
    charged = await limits.charge(attempts.of_link(house, visitor_of(request)), field="link")
    yield
    await limits.give_back(charged)
