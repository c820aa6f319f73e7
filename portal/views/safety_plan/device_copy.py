"""The copy of a safety plan that a browser keeps: made, renewed and removed, and the page that opens it offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from journal.device_copies import copies
from journal.errors import InvalidInput, LinkExpired, NotFound
from journal.safety_plan import device_copy
from journal.safety_plan.device_copy import MadeCopy
from portal.access.session_cookie import get_actor, get_token
from portal.views.safety_plan.plan import build_page
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page
from portal.web.translation import get_language

HELD = "copy"
"""The field of what a browser holds."""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """Context of the page on which a browser opens what it keeps; `may_leave`: a session's cookie came, unchecked."""

    may_leave: bool


async def make_copy(request: Request) -> Response:
    """Send the plan to a browser that is to keep it, and what tells it when that has ended."""
    actor = get_actor(request)
    try:
        return _send(request, await device_copy.make_copy(actor))
    except InvalidInput as error:
        context = await build_page(actor, errors=error.fields)
        return render_page(request, "safety_plan/plan.html", context, status=422)


async def renew_copy(request: Request) -> Response:
    """
    Send the plan to a browser that keeps an older version.

    It answers 204 where the browser has the newest, 410 where there is no plan any more, and 409 for a copy of another
    person, which somebody else keeps in the same browser.
    """
    form = await Form.read(request)
    revision = form.get_whole_number("revision") or 0
    try:
        made = await device_copy.renew_copy(get_actor(request), form[HELD], revision)
    except NotFound:
        return Response(status_code=409)
    except LinkExpired:
        return Response(status_code=410)
    return _send(request, made) if made else Response(status_code=204)


async def remove_copy(request: Request) -> Response:
    """End a copy; its browser removes it when it is next online."""
    await copies.end_copy(get_actor(request), request.path_params["id"])
    return redirect(request, "/safety-plan#copies")


async def show_kept(request: Request) -> Response:
    """
    Show the page on which a browser opens what it keeps; it says nothing of anybody.

    Sent as a form with what a browser holds, it answers 204 while that is kept and 410 once it has ended; with `go`, it
    ends it.
    """
    if request.method == "GET":
        return render_page(request, "safety_plan/kept.html", KeptPage(get_token(request) is not None))
    form = await Form.read(request)
    if form["go"] == "remove":
        await copies.end_held_copy(form[HELD])
        return Response(status_code=410)
    return Response(status_code=204 if await copies.is_kept(form[HELD]) else 410)


def _send(request: Request, made: MadeCopy) -> Response:
    words, plan = get_translator(request), made.plan.entry
    language = plan.document.language if plan else ""
    parts: list[dict[str, Any]] = [
        {
            "label": words(part.label),
            "said": get_language(),
            "language": language,
            "lines": [[[piece.text, piece.link] for piece in line] for line in part.lines],
        }
        for part in made.plan.parts
    ]
    revision = plan.revision if plan else 0
    return JSONResponse({"token": made.token, "revision": revision, "parts": parts})
