"""Fill in a measure: all of it on one page, left half-done at will, and a list of what was answered before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.accounts import details
from journal.actor import Actor
from journal.errors import HeldUntilRested, InvalidInput, NotFound, SavedAsEarlierVersion, StaleRevision
from journal.i18n import N_
from journal.measures import records, scores
from journal.measures.instruments import SAFETY_ITEMS, Instrument, list_offered
from journal.measures.records import Filled, Measures
from journal.measures.scores import Score
from journal.sessions import holds
from journal.user_input import parse_whole_number
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.care_team import CallLine, load_my_call_lines
from portal.web.dates import format_time
from portal.web.forms import Form, parse_uuid
from portal.web.pages import get_cached_macro, get_translator, is_htmx, redirect, render_fragment, render_page

SCORE_FIELDS = ("name", "day", "number", "taken_by")
RECALL_LABELS: Mapping[int, str] = MappingProxyType(
    {7: N_("the past week"), 14: N_("the last two weeks"), 30: N_("the past month")}
)


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure in the list: what was answered before, newest first, and the one of today."""

    instrument: Instrument
    recall: str
    past: tuple[Filled, ...]
    today: Filled | None


@dataclass(frozen=True, slots=True)
class MeasuresPage:
    """Context of the list. `is_held`: none can be begun, until somebody has rested."""

    lines: tuple[MeasureLine, ...]
    other: tuple[Filled, ...]
    scores: tuple[Score, ...]
    seen: Measures
    is_held: bool


