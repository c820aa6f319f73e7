"""The brief for the coming integration session, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.brief.brief import Brief, build_brief
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, build_line
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class BriefPage:
    """Context of the brief: its quotes, the session that it is for and the dosing session it is about."""

    patient: UUID
    name: str
    brief: Brief
    coming: SessionLine | None
    about: SessionLine | None


async def show_brief(request: Request) -> Response:
    """Show the brief; the patient sees that what it quotes was opened."""
    actor = get_actor(request)
    drawn = await build_brief(actor, request.path_params["id"])
    context = BriefPage(
        drawn.link.patient,
        drawn.link.peer_name,
        drawn,
        build_line(actor, drawn.coming, drawn.number) if drawn.coming else None,
        build_line(actor, drawn.about, drawn.number) if drawn.about else None,
    )
    return render_page(request, "patients/brief.html", context)
