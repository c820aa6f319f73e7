"""A patient makes and ends the link of whoever sits with them in a session, and prints the sheet for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.clinic import call_contacts
from journal.clinic.instructions import get_check_minutes, load_instructions
from journal.errors import HeldUntilRested, InvalidInput
from journal.sessions.holds import load_hold
from journal.sessions.rows import Session
from journal.sitter import links
from journal.sitter.ends import is_before_start, is_over
from journal.sitter.links import OpenLink
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.call_lines import CallLine, build_call_lines
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page


@dataclass(frozen=True, slots=True)
class SitterLinkPage:
    """
    Context of the page of a sitter's link.

    `link` is the one that has not ended, `address` and `picture` those of one that was made just now, the only time
    that they are shown. `has_time`: the session has not begun. `problem` is why nothing was made.
    """

    line: SessionLine
    link: OpenLink | None
    is_over: bool
    has_time: bool
    address: str = ""
    picture: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SitterSheetPage:
    """Context of the printed sheet: whom to call, the care team's text, and lines to write on."""

    line: SessionLine
    call_lines: tuple[CallLine, ...]
    sitter_text: str
    check_minutes: int


async def show_sitter_link(request: Request) -> Response:
    """Show whether there is a link; make one, shown this once, or end it."""
    actor = get_actor(request)
    one = await links.load_session(actor, request.path_params["id"])
    if request.method == "GET":
        return render_page(request, "sessions/sitter.html", await _build_page(actor, one))
    form = await Form.read(request)
    if form["go"] == "end":
        await links.end_link(actor, one.id)
        return redirect(request, f"/sessions/{one.id}/sitter")
    try:
        made = await links.make_link(actor, one.id)
    except InvalidInput as error:
        page = replace(await _build_page(actor, one), problem=error.fields["link"])
        return render_page(request, "sessions/sitter.html", page, status=422)
    except HeldUntilRested as error:
        page = replace(await _build_page(actor, one), problem=error.message)
        return render_page(request, "sessions/sitter.html", page, status=409)
    address = f"{request.app.state.config.origin}/sit/{made.token}"
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2)
    page = replace(await _build_page(actor, one), address=address, picture=picture)
    return render_page(request, "sessions/sitter.html", page)


async def show_sheet(request: Request) -> Response:
    """Show the sheet for whoever sits with the patient, to be printed on one page."""
    actor = get_actor(request)
    one = await links.load_session(actor, request.path_params["id"])
    text = await load_instructions(actor.installation, actor.id, one.course)
    contacts = await call_contacts.load_my_contacts(actor)
    lines = build_call_lines(contacts, actor.now, actor.zone, get_translator(request))
    (line,) = build_lines(actor, (one,))
    page = SitterSheetPage(line, lines, text.details.sitter_text if text else "", get_check_minutes(text))
    return render_page(request, "sessions/sitter_sheet.html", page)


async def _build_page(actor: Actor, one: Session) -> SitterLinkPage:
    (line,) = build_lines(actor, (one,))
    has_time = is_before_start(one.details, actor.now) and await load_hold(actor) is None
    return SitterLinkPage(
        line, await links.load_open_link(actor, one), is_over(one.details, actor.now), has_time
    )
