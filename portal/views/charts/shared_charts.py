"""Charts of one patient at the clinician's desk, drawn from shared copies alone."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.charts import shared
from journal.charts.shared import SharedChart
from journal.measures.instruments import Instrument, list_offered
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.charts.charts import CHARTS, SubjectView, build_subject_view, read_subject
from portal.web.pages import render_page


@dataclass(frozen=True, slots=True)
class SharedChartsPage:
    """Context of the page. Without a `subject` it lists what there is to draw of what was shared."""

    patient: UUID
    name: str
    instruments: tuple[Instrument, ...]
    found: SharedChart
    subject: SubjectView | None


async def show_shared_charts(request: Request) -> Response:
    """Show one chart of what a patient shares, or what there is to choose from."""
    actor, (subject, number) = get_actor(request), read_subject(request)
    found = await shared.load_chart(actor, request.path_params["id"], subject, number)
    link = found.folder.link
    here = f"/patients/{link.patient}"
    view = (
        build_subject_view(request, found.drawn, f"{here}/charts", f"{here}/shared/", f"{here}/notes/")
        if found.drawn
        else None
    )
    context = SharedChartsPage(link.patient, link.peer_name, list_offered(), found, view)
    page = render_page(request, "charts/shared.html", context)
    return await print_page(
        request, actor, page, CHARTS, "charts.pdf", has_notes=view is not None and view.drawn.has_notes
    )
