"""A clinician's own notes about a patient: written, edited and deleted in care, and what becomes of them after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.errors import Damaged, InvalidInput, JournalError, NotFound, StaleRevision, TrustBroken
from journal.own_notes import after_care, notes
from journal.own_notes.after_care import NotesLeft
from journal.own_notes.documents import MAX_LENGTH
from journal.own_notes.notes import CareEnded, NotesAbout, OwnNote
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class OwnNotesPage:
    """
    Context of the notes about a patient, ten a page; `done` is what was just done.

    `ident` is the id of the note that is written next, and `typed` what was not taken of one. `in_care` they can be
    written; after that they are read, and from `ask_from` on it is asked what becomes of them.
    """

    patient: UUID
    name: str
    notes: tuple[OwnNote, ...]
    damaged: tuple[UUID | None, ...]
    page: int
    has_more: bool
    in_care: bool
    ask_from: datetime | None
    is_asked: bool
    ident: UUID
    longest: int
    typed: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    done: str = ""


@dataclass(frozen=True, slots=True)
class OwnNotePage:
    """
    Context of one note's form; `base` is the revision that is edited, 0 for one that is gone and would be a new one.

    `newer` is what another page saved meanwhile. `is_stale`: it was saved, or deleted, after it was opened here.
    """

    patient: UUID
    name: str
    ident: UUID
    base: int
    typed: str
    longest: int
    newer: OwnNote | None = None
    is_stale: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotTakenPage:
    """Context of the page that returns what was typed about somebody who is not in this clinician's care."""

    typed: str


@dataclass(frozen=True, slots=True)
class DeletionPage:
    """Context of the page that asks before one note is deleted, or without `note` all about a patient."""

    patient: UUID
    name: str
    ident: UUID | None
    note: OwnNote | None


@dataclass(frozen=True, slots=True)
class NotesLeftPage:
    """Context of the list of those whose care has ended, and about whom there are notes; some were just deleted."""

    people: tuple[NotesLeft, ...]
    is_deleted: bool


async def show_notes(request: Request) -> Response:
    """Show the notes; write a new one, or keep those that are asked about."""
    actor, patient = get_actor(request), request.path_params["id"]
    if request.method == "GET":
        page = max(1, parse_whole_number(request.query_params.get("page", "")) or 1)
        found = await notes.load_notes(actor, patient, page)
        return _render(request, actor, found, page=page, done=request.query_params.get("done", ""))
    form = await Form.read(request)
    if form["go"] == "keep":
        await after_care.keep_notes(actor, patient)
        return redirect(request, f"{request.url.path}?done=kept")
    ident = parse_uuid(form["ident"]) or uuid4()
    try:
        await notes.save_note(actor, patient, ident, form["note"])
    except (CareEnded, InvalidInput, NotFound, TrustBroken) as error:
        return await _render_refused(request, actor, form["note"], error, ident)
    return redirect(request, f"{request.url.path}?done=saved")


async def edit_note(request: Request) -> Response:
    """Show the form of a note, or save it as it was edited."""
    actor = get_actor(request)
    patient, wanted = request.path_params["id"], request.path_params["own"]
    if request.method == "GET":
        found, one = await notes.load_notes(actor, patient), await notes.load_note(actor, patient, wanted)
        if found.link is None:
            return redirect(request, _get_address(patient))
        context = OwnNotePage(patient, found.name, wanted, one.revision, one.text, MAX_LENGTH)
        return render_page(request, "own_notes/note.html", context)
    form = await Form.read(request)
    base, typed = form.get_whole_number("revision") or 0, form["note"]
    try:
        await notes.save_note(actor, patient, wanted, typed, base or 1)
    except (CareEnded, NotFound, TrustBroken) as error:
        return await _render_refused(request, actor, typed, error, wanted)
    except InvalidInput as error:
        name = (await notes.load_notes(actor, patient)).name
        context = OwnNotePage(patient, name, wanted, base, typed, MAX_LENGTH, errors=error.fields)
        return render_page(request, "own_notes/note.html", context, status=422)
    except StaleRevision:
        return await _render_stale(request, actor, typed)
    return redirect(request, f"{_get_address(patient)}?done=saved")


