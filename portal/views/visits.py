"""Where somebody is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal import visits as services
from journal.visits import Visit
from portal.auth import actor_of
from portal.pages import page


@dataclass(frozen=True, slots=True)
class VisitsPage:
    """Context of the list of browsers."""

    visits: tuple[Visit, ...]


async def visits(request: Request) -> Response:
    """Show every browser that is signed in."""
    return page(request, "account/sessions.html", VisitsPage(await services.visits(actor_of(request))))
