"""A clinician invites patients, by link and QR code."""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal import invitations as inviting
from journal.errors import Refused
from journal.invitations import Invitation
from portal.auth import actor_of
from portal.forms import Form
from portal.pages import page, see_other


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """Context of the list of invitations, with the form for a new one."""

    invitations: tuple[Invitation, ...]
    name: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """Context of one invitation: its link, and the same as a picture."""

    invitation: Invitation
    link: str
    picture: str


async def invitations(request: Request) -> Response:
    """List the invitations; make a new one."""
    actor = actor_of(request)
    if request.method == "GET":
        return page(request, "invitations/list.html", InvitationsPage(await inviting.invitations(actor)))
    form = await Form.read(request)
    try:
        made = await inviting.invite(actor, form["name"])
    except Refused as error:
        again = InvitationsPage(await inviting.invitations(actor), form["name"], dict(error.fields))
        return page(request, "invitations/list.html", again, status=422)
    return see_other(request, f"/invitations/{made.id}")


async def invitation(request: Request) -> Response:
    """Show one invitation's link and QR code while it is open."""
    found = await inviting.invitation(actor_of(request), request.path_params["id"])
    link = f"{request.app.state.config.origin}/invite/{found.token}"
    picture = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2)
    return page(request, "invitations/invitation.html", InvitationPage(found, link, picture))


async def withdrawal(request: Request) -> Response:
    """Make an open invitation useless."""
    await inviting.withdraw(actor_of(request), request.path_params["id"])
    return see_other(request, "/invitations")
