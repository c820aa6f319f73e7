"""
The secret keys that a browser keeps, for those who turned one on: sealed, closed to scripts, sent to this site alone.

The cookie opens nothing without the server's key, and nothing without its owner's password. "Sign out and forget this
browser" takes its owner's part out.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from portal.web.device_cookies import keep_bytes, read_kept_bytes

MAX_SIZE = 300  # signs that are looked at


def read_kept_keys(request: Request) -> bytes:
    """Return the sealed secret keys that the browser sent, or nothing."""
    return read_kept_bytes(request, request.app.state.config.secret_keys_cookie, MAX_SIZE)


def set_kept_keys(request: Request, response: Response, kept: bytes) -> Response:
    """Have the browser keep sealed secret keys; without any, delete the cookie."""
    name = request.app.state.config.secret_keys_cookie
    return keep_bytes(request, response, name, kept, samesite="strict")
