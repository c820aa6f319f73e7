"""The plan as its patient sees it, and single sessions for both: show, change, move on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.care import links
from journal.care.links import Link
from journal.clinic import instructions
from journal.entries.naming import EntryName, load_namer
from journal.errors import HeldUntilRested, InvalidInput
from journal.plan_words.reading import open_words
from journal.reframing import later
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sessions import holds, schedule
from journal.sessions.day_state import DayState, Progress, get_day_state
from journal.sessions.holds import Hold
from journal.sessions.rows import Session, load_my_sessions
from journal.sessions.session import Status
from journal.standing.completion import list_links_with_unshared
from portal.access.session_cookie import get_actor
from portal.views.sessions import session_edit
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.views.sessions.session_page import build_calm_page, build_session_page
from portal.views.sessions.waiting import WaitingLine, load_lines
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_long_page, render_page


@dataclass(frozen=True, slots=True)
class PlanPage:
    """
    Context of a patient's plan. `readers` are the people who see it too, `damaged` sessions that do not open.

    `imported` are past sessions that the patient imported, which nobody else sees.
    """

    next: SessionLine | None
    ahead: tuple[SessionLine, ...]
    behind: tuple[SessionLine, ...]
    readers: tuple[str, ...]
    waiting: Hold | None
    damaged: tuple[UUID | None, ...]
    imported: tuple[SessionLine, ...] = ()


@dataclass(frozen=True, slots=True)
class RestPage:
    """
    Context of the page on which a patient confirms rest; nothing is held without `waiting`.

    `unanswered` are sessions of which somebody has to say whether they took place. `requests` are what the patient
    asked for meanwhile, to be asked again; `unshared` are reframes to which something was added that a tick did not
    carry along, and `standing` the people to whom something that was completed did not go, once nothing is held.
    """

    waiting: Hold | None
    can_confirm: bool
    unanswered: tuple[SessionLine, ...] = ()
    requests: tuple[WaitingLine, ...] = ()
    done: bool = False
    unshared: tuple[tuple[UUID, EntryName], ...] = ()
    standing: tuple[Link, ...] = ()


async def show_plan(request: Request) -> Response:
    """Show the patient's own plan, what is next on top."""
    actor = get_actor(request)
    mine = await load_my_sessions(actor)
    lines = {line.session.id: line for line in build_lines(actor, mine)}
    ahead = [lines[one.id] for one in schedule.list_upcoming(mine, actor.now)]
    context = PlanPage(
        ahead[0] if ahead else None,
        tuple(ahead[1:]),
        tuple(lines[one.id] for one in schedule.list_past(mine, actor.now)),
        tuple(link.peer_name for link in await links.load_my_links(actor)),
        holds.get_hold(actor, mine),
        mine.damaged,
        tuple(map(_as_over, build_lines(actor, await open_words(actor, None, mine.imported)))),
    )
    return render_page(request, "sessions/plan.html", context)


def _as_over(line: SessionLine) -> SessionLine:
    """Return the line of a session that was imported: whatever its status says, nothing of it goes on."""
    return line if line.progress is Progress.CANCELLED else replace(line, progress=Progress.DONE)


async def add_own_session(request: Request) -> Response:
    """Add a session of the patient's own."""
    return await session_edit.add_session(request, get_actor(request).id)


async def confirm_rest(request: Request) -> Response:
    """Show what is held and since when, or confirm that the patient has slept and feels rested."""
    actor = get_actor(request)
    status, done = 200, False
    if request.method == "POST":
        try:
            await session_plan.confirm_rest(actor)
            done = True
        except HeldUntilRested:
            status = 409
    mine = await load_my_sessions(actor)
    waiting = holds.get_hold(actor, mine)
    can_confirm = waiting is not None and waiting.needs_confirmation and actor.now >= waiting.may_confirm_from
    unanswered = [line for line in build_lines(actor, mine) if holds.is_unanswered(line.details, actor.now)]
    found = await later.list_with_unshared(actor) if waiting is None else ()
    namer = await load_namer(actor, found)
    unshared = tuple((one.id, namer.name_entry(one)) for one in found)
    asked = await load_lines(actor, mine)
    standing = await list_links_with_unshared(actor) if waiting is None else ()
    context = RestPage(waiting, can_confirm, tuple(unanswered), asked, done, unshared, standing)
    return render_page(request, "sessions/rest.html", context, status=status)


async def show_session(request: Request) -> Response:
    """Show one session; to start it, and while it is under way, its patient gets one calm screen."""
    return await _render_session(request)


async def change_status(request: Request) -> Response:
    """Move a session to its next status, or put off the answer whether it took place."""
    actor, form = get_actor(request), await Form.read(request)
    wanted = request.path_params["id"]
    if form["go"] == "later":
        await session_plan.ask_later(actor, wanted)
        return redirect(request, "/")
    try:
        await session_plan.change_status(actor, wanted, _parse_status(form["status"]), form["cancel_reason"])
    except InvalidInput as error:
        return await _render_session(request, error.fields, form["cancel_reason"])
    return redirect(request, f"/sessions/{wanted}")


async def edit_session(request: Request) -> Response:
    """Change a session."""
    return await session_edit.change_session(request)


async def _render_session(
    request: Request, errors: Mapping[str, str] | None = None, reason: str = ""
) -> Response:
    actor = get_actor(request)
    one, plan, access = await session_plan.load_session_with_plan(actor, request.path_params["id"])
    code = 422 if errors else 200
    if actor.role is Role.PATIENT and await instructions.is_acute(actor, one):
        saved = "saved" in request.query_params
        calm = replace(
            await build_calm_page(actor, one, plan, get_translator(request)), saved=saved, errors=errors or {}
        )
        return render_page(request, "sessions/calm.html", calm, status=code)
    if actor.role is Role.PATIENT and "start" in request.query_params and _can_start(one, actor.now):
        start = await build_calm_page(actor, one, plan, get_translator(request))
        return render_page(request, "sessions/start.html", start)
    context = replace(
        await build_session_page(actor, one, plan, access, get_translator(request)),
        errors=errors or {},
        reason=reason,
    )
    return await render_long_page(
        request, len(context.written), "sessions/session.html", context, status=code
    )


def _can_start(one: Session, now: datetime) -> bool:
    return get_day_state(one.details, now) is DayState.READY


def _parse_status(typed: str) -> Status:
    try:
        return Status(typed)
    except ValueError:
        raise InvalidInput({"status": session_plan.STATUS_NOT_POSSIBLE}) from None
