"""Whether the journal is as its owner left it, what that means, and how to accept it as it is."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.entries import acceptance
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.vault import record_state
from journal.vault.record_state import Look
from portal.access.session_cookie import actor_of
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Context of the page; `waiting` keeps somebody from accepting too soon after a dosing session."""

    look: Look
    waiting: Hold | None
    accepted: bool = False
    problem: bool = False


async def comparison(request: Request) -> Response:
    """Show the comparison, or accept the journal as it is, once its owner says that they have read it."""
    actor = actor_of(request)
    look = await record_state.look(actor, earlier=True)
    context = ComparisonPage(look, await holds.held(actor), "accepted" in request.query_params)
    if request.method == "GET":
        return page(request, "journal/comparison.html", context)
    form = await Form.read(request)
    if look.as_left:
        return see_other(request, "/journal/comparison")
    if form["read"] != "yes":
        unread = ComparisonPage(look, context.waiting, problem=True)
        return page(request, "journal/comparison.html", unread, status=422)
    await acceptance.accept(actor)
    return see_other(request, "/journal/comparison?accepted")