async def delete_note(request: Request) -> Response:
    """Ask before a note is deleted, or delete it; one that does not open as well."""
    actor = get_actor(request)
    patient, wanted = request.path_params["id"], request.path_params["own"]
    if request.method == "POST":
        await notes.delete_note(actor, patient, wanted)
        return await _redirect_after_deletion(request, actor)
    found = await notes.load_notes(actor, patient)
    try:
        one = await notes.load_note(actor, patient, wanted)
    except Damaged:
        one = None
    context = DeletionPage(patient, found.name, wanted, one)
    return render_page(request, "own_notes/deletion.html", context)


async def delete_notes(request: Request) -> Response:
    """Ask before every note about a patient is deleted, or delete them."""
    actor, patient = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        await after_care.delete_notes(actor, patient)
        return await _redirect_after_deletion(request, actor)
    found = await notes.load_notes(actor, patient)
    if not (found.notes or found.notes.damaged):
        raise NotFound
    context = DeletionPage(patient, found.name, None, None)
    return render_page(request, "own_notes/deletion.html", context)


async def show_left(request: Request) -> Response:
    """Show about whom there are notes after care has ended."""
    found = await after_care.list_left(get_actor(request))
    context = NotesLeftPage(found, request.query_params.get("done") == "deleted")
    return render_page(request, "own_notes/left.html", context)


async def _redirect_after_deletion(request: Request, actor: Actor) -> Response:
    """Go back to the notes; where the last one is gone and care has ended, to the list of those that are left."""
    patient = request.path_params["id"]
    try:
        await notes.load_notes(actor, patient)
    except NotFound:
        return redirect(request, "/my-notes?done=deleted")
    return redirect(request, f"{_get_address(patient)}?done=deleted")


def _get_address(patient: UUID) -> str:
    return f"/patients/{patient}/my-notes"


def _render(
    request: Request,
    actor: Actor,
    found: NotesAbout,
    *,
    page: int = 1,
    ident: UUID | None = None,
    typed: str = "",
    refused: CareEnded | InvalidInput | None = None,
    done: str = "",
) -> Response:
    context = OwnNotesPage(
        request.path_params["id"],
        found.name,
        found.notes,
        found.notes.damaged,
        page,
        found.has_more,
        found.link is not None,
        found.ask_from,
        after_care.is_asked(found.ask_from, actor.now),
        ident or uuid4(),
        MAX_LENGTH,
        typed,
        refused.fields if isinstance(refused, InvalidInput) else {},
        done,
    )
    status = 200 if refused is None else 422 if isinstance(refused, InvalidInput) else 409
    return render_page(request, "own_notes/notes.html", context, status=status)


async def _render_stale(request: Request, actor: Actor, typed: str) -> Response:
    """Show the form as it was typed, below what is saved now; of a note that is gone, a new one would be made."""
    patient, wanted = request.path_params["id"], request.path_params["own"]
    name = (await notes.load_notes(actor, patient)).name
    try:
        newer = await notes.load_note(actor, patient, wanted)
    except (Damaged, NotFound):
        newer = None
    base = newer.revision if newer else 0
    ident = wanted if newer else uuid4()
    context = OwnNotePage(patient, name, ident, base, typed, MAX_LENGTH, newer, is_stale=True)
    return render_page(request, "own_notes/note.html", context, status=409)


async def _render_refused(
    request: Request, actor: Actor, typed: str, error: JournalError, ident: UUID
) -> Response:
    """Return what was typed, beside the notes that there are, or alone where there is no patient and no note."""
    if isinstance(error, CareEnded | InvalidInput):
        try:
            found = await notes.load_notes(actor, request.path_params["id"])
            return _render(request, actor, found, ident=ident, typed=typed, refused=error)
        except NotFound:  # care ended before there was any
            pass
    return render_page(request, "own_notes/not_taken.html", NotTakenPage(typed), status=404)
