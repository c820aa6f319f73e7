"""A clinician's page about one patient's notices: open ones first, then what both agreed on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.errors import HeldUntilRested, NotFound, StaleRevision, TrustBroken
from journal.notices import agreements, inbox, proposals
from journal.notices.documents import HOURS
from journal.notices.inbox import OpenNotice
from journal.notices.policy import Agreement
from portal.access.session_cookie import get_actor
from portal.views.notices.answers import answer_form
from portal.web.forms import Form, parse_uuid
from portal.web.pages import render_page

MAX_NOTICES = 100
FIELDS = ("hours", "looks", "done")


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """
    Context of the page. `notices` are open; `agreement` is None while nothing can be opened.

    `typed` is what was not taken, by the names of its fields.
    """

    patient: UUID
    link: Link
    notices: tuple[OpenNotice, ...]
    agreement: Agreement | None
    hours: tuple[int, ...]
    typed: dict[str, str]
    errors: dict[str, str]
    done: str = ""
    problem: str = ""


async def show_notices(request: Request) -> Response:
    """Show open notices and what is agreed on; acknowledge one, propose, take back, agree or end."""
    actor = get_actor(request)
    act, refusals = partial(_act, actor, request.path_params["id"]), (StaleRevision, HeldUntilRested)
    return await answer_form(request, act, partial(_render, request, actor), FIELDS, refusals)


async def _act(actor: Actor, patient: UUID, form: Form) -> str:
    if form["go"] == "acknowledge":
        wanted = [one for one in map(parse_uuid, form.get_all("ident")[:MAX_NOTICES]) if one is not None]
        if not wanted:
            raise NotFound
        await inbox.acknowledge(actor, patient, wanted, form["done"])
        return "acknowledged"
    if form["go"] == "propose":
        await agreements.propose_as_clinician(actor, patient, form.get_whole_number("hours"), form["looks"])
        return "proposed"
    if form["go"] == "agree":
        await agreements.agree_as_clinician(actor, patient, form["ident"], form["looks"])
        return "agreed"
    if form["go"] == "back":
        await proposals.drop_as_clinician(actor, patient, form["ident"])
        return "back"
    if form["go"] == "end":
        await agreements.end_as_clinician(actor, patient)
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
    patient = request.path_params["id"]
    link = await links.load_link_with(actor, patient)
    try:
        agreement: Agreement | None = await agreements.load_agreement(actor, patient, link)
    except (SharingPaused, TrustBroken):
        agreement = None
    notices = await inbox.list_open_of(actor, link)
    context = NoticesPage(patient, link, notices, agreement, HOURS, typed or {}, errors or {}, done, problem)
    return render_page(request, "patients/notices.html", context, status=status)
