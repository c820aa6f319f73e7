"""A list of the measures, and of what was answered before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from journal.accounts import details
from journal.charts.own import build_piece
from journal.charts.series import Finding, find_change
from journal.errors import NotFound
from journal.i18n import N_
from journal.measures import records, scores
from journal.measures.instruments import Instrument, list_offered
from journal.measures.records import Filled, Measures
from journal.measures.scores import Score
from journal.sessions import holds
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page
from portal.web.translation import get_language

RECALL_LABELS: Mapping[int, str] = MappingProxyType(
    {7: N_("the past week"), 14: N_("the last two weeks"), 30: N_("the past month")}
)


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """
    One measure in the list: what was answered before, newest first, and the one of today.

    `finding` is what can be said of the totals of this very text, None before it was answered.
    """

    instrument: Instrument
    recall: str
    past: tuple[Filled, ...]
    today: Filled | None
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class MeasuresPage:
    """Context of the list. `is_held`: none can be begun, until somebody has rested."""

    lines: tuple[MeasureLine, ...]
    other: tuple[Filled, ...]
    scores: tuple[Score, ...]
    seen: Measures
    is_held: bool


async def list_measures(request: Request) -> Response:
    """Show each measure and what was answered before, or change whether its numbers are shown."""
    actor = get_actor(request)
    if request.method == "POST":
        form = await Form.read(request)
        if form["go"] not in ("hide", "show"):
            raise NotFound
        await details.set_hidden_numbers(actor, form["go"] == "hide")
        return redirect(request, "/measures")
    seen = await records.load_measures(actor)
    offered = list_offered(get_language())
    lines = tuple(_build_line(seen, one) for one in offered)
    known = {one.id for one in offered}
    other = tuple(one for one in reversed(seen.filled) if one.measure.instrument_id not in known)
    held = await holds.load_hold(actor) is not None
    return render_page(
        request,
        "measures/list.html",
        MeasuresPage(lines, other, scores.list_scores(seen.entries), seen, held),
    )


def _build_line(seen: Measures, one: Instrument) -> MeasureLine:
    past = seen.list_of(one)
    return MeasureLine(
        one,
        RECALL_LABELS[one.recall_days],
        tuple(reversed(past)),
        seen.find_today(one),
        find_change(one, tuple(build_piece(filled.entry) for filled in past)),
    )
