"""After a reset: the clinician's link and what they return, and the patient's page that accepts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import segno
from starlette.requests import Request
from starlette.responses import Response

from journal.account_reset import reset_links, returned_shares
from journal.account_reset.reset_links import ResetLink
from journal.account_reset.returned_shares import Returnable
from journal.care import link_keys, links
from journal.care.documents import ShareDocument
from journal.catalogue.fields import EntryKind
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import Damaged, InvalidInput, NotFound
from journal.i18n import N_
from journal.sessions.rows import load_my_sessions
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

NOT_COMPARED = N_("Compare the safety code first, in person, and tick this once you have.")


@dataclass(frozen=True, slots=True)
class ResetLinkPage:
    """Context of the clinician's page for a reset link: what it does, and the link while one is open."""

    patient: UUID
    name: str
    offered: ResetLink | None
    link: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ReturnSharesPage:
    """Context of the clinician's page for returning copies; `code` is to be compared before."""

    patient: UUID
    name: str
    there: Returnable
    code: str
    given: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReturnedShare:
    """One returned copy: what it is called, its kind and when it was written."""

    name: EntryName
    kind: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnedSharesPage:
    """Context of the patient's page for what one clinician has returned."""

    link: UUID
    name: str
    returned: tuple[ReturnedShare, ...]
    damaged: tuple[UUID | None, ...]


async def offer_reset_link(request: Request) -> Response:
    """Show the reset link, or what it does; create one."""
    actor, patient = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        await reset_links.create_reset_link(actor, patient)
        return redirect(request, f"/patients/{patient}/restart")
    care_link = await links.load_link_with(actor, patient)
    name, offered = care_link.peer_name, await reset_links.load_reset_link(actor, care_link)
    if offered is None:
        return render_page(request, "patients/restart.html", ResetLinkPage(patient, name, None))
    link = f"{request.app.state.config.origin}/restart/{offered.token}"
    picture = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2)
    return render_page(request, "patients/restart.html", ResetLinkPage(patient, name, offered, link, picture))


async def withdraw_reset_link(request: Request) -> Response:
    """Withdraw the open link."""
    await reset_links.withdraw_reset_link(get_actor(request), request.path_params["id"])
    return redirect(request, f"/patients/{request.path_params['id']}/restart")


async def return_shares(request: Request) -> Response:
    """Show the safety code to compare; then send back what was shared before."""
    actor, patient = get_actor(request), request.path_params["id"]
    link = await links.load_link_with(actor, patient)
    there, code = (
        await returned_shares.find_returnable(actor, link),
        await link_keys.derive_safety_code(actor, link),
    )
    given = "given" in request.query_params
    if request.method == "GET":
        return render_page(
            request,
            "patients/giving_back.html",
            ReturnSharesPage(patient, link.peer_name, there, code, given),
        )
    form = await Form.read(request)
    if not there:
        return render_page(
            request,
            "patients/giving_back.html",
            ReturnSharesPage(patient, link.peer_name, there, code),
            status=409,
        )
    try:
        if "compared" not in form:
            raise InvalidInput({"compared": NOT_COMPARED})
        if not await returned_shares.return_shares(actor, patient) and there.copies:
            raise Damaged(
                N_("What was shared cannot be opened: it is not what was shared. Nothing was given back.")
            )
    except InvalidInput as error:
        again = ReturnSharesPage(patient, link.peer_name, there, code, errors=error.fields)
        return render_page(request, "patients/giving_back.html", again, status=422)
    return redirect(request, f"/patients/{patient}/giving-back?given")


async def answer_returned_shares(request: Request) -> Response:
    """Show what was returned; add it to the journal, or delete it."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "GET":
        link = await links.load_my_link(actor, wanted)
        found = await returned_shares.list_returned_shares(actor, link)
        namer = EntryNamer(await load_my_sessions(actor))
        shown = tuple(_build_returned_share(one, namer) for one in found)
        context = ReturnedSharesPage(wanted, link.peer_name, shown, found.damaged)
        return render_page(request, "sharing/returned.html", context)
    form = await Form.read(request)
    if form["go"] == "take":
        await returned_shares.accept_returned_shares(actor, wanted)
        return redirect(request, "/journal")
    if form["go"] != "leave":
        raise NotFound
    await returned_shares.delete_returned_shares(actor, wanted)
    return redirect(request, f"/sharing/{wanted}")


def _build_returned_share(document: ShareDocument, namer: EntryNamer) -> ReturnedShare:
    kind = EntryKind(document.kind).label
    return ReturnedShare(namer.name_copy(document), kind, datetime.fromisoformat(document.written_at))
