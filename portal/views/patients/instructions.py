"""What the care team writes for the days of a course: listed with its older versions, and written anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.clinic import instructions, text_writing
from journal.clinic.instructions import ACUTE_HOURS, BOUNDS, CHECK_MINUTES, TEXT_LENGTHS, InstructionsDetails
from journal.clinic.signatures import AttestedKeys
from journal.clinic.text_reading import open_texts
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.reminders.following import change_with_reminders
from journal.sessions.moments import OFFSET_BOUNDS, USUAL, Offsets
from journal.sessions.rows import load_plan
from journal.sessions.schedule import get_visible_plan
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.care_team import ClinicText, build_clinic_text
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

NO_COURSE = "single"
"""What stands in an address for the sessions that belong to no course."""
NUMBERS = tuple(BOUNDS)
OPTIONAL_NUMBERS = NUMBERS[2:]
"""Those that may stay empty."""
OFFSETS = tuple(OFFSET_BOUNDS)
"""When something is offered; what stays empty is as usual."""


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A course with its sessions and what was written for it, newest first; `place` is its part of an address."""

    place: str
    sessions: tuple[SessionLine, ...]
    versions: tuple[ClinicText, ...] = ()

    @property
    def current(self) -> ClinicText | None:
        """Return what counts, if it was not hidden by the patient."""
        return self.versions[0] if self.versions and not self.versions[0].text.hidden_at else None

    @property
    def older(self) -> tuple[ClinicText, ...]:
        """Return what no longer counts."""
        return self.versions[1:] if self.current else self.versions


@dataclass(frozen=True, slots=True)
class InstructionsListPage:
    """Context of the list; `damaged` are the ids of versions that do not open."""

    patient: UUID
    name: str
    courses: tuple[CourseLine, ...]
    damaged: tuple[UUID | None, ...]


@dataclass(frozen=True, slots=True)
class InstructionsPage:
    """
    Context of the form; `base` is the version that it follows, 0 for the first.

    `others` are courses whose text can be taken over, and `newer` is what was saved meanwhile, if anything was. `usual`
    is when something is offered where a course says nothing.
    """

    patient: UUID
    name: str
    line: CourseLine
    base: int
    typed: Mapping[str, str]
    others: tuple[CourseLine, ...]
    bounds: Mapping[str, tuple[int, int]]
    usual: Mapping[str, int]
    newer: ClinicText | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


async def show_instructions(request: Request) -> Response:
    """Show what is written for a patient's courses."""
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    courses, damaged = await _load_courses(actor, link)
    context = InstructionsListPage(link.patient, link.peer_name, courses, damaged)
    return render_page(request, "patients/instructions.html", context)


async def write_for_course(request: Request) -> Response:
    """Show the form for a course, or add a version."""
    return await _write(request, request.path_params["course"])


async def write_for_single(request: Request) -> Response:
    """Show the form for the sessions that belong to no course, or add a version."""
    return await _write(request, None)


async def _write(request: Request, course: UUID | None) -> Response:
    actor = get_actor(request)
    link = await links.load_link_with(actor, request.path_params["id"])
    if request.method == "GET":
        return await _render_form(request, link, course)
    form = await Form.read(request)
    typed = {name: form[name] for name in (*TEXT_LENGTHS, *NUMBERS, *OFFSETS)}
    base = form.get_whole_number("revision") or 0
    try:
        async with change_with_reminders(actor.installation, link.patient, actor.now):
            await text_writing.save_instructions(
                actor, link.patient, course, _parse(typed), base=base, is_checked=bool(form["checked"])
            )
    except InvalidInput as error:
        return await _render_form(request, link, course, typed, base, error.fields)
    except StaleRevision:
        return await _render_form(request, link, course, typed)
    return redirect(request, f"/patients/{link.patient}/instructions")


def _parse(typed: Mapping[str, str]) -> InstructionsDetails:
    numbers = {name: _parse_number(typed[name]) for name in (*NUMBERS, *OFFSETS)}
    optional = {name: numbers[name] if typed[name] else None for name in OPTIONAL_NUMBERS}
    return InstructionsDetails(
        typed["fasting"],
        typed["medicines"],
        typed["bring"],
        typed["sitter_text"],
        numbers["acute_hours"],
        numbers["check_minutes"],
        optional["part_minutes"],
        optional["phq9_days"],
        optional["gad7_days"],
        optional["pcl5_month_days"],
        optional["pcl5_week_days"],
        Offsets(**{name: numbers[name] for name in OFFSETS if typed[name]}),
    )


def _parse_number(text: str) -> int:
    """Return a number, and of what is none a number that is out of all bounds."""
    return int(text) if text.isdecimal() and len(text) < 4 else -1


async def _load_courses(actor: Actor, link: Link) -> tuple[tuple[CourseLine, ...], tuple[UUID | None, ...]]:
    """Return the courses of a patient, the one without a name last, and the ids of versions that do not open."""
    plan = get_visible_plan(
        actor, await load_plan(actor.installation, link.patient)
    )  # the link is the right to it
    found = await instructions.load_versions(actor.installation, link.patient)
    opened = await open_texts(actor, link, found)
    grouped = instructions.group_sessions(plan)
    keys = [*(key for key in grouped if key is not None), None]
    lines = {line.session.id: line for line in build_lines(actor, plan)}
    courses, signers = [], AttestedKeys()
    for key in keys:
        versions = [await build_clinic_text(actor, (), one, signers) for one in opened if one.course == key]
        sessions = tuple(lines[one.id] for one in grouped.get(key, ()))
        courses.append(CourseLine(str(key or NO_COURSE), sessions, tuple(versions)))
    return tuple(courses), found.damaged


async def _render_form(
    request: Request,
    link: Link,
    course: UUID | None,
    typed: Mapping[str, str] | None = None,
    base: int | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    """Show the form: as it was *typed*, or else with what counts now; typed without *base*, it was written over."""
    actor = get_actor(request)
    courses, _ = await _load_courses(actor, link)
    by_place = {one.place: one for one in courses}
    line = by_place.get(str(course or NO_COURSE))
    if line is None:
        raise NotFound
    is_stale = typed is not None and base is None
    if typed is None:
        wanted = request.query_params.get("from", "")
        source = by_place.get(str(parse_uuid(wanted) or wanted)) or line
        typed = _build_typed(source.current)
    context = InstructionsPage(
        link.patient,
        link.peer_name,
        line,
        await instructions.read_version(link.patient, course) if base is None else base,
        typed,
        tuple(one for one in courses if one.current and one.place != line.place),
        {**BOUNDS, **OFFSET_BOUNDS},
        {name: getattr(USUAL, name) for name in OFFSETS},
        line.current if is_stale else None,
        errors or {},
    )
    status = 409 if is_stale else 422 if errors else 200
    return render_page(request, "patients/instructions_form.html", context, status=status)


def _build_typed(one: ClinicText | None) -> dict[str, str]:
    if one is None:
        empty = dict.fromkeys((*TEXT_LENGTHS, *OPTIONAL_NUMBERS), "") | _build_offsets(USUAL)
        return {**empty, "acute_hours": str(ACUTE_HOURS), "check_minutes": str(CHECK_MINUTES)}
    details = one.text.details
    typed = {name: str(getattr(details, name) or "") for name in (*TEXT_LENGTHS, *NUMBERS)}
    return typed | _build_offsets(details.offsets)


def _build_offsets(offsets: Offsets) -> dict[str, str]:
    return {name: str(getattr(offsets, name)) for name in OFFSETS}
