"""A clinician invites patients, by link and QR code."""

from __future__ import annotations

from dataclasses import dataclass, field

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.care import invitations as inviting
from journal.care.invitations import Invitation
from journal.errors import Refused
from journal.store.rows import Opened
from portal.access.session_cookie import actor_of
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """Context of the list of invitations, with the form for a new one."""

    invitations: Opened[Invitation]
    mails: bool
    name: str = ""
    email: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """Context of one invitation: its link, and the same as a picture."""

    invitation: Invitation
    link: str
    picture: str
    mailed: bool


async def invitations(request: Request) -> Response:
    """List the invitations, or create one."""
    actor = actor_of(request)
    mails = actor.house.mail is not None
    if request.method == "GET":
        return page(
            request, "invitations/list.html", InvitationsPage(await inviting.invitations(actor), mails)
        )
    form = await Form.read(request)
    name, email = form["name"], form["email"].strip()
    try:
        made = await inviting.invite(actor, name, email)
    except Refused as error:
        again = InvitationsPage(await inviting.invitations(actor), mails, name, email, dict(error.fields))
        return page(request, "invitations/list.html", again, status=422)
    return see_other(request, f"/invitations/{made.id}{'?done=mailed' if email else ''}")


async def invitation(request: Request) -> Response:
    """Show one invitation's link and QR code while it is open."""
    found = await inviting.invitation(actor_of(request), request.path_params["id"])
    mailed = request.query_params.get("done") == "mailed"
    link = f"{request.app.state.config.origin}/invite/{found.token}"
    picture = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2)
    return page(request, "invitations/invitation.html", InvitationPage(found, link, picture, mailed))


async def withdrawal(request: Request) -> Response:
    """Withdraw an open invitation."""
    await inviting.withdraw(actor_of(request), request.path_params["id"])
    return see_other(request, "/invitations")
