"""The course summary: a row for each dosing session, on one printed sheet."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import Field
from journal.course_summary.copies import MONTHLY_QUESTIONS, MONTHLY_WORDS
from journal.course_summary.summary import SessionRow, Summary, build_summary
from journal.i18n import N_
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.sessions.session_lines import build_line
from portal.web.pages import get_translator, render_page

HEADING = N_("%(name)s: course summary")
ONE_SHEET = 12
"""Dosing sessions whose summary is set on one sheet."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A row with the word for how far its session is, to be translated."""

    row: SessionRow
    progress: str


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """Context of the summary. `questions` are those of a monthly check-in."""

    patient: UUID
    name: str
    summary: Summary
    lines: tuple[SummaryLine, ...]
    one_sheet: int = ONE_SHEET
    questions: tuple[Field, ...] = MONTHLY_QUESTIONS
    words_id: str = MONTHLY_WORDS


async def show_summary(request: Request) -> Response:
    """Show the summary; the patient sees that what it draws on was opened."""
    actor = get_actor(request)
    summary = await build_summary(actor, request.path_params["id"])
    lines = tuple(
        SummaryLine(row, build_line(actor, row.session, row.number).progress_label) for row in summary.rows
    )
    context = SummaryPage(summary.link.patient, summary.link.peer_name, summary, lines)
    page = render_page(request, "patients/course_summary.html", context)
    return await print_page(
        request,
        actor,
        page,
        N_("Course summary"),
        "course-summary.pdf",
        heading=get_translator(request)(HEADING, name=context.name),
        has_notes=bool(summary.plans) or any(row.clinic for row in summary.rows),
        landscape=True,
        one_page=len(lines) <= ONE_SHEET,
    )
