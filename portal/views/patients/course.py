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
from journal.errors import Refused
from journal.scheduling import plan as session_plan
from journal.scheduling.plan import PlanAccess
from journal.sessions import schedule
from journal.sessions.course import CoursePlan
from journal.time_zones import parse_zone
from portal.access.session_cookie import actor_of
from portal.views.patients.course_form import BEGINNING, CourseForm
from portal.views.patients.course_preview import Planned, next_number, preview
from portal.views.sessions import session_edit
from portal.views.sessions.session_form import Codes, translated, uuid_of, zones_for
from portal.views.sessions.session_lines import SessionLine, lines_of
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class CoursePage:
    """Context of the form of a course."""

    patient: UUID
    name: str
    form: CourseForm
    codes: Codes
    zones: tuple[str, ...]
    errors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CoursePreview:
    """Context of the page that shows every date before anything is saved; `course` is the id to be."""

    patient: UUID
    name: str
    form: CourseForm
    plan: CoursePlan
    planned: tuple[Planned, ...]
    zone: ZoneInfo
    already: tuple[SessionLine, ...]
    course: UUID


async def course(request: Request) -> Response:
    """Show the form of a course, then the preview, and save the course when it is confirmed."""
    actor = actor_of(request)
    link = await links.link_with(actor, request.path_params["id"])
    if request.method == "GET":
        return _form(request, link, CourseForm({**BEGINNING, "zone": link.peer_zone}))
    sent = await Form.read(request)
    form = CourseForm.typed(sent)
    if sent["step"] == "change":
        return _form(request, link, form)
    try:
        plan = form.plan()
    except Refused as error:
        return _form(request, link, form, error.fields)
    lasting = schedule.lasting(await session_plan.plan_of(actor, PlanAccess(link.patient, link)))
    plan = replace(plan, first_sequence_no=next_number(plan.phase, lasting))
    if sent["step"] != "confirm":
        return _preview(request, link, form, plan, lines_of(actor, lasting))
    await session_plan.plan_course(actor, link.patient, "", plan, course=uuid_of(sent["course"]))
    return see_other(request, f"/patients/{link.patient}")


async def session(request: Request) -> Response:
    """Add one session to a patient's plan."""
    return await session_edit.add(request, request.path_params["id"])


def _form(
    request: Request, link: Link, form: CourseForm, errors: Mapping[str, str] | None = None
) -> Response:
    zones = zones_for(link.peer_zone, actor_of(request).time_zone, form.values["zone"])
    problems = translated(request, errors or {})
    context = CoursePage(link.patient, link.peer_name, form, Codes.of(request), zones, problems)
    return page(request, "patients/course.html", context, status=422 if errors else 200)


def _preview(
    request: Request, link: Link, form: CourseForm, plan: CoursePlan, existing: tuple[SessionLine, ...]
) -> Response:
    planned, zone = preview(plan), parse_zone(plan.zone)
    days = {one.details.local[:10] for one in planned}
    already = tuple(line for line in existing if line.details.local[:10] in days)
    context = CoursePreview(link.patient, link.peer_name, form, plan, planned, zone, already, uuid4())
    return page(request, "patients/course_preview.html", context)
