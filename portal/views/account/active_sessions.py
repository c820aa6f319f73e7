"""The browsers that are signed in, and how to sign them out."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import active_sessions
from journal.authentication.active_sessions import ActiveSession
from journal.store.rows import OpenedRows
from portal.access.session_cookie import clear_token, get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

SESSIONS_PATH = "/account/sessions"


@dataclass(frozen=True, slots=True)
class ActiveSessionsPage:
    """Context of the list of browsers; `done` is what was just ended: `one`, `others` or nothing."""

    active_sessions: OpenedRows[ActiveSession]
    done: str


async def show_active_sessions(request: Request) -> Response:
    """List the browsers that are signed in."""
    done = request.query_params.get("done", "")
    context = ActiveSessionsPage(
        await active_sessions.list_active_sessions(get_actor(request)),
        done if done in ("one", "others") else "",
    )
    return render_page(request, "account/sessions.html", context)


async def end_session(request: Request) -> Response:
    """Sign one browser out; if it is this one, show the sign-in page."""
    here = await active_sessions.end_session(get_actor(request), request.path_params["id"])
    return _redirect_to_sign_in(request) if here else redirect(request, f"{SESSIONS_PATH}?done=one")


async def end_all_sessions(request: Request) -> Response:
    """Sign out everywhere else, or everywhere."""
    here = (await Form.read(request))["which"] == "all"
    await active_sessions.end_all_sessions(get_actor(request), include_current=here)
    return _redirect_to_sign_in(request) if here else redirect(request, f"{SESSIONS_PATH}?done=others")


def _redirect_to_sign_in(request: Request) -> Response:
    return clear_token(request, redirect(request, "/sign-in"))
