"""Choose the language of this browser's pages, before anybody is signed in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from portal.access.session_cookie import get_safe_path
from portal.web.device_cookies import keep_language
from portal.web.forms import Form
from portal.web.pages import redirect


async def choose_language(request: Request) -> Response:
    """Keep a language in this browser, and lead back to the page that asked; an account's own goes before it."""
    form = await Form.read(request)
    return keep_language(request, redirect(request, get_safe_path(form["next"])), form["language"])
