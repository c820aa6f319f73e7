"""A clinician's replies that were not sent, also those of copies that are gone."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.replies import drafts
from journal.replies.drafts import Draft
from portal.access.session_cookie import get_actor
from portal.views.replies.theirs import get_address
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft, and the page of the conversation that it is for."""

    draft: Draft
    address: str


@dataclass(frozen=True, slots=True)
class DraftsPage:
    """Context of the list; `damaged` counts drafts that do not open."""

    lines: tuple[DraftLine, ...]
    damaged: int


async def show_drafts(request: Request) -> Response:
    """Show what a clinician typed and did not send."""
    found = await drafts.load_all(get_actor(request))
    lines = tuple(DraftLine(one, get_address(one.patient, one.share)) for one in found)
    return render_page(request, "replies/drafts.html", DraftsPage(lines, len(found.damaged)))