@dataclass(frozen=True, slots=True)
class MeasurePage:
    """
    Context of a form. `typed` are the values that stand on it, by the names of its fields.

    `safety_item` is the item after which the calm panel stands, 0 for none. `days` is how many days ago it was answered
    last, where that is within the time that it asks about and nobody said to go on. `problem` is why nothing was saved.
    `call_lines` are whom the care team named to call, for the panel.
    """

    instrument: Instrument
    recall: str
    id: UUID
    revision: int
    sitting: str
    typed: Mapping[str, str]
    safety_item: int
    is_held: bool = False
    days: int | None = None
    problem: str = ""
    elsewhere: UUID | None = None
    saved_at: datetime | None = None
    call_lines: tuple[CallLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Context of the form for a total from elsewhere; `typed` is what was not taken."""

    id: UUID
    typed: Mapping[str, str]
    errors: Mapping[str, str]
    is_held: bool


@dataclass(frozen=True, slots=True)
class UnsavedLine:
    """Context of the answer to an autosave that saved nothing."""

    problem: str


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
    offered = list_offered()
    lines = tuple(
        MeasureLine(
            one, RECALL_LABELS[one.recall_days], tuple(reversed(seen.list_of(one))), seen.find_today(one)
        )
        for one in offered
    )
    known = {one.id for one in offered}
    other = tuple(one for one in reversed(seen.filled) if one.measure.instrument_id not in known)
    held = await holds.load_hold(actor) is not None
    return render_page(
        request,
        "measures/list.html",
        MeasuresPage(lines, other, scores.list_scores(seen.entries), seen, held),
    )


async def enter_score(request: Request) -> Response:
    """Enter a total of another scale."""
    actor = get_actor(request)
    if request.method == "GET":
        typed = {"day": records.get_today(actor).isoformat()}
        held = await holds.load_hold(actor) is not None
        return render_page(request, "measures/score.html", ScorePage(uuid4(), typed, {}, held))
    form = await Form.read(request)
    wanted, typed = parse_uuid(form["measure"]) or uuid4(), {name: form[name] for name in SCORE_FIELDS}
    try:
        await scores.save_score(actor, wanted, *typed.values())
    except InvalidInput as error:
        context = ScorePage(wanted, typed, error.fields, is_held=False)
        return render_page(request, "measures/score.html", context, status=422)
    except HeldUntilRested as error:
        context = ScorePage(wanted, typed, {"name": str(error)}, is_held=False)
        return render_page(request, "measures/score.html", context, status=409)
    return redirect(request, f"/journal/{wanted}")


async def fill_measure(request: Request) -> Response:
    """Show the form of a measure, or save it."""
    actor = get_actor(request)
    instrument = records.find_offered(request.url.path.rpartition("/")[2])
    if request.method == "POST":
        return await _save(request, actor, instrument)
    seen = await records.load_measures(actor)
    today = seen.find_today(instrument)
    days = seen.count_days_since(instrument)
    is_sooner = days is not None and days < instrument.recall_days and today is None
    context = MeasurePage(
        instrument,
        RECALL_LABELS[instrument.recall_days],
        today.entry.id if today else uuid4(),
        today.entry.revision if today else 0,
        secrets.token_hex(8),
        {_name_field(name): str(value) for name, value in today.measure.answers.items()} if today else {},
        SAFETY_ITEMS.get(instrument.id, 0),
        is_held=await holds.load_hold(actor) is not None,
        days=days if is_sooner and "again" not in request.query_params else None,
        call_lines=await _load_call_lines(request, actor, instrument),
    )
    return render_page(request, "measures/form.html", context)


async def _save(request: Request, actor: Actor, instrument: Instrument) -> Response:
    form = await Form.read(request)
    wanted, base = parse_uuid(form["measure"]) or uuid4(), form.get_whole_number("revision") or 0
    sitting = form["sitting"][:32]
    names = [
        *(str(item.number) for item in instrument.items),
        *([instrument.extra.id] if instrument.extra else []),
    ]
    typed = {_name_field(name): form[_name_field(name)] for name in names}
    parsed = {name: parse_whole_number(typed[_name_field(name)], 2) for name in names}
    given = {name: value for name, value in parsed.items() if value is not None}
    if not base and not given:
        return redirect(request, "/measures")
    problem, elsewhere, saved, is_held = "", None, None, False
    try:
        saved = await records.save_answers(actor, instrument, given, wanted, base, sitting)
    except HeldUntilRested as error:
        problem, is_held = str(error), True
    except SavedAsEarlierVersion:
        problem, elsewhere = records.BEGUN_ELSEWHERE, wanted
    except StaleRevision as error:
        today = (await records.load_measures(actor)).find_today(instrument)
        problem, elsewhere = str(error), today.entry.id if today else wanted
        if today is None and not is_htmx(request):
            wanted, base = uuid4(), 0  # its day is over: the next save begins it anew with the same answers
    if is_htmx(request):
        return _render_line(request, actor, saved, problem)
    if saved is not None and form["go"] != "stay":
        return redirect(request, "/measures" if form["go"] == "pause" else f"/journal/{saved.id}")
    context = MeasurePage(
        instrument,
        RECALL_LABELS[instrument.recall_days],
        wanted,
        saved.revision if saved else base,
        sitting or secrets.token_hex(8),
        typed,
        SAFETY_ITEMS.get(instrument.id, 0),
        is_held=is_held,
        problem=problem,
        elsewhere=elsewhere,
        saved_at=saved.updated_at if saved else None,
        call_lines=await _load_call_lines(request, actor, instrument),
    )
    return render_page(request, "measures/form.html", context, status=409 if problem else 200)


async def _load_call_lines(request: Request, actor: Actor, instrument: Instrument) -> tuple[CallLine, ...]:
    if instrument.id not in SAFETY_ITEMS:
        return ()
    return await load_my_call_lines(actor, get_translator(request))


def _render_line(request: Request, actor: Actor, saved: Entry | None, problem: str) -> Response:
    if saved is None:
        return render_page(request, "measures/saved.html", UnsavedLine(problem), status=409)
    told = get_cached_macro(request, "macros/entries.html", "saved")
    return render_fragment(told(str(saved.revision), format_time(saved.updated_at, actor.zone)), {})


def _name_field(name: str) -> str:
    return f"item{name}" if name.isdecimal() else name
