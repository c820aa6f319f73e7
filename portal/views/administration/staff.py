"""Set-up links for the staff: therapists, prescribers, nurses and administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.errors import Refused
from journal.practice import practice, setup_links
from journal.practice.setup_links import SetupLink
from journal.roles import LABELS, OF_STAFF
from journal.store.rows import Opened
from portal.access.session_cookie import actor_of
from portal.web.forms import Form
from portal.web.pages import page, see_other

POSITIONS = tuple((one.key, LABELS[one.key]) for one in OF_STAFF)


@dataclass(frozen=True, slots=True)
class StaffInvitations:
    """Context of the list of set-up links, with the form for a new one."""

    links: Opened[SetupLink]
    positions: tuple[tuple[str, str], ...]
    labels: Mapping[str, str]
    name: str = ""
    position: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StaffInvitation:
    """Context of one set-up link: its address, and the same as a picture; empty for one of somebody else's."""

    link: SetupLink
    label: str
    address: str
    picture: str


async def invitations(request: Request) -> Response:
    """List the set-up links, or create one."""
    actor = actor_of(request)
    if request.method == "GET":
        context = StaffInvitations(await setup_links.links(actor), POSITIONS, LABELS)
        return page(request, "people/invitations.html", context)
    form = await Form.read(request)
    await practice.refuse_demo(actor.house)
    try:
        made = await setup_links.make_for(actor, form["name"], form["position"])
    except Refused as error:
        links = await setup_links.links(actor)
        again = StaffInvitations(links, POSITIONS, LABELS, form["name"], form["position"], error.fields)
        return page(request, "people/invitations.html", again, status=422)
    return see_other(request, f"/people/invitations/{made}")


async def invitation(request: Request) -> Response:
    """Show one set-up link; its address only to its maker, and while it is open."""
    found = await setup_links.link(actor_of(request), request.path_params["id"])
    address = picture = ""
    if found.token and found.state == "open":
        address = f"{request.app.state.config.origin}/setup/{found.token}"
        picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2)
    context = StaffInvitation(found, LABELS[found.position.key], address, picture)
    return page(request, "people/invitation.html", context)


async def withdrawal(request: Request) -> Response:
    """Withdraw an open set-up link."""
    await setup_links.withdraw(actor_of(request), request.path_params["id"])
    return see_other(request, "/people/invitations")
