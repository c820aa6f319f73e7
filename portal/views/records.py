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
from journal.errors import InvalidInput, NotFound
from journal.fhir.exports import Fhir
from journal.own_notes.notes import has_notes
from journal.records import archive
from journal.records.collection import Extent, load_extent
from journal.roles import Role
from journal.sessions import holds
from journal.vault import record_state
from portal import __version__
from portal.access.session_cookie import get_actor
from portal.documents.archive_pages import build_file_renderer
from portal.web.errors import build_refusal_arguments
from portal.web.forms import Form
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """
    Context of the page.

    `held` is a sentence while a dosing session keeps a patient from exporting; `extent` is a patient's, `patients` and
    `has_notes` of their own a clinician's. `chosen` and `fhir` are what was chosen before a field was refused; a
    passphrase never comes back, and another is offered then. Without `is_intact` the patient's journal is not as it was
    left.
    """

    zip_name: str
    offered: str
    held: str = ""
    extent: Extent | None = None
    patients: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    fhir: Fhir = Fhir.NONE
    errors: Mapping[str, str] = field(default_factory=dict)
    is_intact: bool = True
    has_notes: bool = False


async def export_records(request: Request) -> Response:
    """Show what an export holds, or send it, sealed."""
    actor = get_actor(request)
    if request.method == "GET":
        return render_page(request, "records/records.html", await _build_page(actor, suggest_passphrase()))
    form = await Form.read(request)
    own, offered, fhir = form["passphrase"], form["offered"], _parse_fhir(form["fhir"])
    try:
        sealed = await archive.export_records(
            actor,
            form["current"],
            own or offered,
            practice=request.app.state.practice.current.name,
            app_version=__version__,
            patient=_parse_patient_id(form["patient"]),
            render=build_file_renderer(request.app.state.templates.here, actor, fhir),
        )
    except InvalidInput as refused:
        typed = await _build_page(actor, suggest_passphrase(), (form["patient"], fhir), refused.fields)
        return render_page(request, "records/records.html", typed, **build_refusal_arguments(refused))
    headers = {"content-disposition": f'attachment; filename="{_format_zip_name(actor)}.age"'}
    return Response(sealed, media_type="application/octet-stream", headers=headers)


async def _build_page(
    actor: Actor,
    offered: str,
    chosen: tuple[str, Fhir] = ("", Fhir.NONE),
    errors: Mapping[str, str] | None = None,
) -> RecordsPage:
    patient, fhir = chosen
    if actor.role is Role.CLINICIAN:
        patients = tuple((str(link.patient), link.peer_name) for link in await links.load_my_links(actor))
        return RecordsPage(
            _format_zip_name(actor),
            offered,
            patients=patients,
            chosen=patient,
            fhir=fhir,
            errors=errors or {},
            has_notes=await has_notes(actor),
        )
    hold = await holds.load_hold(actor)
    return RecordsPage(
        _format_zip_name(actor),
        offered,
        held=hold.sentence if hold else "",
        extent=await load_extent(actor),
        fhir=fhir,
        errors=errors or {},
        is_intact=(await record_state.compare_records(actor, earlier=True)).is_intact,
    )


def _format_zip_name(actor: Actor) -> str:
    return f"hearthside-records-{actor.now.astimezone(actor.zone):%Y-%m-%d}.zip"


def _parse_patient_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error


def _parse_fhir(text: str) -> Fhir:
    return next((one for one in Fhir if one.value == text), Fhir.NONE)
