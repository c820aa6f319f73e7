"""Add a session or change one; what was typed comes back if it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.errors import Refused, StaleRevision
from journal.i18n import N_
from journal.scheduling import plan as session_plan
from journal.scheduling.plan import PlanAccess
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind
from journal.store.rows import Opened
from portal.access.session_cookie import actor_of
from portal.views.sessions.session_form import (
    Codes,
    SessionForm,
    SessionFormPage,
    dosing_lines,
    problems_of,
    translated,
    uuid_of,
    zones_for,
)
from portal.views.sessions.session_lines import lines_of
from portal.web.forms import Form
from portal.web.pages import page, see_other


async def add(request: Request, patient: UUID) -> Response:
    """Show the form, or add one session to the plan, for a patient or their clinician."""
    actor = actor_of(request)
    access = await session_plan.access_to(actor, patient)
    name, zone = _whose(actor, access)
    plan = await session_plan.plan_of(actor, access)
    errors: dict[str, str] = {}
    ident = uuid4()
    if request.method == "GET":
        form = SessionForm.blank(_kind(request.query_params.get("kind", "")), zone, _about(request, plan))
    else:
        sent = await Form.read(request)
        form, ident = SessionForm.typed(sent), uuid_of(sent["ident"]) or ident
        try:
            added = await session_plan.add(actor, patient, form.details(), ident=ident)
            return see_other(request, f"/sessions/{added}")
        except Refused as error:
            errors = problems_of(error)
    context = SessionFormPage(
        heading=N_("Add a session"),
        action=request.url.path,
        back=f"/patients/{patient}" if name else "/sessions",
        form=form,
        ident=ident.hex,
        codes=Codes.of(request),
        zones=zones_for(zone, actor.time_zone, form.values["zone"]),
        dosing=dosing_lines(actor, plan),
        patient=patient,
        name=name,
        errors=translated(request, errors),
    )
    return page(request, "sessions/form.html", context, status=422 if errors else 200)


async def change(request: Request) -> Response:
    """Show the form, or change a session; what was typed on an old page is never lost."""
    actor = actor_of(request)
    one, plan, access = await session_plan.session_in_plan(actor, request.path_params["id"])
    if request.method == "GET":
        return _form(request, one, plan, access, SessionForm.of(one.details))
    form = await Form.read(request)
    base, limited = form.whole("revision") or 0, not session_plan.may_change(actor, one)
    typed = SessionForm.of(one.details).with_sitter(form["sitter"]) if limited else SessionForm.typed(form)
    try:
        await session_plan.change(actor, one.id, base, typed.details())
    except Refused as error:
        return _form(request, one, plan, access, typed, base=base, errors=problems_of(error))
    except StaleRevision:
        newer, plan, access = await session_plan.session_in_plan(actor, one.id)
        return _form(request, newer, plan, access, typed, newer=True)
    return see_other(request, f"/sessions/{one.id}")


def _form(
    request: Request,
    one: Session,
    plan: Opened[Session],
    access: PlanAccess,
    form: SessionForm,
    *,
    base: int | None = None,
    errors: Mapping[str, str] | None = None,
    newer: bool = False,
) -> Response:
    actor = actor_of(request)
    name, zone = _whose(actor, access)
    context = SessionFormPage(
        heading=N_("Change this session"),
        action=f"/sessions/{one.id}/edit",
        back=f"/sessions/{one.id}",
        form=form,
        ident=one.id.hex,
        codes=Codes.of(request),
        zones=zones_for(zone, actor.time_zone, one.details.zone),
        dosing=tuple(line for line in dosing_lines(actor, plan) if line.session.id != one.id),
        patient=one.patient,
        name=name,
        errors=translated(request, errors or {}),
        revision=one.revision if base is None else base,
        limited=not session_plan.may_change(actor, one),
        newer=next((line for line in lines_of(actor, plan) if newer and line.session.id == one.id), None),
    )
    return page(request, "sessions/form.html", context, status=422 if errors else 409 if newer else 200)


def _whose(actor: Actor, access: PlanAccess) -> tuple[str, str]:
    """Return the patient's name, empty for the patient, and the time zone that a session is likely in."""
    return (access.link.peer_name, access.link.peer_zone) if access.link else ("", actor.time_zone)


def _kind(typed: str) -> SessionKind:
    try:
        return SessionKind(typed)
    except ValueError:
        return SessionKind.DOSING


def _about(request: Request, plan: tuple[Session, ...]) -> str:
    """Return the dosing session that the address names, as the form writes it."""
    asked = request.query_params.get("about", "").replace("-", "")
    return asked if any(one.id.hex == asked for one in plan) else ""
