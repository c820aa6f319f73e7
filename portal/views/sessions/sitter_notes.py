"""A patient reads after rest what their sitter noted, and keeps or deletes each; before, they see the times alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.dosing_day.lines import Reading, Taken, parse_medicine, parse_readings
from journal.errors import HeldUntilRested, InvalidInput
from journal.i18n import N_, get_known_language
from journal.sessions.rows import Plan, Session
from journal.sitter import links, reading
from journal.sitter.lines import Check, NoteKind, parse_checks
from journal.sitter.reading import ReadNote
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, find_line
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

MOST_SHOWN = 300
"""Notes on one page, each of which is a field of its form; those after them come once these are kept or deleted."""
MOST_DAMAGED = 100
YOU_SAID = N_("What you said")


@dataclass(frozen=True, slots=True)
class NoteLine:
    """
    One note as a page shows it: what it is about, and `check`, `reading` or `taken` as its line, by its kind.

    `language` is that of its words, where it is known.
    """

    id: UUID
    label: str
    language: str
    check: Check | None = None
    reading: Reading | None = None
    taken: Taken | None = None


@dataclass(frozen=True, slots=True)
class SitterNotesPage:
    """
    Context of the page of a sitter's notes.

    `times` are those of notes that are neither kept nor deleted, and `notes` what they say, which is shown once
    `is_readable`. `damaged` are the ids of those that do not open. `kept` is the entry of those that were kept.
    `chosen` were ticked; `asks` about deleting them. `problem` is why nothing was done.
    """

    line: SessionLine
    is_readable: bool
    times: tuple[datetime, ...]
    notes: tuple[NoteLine, ...] = ()
    damaged: tuple[UUID, ...] = ()
    kept: Entry | None = None
    chosen: frozenset[UUID] = field(default_factory=frozenset)
    asks: bool = False
    problem: str = ""


async def show_notes(request: Request) -> Response:
    """Show what the sitter of a session noted; keep or delete what was ticked, or keep all of it."""
    actor = get_actor(request)
    one, plan = await links.load_session(actor, request.path_params["id"])
    if request.method == "GET":
        return render_page(request, "sessions/sitter_notes.html", await _build_page(actor, one, plan))
    form = await Form.read(request)
    chosen = frozenset(ident for text in form.get_all("notes") if (ident := parse_uuid(text)) is not None)
    if form["go"] == "ask" and chosen:
        page = await _build_page(actor, one, plan, chosen, asks=True)
        return render_page(request, "sessions/sitter_notes.html", page)
    try:
        if form["go"] in ("delete", "ask"):
            await reading.delete_notes(actor, one.id, chosen)
        else:
            await reading.keep_notes(actor, one.id, chosen)
    except (InvalidInput, HeldUntilRested) as error:
        words = error.fields["notes"] if isinstance(error, InvalidInput) else error.message
        status = 422 if isinstance(error, InvalidInput) else 409
        page = await _build_page(actor, one, plan, chosen, problem=words)
        return render_page(request, "sessions/sitter_notes.html", page, status=status)
    return redirect(request, f"/sessions/{one.id}/sitter/notes")


async def _build_page(
    actor: Actor,
    one: Session,
    plan: Plan,
    chosen: frozenset[UUID] = frozenset(),
    *,
    asks: bool = False,
    problem: str = "",
) -> SitterNotesPage:
    times, line = await reading.load_times(actor, one.id), find_line(actor, plan, one.id)
    if not reading.is_readable(actor, one, plan):
        return SitterNotesPage(line, False, times, problem=problem)
    found = await reading.load_notes(actor, one.id)
    return SitterNotesPage(
        line,
        True,
        times,
        tuple(map(_build_line, found[:MOST_SHOWN])),
        tuple(ident for ident in found.damaged[:MOST_DAMAGED] if ident is not None),
        await reading.load_kept(actor, one.id),
        chosen,
        asks,
        problem,
    )


def _build_line(one: ReadNote) -> NoteLine:
    lines, kind, language = [one.note.line], one.note.kind, get_known_language(one.note.language)
    label = YOU_SAID if kind is NoteKind.SAID else kind.label
    match kind:
        case NoteKind.CHECK:
            return NoteLine(one.id, label, language, check=parse_checks(lines)[0])
        case NoteKind.READING:
            return NoteLine(one.id, label, language, reading=parse_readings(lines)[0])
        case _:
            return NoteLine(one.id, label, language, taken=parse_medicine(lines)[0])
