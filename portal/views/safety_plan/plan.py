"""The safety plan: its lines with numbers to call, and when it was gone through with whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.device_copies import copies
from journal.device_copies.copies import KnownCopy
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.safety_plan import plan as safety_plan
from journal.safety_plan.plan import SafetyPlan
from journal.sessions.day_state import DayState, find_current_day
from journal.sessions.rows import load_my_sessions
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

HERE = "/safety-plan"
CALM_DAYS = frozenset({DayState.UNDER_WAY.value, DayState.RESTING.value})


@dataclass(frozen=True, slots=True)
class SafetyPlanPage:
    """
    Context of the page. `copies` are those that browsers keep; `typed` and `errors` are of a day that was not taken.

    On a `day` on which a session may still be felt, nothing but the plan is there, and the way back to that `session`.
    """

    plan: SafetyPlan
    copies: tuple[KnownCopy, ...]
    day: str
    session: UUID | None
    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)


async def show_plan(request: Request) -> Response:
    """Show the plan."""
    actor = get_actor(request)
    page = render_page(request, "safety_plan/plan.html", await build_page(actor))
    return await print_page(request, actor, page, N_("Safety plan"), "safety-plan.pdf", one_page=True)


async def add_review(request: Request) -> Response:
    """Keep a day on which it was gone through with somebody."""
    actor, form = get_actor(request), await Form.read(request)
    try:
        await safety_plan.add_review(actor, form["day"], form["name"])
    except InvalidInput as error:
        context = await build_page(actor, {"day": form["day"], "name": form["name"]}, error.fields)
        return render_page(request, "safety_plan/plan.html", context, status=422)
    return redirect(request, f"{HERE}#reviews")


async def remove_review(request: Request) -> Response:
    """Remove one of these days."""
    form = await Form.read(request)
    place, revision = form.get_whole_number("position"), form.get_whole_number("revision")
    if place is None or not revision:
        raise NotFound
    await safety_plan.remove_review(get_actor(request), place, revision)
    return redirect(request, f"{HERE}#reviews")


async def build_page(
    actor: Actor, typed: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None
) -> SafetyPlanPage:
    """Build the context of the page."""
    about = None
    if actor.dosing_day:
        _, about = find_current_day(await load_my_sessions(actor), actor.now)
    calm = actor.dosing_day in CALM_DAYS
    return SafetyPlanPage(
        await safety_plan.load_plan(actor),
        () if calm else await copies.list_copies(actor),
        actor.dosing_day,
        about.id if about else None,
        typed or {"day": safety_plan.get_today(actor).isoformat(), "name": ""},
        errors or {},
    )
