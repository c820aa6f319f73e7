"""The page of whoever sits with a patient: whom to call above all else, and what the link's secret opens."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.clinic import call_contacts
from journal.clinic.instructions import get_check_minutes, load_instructions
from journal.errors import Damaged, LinkExpired
from journal.rate_limiting.limits import TooManyAttempts
from journal.sitter import links
from journal.sitter.copies import CopiedPart
from journal.sitter.links import SitterLinkEnded, Sitting
from journal.time_zones import parse_zone
from portal.access import known_browser
from portal.web.care_team import CallLine, build_call_lines
from portal.web.errors import build_retry_header
from portal.web.pages import get_translator, render_page


@dataclass(frozen=True, slots=True)
class CallCardPage:
    """Context of the call card alone: of an unknown link, one that has ended, or where too many were tried."""

    is_ended: bool = False
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class SittingPage:
    """
    Context of an open link's page: nobody's name, and nothing of the patient but what they copied for this link.

    `parts` are in the patient's words, `sitter_text` in the care team's. `is_damaged`: the copy does not open.
    """

    call_lines: tuple[CallLine, ...]
    parts: tuple[CopiedPart, ...]
    sitter_text: str
    check_minutes: int
    has_begun: bool
    is_damaged: bool


async def show_sitting(request: Request) -> Response:
    """Show an open link's page; of any other link, whom to call and nothing else."""
    installation = request.app.state.installation
    try:
        found = await _open_sitting(request)
    except LinkExpired:
        return render_page(request, "sit/card.html", CallCardPage(), status=404)
    except TooManyAttempts as error:
        card, headers = CallCardPage(is_waiting=True), build_retry_header(error)
        return render_page(request, "sit/card.html", card, status=429, headers=headers)
    if found is None:
        return render_page(request, "sit/card.html", CallCardPage(is_ended=True), status=410)
    contacts = await call_contacts.load_contacts(installation, found.patient)
    text = await load_instructions(installation, found.patient, found.session.course)
    zone = parse_zone(found.session.details.zone)  # where they sit
    page = SittingPage(
        build_call_lines(contacts, installation.clock(), zone, get_translator(request)),
        found.copy.parts if found.copy else (),
        text.details.sitter_text if text else "",
        get_check_minutes(text),
        found.session.began_at is not None,
        found.copy is None,
    )
    return render_page(request, "sit/sitting.html", page)


async def _open_sitting(request: Request) -> Sitting | None:
    """Return what an open link gives, or None where it has ended; a link that was never made counts as a try."""
    async with known_browser.count_link_attempt(request):
        try:
            return await links.open_sitting(request.app.state.installation, request.path_params["token"])
        except (SitterLinkEnded, Damaged):
            return None
