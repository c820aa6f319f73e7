"""Help now, for anybody, signed in or not; and the page that a quick exit leads to."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue import crisis_contacts, grounding_skills
from journal.catalogue.crisis_contacts import Region
from journal.catalogue.grounding_skills import Skill
from portal.access.session_cookie import get_token
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class HelpPage:
    """
    Context of the help page: the chosen region's contacts first, all the others below.

    `may_leave`: a session's cookie came, so the quick exit is offered; it is not checked whether the session is valid.
    """

    chosen: Region | None
    regions: tuple[Region, ...]
    skills: tuple[Skill, ...]
    may_leave: bool


async def show_help(request: Request) -> Response:
    """Show crisis contacts by region, chosen and never guessed, and ways to come back to the present."""
    code = request.query_params.get("region", "")
    regions = crisis_contacts.list_regions()
    chosen = next((region for region in regions if region.code == code), None)
    may_leave = get_token(request) is not None
    context = HelpPage(chosen, regions, grounding_skills.HELP_NOW, may_leave)
    return render_page(request, "help_now.html", context)


async def show_exit_page(request: Request) -> Response:
    """Show a page that does not show where somebody has been."""
    return render_page(request, "leave.html")
