"""Share what is added to a reframe later, stop that, or share some of what was written around a dosing session."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import InvalidInput, NotFound
from journal.reframing import later
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect

MAX_CHOSEN = 300


async def change_later(request: Request) -> Response:
    """Do what was pressed, for one copy."""
    actor, form, wanted = get_actor(request), await Form.read(request), request.path_params["id"]
    share = parse_uuid(form["to"])
    if share is None:
        raise NotFound
    if form["go"] == "give":
        await later.give_tick(actor, wanted, share)
    elif form["go"] == "stop":
        await later.stop_tick(actor, wanted, share)
    elif form["go"] == "some":
        typed = map(parse_whole_number, form.get_all("sections")[:MAX_CHOSEN])
        places = [place for place in typed if place is not None]
        try:
            await later.share_additions(
                actor, wanted, share, places, seen=form.get_whole_number("revision") or 0
            )
        except InvalidInput:
            return redirect(request, f"/journal/{wanted}#later")  # nothing was ticked: nothing is shared
    else:
        raise NotFound
    return redirect(request, f"/journal/{wanted}#later")
