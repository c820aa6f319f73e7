"""One tap moves a reframe to another status."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import InvalidInput, NotFound
from journal.reframing import reframes
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect


async def change_status(request: Request) -> Response:
    """Move a reframe to the status that was tapped."""
    actor, form = get_actor(request), await Form.read(request)
    try:
        found = await reframes.set_status(actor, request.path_params["id"], form["status"][:40])
    except InvalidInput as error:
        raise NotFound from error  # no page of ours offers another
    return redirect(request, f"/journal/{found.id}#status")
