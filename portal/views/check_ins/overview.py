"""List the check-ins that were made, and those whose time has come."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import CheckIn
from journal.check_ins import offers, records
from journal.check_ins.records import Made
from journal.clinic import instructions
from journal.entries import by_kind
from journal.sessions import holds
from journal.sessions.rows import load_my_sessions
from portal.access.session_cookie import get_actor
from portal.views.check_ins.form_page import get_address
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.pages import render_page

SHOWN_SESSIONS = 12  # the latest ones


@dataclass(frozen=True, slots=True)
class CheckInLink:
    """A check-in that can be made: where, and the one that was begun, if any."""

    moment: CheckIn
    address: str
    made: Made | None


@dataclass(frozen=True, slots=True)
class CheckInsPage:
    """Context of the list: for each of the latest dosing sessions its check-ins, and those of each month."""

    sessions: tuple[tuple[SessionLine, tuple[CheckInLink, ...]], ...]
    monthly: tuple[Made, ...]
    is_held: bool
    is_intact: bool
    is_damaged: bool


async def list_check_ins(request: Request) -> Response:
    """Show them, the latest session first."""
    actor = get_actor(request)
    plan = await load_my_sessions(actor)
    is_intact, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.CHECK_IN})
    made = records.list_made(found)
    texts = await instructions.load_current(actor.installation, actor.id)
    listed: list[tuple[SessionLine, tuple[CheckInLink, ...]]] = []
    for line in reversed(build_lines(actor, plan)):
        session: UUID = line.session.id
        links = tuple(
            CheckInLink(moment, get_address(moment, session), records.find_made(made, moment, session, actor))
            for moment in offers.list_for_session(
                actor, line.session, plan, instructions.get_offsets(texts.get(line.session.course))
            )
        )
        if links and len(listed) < SHOWN_SESSIONS:
            listed.append((line, links))
    context = CheckInsPage(
        tuple(listed),
        tuple(one for one in reversed(made) if one.moment is CheckIn.MONTHLY),
        holds.get_hold(actor, plan) is not None,
        is_intact,
        any(one.damaged for one in found),
    )
    return render_page(request, "check_ins/list.html", context)
