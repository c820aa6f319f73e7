"""The brief for one session, usually the next talk, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.brief.brief import build_brief
from journal.brief.composing import Brief
from journal.errors import NotFound
from journal.i18n import N_
from journal.plan_words.reading import open_words
from journal.sessions import schedule
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.forms import parse_uuid
from portal.web.pages import render_page

MAX_CHOICES = 4


@dataclass(frozen=True, slots=True)
class BriefPage:
    """
    Context of the brief: its quotes, the session that it is for and the dosing session it is about.

    `ahead` and `behind` are the other sessions that it can be for, the nearest first.
    """

    patient: UUID
    name: str
    brief: Brief
    session: SessionLine | None
    about: SessionLine | None
    ahead: tuple[SessionLine, ...]
    behind: tuple[SessionLine, ...]


async def show_brief(request: Request) -> Response:
    """Show the brief for the next talk or a chosen session; the patient sees that what it quotes was opened."""
    actor = get_actor(request)
    drawn = await build_brief(actor, request.path_params["id"], _get_wanted(request))
    told = await open_words(actor, drawn.link, drawn.plan, {drawn.about.id} if drawn.about else ())
    lines = {line.session.id: line for line in build_lines(actor, told)}
    others = [one for one in drawn.plan if one != drawn.session]
    context = BriefPage(
        drawn.link.patient,
        drawn.link.peer_name,
        drawn,
        lines[drawn.session.id] if drawn.session else None,
        lines[drawn.about.id] if drawn.about else None,
        tuple(lines[one.id] for one in schedule.list_upcoming(others, actor.now)[:MAX_CHOICES]),
        tuple(lines[one.id] for one in schedule.list_past(others, actor.now)[:MAX_CHOICES]),
    )
    page = render_page(request, "patients/brief.html", context)
    has_notes = bool(drawn.plans or drawn.sitter)
    return await print_page(
        request, actor, page, N_("Brief"), "brief.pdf", has_notes=has_notes, one_page=True, columns=2
    )


def _get_wanted(request: Request) -> UUID | None:
    text = request.query_params.get("session")
    if text is None:
        return None
    if (wanted := parse_uuid(text)) is None:
        raise NotFound
    return wanted
