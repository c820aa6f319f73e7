"""If a patient gets frightened: their plan, large and short, to read or to show."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.i18n import N_
from journal.preparing import comfort_plan
from journal.preparing.comfort_plan import ComfortPlan
from journal.sessions.day_state import find_current_day
from journal.sessions.rows import load_my_sessions
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class ComfortPage:
    """
    Context of the page.

    On a `day` on which a session may still be felt, nothing but the plan is there, and the way back to that `session`.
    """

    plan: ComfortPlan
    day: str
    session: UUID | None


async def show_plan(request: Request) -> Response:
    """Show the plan."""
    actor = get_actor(request)
    about = None
    if actor.dosing_day:
        _, about = find_current_day(await load_my_sessions(actor), actor.now)
    context = ComfortPage(
        await comfort_plan.load_plan(actor), actor.dosing_day, about.id if about is not None else None
    )
    page = render_page(request, "preparing/comfort.html", context)
    return await print_page(
        request, actor, page, N_("If I get frightened"), "comfort-plan.pdf", one_page=True
    )
