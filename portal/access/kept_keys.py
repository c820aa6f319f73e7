"""
The secret keys that a browser keeps, for those who turned one on: sealed, closed to scripts, sent to this site alone.

The cookie opens nothing without the server's key, and nothing without its owner's password. "Sign out and forget this
browser" takes its owner's part out.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from starlette.requests import Request
from starlette.responses import Response

LIFETIME = 400 * 24 * 3600  # seconds: browsers keep no cookie longer
MAX_SIZE = 300  # characters that are looked at


def read_kept_keys(request: Request) -> bytes:
    """Return the sealed secret keys that the browser sent, or nothing."""
    try:
        return urlsafe_b64decode(
            request.cookies.get(request.app.state.config.secret_keys_cookie, "")[:MAX_SIZE]
        )
    except ValueError:
        return b""


def set_kept_keys(request: Request, response: Response, kept: bytes) -> Response:
    """Have the browser keep sealed secret keys; without any, delete the cookie."""
    config = request.app.state.config
    if not kept:
        response.delete_cookie(
            config.secret_keys_cookie, path="/", httponly=True, secure=config.is_secure, samesite="strict"
        )
        return response
    response.set_cookie(
        config.secret_keys_cookie,
        urlsafe_b64encode(kept).decode(),
        max_age=LIFETIME,
        path="/",
        httponly=True,
        secure=config.is_secure,
        samesite="strict",
    )
    return response
