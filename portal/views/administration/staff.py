"""Set-up links for the staff: therapists, prescribers, nurses and administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.errors import InvalidInput
from journal.practice import practice, setup_links
from journal.practice.setup_links import SetupLink
from journal.roles import LABELS, STAFF_POSITIONS
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

POSITION_CHOICES = tuple((one.key, LABELS[one.key]) for one in STAFF_POSITIONS)


@dataclass(frozen=True, slots=True)
class SetupLinksPage:
    """Context of the list of set-up links, with the form for a new one."""

    links: OpenedRows[SetupLink]
    positions: tuple[tuple[str, str], ...]
    labels: Mapping[str, str]
    name: str = ""
    position: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupLinkPage:
    """Context of one set-up link: its address, and the same as a picture; empty for one of somebody else's."""

    link: SetupLink
    label: str
    address: str
    picture: str


async def show_setup_links(request: Request) -> Response:
    """List the set-up links, or create one."""
    actor = get_actor(request)
    if request.method == "GET":
        context = SetupLinksPage(await setup_links.list_setup_links(actor), POSITION_CHOICES, LABELS)
        return render_page(request, "people/invitations.html", context)
    form = await Form.read(request)
    await practice.refuse_demo(actor.installation)
    try:
        made = await setup_links.create_setup_link_for(actor, form["name"], form["position"])
    except InvalidInput as error:
        links = await setup_links.list_setup_links(actor)
        again = SetupLinksPage(links, POSITION_CHOICES, LABELS, form["name"], form["position"], error.fields)
        return render_page(request, "people/invitations.html", again, status=422)
    return redirect(request, f"/people/invitations/{made}")


async def show_setup_link(request: Request) -> Response:
    """Show one set-up link; its address only to its maker, and while it is open."""
    found = await setup_links.load_setup_link(get_actor(request), request.path_params["id"])
    address = picture = ""
    if found.token and found.state == "open":
        address = f"{request.app.state.config.origin}/setup/{found.token}"
        picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2)
    context = SetupLinkPage(found, LABELS[found.position.key], address, picture)
    return render_page(request, "people/invitation.html", context)


async def withdraw_setup_link(request: Request) -> Response:
    """Withdraw an open set-up link."""
    await setup_links.withdraw_setup_link(get_actor(request), request.path_params["id"])
    return redirect(request, "/people/invitations")
