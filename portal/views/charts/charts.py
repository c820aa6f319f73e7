"""A patient's own charts: one at a time, and none between the start of a dosing session and the rest after it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.charts import own
from journal.charts.drawn import SUBJECTS, Drawn
from journal.charts.own import OwnChart
from journal.charts.series import Chart
from journal.errors import NotFound
from journal.i18n import N_
from journal.measures.instruments import IDS, Instrument, list_offered
from journal.sessions import holds
from journal.sessions.rows import load_my_sessions
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.charts.drawing import (
    Drawing,
    ReadingsDrawing,
    build_drawing,
    build_readings_drawing,
)
from portal.web.pages import render_page

MAX_PAGE = 10_000
CHARTS = N_("Charts")


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart and where it stands; no drawing where it has no number, or the numbers are hidden."""

    chart: Chart
    drawing: Drawing | None


@dataclass(frozen=True, slots=True)
class SubjectView:
    """
    Context of what is drawn. `has_references`: lines at published totals are wanted.

    `are_hidden`: whoever looks wants to see no numbers of measures. `here` is the address of the charts, `source` that
    below which the pieces are, `notes` that before the id of what a clinician noted.
    """

    drawn: Drawn
    views: tuple[ChartView, ...]
    readings: ReadingsDrawing | None
    here: str
    source: str
    notes: str
    has_references: bool = False
    are_hidden: bool = False


@dataclass(frozen=True, slots=True)
class ChartsPage:
    """Context of the page. Without a `subject` it lists what can be drawn. `is_held`: until somebody has rested."""

    instruments: tuple[Instrument, ...]
    is_held: bool
    subject: SubjectView | None = None
    found: OwnChart | None = None


async def show_charts(request: Request) -> Response:
    """Show one chart of what its patient noted, or what there is to choose from."""
    actor, (subject, number) = get_actor(request), read_subject(request)
    plan = await load_my_sessions(actor)
    if holds.get_hold(actor, plan) is not None:
        return render_page(request, "charts/charts.html", ChartsPage(list_offered(), is_held=True))
    if not subject:
        return render_page(request, "charts/charts.html", ChartsPage(list_offered(), is_held=False))
    found = await own.load_chart(actor, plan, subject, number)
    are_hidden = actor.hides_numbers and subject in IDS
    view = build_subject_view(
        request, found.drawn, "/charts", "/journal/", "/clinic#note-", are_hidden=are_hidden
    )
    page = render_page(request, "charts/charts.html", ChartsPage(list_offered(), False, view, found))
    return await print_page(request, actor, page, CHARTS, "charts.pdf", has_notes=found.drawn.has_notes)


def read_subject(request: Request) -> tuple[str, int]:
    """Return what is asked for, and which page of it; raises `NotFound` for what cannot be drawn."""
    subject = request.query_params.get("show", "")
    page = parse_whole_number(request.query_params.get("page", "1"), 5)
    if (subject and subject not in SUBJECTS) or page is None or not 1 <= page <= MAX_PAGE:
        raise NotFound
    return subject, page


def build_subject_view(
    request: Request, drawn: Drawn, here: str, source: str, notes: str, *, are_hidden: bool = False
) -> SubjectView:
    """Return what a page says of what is drawn; hidden numbers are not drawn either."""
    wants = request.query_params.get("lines") == "published"
    views = tuple(
        ChartView(one, None if are_hidden else build_drawing(one, has_references=wants))
        for one in drawn.charts
    )
    readings = build_readings_drawing(drawn.readings) if drawn.readings else None
    return SubjectView(drawn, views, readings, here, source, notes, wants, are_hidden)
