"""Links with a token are keys: whoever tries many that do not work has to wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from journal import throttle, tries
from portal.known_browser import visitor_of


@asynccontextmanager
async def counted(request: Request) -> AsyncIterator[None]:
    """Count one try at a link; what raises in here was a link that does not work."""
    house = request.app.state.house
    charged = await throttle.charge(tries.of_link(house, visitor_of(request)), field="link")
    yield
    await throttle.give_back(charged)
