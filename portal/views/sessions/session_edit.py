"""Add a session or change one; what was typed comes back if it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.errors import InvalidInput, StaleRevision
from journal.i18n import N_
from journal.scheduling import plan as session_plan
from journal.scheduling.plan import PlanAccess
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_form import (
    SessionChoices,
    SessionForm,
    SessionFormPage,
    get_field_problems,
    list_dosing_lines,
    translate_errors,
)
from portal.views.sessions.session_lines import build_lines
from portal.web.dates import list_zones
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page


async def add_session(request: Request, patient: UUID) -> Response:
    """Show the form, or add one session to the plan, for a patient or their clinician."""
    actor = get_actor(request)
    access = await session_plan.load_plan_access(actor, patient)
    name, zone = _get_name_and_zone(actor, access)
    plan = await session_plan.load_plan(actor, access)
    errors: dict[str, str] = {}
    ident = uuid4()
    if request.method == "GET":
        form = SessionForm.build_blank(
            _parse_kind(request.query_params.get("kind", "")), zone, _parse_about(request, plan)
        )
    else:
        sent = await Form.read(request)
        form, ident = SessionForm.from_form(sent), parse_uuid(sent["ident"]) or ident
        try:
            added = await session_plan.add_session(actor, patient, form.parse_details(), ident=ident)
            return redirect(request, f"/sessions/{added}")
        except InvalidInput as error:
            errors = get_field_problems(error)
    context = SessionFormPage(
        heading=N_("Add a session"),
        action=request.url.path,
        back=f"/patients/{patient}" if name else "/sessions",
        form=form,
        ident=ident.hex,
        codes=SessionChoices.from_request(request),
        zones=list_zones(actor.now, zone, actor.time_zone, form.values["zone"]),
        dosing=list_dosing_lines(actor, plan),
        patient=patient,
        name=name,
        errors=translate_errors(request, errors),
    )
    return render_page(request, "sessions/form.html", context, status=422 if errors else 200)


async def change_session(request: Request) -> Response:
    """Show the form, or change a session; what was typed on an old page is never lost."""
    actor = get_actor(request)
    one, plan, access = await session_plan.load_session_with_plan(actor, request.path_params["id"])
    if request.method == "GET":
        return _render_form(request, one, plan, access, SessionForm.from_details(one.details))
    form = await Form.read(request)
    base, limited = form.get_whole_number("revision") or 0, not session_plan.can_change(actor, one)
    typed = (
        SessionForm.from_details(one.details).with_sitter(form["sitter"])
        if limited
        else SessionForm.from_form(form)
    )
    try:
        await session_plan.change_session(actor, one.id, base, typed.parse_details())
    except InvalidInput as error:
        return _render_form(request, one, plan, access, typed, base=base, errors=get_field_problems(error))
    except StaleRevision:
        newer, plan, access = await session_plan.load_session_with_plan(actor, one.id)
        return _render_form(request, newer, plan, access, typed, newer=True)
    return redirect(request, f"/sessions/{one.id}")


def _render_form(
    request: Request,
    one: Session,
    plan: OpenedRows[Session],
    access: PlanAccess,
    form: SessionForm,
    *,
    base: int | None = None,
    errors: Mapping[str, str] | None = None,
    newer: bool = False,
) -> Response:
    actor = get_actor(request)
    name, zone = _get_name_and_zone(actor, access)
    context = SessionFormPage(
        heading=N_("Change this session"),
        action=f"/sessions/{one.id}/edit",
        back=f"/sessions/{one.id}",
        form=form,
        ident=one.id.hex,
        codes=SessionChoices.from_request(request),
        zones=list_zones(actor.now, zone, actor.time_zone, one.details.zone),
        dosing=tuple(line for line in list_dosing_lines(actor, plan) if line.session.id != one.id),
        patient=one.patient,
        name=name,
        errors=translate_errors(request, errors or {}),
        revision=one.revision if base is None else base,
        limited=not session_plan.can_change(actor, one),
        newer=next((line for line in build_lines(actor, plan) if newer and line.session.id == one.id), None),
        is_closed=one.is_closed,
    )
    return render_page(
        request, "sessions/form.html", context, status=422 if errors else 409 if newer else 200
    )


def _get_name_and_zone(actor: Actor, access: PlanAccess) -> tuple[str, str]:
    """Return the patient's name, empty for the patient, and the time zone that a session is likely in."""
    return (access.link.peer_name, access.link.peer_zone) if access.link else ("", actor.time_zone)


def _parse_kind(typed: str) -> SessionKind:
    try:
        return SessionKind(typed)
    except ValueError:
        return SessionKind.DOSING


def _parse_about(request: Request, plan: tuple[Session, ...]) -> str:
    """Return the dosing session that the address names, as the form writes it."""
    asked = request.query_params.get("about", "").replace("-", "")
    return asked if any(one.id.hex == asked for one in plan) else ""
