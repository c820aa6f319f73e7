"""A patient makes and ends the link of whoever sits with them in a session, and prints the sheet for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.comfort import list_parts, may_be_written_down
from journal.clinic import call_contacts
from journal.clinic.instructions import get_check_minutes, load_instructions
from journal.errors import HeldUntilRested, InvalidInput
from journal.i18n import N_
from journal.preparing.comfort_plan import ComfortPlan, load_plan
from journal.sessions.holds import Hold, get_hold
from journal.sessions.rows import Plan, Session
from journal.sitter import links
from journal.sitter.copies import CopiedPart, copy_parts
from journal.sitter.ends import is_before_start, is_over
from journal.sitter.links import MadeLink, OpenLink
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.sessions.session_lines import SessionLine, find_line
from portal.web.care_team import CallLine, build_call_lines
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

PLAN_CHANGED = N_(
    "“If I get frightened” was changed in the meantime. Look at its parts again; no link was made."
)


@dataclass(frozen=True, slots=True)
class SitterLinkPage:
    """
    Context of the page of a sitter's link.

    `link` is the one that has not ended, `address` and `picture` those of one that was made just now, the only time
    that they are shown. `has_time`: the session has not begun, so that a link can carry the `parts` of the plan for
    when the patient gets frightened, in its `revision`; `chosen` are those that were ticked. `waiting` holds them where
    another session did. `problem` is why nothing was made.
    """

    line: SessionLine
    link: OpenLink | None
    is_over: bool
    has_time: bool
    parts: tuple[CopiedPart, ...] = ()
    revision: int = 0
    chosen: tuple[str, ...] = ()
    address: str = ""
    picture: str = ""
    problem: str = ""
    waiting: Hold | None = None


SHEET = N_("For the person who sits with somebody")
SHORT_ROW = 40
"""A row of words takes the room of as many letters at least."""
SHEET_SIZES = ((900, "", 10), (2400, "sheet-long", 7), (4200, "sheet-longer", 3), (None, "sheet-longer", 1))
"""Up to how many letters a sheet has which size of words, and how many rows to write on: measured on A4 and Letter."""


@dataclass(frozen=True, slots=True)
class SitterSheetPage:
    """
    Context of the printed sheet: whom to call, the patient's plan, the care team's text, and `rows` to write on.

    The longer the words are, the smaller they are printed (`size`), and the fewer rows there are. `text_language` is
    that of the care team's text.
    """

    line: SessionLine
    call_lines: tuple[CallLine, ...]
    parts: tuple[CopiedPart, ...]
    sitter_text: str
    text_language: str
    check_minutes: int
    size: str
    rows: int


async def show_sitter_link(request: Request) -> Response:
    """Show whether there is a link; make one, shown this once, or end it."""
    actor = get_actor(request)
    one, sessions = await links.load_session(actor, request.path_params["id"])
    if request.method == "GET":
        return render_page(request, "sessions/sitter.html", await _build_page(actor, one, sessions))
    form = await Form.read(request)
    if form["go"] == "end":
        await links.end_link(actor, one.id)
        return redirect(request, f"/sessions/{one.id}/sitter")
    plan, chosen = await load_plan(actor), tuple(form.get_all("sections"))
    try:
        made = await _make_link(actor, one, plan, chosen, form["revision"])
    except HeldUntilRested as error:
        if error.asked is not None:
            raise  # it can be made once they have rested; once its time has come, only a link without words
        page = replace(await _build_page(actor, one, sessions), chosen=chosen, problem=error.message)
        return render_page(request, "sessions/sitter.html", page, status=409)
    except InvalidInput as error:
        words = error.fields["link"]
        page = replace(await _build_page(actor, one, sessions), chosen=chosen, problem=words)
        return render_page(request, "sessions/sitter.html", page, status=422)
    address = f"{request.app.state.config.origin}/sit/{made.token}"
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2)
    page = replace(await _build_page(actor, one, sessions), address=address, picture=picture)
    return render_page(request, "sessions/sitter.html", page)


async def show_sheet(request: Request) -> Response:
    """Show the sheet for whoever sits with the patient, to be printed on one page."""
    actor = get_actor(request)
    one, sessions = await links.load_session(actor, request.path_params["id"])
    text = await load_instructions(actor.installation, actor.id, one.course)
    contacts = await call_contacts.load_my_contacts(actor)
    lines = build_call_lines(contacts, actor.now, actor.zone, get_translator(request))
    plan = await load_plan(actor)
    parts = copy_parts(plan.parts, plan.language)
    line = find_line(actor, sessions, one.id)
    sitter_text, language = (text.details.sitter_text, text.details.language) if text else ("", "")
    size, rows = _fit_sheet([one.text for one in parts], sitter_text, lines)
    context = SitterSheetPage(line, lines, parts, sitter_text, language, get_check_minutes(text), size, rows)
    page = render_page(request, "sessions/sitter_sheet.html", context)
    return await print_page(request, actor, page, SHEET, "sitter-sheet.pdf", has_notes=True, one_page=True)


def _fit_sheet(parts: Iterable[str], sitter_text: str, lines: Iterable[CallLine]) -> tuple[str, int]:
    """Return how large the words of a sheet are printed, and how many rows then have room on the same page."""
    said = (f"{one.contact.details.purpose} {one.contact.details.outside}" for one in lines)
    every = [row for words in (*parts, sitter_text, *said) for row in words.split("\n")]
    letters = sum(max(len(row), SHORT_ROW) for row in every)
    return next((size, rows) for most, size, rows in SHEET_SIZES if most is None or letters <= most)


async def _make_link(
    actor: Actor, one: Session, plan: ComfortPlan, chosen: tuple[str, ...], revision: str
) -> MadeLink:
    """Make a link with the chosen parts of the plan as the page showed it."""
    if not chosen:
        return await links.make_link(actor, one.id)
    if plan.entry is None:
        raise InvalidInput({"link": PLAN_CHANGED})
    if revision != str(plan.entry.revision) or not plan.is_intact:
        raise InvalidInput({"link": PLAN_CHANGED})
    answers = plan.entry.document.answers
    parts = copy_parts(list_parts(answers, chosen), plan.language)
    if not parts:  # a link without words would take the place of the one before, and nobody asked for that
        raise InvalidInput({"link": PLAN_CHANGED})
    writes_down = "comfort.record" in chosen and may_be_written_down(answers)
    return await links.make_link(actor, one.id, parts, writes_down=writes_down)


async def _build_page(actor: Actor, one: Session, sessions: Plan) -> SitterLinkPage:
    before, waiting = is_before_start(one.details, actor.now), get_hold(actor, sessions)
    has_time = before and waiting is None
    plan = await load_plan(actor) if has_time else ComfortPlan()
    return SitterLinkPage(
        find_line(actor, sessions, one.id),
        await links.load_open_link(actor, one),
        is_over(one.details, actor.now),
        has_time,
        copy_parts(plan.parts, plan.language) if plan.is_intact else (),
        plan.entry.revision if plan.entry else 0,
        waiting=waiting if before else None,
    )
