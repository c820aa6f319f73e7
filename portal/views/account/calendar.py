"""The address from which a calendar reads when one's sessions are: made, shown once, changed, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.calendar import feeds
from journal.calendar.feeds import OwnFeed
from journal.care import links
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.roles import Role
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.user_input import parse_day
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

PAGE = "/account/calendar"
TITLE = N_("Appointment")
DONE = ("saved", "ended")


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """
    Context of the page. `address` is one that was made just now, and `app_address` the same as calendar apps know it.

    `feed` is the address that has not ended, `title` and `has_initials` what stands in the form, and `used_on` the day
    on which a calendar asked last. `waiting` is what holds a change until its patient has rested.
    """

    feed: OwnFeed | None
    title: str
    has_initials: bool
    is_clinician: bool
    used_on: date | None
    waiting: Hold | None = None
    address: str = ""
    app_address: str = ""
    done: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def edit_calendar(request: Request) -> Response:
    """Show whether there is an address; make one, shown this once, or change what it is called."""
    actor = get_actor(request)
    if request.method == "GET":
        return await _render(request, done=next((one for one in DONE if one in request.query_params), ""))
    form = await Form.read(request)
    title, has_initials = form["title"], form["initials"] == "yes"
    try:
        if form["go"] == "save":
            await feeds.change_feed(actor, title, has_initials=has_initials)
            return redirect(request, f"{PAGE}?saved")
        team = await links.load_my_links(actor) if actor.role is Role.CLINICIAN else ()
        token = await feeds.make_feed(actor, title, team, has_initials=has_initials)
    except InvalidInput as error:
        return await _render(request, typed=(title, has_initials), errors=error.fields)
    return await _render(request, token=token)


async def end_calendar(request: Request) -> Response:
    """End the address, at once."""
    await feeds.end_feed(get_actor(request))
    return redirect(request, f"{PAGE}?ended")


async def _render(
    request: Request,
    *,
    token: str = "",
    done: str = "",
    typed: tuple[str, bool] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    actor: Actor = get_actor(request)
    feed = await feeds.load_own_feed(actor)
    stored = (feed.title, feed.has_initials) if feed and not feed.is_damaged else None
    title, has_initials = typed or stored or (get_translator(request)(TITLE), False)
    path = f"/calendar/{token}.ics" if token else ""
    origin = request.app.state.config.origin
    context = CalendarPage(
        feed,
        title,
        has_initials,
        actor.role is Role.CLINICIAN,
        parse_day(feed.used_on or "") if feed else None,
        await holds.load_hold(actor) if actor.role is Role.PATIENT else None,
        f"{origin}{path}" if token else "",
        f"webcal:{origin.partition(':')[2]}{path}" if token else "",
        done,
        errors or {},
    )
    return render_page(request, "account/calendar.html", context, status=422 if errors else 200)
