"""Export one's records, as one file that opens with a passphrase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.authentication.passwords import suggest_passphrase
from journal.care import links
from journal.errors import NotFound, Refused
from journal.records import archive
from journal.records.collection import Extent, extent
from journal.roles import Role
from journal.sessions import holds
from journal.vault import record_state
from portal import __version__
from portal.access.session_cookie import actor_of
from portal.documents.archive_pages import drawing
from portal.web.errors import refusal
from portal.web.forms import Form
from portal.web.pages import page


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """
    Context of the page.

    `held` is a sentence while a dosing session keeps a patient from exporting; `extent` is a patient's, `patients` a
    clinician's. `chosen` is what was chosen before a field was refused; a passphrase never comes back, and another is
    offered then. Without `as_left` the patient's journal is not as it was left.
    """

    zip_name: str
    offered: str
    held: str = ""
    extent: Extent | None = None
    patients: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    as_left: bool = True


async def records(request: Request) -> Response:
    """Show what an export holds, or send it, sealed."""
    actor = actor_of(request)
    if request.method == "GET":
        return page(request, "records/records.html", await _context(actor, suggest_passphrase()))
    form = await Form.read(request)
    own, offered = form["passphrase"], form["offered"]
    try:
        sealed = await archive.take(
            actor,
            form["current"],
            own or offered,
            practice=request.app.state.practice.current.name,
            app_version=__version__,
            patient=_patient(form["patient"]),
            draw=drawing(request.app.state.templates, actor),
        )
    except Refused as refused:
        typed = await _context(actor, suggest_passphrase(), form["patient"], refused.fields)
        return page(request, "records/records.html", typed, **refusal(refused))
    headers = {"content-disposition": f'attachment; filename="{_zip_name(actor)}.age"'}
    return Response(sealed, media_type="application/octet-stream", headers=headers)


async def _context(
    actor: Actor, offered: str, chosen: str = "", errors: Mapping[str, str] | None = None
) -> RecordsPage:
    if actor.role is Role.CLINICIAN:
        patients = tuple((str(link.patient), link.peer_name) for link in await links.my_links(actor))
        return RecordsPage(_zip_name(actor), offered, patients=patients, chosen=chosen, errors=errors or {})
    hold = await holds.held(actor)
    return RecordsPage(
        _zip_name(actor),
        offered,
        held=hold.sentence if hold else "",
        extent=await extent(actor),
        errors=errors or {},
        as_left=(await record_state.look(actor, earlier=True)).as_left,
    )


def _zip_name(actor: Actor) -> str:
    return f"hearthside-records-{actor.now.astimezone(actor.zone):%Y-%m-%d}.zip"


def _patient(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error
