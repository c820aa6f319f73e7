"""A clinician plans a whole course in one form, previews every date, and only then saves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from journal.care import links
from journal.care.links import Link
from journal.errors import InvalidInput
from journal.scheduling import plan as session_plan
from journal.scheduling.plan import PlanAccess
from journal.sessions import schedule
from journal.sessions.course import CoursePlan
from journal.time_zones import ZoneChoice, parse_zone
from portal.access.session_cookie import get_actor
from portal.views.patients.course_form import DEFAULTS, CourseForm
from portal.views.patients.course_preview import PlannedLine, build_preview, get_next_number
from portal.views.sessions import session_edit
from portal.views.sessions.session_form import SessionChoices, translate_errors
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.dates import list_zones
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class CoursePage:
    """Context of the form of a course."""

    patient: UUID
    name: str
    form: CourseForm
    codes: SessionChoices
    zones: tuple[ZoneChoice, ...]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CoursePreviewPage:
    """
    Context of the page that shows every date before anything is saved.

    `already` are sessions of the same days, `past` counts the dates that have passed, and `course` is the id to be.
    """

    patient: UUID
    name: str
    form: CourseForm
    plan: CoursePlan
    planned: tuple[PlannedLine, ...]
    zone: ZoneInfo
    already: tuple[SessionLine, ...]
    past: int
    course: UUID


async def plan_course(request: Request) -> Response:
    """Show the form of a course, then the preview, and save the course when it is confirmed."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    if request.method == "GET":
        return _render_form(request, link, CourseForm({**DEFAULTS, "zone": link.peer_zone}))
    sent = await Form.read(request)
    form = CourseForm.from_form(sent)
    if sent["step"] == "change":
        return _render_form(request, link, form)
    try:
        plan = form.parse_plan()
    except InvalidInput as error:
        return _render_form(request, link, form, error.fields)
    lasting = schedule.list_uncancelled(await session_plan.load_plan(actor, PlanAccess(link.patient, link)))
    plan = replace(plan, first_sequence_no=get_next_number(plan.phase, lasting))
    if sent["step"] != "confirm":
        return _render_preview(request, link, form, plan, build_lines(actor, lasting))
    try:
        await session_plan.plan_course(actor, link.patient, "", plan, course=parse_uuid(sent["course"]))
    except InvalidInput as error:
        return _render_form(request, link, form, error.fields)
    return redirect(request, f"/patients/{link.patient}")


async def add_session(request: Request) -> Response:
    """Add one session to a patient's plan."""
    return await session_edit.add_session(request, request.path_params["id"])


def _render_form(
    request: Request, link: Link, form: CourseForm, errors: Mapping[str, str] | None = None
) -> Response:
    actor = get_actor(request)
    zones = list_zones(actor.now, link.peer_zone, actor.time_zone, form.values["zone"])
    problems = translate_errors(request, errors or {})
    context = CoursePage(
        link.patient, link.peer_name, form, SessionChoices.from_request(request), zones, problems
    )
    return render_page(request, "patients/course.html", context, status=422 if errors else 200)


def _render_preview(
    request: Request, link: Link, form: CourseForm, plan: CoursePlan, existing: tuple[SessionLine, ...]
) -> Response:
    planned, zone = build_preview(plan), parse_zone(plan.zone)
    days = {one.details.local[:10] for one in planned}
    already = tuple(line for line in existing if line.details.local[:10] in days)
    past = sum(one.starts_at < get_actor(request).now for one in planned)
    context = CoursePreviewPage(
        link.patient, link.peer_name, form, plan, planned, zone, already, past, uuid4()
    )
    return render_page(request, "patients/course_preview.html", context)
