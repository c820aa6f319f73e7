"""What a patient agrees on with their clinicians about notices: propose, agree, end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.catalogue.fields import EntryKind
from journal.entries import by_kind
from journal.errors import NotFound
from journal.notices import agreements, proposals
from journal.notices.agreements import find_reason
from journal.notices.documents import HOURS
from journal.notices.policy import Agreement, Policy
from journal.reading_hours.next_look import NextLook, load_next_look
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import load_my_sessions
from portal.access.session_cookie import get_actor
from portal.views.notices.answers import answer_form
from portal.web.forms import Form, parse_uuid
from portal.web.pages import render_page

FIELDS = ("to", "backup", "hours")


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """
    Context of the page.

    `force` is what is in force. `waiting` are proposals of one side that the other did not answer, each with its care
    link. `able` are whom something can be sent to. `typed` is what was not taken, by the names of its fields. `hold`:
    what is in force cannot be weakened now. `reason` is why nothing can go, `look` when they look next,
    `can_back_up`: to the backup it can.
    """

    force: Policy | None
    waiting: tuple[Agreement, ...]
    damaged: tuple[Link, ...]
    able: tuple[Link, ...]
    hours: tuple[int, ...]
    typed: dict[str, str]
    errors: dict[str, str]
    has_mail: bool
    hold: Hold | None
    reason: str = ""
    look: NextLook | None = None
    can_back_up: bool = False
    done: str = ""
    problem: str = ""


async def agree_on_notices(request: Request) -> Response:
    """Show what is agreed on, or propose, take back, agree to or end it."""
    actor = get_actor(request)
    return await answer_form(request, partial(_act, actor), partial(_render, request, actor), FIELDS)


async def _act(actor: Actor, form: Form) -> str:
    to = parse_uuid(form["to"])
    if form["go"] == "propose":
        hours = form.get_whole_number("hours")
        # What is no id of anybody is somebody who is not in the care team, and never nobody.
        backup = (parse_uuid(form["backup"]) or to) if form["backup"] else None
        await agreements.propose(actor, to, backup, hours)
        return "proposed"
    if form["go"] == "agree" and to is not None:
        await agreements.agree(actor, to, form["ident"])
        return "agreed"
    if form["go"] == "back" and to is not None:
        await proposals.drop_proposal(actor, to, form["ident"])
        return "back"
    if form["go"] == "end" and to is not None:
        await agreements.end(actor, to)
        return "ended"
    raise NotFound


async def _render(
    request: Request,
    actor: Actor,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    done: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    _, mine = await by_kind.load_entries_of_kinds(actor, {EntryKind.NOTICES})
    team = await links.load_care_team(actor)
    found = await agreements.list_agreements(actor, team, mine)
    plan = await load_my_sessions(actor)
    force = await agreements.load_policy(actor, team, mine, found)
    context = AgreementPage(
        force,
        tuple(one for one in found if one.proposed),
        tuple(one.link for one in found if one.is_damaged),
        tuple(one for one in team.links if not find_reason(one)),
        HOURS,
        _prefill(force) | (typed or {}),
        errors or {},
        actor.installation.mail is not None,
        holds.get_hold(actor, plan),
        find_reason(force.link, is_strange=force.is_strange) if force else "",
        await load_next_look(actor, force.link, plan) if force and force.link else None,
        force is not None and force.backup is not None and not find_reason(force.backup),
        done,
        problem,
    )
    return render_page(request, "sharing/notices.html", context, status=status)


def _prefill(force: Policy | None) -> dict[str, str]:
    if force is None:
        return {}
    line = force.line
    return {
        "to": str(line.link),
        "backup": str(line.backup) if line.backup and not find_reason(force.link) else "",
        "hours": str(line.hours),
    }
