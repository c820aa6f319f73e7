"""What a clinic notes at a session with esketamine nasal spray: readings, and from when to when it was felt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.care_notes import notes
from journal.care_notes.clinic import (
    CLINIC_FIELDS,
    NOT_ESKETAMINE,
    SESSION,
    Moment,
    find_asked,
    load_clinic_session,
)
from journal.care_notes.notes import CareNote, NoteKind
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.sharing import reading
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, find_line
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

TEMPLATE = "patients/clinic_readings.html"


@dataclass(frozen=True, slots=True)
class ClinicPage:
    """
    Context of the form; `base` is the version that it follows, 0 for a new note, and `line` the session.

    `asked` are the fields that are asked about once more, and `sure` what was typed then: whoever sends the same again
    means it. `newer` is what was saved meanwhile. `is_gone`: no such patient is in this clinician's care. `is_paused`:
    nothing is saved for as long as the patient pauses sharing.
    """

    patient: UUID
    name: str
    line: SessionLine | None
    ident: UUID
    base: int
    typed: Mapping[str, str]
    moments: tuple[Moment, ...] = tuple(Moment)
    asked: tuple[str, ...] = ()
    sure: str = ""
    newer: CareNote | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    is_paused: bool = False
    is_gone: bool = False


async def note_readings(request: Request) -> Response:
    """Show the form for a session, with what this clinician noted there before; or save it."""
    actor, patient = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        return await save_readings(request, await Form.read(request))
    link = await links.load_link_with(actor, patient)
    typed = dict.fromkeys(CLINIC_FIELDS, "") | {SESSION: request.query_params.get("session", "")}
    try:
        typed[SESSION] = (await load_clinic_session(actor, patient, typed[SESSION])).id.hex
    except NotFound:
        return await _render(request, link, uuid4(), 0, typed, errors={SESSION: NOT_ESKETAMINE})
    if link.paused_at is not None:
        return await _render(request, link, uuid4(), 0, typed, is_paused=True)
    there = notes.find_only(await notes.load_notes(actor, link), NoteKind.CLINIC, typed[SESSION])
    if there is None:
        return await _render(request, link, uuid4(), 0, typed)
    one = there.current
    return await _render(request, link, one.note, one.version, typed | one.details.fields)


async def save_readings(request: Request, form: Form) -> Response:
    """Save what was typed, and ask once more about what is unlikely; what is not saved stays in the form."""
    actor, patient = get_actor(request), request.path_params["id"]
    ident, base = parse_uuid(form["note"]) or uuid4(), form.get_whole_number("revision") or 0
    typed = {name: form[name] for name in CLINIC_FIELDS}
    asked, sure = find_asked(typed), "/".join(typed[name] for name in CLINIC_FIELDS)
    try:
        if not asked or form["sure"] == sure:
            await notes.write_note(actor, patient, NoteKind.CLINIC, typed, ident, base)
            return redirect(request, f"/patients/{patient}/notes")
        link = await links.load_link_with(actor, patient)
        return await _render(request, link, ident, base, typed, asked=asked, sure=sure)
    except NotFound:
        page = ClinicPage(patient, "", None, ident, base, typed, is_gone=True)
        return render_page(request, TEMPLATE, page, status=404)
    except InvalidInput as error:
        link = await links.load_link_with(actor, patient)
        return await _render(request, link, ident, base, typed, errors=error.fields)
    except SharingPaused:
        link = await links.load_link_with(actor, patient)
        return await _render(request, link, ident, base, typed, is_paused=True, status=409)
    except StaleRevision:
        return await _render_newer(request, actor, typed)


async def _render_newer(request: Request, actor: Actor, typed: Mapping[str, str]) -> Response:
    """Show what was typed below what was saved meanwhile; saved once more, it takes its place."""
    link = await links.load_link_with(actor, request.path_params["id"])
    session = parse_uuid(typed[SESSION])
    every = await notes.load_notes(actor, link)
    newer = notes.find_only(every, NoteKind.CLINIC, session.hex if session else "")
    if newer is None:
        raise NotFound
    one = newer.current
    return await _render(request, link, one.note, one.version, typed, newer=newer, status=409)


async def _render(
    request: Request,
    link: Link,
    ident: UUID,
    base: int,
    typed: Mapping[str, str],
    *,
    asked: tuple[str, ...] = (),
    sure: str = "",
    newer: CareNote | None = None,
    errors: Mapping[str, str] | None = None,
    is_paused: bool = False,
    status: int = 200,
) -> Response:
    actor, wanted = get_actor(request), parse_uuid(typed[SESSION])
    plan = await reading.load_visible_plan(actor, link)
    found = [one.id for one in plan if one.id == wanted]
    line = find_line(actor, plan, found[0]) if found else None
    page = ClinicPage(
        link.patient,
        link.peer_name,
        line,
        ident,
        base,
        typed,
        asked=asked,
        sure=sure,
        newer=newer,
        errors=errors or {},
        is_paused=is_paused,
    )
    return render_page(
        request, TEMPLATE, page, status=422 if (errors and request.method == "POST") or asked else status
    )
