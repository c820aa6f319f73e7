"""A clinician files a shared copy in the record of their practice: asked first, noted once, and printed for it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.care import links
from journal.entries.naming import EntryNamer
from journal.i18n import N_
from journal.sharing import reading, terms
from journal.sharing.reading import IncomingShare
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.sharing.shared_view import SharedView, build_shared_view
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

NO_REVISION = -1


@dataclass(frozen=True, slots=True)
class FilingPage:
    """Context of the page that asks before a copy is filed, and of the one that it is filed as."""

    patient: UUID
    name: str
    one: IncomingShare
    view: SharedView


async def file_share(request: Request) -> Response:
    """Ask before a copy is filed; file it; or show it as it was filed, on the screen and as a file to print."""
    actor = get_actor(request)
    patient, wanted = request.path_params["id"], request.path_params["share"]
    if request.method == "POST":
        form = await Form.read(request)
        seen = form.get_whole_number("revision")
        await terms.file_share(actor, patient, wanted, NO_REVISION if seen is None else seen)
        return redirect(request, f"/patients/{patient}/shared/{wanted}/filing")
    link = await links.load_link_with(actor, patient)
    one = await reading.open_one(actor, link, wanted)
    if not one.may_file and one.filed is None:
        raise terms.FilingNotAllowed
    plan = await reading.load_visible_plan(actor, link)
    view = build_shared_view(one.document, actor.zone, EntryNamer(plan))
    context = FilingPage(patient, link.peer_name, one, view)
    if one.filed is None:
        return render_page(request, "packets/filing.html", context)
    await reading.mark_opened(actor, patient, [one.id])
    page = render_page(request, "packets/filed.html", context)
    return await print_page(request, actor, page, N_("Filed"), "filed.pdf")
