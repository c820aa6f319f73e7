"""The plan as its patient sees it, and single sessions for both: show, change, move on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.care import links
from journal.errors import HeldUntilRested, Refused
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sessions import holds, schedule
from journal.sessions.holds import Hold
from journal.sessions.rows import my_sessions
from journal.sessions.session import Status
from portal.access.session_cookie import actor_of
from portal.views.sessions import session_edit
from portal.views.sessions.session_lines import SessionLine, lines_of
from portal.views.sessions.session_page import calm_page, session_page
from portal.web.forms import Form
from portal.web.pages import page, page_of_many, see_other


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Context of a patient's plan. `readers` are the people who see it too, `damaged` sessions that do not open."""

    next: SessionLine | None
    ahead: tuple[SessionLine, ...]
    behind: tuple[SessionLine, ...]
    readers: tuple[str, ...]
    waiting: Hold | None
    damaged: tuple[UUID | None, ...]


@dataclass(frozen=True, slots=True)
class RestPage:
    """Context of the page on which a patient confirms rest; nothing is held without `waiting`."""

    waiting: Hold | None
    can_confirm: bool
    done: bool = False


async def plan(request: Request) -> Response:
    """Show the patient's own plan, what is next on top."""
    actor = actor_of(request)
    mine = await my_sessions(actor)
    lines = {line.session.id: line for line in lines_of(actor, mine)}
    ahead = [lines[one.id] for one in schedule.ahead(mine, actor.now)]
    context = PlanPage(
        ahead[0] if ahead else None,
        tuple(ahead[1:]),
        tuple(lines[one.id] for one in schedule.behind(mine, actor.now)),
        tuple(link.peer_name for link in await links.my_links(actor)),
        holds.held_by(actor, mine),
        mine.damaged,
    )
    return page(request, "sessions/plan.html", context)


async def new(request: Request) -> Response:
    """Add a session of the patient's own."""
    return await session_edit.add(request, actor_of(request).id)


async def rest(request: Request) -> Response:
    """Show what is held and since when, or confirm that the patient has slept and feels rested."""
    actor = actor_of(request)
    status, done = 200, False
    if request.method == "POST":
        try:
            await session_plan.confirm_rested(actor)
            done = True
        except HeldUntilRested:
            status = 409
    waiting = await holds.held(actor)
    can_confirm = waiting is not None and waiting.needs_confirmation and actor.now >= waiting.may_confirm_from
    return page(request, "sessions/rest.html", RestPage(waiting, can_confirm, done), status=status)


async def session(request: Request) -> Response:
    """Show one session; while it is under way, its patient gets one calm screen."""
    return await _show(request)


async def status(request: Request) -> Response:
    """Move a session to its next status."""
    actor, form = actor_of(request), await Form.read(request)
    wanted = request.path_params["id"]
    try:
        await session_plan.move(actor, wanted, _status(form["status"]), form["cancel_reason"])
    except Refused as error:
        return await _show(request, error.fields, form["cancel_reason"])
    return see_other(request, f"/sessions/{wanted}")


async def edit(request: Request) -> Response:
    """Change a session."""
    return await session_edit.change(request)


async def _show(request: Request, errors: Mapping[str, str] | None = None, reason: str = "") -> Response:
    actor = actor_of(request)
    one, plan, access = await session_plan.session_in_plan(actor, request.path_params["id"])
    code = 422 if errors else 200
    if actor.role is Role.PATIENT and schedule.is_acute(one, actor.now):
        return page(request, "sessions/calm.html", await calm_page(actor, one, plan), status=code)
    context = replace(await session_page(actor, one, plan, access), errors=errors or {}, reason=reason)
    return await page_of_many(request, len(context.written), "sessions/session.html", context, status=code)


def _status(typed: str) -> Status:
    try:
        return Status(typed)
    except ValueError:
        raise Refused({"status": session_plan.NO_SUCH_MOVE}) from None
