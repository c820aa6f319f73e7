"""The clinician's desk: the caseload, a patient's page, one shared copy, keys, and the end of care."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.care import lifecycle, link_keys, links
from journal.entries.naming import EntryNamer
from journal.errors import TrustBroken
from journal.sharing import reading
from journal.sharing.reading import Case
from portal.access.session_cookie import get_actor
from portal.views.patients.patient_page import build_patient_page
from portal.views.sessions.session_lines import SessionLine, build_line, count_days
from portal.views.sharing.shared_view import SharedView, build_shared_view
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One patient of the caseload, with what is next and how long ago the last session was, in days."""

    case: Case
    next: SessionLine | None
    last_days: int | None


@dataclass(frozen=True, slots=True)
class CaseloadPage:
    """Context of the caseload; `unagreed_count` counts the rows that falsely claim to be a patient's."""

    cases: tuple[CaseLine, ...]
    unagreed_count: int
    ended: bool


@dataclass(frozen=True, slots=True)
class SharedPage:
    """Context of one shared copy."""

    patient: UUID
    name: str
    view: SharedView


@dataclass(frozen=True, slots=True)
class SafetyCodePage:
    """Context of the safety code; `code` is empty when the patient's keys are not the pinned ones."""

    patient: UUID
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class EndCarePage:
    """Context of the page that asks before care ends."""

    patient: UUID
    name: str


async def show_caseload(request: Request) -> Response:
    """Show the clinician's patients, who is next first."""
    actor = get_actor(request)
    found = await reading.load_caseload(actor)
    lines = tuple(
        CaseLine(
            case,
            build_line(actor, case.next, case.number) if case.next else None,
            -count_days(actor, case.last.starts_at) if case.last else None,
        )
        for case in found.cases
    )
    return render_page(
        request,
        "patients/caseload.html",
        CaseloadPage(lines, found.unagreed_count, "ended" in request.query_params),
    )


async def show_patient(request: Request) -> Response:
    """Show a patient's sessions with what was shared before and after each."""
    context = await build_patient_page(get_actor(request), request.path_params["id"])
    return render_page(request, "patients/patient.html", context)


async def show_share(request: Request) -> Response:
    """Open one shared copy; the patient sees that it was opened."""
    actor = get_actor(request)
    link, one = await reading.read_share(actor, request.path_params["id"], request.path_params["share"])
    plan = await reading.load_visible_plan(actor, link)
    view = build_shared_view(one.document, actor.zone, EntryNamer(plan))
    context = SharedPage(link.patient, link.peer_name, view)
    return render_page(request, "patients/shared.html", context)


async def show_safety_code(request: Request) -> Response:
    """Show the safety code to compare in person, or that keys have changed."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    try:
        code = await link_keys.derive_safety_code(actor, link)
    except TrustBroken:
        code = ""
    return render_page(request, "patients/trust.html", SafetyCodePage(link.patient, link.peer_name, code))


async def end_care(request: Request) -> Response:
    """Show the confirmation, or end care: every shared copy is deleted."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    if request.method == "POST":
        await lifecycle.end_care(actor, link.id)
        return redirect(request, "/patients?ended")
    return render_page(request, "patients/end.html", EndCarePage(link.patient, link.peer_name))
