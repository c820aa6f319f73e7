"""
The region whose crisis contacts a browser shows first: chosen, never guessed.

A cookie keeps its code, and nothing of whoever chose it. Without one the account's choice counts, then the practice's.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.crisis_contacts import Region, find_region
from portal.web.device_cookies import set_device_cookie


def find_help_region(request: Request) -> Region | None:
    """Return the region of this browser, or None where nobody has chosen one; asks no database."""
    actor = getattr(request.state, "actor", None)
    codes = (
        request.cookies.get(request.app.state.config.region_cookie, ""),
        actor.region if actor else "",
        request.app.state.practice.current.region,
    )
    return next((region for code in codes if code and (region := find_region(code))), None)


def set_help_region(request: Request, response: Response, code: str) -> Response:
    """Keep the code of a region in this browser for a year; without one, forget what is kept."""
    return set_device_cookie(request, response, request.app.state.config.region_cookie, code)
