"""The browsers that are signed in, and how to sign them out."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import active_sessions as services
from journal.authentication.active_sessions import Visit
from journal.store.rows import Opened
from portal.access.session_cookie import actor_of, forget_token
from portal.web.forms import Form
from portal.web.pages import page, see_other

LIST = "/account/sessions"


@dataclass(frozen=True, slots=True)
class VisitsPage:
    """Context of the list of browsers; `done` is what was just ended: `one`, `others` or nothing."""

    visits: Opened[Visit]
    done: str


async def visits(request: Request) -> Response:
    """List the browsers that are signed in."""
    done = request.query_params.get("done", "")
    context = VisitsPage(await services.visits(actor_of(request)), done if done in ("one", "others") else "")
    return page(request, "account/sessions.html", context)


async def end(request: Request) -> Response:
    """Sign one browser out; if it is this one, show the sign-in page."""
    here = await services.end(actor_of(request), request.path_params["id"])
    return _gone(request) if here else see_other(request, f"{LIST}?done=one")


async def end_all(request: Request) -> Response:
    """Sign out everywhere else, or everywhere."""
    here = (await Form.read(request))["which"] == "all"
    await services.end_all(actor_of(request), here=here)
    return _gone(request) if here else see_other(request, f"{LIST}?done=others")


def _gone(request: Request) -> Response:
    return forget_token(request, see_other(request, "/sign-in"))
