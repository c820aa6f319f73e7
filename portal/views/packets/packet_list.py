"""One's packets, and beginning another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.packets import drafts
from journal.packets.drafts import NoRoom, Packet
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

LIST = "/packets"


@dataclass(frozen=True, slots=True)
class PacketsPage:
    """
    Context of the list; `is_full`: no other was begun. `done` is what was just done.

    `patients` are those of whose records a clinician can make one, and `chosen` is the one whose page they came from.
    """

    packets: tuple[Packet, ...]
    damaged: tuple[UUID | None, ...]
    now: datetime
    is_full: bool = False
    done: str = ""
    patients: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    page: int = 1
    pages: int = 1


async def show_packets(request: Request) -> Response:
    """Show one's packets, or begin another."""
    actor = get_actor(request)
    if request.method == "POST":
        form = await Form.read(request)
        try:
            wanted = await drafts.create_packet(actor, patient=parse_uuid(form["patient"]))
            return redirect(request, f"{LIST}/{wanted}")
        except NoRoom:
            return await render_list(request, actor, is_full=True)
    return await render_list(request, actor)


async def render_list(request: Request, actor: Actor, *, is_full: bool = False) -> Response:
    """Show the list; `is_full`: no other packet was begun."""
    found = await drafts.list_packets(actor, parse_whole_number(request.query_params.get("page", "")) or 1)
    done = request.query_params.get("done", "")
    patients = tuple((str(one.patient), one.peer_name) for one in found.team)
    chosen = request.query_params.get("patient", "")
    context = PacketsPage(
        found.packets,
        found.packets.damaged,
        actor.now,
        is_full,
        done,
        patients,
        chosen,
        found.page,
        found.pages,
    )
    return render_page(request, "packets/packets.html", context, status=409 if is_full else 200)
