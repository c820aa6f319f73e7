"""What a browser is asked to keep between sign-ins: a choice about its pages, and nothing of whoever made it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

LIFETIME = 365 * 24 * 3600  # seconds
NEUTRAL = "yes"


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
    """Return whether title and icon are to say nothing: for whoever is signed in, else for this browser."""
    actor = getattr(request.state, "actor", None)
    if actor is not None:
        return bool(actor.is_neutral)
    return request.cookies.get(request.app.state.config.neutral_cookie) == NEUTRAL


def keep_neutral(request: Request, response: Response, neutral: bool) -> Response:
    """Keep in this browser what its owner chose for title and icon, for pages that do not know whose they are."""
    name: str = request.app.state.config.neutral_cookie
    if neutral == (request.cookies.get(name) == NEUTRAL):
        return response
    return set_device_cookie(request, response, name, NEUTRAL if neutral else "")
