"""A clinician invites patients, by link and QR code, and compares the safety code with who came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.care import invitations, link_keys, links
from journal.care.invitations import Invitation
from journal.errors import InvalidInput, TrustBroken
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """Context of the list of invitations, with the form for a new one."""

    invitations: OpenedRows[Invitation]
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


@dataclass(frozen=True, slots=True)
class SafetyCodePage:
    """
    Context of the safety code; `code` is empty when the patient's keys are not the pinned ones.

    `followed_at` is when keys were taken over that the patient had renewed: the code is another one since then.
    `is_doubted`: it has to be compared, on a page that says why.
    """

    patient: UUID
    name: str
    code: str
    followed_at: datetime | None = None
    is_doubted: bool = False


async def show_invitations(request: Request) -> Response:
    """List the invitations, or create one."""
    actor = get_actor(request)
    mails = actor.installation.mail is not None
    if request.method == "GET":
        return render_page(
            request,
            "invitations/list.html",
            InvitationsPage(await invitations.list_invitations(actor), mails),
        )
    form = await Form.read(request)
    name, email = form["name"], form["email"].strip()
    try:
        made = await invitations.create_invitation(actor, name, email)
    except InvalidInput as error:
        again = InvitationsPage(
            await invitations.list_invitations(actor), mails, name, email, dict(error.fields)
        )
        return render_page(request, "invitations/list.html", again, status=422)
    return redirect(request, f"/invitations/{made.id}{'?done=mailed' if email else ''}")


async def show_invitation(request: Request) -> Response:
    """Show one invitation's link and QR code while it is open."""
    found = await invitations.load_invitation(get_actor(request), request.path_params["id"])
    mailed = request.query_params.get("done") == "mailed"
    link = f"{request.app.state.config.origin}/invite/{found.token}"
    picture = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2)
    return render_page(request, "invitations/invitation.html", InvitationPage(found, link, picture, mailed))


async def withdraw_invitation(request: Request) -> Response:
    """Withdraw an open invitation."""
    await invitations.withdraw_invitation(get_actor(request), request.path_params["id"])
    return redirect(request, "/invitations")


async def show_safety_code(request: Request) -> Response:
    """Show the safety code to compare in person, or that keys have changed."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    try:
        code = await link_keys.derive_safety_code(actor, link)
    except TrustBroken:
        code = ""
    context = SafetyCodePage(link.patient, link.peer_name, code, link.followed_at, link.is_doubted)
    return render_page(request, "patients/trust.html", context)
