"""The page of whoever sits with a patient: whom to call above all else, what the link's secret opens, and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.clinic import call_contacts
from journal.clinic.instructions import load_instructions
from journal.errors import Damaged, InvalidInput, LinkExpired
from journal.rate_limiting.limits import TooManyAttempts
from journal.sitter import links, notes
from journal.sitter.copies import CopiedPart
from journal.sitter.lines import CheckState, NoteKind
from journal.sitter.links import SitterLinkEnded, Sitting
from journal.sitter.notes import NoCopy, NotAgreed, NotesFull
from journal.time_zones import parse_zone
from journal.user_input import parse_whole_number
from portal.access import known_browser
from portal.views.public.sitter_log import PARTS, SitterLog, build_log, list_typed, read_note
from portal.web.care_team import CallLine, build_call_lines
from portal.web.errors import build_retry_header
from portal.web.forms import Form, parse_uuid
from portal.web.pages import get_translator, redirect, render_page
from portal.web.translation import get_language

MAX_WRITTEN_DIGITS = 13  # milliseconds since 1970, until the year 2286


@dataclass(frozen=True, slots=True)
class CallCardPage:
    """
    Context of the call card alone: of an unknown link, one that has ended, or where too many were tried.

    `typed` is what was written and not saved, with the kind of its note.
    """

    is_ended: bool = False
    is_waiting: bool = False
    typed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SittingPage:
    """
    Context of an open link's page: nobody's name, and nothing of the patient but what they copied for this link.

    `parts` are in the patient's words, `sitter_text` in the care team's. `is_damaged`: the copy does not open, so that
    nothing can be noted. `saved`: something was saved just now; `needs_help`: they need help, saved or not. `problem`
    is why nothing was saved.
    """

    call_lines: tuple[CallLine, ...]
    parts: tuple[CopiedPart, ...]
    sitter_text: str
    text_language: str
    log: SitterLog
    is_damaged: bool
    saved: bool = False
    needs_help: bool = False
    problem: str = ""


async def show_sitting(request: Request) -> Response:
    """Show an open link's page, or keep a note; of any other link, whom to call and nothing else."""
    form = await Form.read(request) if request.method == "POST" else Form()
    try:
        found = await _open_sitting(request)
    except LinkExpired:
        return _render_card(request, form, 404)
    except TooManyAttempts as error:
        card, headers = (
            CallCardPage(is_waiting=True, typed=list_typed(form, get_translator(request))),
            build_retry_header(error),
        )
        return render_page(request, "sit/card.html", card, status=429, headers=headers)
    if found is None:
        return _render_card(request, form, 410)
    if request.method == "POST":
        return await _keep_note(request, found, form)
    asked = request.query_params
    return await _render_sitting(request, found, {}, saved="saved" in asked, needs_help="help" in asked)


async def _keep_note(request: Request, found: Sitting, form: Form) -> Response:
    typed = {name: form[name] for names in PARTS.values() for name in names}
    kind = next((one for one in NoteKind if one.value == form["go"]), NoteKind.CHECK)
    ident = parse_uuid(form["ident"]) or uuid4()
    needs_help = kind is NoteKind.CHECK and typed["status"] == CheckState.HELP
    installation = request.app.state.installation
    said = parse_whole_number(form["written"], MAX_WRITTEN_DIGITS)
    at = notes.find_written(said, found, installation.clock())
    try:
        note = read_note(found, kind, form, at)
        if note.unlikely and form["sure"] != note.sure:
            again = {"typed": typed, "ident": ident, "asked": note.unlikely, "sure": note.sure}
            return await _render_sitting(request, found, again, 422)
        words = [typed[name] for name in PARTS[kind]]
        await notes.save_note(
            installation, found, ident, kind, note.line, note.taken, words, at, get_language()
        )
    except InvalidInput as error:
        again = {"typed": typed, "ident": ident, "errors": error.fields}
        return await _render_sitting(request, found, again, 422, needs_help=needs_help)
    except (NotesFull, NoCopy, NotAgreed) as error:
        again = {"typed": typed}
        return await _render_sitting(request, found, again, 409, needs_help=needs_help, problem=error.message)
    except SitterLinkEnded:
        return _render_card(request, form, 410)
    left = {name: "" if name in PARTS[kind] else words for name, words in typed.items()}
    if any(left.values()):
        return await _render_sitting(request, found, {"typed": left}, saved=True, needs_help=needs_help)
    return redirect(request, f"{request.url.path}?{'help#call-now' if needs_help else 'saved#notes'}")


async def _render_sitting(
    request: Request,
    found: Sitting,
    filled: Mapping[str, Any],
    status: int = 200,
    *,
    saved: bool = False,
    needs_help: bool = False,
    problem: str = "",
) -> Response:
    installation = request.app.state.installation
    contacts = await call_contacts.load_contacts(installation, found.patient)
    text = await load_instructions(installation, found.patient, found.session.course)
    zone = parse_zone(found.session.details.zone)  # where they sit
    page = SittingPage(
        build_call_lines(contacts, installation.clock(), zone, get_translator(request)),
        found.copy.parts if found.copy else (),
        text.details.sitter_text if text else "",
        text.details.language if text else "",
        replace(await build_log(request, found, text), **filled),
        found.copy is None,
        saved,
        needs_help,
        problem,
    )
    return render_page(request, "sit/sitting.html", page, status=status)


def _render_card(request: Request, form: Form, status: int) -> Response:
    card = CallCardPage(is_ended=status == 410, typed=list_typed(form, get_translator(request)))
    return render_page(request, "sit/card.html", card, status=status)


async def _open_sitting(request: Request) -> Sitting | None:
    """Return what an open link gives, or None where it has ended; a link that was never made counts as a try."""
    async with known_browser.count_link_attempt(request):
        try:
            return await links.open_sitting(request.app.state.installation, request.path_params["token"])
        except (SitterLinkEnded, Damaged):
            return None
