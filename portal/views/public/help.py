"""Help now, for anybody, signed in or not; and the page that a quick exit leads to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.authentication import idle_lock, web_sessions
from journal.catalogue import crisis_contacts, grounding_skills
from journal.catalogue.crisis_contacts import Region
from journal.catalogue.grounding_skills import Skill
from journal.clinic import call_contacts
from journal.errors import Damaged
from journal.practice.practice import PracticePhone
from journal.roles import Role
from journal.sessions.day_state import DayState, load_day_state
from journal.time_zones import parse_zone
from portal.access.session_cookie import get_token
from portal.web.care_team import CallLine, build_call_lines
from portal.web.device_cookies import set_help_region
from portal.web.errors import UNAVAILABLE_ERRORS
from portal.web.forms import Form
from portal.web.pages import get_translator, is_htmx, redirect, render_page

DARK_DAY = DayState.UNDER_WAY.value
PRACTICE_TIMEOUT = 3.0  # seconds


@dataclass(frozen=True, slots=True)
class HelpPage:
    """
    Context of the help page; the chosen region's contacts stand first.

    `may_leave`: a session's cookie came, so the quick exit is offered; it is not checked whether the session is valid.
    `practice_phones`: for how many numbers of the practice there is room, which a request of its own fetches. `day` is
    the state of a patient's day, as the page said it from which they came.
    """

    regions: tuple[Region, ...]
    skills: tuple[Skill, ...]
    may_leave: bool
    practice_phones: int
    day: str = ""


@dataclass(frozen=True, slots=True)
class PracticePhonesPage:
    """Context of the practice's phone numbers: None when it is not known who asks, or not soon enough."""

    phones: tuple[PracticePhone, ...] | None
    may_leave: bool
    day: str


@dataclass(frozen=True, slots=True)
class CallContactsPage:
    """
    Context of whom a patient's care team named to call: None as for the practice's numbers.

    `is_locked`: it is not known who holds the device, so it is not said what to call for. `day` is the state of a
    patient's day.
    """

    call_lines: tuple[CallLine, ...] | None
    may_leave: bool
    is_locked: bool
    day: str


@dataclass(frozen=True, slots=True)
class _Asker:
    """Whose session asks, and the state of a patient's day."""

    account: UUID
    role: Role
    time_zone: str
    day: str
    is_locked: bool = False


async def show_help(request: Request) -> Response:
    """
    Show crisis contacts, those of this browser's region first, and ways to come back to the present.

    Sent as a form, it keeps a region in this browser. Neither asks the database: a page of a dosing session's day asks
    for a dark one in its link.
    """
    is_dark = request.query_params.get("look") == "dark"
    if request.method == "POST":
        code = (await Form.read(request))["region"]
        known = crisis_contacts.find_region(code) is not None
        answer = redirect(request, "/help-now?look=dark" if is_dark else "/help-now")
        return set_help_region(request, answer, code) if known else answer
    may_leave = get_token(request) is not None
    phones = len(request.app.state.practice.current.phones) if may_leave else 0
    day = DARK_DAY if is_dark else ""
    context = HelpPage(crisis_contacts.list_regions(), grounding_skills.HELP_NOW, may_leave, phones, day)
    return render_page(request, "help_now.html", context)


async def show_practice_phones(request: Request) -> Response:
    """Show the practice's phone numbers to whoever is signed in, locked or not, within seconds or not at all."""
    phones: tuple[PracticePhone, ...] | None = None
    day = ""
    try:
        async with asyncio.timeout(PRACTICE_TIMEOUT):
            if (who := await _find_who_asks(request)) is not None:
                day = who.day
                await request.app.state.practice.reload(request.app.state.installation)
                phones = request.app.state.practice.current.phones
    except (Damaged, *UNAVAILABLE_ERRORS):
        pass  # the crisis contacts are there without them
    if is_htmx(request) and not phones:
        return Response(status_code=204)  # the page stays as it is
    context = PracticePhonesPage(phones, get_token(request) is not None, day)
    return render_page(request, "practice_phones.html", context, block="phones")


async def show_call_contacts(request: Request) -> Response:
    """Show a patient whom their care team named to call, locked or not, within seconds or not at all."""
    lines: tuple[CallLine, ...] | None = None
    is_locked, day = True, ""
    try:
        async with asyncio.timeout(PRACTICE_TIMEOUT):
            who = await _find_who_asks(request)
            if who is not None:
                day = who.day
                lines, is_locked = await _load_call_lines(request, who), who.is_locked
    except (Damaged, *UNAVAILABLE_ERRORS):
        pass
    if is_htmx(request) and lines is None:
        return Response(status_code=204)  # the page stays as it is
    context = CallContactsPage(lines, get_token(request) is not None, is_locked, day)
    return render_page(request, "call_contacts.html", context, block="contacts")


async def _find_who_asks(request: Request) -> _Asker | None:
    """Return who is signed in, also while the session is locked."""
    installation, token = request.app.state.installation, get_token(request)
    if token is None:
        return None
    actor = await web_sessions.load_actor(installation, token)
    if actor is not None:
        return _Asker(actor.id, actor.role, actor.time_zone, actor.dosing_day)
    locked = await idle_lock.find_locked_session(installation, token)
    if locked is None:
        return None
    day = await load_day_state(installation, locked.account) if locked.role is Role.PATIENT else ""
    return _Asker(locked.account, locked.role, locked.time_zone, day, is_locked=True)


async def _load_call_lines(request: Request, who: _Asker) -> tuple[CallLine, ...]:
    if who.role is not Role.PATIENT:
        return ()
    installation = request.app.state.installation
    contacts = await call_contacts.load_contacts(installation, who.account)
    zone = parse_zone(who.time_zone)
    return build_call_lines(contacts, installation.clock(), zone, get_translator(request))


async def show_exit_page(request: Request) -> Response:
    """Show a page that does not show where somebody has been."""
    return render_page(request, "leave.html")
