"""After a reset: the clinician's link and what they return, and the patient's page that accepts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.account_reset import reset_links
from journal.account_reset import returned_shares as giving
from journal.account_reset.reset_links import RestartLink
from journal.care import link_keys, links
from journal.care.documents import ShareDocument
from journal.catalogue.fields import EntryKind
from journal.errors import Damaged, NotFound, Refused
from journal.i18n import N_
from portal.access.session_cookie import actor_of
from portal.web.forms import Form
from portal.web.pages import page, see_other

COMPARED = N_("Compare the safety code first, in person, and tick this once you have.")


@dataclass(frozen=True, slots=True)
class OfferPage:
    """Context of the clinician's page for a restart link: what it does, and the link while one is open."""

    patient: UUID
    name: str
    offered: RestartLink | None
    link: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class GivingPage:
    """Context of the clinician's page for returning copies; `code` is to be compared before."""

    patient: UUID
    name: str
    count: int
    code: str
    given: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Returned:
    """One returned copy: its title, its kind and when it was written."""

    title: str
    kind: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnedPage:
    """Context of the patient's page for what one clinician has returned."""

    link: UUID
    name: str
    returned: tuple[Returned, ...]
    damaged: tuple[UUID | None, ...]


async def offer(request: Request) -> Response:
    """Show the reset link, or what it does; create one."""
    actor, patient = actor_of(request), request.path_params["id"]
    if request.method == "POST":
        await reset_links.offer(actor, patient)
        return see_other(request, f"/patients/{patient}/restart")
    care_link = await links.link_with(actor, patient)
    name, offered = care_link.peer_name, await reset_links.offered(actor, care_link)
    if offered is None:
        return page(request, "patients/restart.html", OfferPage(patient, name, None))
    link = f"{request.app.state.config.origin}/restart/{offered.token}"
    picture = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2)
    return page(request, "patients/restart.html", OfferPage(patient, name, offered, link, picture))


async def withdrawal(request: Request) -> Response:
    """Withdraw the open link."""
    await reset_links.withdraw(actor_of(request), request.path_params["id"])
    return see_other(request, f"/patients/{request.path_params['id']}/restart")


async def give_back(request: Request) -> Response:
    """Show the safety code to compare; then send back what was shared before."""
    actor, patient = actor_of(request), request.path_params["id"]
    link = await links.link_with(actor, patient)
    count, code = await giving.able(actor, link), await link_keys.code_for(actor, link)
    given = "given" in request.query_params
    if request.method == "GET":
        return page(
            request, "patients/giving_back.html", GivingPage(patient, link.peer_name, count, code, given)
        )
    form = await Form.read(request)
    if not count:
        return page(
            request, "patients/giving_back.html", GivingPage(patient, link.peer_name, 0, code), status=409
        )
    try:
        if "compared" not in form:
            raise Refused({"compared": COMPARED})
        if not await giving.give_back(actor, patient):
            raise Damaged(
                N_("What was shared cannot be opened: it is not what was shared. Nothing was given back.")
            )
    except Refused as error:
        again = GivingPage(patient, link.peer_name, count, code, errors=error.fields)
        return page(request, "patients/giving_back.html", again, status=422)
    return see_other(request, f"/patients/{patient}/giving-back?given")


async def returned(request: Request) -> Response:
    """Show what was returned; add it to the journal, or delete it."""
    actor, wanted = actor_of(request), request.path_params["id"]
    if request.method == "GET":
        link = await links.my_link(actor, wanted)
        found = await giving.given_back(actor, link)
        shown = tuple(_one(one) for one in found)
        context = ReturnedPage(wanted, link.peer_name, shown, found.damaged)
        return page(request, "sharing/returned.html", context)
    form = await Form.read(request)
    if form["go"] == "take":
        await giving.take_in(actor, wanted)
        return see_other(request, "/journal")
    if form["go"] != "leave":
        raise NotFound
    await giving.leave(actor, wanted)
    return see_other(request, f"/sharing/{wanted}")


def _one(document: ShareDocument) -> Returned:
    kind = EntryKind(document.kind).label
    return Returned(document.title, kind, datetime.fromisoformat(document.written_at))
