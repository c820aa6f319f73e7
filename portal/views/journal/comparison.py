"""Whether the journal is as its owner left it, what that means, and how to accept it as it is."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.entries import acceptance
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.vault import record_state
from journal.vault.record_state import RecordComparison
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Context of the page; `waiting` keeps somebody from accepting too soon after a dosing session."""

    comparison: RecordComparison
    waiting: Hold | None
    accepted: bool = False
    problem: bool = False


async def review_journal(request: Request) -> Response:
    """Show the comparison, or accept the journal as it is, once its owner says that they have read it."""
    actor = get_actor(request)
    look = await record_state.compare_records(actor, earlier=True)
    context = ComparisonPage(look, await holds.load_hold(actor), "accepted" in request.query_params)
    if request.method == "GET":
        return render_page(request, "journal/comparison.html", context)
    form = await Form.read(request)
    if look.is_intact:
        return redirect(request, "/journal/comparison")
    if form["read"] != "yes":
        unread = ComparisonPage(look, context.waiting, problem=True)
        return render_page(request, "journal/comparison.html", unread, status=422)
    await acceptance.accept_journal(actor)
    return redirect(request, "/journal/comparison?accepted")
