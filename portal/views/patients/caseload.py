"""The clinician's desk: the caseload, a patient's page, one shared copy, keys, and the end of care."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.care import lifecycle, link_keys, links
from journal.entries.belonging import Belonging
from journal.errors import TrustBroken
from journal.sharing import reading
from journal.sharing.reading import Case
from portal.access.session_cookie import actor_of
from portal.views.patients.patient_page import patient_page
from portal.views.sessions.session_lines import SessionLine, days_from, line_of
from portal.views.sharing.shared_view import SharedView, session_of, shared_view
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One patient of the caseload, with what is next and how long ago the last session was, in days."""

    case: Case
    next: SessionLine | None
    last_days: int | None


@dataclass(frozen=True, slots=True)
class CaseloadPage:
    """Context of the caseload; `strange` counts the rows that falsely claim to be a patient's."""

    cases: tuple[CaseLine, ...]
    strange: int
    ended: bool


@dataclass(frozen=True, slots=True)
class SharedPage:
    """Context of one shared copy."""

    patient: UUID
    name: str
    view: SharedView


@dataclass(frozen=True, slots=True)
class TrustPage:
    """Context of the safety code; `code` is empty when the patient's keys are not the pinned ones."""

    patient: UUID
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class EndPage:
    """Context of the page that asks before care ends."""

    patient: UUID
    name: str


async def caseload(request: Request) -> Response:
    """Show the clinician's patients, who is next first."""
    actor = actor_of(request)
    found = await reading.caseload(actor)
    lines = tuple(
        CaseLine(
            case,
            line_of(actor, case.next, case.number) if case.next else None,
            -days_from(actor, case.last.starts_at) if case.last else None,
        )
        for case in found.cases
    )
    return page(
        request, "patients/caseload.html", CaseloadPage(lines, found.strange, "ended" in request.query_params)
    )


async def patient(request: Request) -> Response:
    """Show a patient's sessions with what was shared before and after each."""
    context = await patient_page(actor_of(request), request.path_params["id"])
    return page(request, "patients/patient.html", context)


async def shared(request: Request) -> Response:
    """Open one shared copy; the patient sees that it was opened."""
    actor = actor_of(request)
    link, one = await reading.read(actor, request.path_params["id"], request.path_params["share"])
    plan = Belonging(await reading.plan_over(actor, link))
    view = shared_view(one.document, actor.zone, session_of(one.document, plan))
    context = SharedPage(link.patient, link.peer_name, view)
    return page(request, "patients/shared.html", context)


async def trust(request: Request) -> Response:
    """Show the safety code to compare in person, or that keys have changed."""
    actor = actor_of(request)
    link = await links.link_with(actor, request.path_params["id"])
    try:
        code = await link_keys.code_for(actor, link)
    except TrustBroken:
        code = ""
    return page(request, "patients/trust.html", TrustPage(link.patient, link.peer_name, code))


async def end(request: Request) -> Response:
    """Show the confirmation, or end care: every shared copy is deleted."""
    actor = actor_of(request)
    link = await links.link_with(actor, request.path_params["id"])
    if request.method == "POST":
        await lifecycle.end(actor, link.id)
        return see_other(request, "/patients?ended")
    return page(request, "patients/end.html", EndPage(link.patient, link.peer_name))
