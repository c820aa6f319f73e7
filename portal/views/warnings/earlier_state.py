"""What it means that an account is as it was earlier, and that its owner read it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.accounts.details import set_told_restoration
from portal.access.seen_state import build_earlier_state_page, find_restoration, keep_seen_state
from portal.access.session_cookie import get_actor, get_safe_path
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


async def show_earlier_state(request: Request) -> Response:
    """Show it, or keep that it was read: this browser goes on from how the account is now."""
    actor = get_actor(request)
    if request.method == "GET":
        return render_page(
            request, "account/earlier_state.html", build_earlier_state_page(request, actor, "/")
        )
    form = await Form.read(request)
    if (restoration := find_restoration(request, actor)) is not None:
        await set_told_restoration(actor, restoration.name)
    return keep_seen_state(request, redirect(request, get_safe_path(form["next"])), actor, is_told=True)
