"""What a clinician writes for one patient: plan notes and totals, listed with their earlier versions, and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.care_notes import notes
from journal.care_notes.clinic import SESSION
from journal.care_notes.notes import FIELDS, LENGTHS, PLAN_WRITERS, CareNote, NoteKind
from journal.errors import InvalidInput, NotFound, StaleRevision, TrustBroken
from journal.roles import Profession
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.views.patients import clinic_readings
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

WRITERS = MappingProxyType(
    {
        NoteKind.PLAN: PLAN_WRITERS,
        NoteKind.TOTAL: frozenset(one.value for one in Profession),
        NoteKind.LIMITS: frozenset({Profession.PRESCRIBER.value}),
        NoteKind.CLINIC: frozenset(one.value for one in Profession),
    }
)
"""Who writes which kind of note on these pages, by their profession."""


@dataclass(frozen=True, slots=True)
class NotesPage:
    """Context of the list; `damaged` are versions that do not open. `is_paused`: none can be read or written."""

    patient: UUID
    name: str
    notes: tuple[CareNote, ...]
    damaged: tuple[UUID | None, ...]
    can_plan: bool
    can_limit: bool
    is_paused: bool


@dataclass(frozen=True, slots=True)
class NotePage:
    """
    Context of the form; `base` is the version that it follows, 0 for a new note.

    `newer` is what was saved meanwhile, if anything was. `is_gone`: no such patient is in this clinician's care.
    `is_paused`: nothing is saved for as long as the patient pauses sharing. `has_new_keys`: nor while the patient's
    keys are not those that were agreed on.
    """

    patient: UUID
    name: str
    ident: UUID
    kind: NoteKind
    base: int
    typed: Mapping[str, str]
    lengths: Mapping[str, int]
    newer: CareNote | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    is_paused: bool = False
    is_gone: bool = False
    has_new_keys: bool = False


async def show_notes(request: Request) -> Response:
    """Show what this clinician wrote for a patient."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    is_paused = link.paused_at is not None
    found = OpenedRows[CareNote]() if is_paused else await notes.load_notes(actor, link)
    can_plan, can_limit = actor.profession in PLAN_WRITERS, actor.profession == Profession.PRESCRIBER
    context = NotesPage(link.patient, link.peer_name, found, found.damaged, can_plan, can_limit, is_paused)
    return render_page(request, "patients/notes.html", context)


async def write_plan(request: Request) -> Response:
    """Show the form of a new plan note, or save it."""
    return await _write(request, NoteKind.PLAN)


async def write_total(request: Request) -> Response:
    """Show the form of a new total, or save it."""
    return await _write(request, NoteKind.TOTAL)


async def write_limits(request: Request) -> Response:
    """Show the form of limits, or save them; where there are some, they are changed."""
    actor = get_actor(request)
    if request.method == "GET" and actor.profession == Profession.PRESCRIBER:
        link = await links.load_link_with(actor, request.path_params["id"])
        there = None if link.paused_at else notes.find_limits(await notes.load_notes(actor, link))
        if there is not None:
            return redirect(request, f"/patients/{link.patient}/notes/{there.current.note}")
    return await _write(request, NoteKind.LIMITS)


async def change_note(request: Request) -> Response:
    """Show the form of a note, or add a version to it."""
    actor, wanted = get_actor(request), request.path_params["note"]
    if request.method == "POST":
        form = await Form.read(request)
        if form["kind"] == NoteKind.CLINIC:
            return await clinic_readings.save_readings(request, form)
        kind = next((one for one in WRITERS if one.value == form["kind"]), NoteKind.PLAN)
        return await _save(request, actor, kind, form, wanted)
    link = await links.load_link_with(actor, request.path_params["id"])
    one = (await notes.load_note(actor, link, wanted)).current
    if one.kind is NoteKind.CLINIC:
        session = one.details.fields[SESSION]
        return redirect(request, f"/patients/{link.patient}/notes/clinic?session={session}")
    if one.kind not in WRITERS:
        return redirect(request, f"/patients/{link.patient}/evaluation")
    context = NotePage(
        link.patient, link.peer_name, wanted, one.kind, one.version, one.details.fields, LENGTHS
    )
    return render_page(request, "patients/note_form.html", context)


async def _write(request: Request, kind: NoteKind) -> Response:
    actor = get_actor(request)
    if request.method == "POST":
        form = await Form.read(request)
        return await _save(request, actor, kind, form, parse_uuid(form["note"]) or uuid4())
    link = await links.load_link_with(actor, request.path_params["id"])
    if actor.profession not in WRITERS[kind]:
        return redirect(request, f"/patients/{link.patient}/notes")
    today = actor.now.astimezone(actor.zone).date().isoformat()
    typed = {name: today if name in ("from_day", "day") else "" for name in FIELDS[kind]}
    context = NotePage(link.patient, link.peer_name, uuid4(), kind, 0, typed, LENGTHS)
    return render_page(request, "patients/note_form.html", context)


async def _save(request: Request, actor: Actor, kind: NoteKind, form: Form, ident: UUID) -> Response:
    patient, base = request.path_params["id"], form.get_whole_number("revision") or 0
    typed = {name: form[name] for name in (*FIELDS[kind], "checked")}
    try:
        return await _save_or_render(request, actor, kind, ident, base, typed)
    except (NotFound, TrustBroken) as error:
        is_gone, status = isinstance(error, NotFound), 404 if isinstance(error, NotFound) else 409
        context = NotePage(
            patient, "", ident, kind, base, typed, LENGTHS, is_gone=is_gone, has_new_keys=not is_gone
        )
        return render_page(request, "patients/note_form.html", context, status=status)


async def _save_or_render(
    request: Request, actor: Actor, kind: NoteKind, ident: UUID, base: int, typed: Mapping[str, str]
) -> Response:
    patient = request.path_params["id"]
    try:
        await notes.write_note(actor, patient, kind, typed, ident, base)
    except InvalidInput as error:
        return await _render_again(request, actor, kind, ident, base, typed, errors=error.fields)
    except SharingPaused:
        return await _render_again(request, actor, kind, ident, base, typed, is_paused=True)
    except StaleRevision:
        return await _render_again(request, actor, kind, ident, None, typed)
    return redirect(request, f"/patients/{patient}/notes")


async def _render_again(
    request: Request,
    actor: Actor,
    kind: NoteKind,
    ident: UUID,
    base: int | None,
    typed: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    is_paused: bool = False,
) -> Response:
    """Show the form as it was typed; without *base* it was written over, and what is saved now stands above it."""
    link: Link = await links.load_link_with(actor, request.path_params["id"])
    newer = await _find_newer(actor, link, kind, ident) if base is None else None
    ident = newer.current.note if newer else ident
    version = newer.current.version if newer else base or 0
    context = NotePage(
        link.patient, link.peer_name, ident, kind, version, typed, LENGTHS, newer, errors or {}, is_paused
    )
    return render_page(request, "patients/note_form.html", context, status=422 if errors else 409)


async def _find_newer(actor: Actor, link: Link, kind: NoteKind, ident: UUID) -> CareNote:
    """Return what was written meanwhile: of limits there is one note, whichever page began it."""
    limits = notes.find_limits(await notes.load_notes(actor, link)) if kind is NoteKind.LIMITS else None
    return limits or await notes.load_note(actor, link, ident)
