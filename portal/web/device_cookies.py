"""
What a browser is asked to keep between sign-ins: choices about its pages, and nothing of whoever made them.

One is the region whose crisis contacts are shown first: chosen, never guessed. Without it the account's choice counts,
then the practice's. The other is that title and icon are to say nothing.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.crisis_contacts import Region, find_region

LIFETIME = 365 * 24 * 3600  # seconds
NEUTRAL = "yes"
OFFLINE_HEADER = "hearthside-offline"
"""With it static/js/offline.js asks for a page that a browser keeps: who opens it may want a neutral title."""


def set_device_cookie(request: Request, response: Response, name: str, value: str) -> Response:
    """Keep *value* in this browser for a year; without one, forget what is kept."""
    secure = request.app.state.config.is_secure
    if value:
        response.set_cookie(
            name, value, max_age=LIFETIME, path="/", httponly=True, secure=secure, samesite="lax"
        )
    else:
        response.delete_cookie(name, path="/", httponly=True, secure=secure, samesite="lax")
    return response


def is_neutral(request: Request) -> bool:
    """Return whether title and icon are to say nothing: for whoever is signed in, else for this browser, or always."""
    actor = getattr(request.state, "actor", None)
    if actor is not None:
        return bool(actor.is_neutral)
    if OFFLINE_HEADER in request.headers:
        return True
    return request.cookies.get(request.app.state.config.neutral_cookie) == NEUTRAL


def keep_neutral(request: Request, response: Response, neutral: bool) -> Response:
    """Keep in this browser what its owner chose for title and icon, for pages that do not know whose they are."""
    name: str = request.app.state.config.neutral_cookie
    if neutral == (request.cookies.get(name) == NEUTRAL):
        return response
    return set_device_cookie(request, response, name, NEUTRAL if neutral else "")


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
