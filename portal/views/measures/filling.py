"""Fill in a measure: all of it on one page, left half-done at will."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries import by_kind, entries
from journal.errors import HeldUntilRested, SavedAsEarlierVersion, StaleRevision
from journal.i18n import LANGUAGES
from journal.measures import records
from journal.measures.instruments import SAFETY_ITEMS, Instrument
from journal.notices import writing
from journal.standing import completion
from journal.standing.completion import Recipient
from journal.standing.kinds import KINDS
from journal.standing.standing import select_standing
from journal.user_input import parse_whole_number
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.measures.overview import RECALL_LABELS
from portal.views.notices.panel import (
    PRESSED,
    TO_HELP,
    Known,
    PanelView,
    build_panel,
    load_known,
    press_or_keep,
)
from portal.web.care_team import CallLine, load_my_call_lines
from portal.web.dates import format_time
from portal.web.forms import Form, parse_uuid
from portal.web.pages import get_cached_macro, get_translator, is_htmx, redirect, render_fragment, render_page
from portal.web.translation import get_language


@dataclass(frozen=True, slots=True)
class MeasurePage:
    """
    Context of a form. `typed` are the values that stand on it, by the names of its fields.

    `safety_item` is the item after which the calm panel stands, 0 for none. `days` is how many days ago it was answered
    last, where that is within the time that it asks about and nobody said to go on. `problem` is why nothing was saved.
    `recipients` are who reads it as soon as it is done.
    `answer_notice` is what the panel says, on a form that has one.
    `call_lines` are whom the care team named to call, for the panel. `to_help`: help was asked for and nothing saved.
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
    recipients: tuple[Recipient, ...] = ()
    answer_notice: PanelView | None = None
    call_lines: tuple[CallLine, ...] = ()
    to_help: bool = False


@dataclass(frozen=True, slots=True)
class SavedLine:
    """Context of the answer to an autosave of a form that has the calm panel."""

    revision: int
    saved_at: datetime
    notice: PanelView


@dataclass(frozen=True, slots=True)
class UnsavedLine:
    """Context of the answer to an autosave that saved nothing; `notice` is what the calm panel says, if any."""

    problem: str
    notice: PanelView | None = None


async def fill_measure(request: Request) -> Response:
    """Show the form of a measure, or save it."""
    actor = get_actor(request)
    name = request.url.path.rpartition("/")[2]
    if request.method == "POST":
        form = await Form.read(request)
        spoken = form["language"] if form["language"] in LANGUAGES else get_language()
        return await _save(request, actor, records.find_offered(name, spoken), form)
    instrument = records.find_offered(name, get_language())
    is_intact, mine = await by_kind.load_entries_of_kinds(
        actor, {EntryKind.MEASURE, EntryKind.STANDING, EntryKind.NOTICES}
    )
    seen = records.build_measures(actor, is_intact, mine)
    known = await load_known(actor, get_translator(request), mine=mine)
    today = seen.find_today(instrument)
    if today and today.measure.instrument:
        instrument = today.measure.instrument  # what was begun is gone on with in its own words
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
        is_held=known.is_held,
        days=days if is_sooner and "again" not in request.query_params else None,
        answer_notice=await _build_panel(actor, instrument, today.entry if today else None, known),
        call_lines=await _load_call_lines(request, actor, instrument),
        recipients=await _load_recipients(actor, instrument, known),
    )
    return render_page(request, "measures/form.html", context)


async def _save(request: Request, actor: Actor, instrument: Instrument, form: Form) -> Response:
    wanted, base = parse_uuid(form["measure"]) or uuid4(), form.get_whole_number("revision") or 0
    sitting = form["sitting"][:32]
    typed, given = _read_answers(form, instrument)
    if not base and not given:
        return redirect(request, "/measures")
    problem, unsent, elsewhere, saved, is_held = "", "", None, None, False
    is_done = form["go"] == "done" and not is_htmx(request)
    try:
        save = partial(writing.save_answers, actor, instrument, given, wanted, base, sitting, is_done=is_done)
        kind = KINDS[instrument.id]
        saved = await completion.save_and_share(actor, kind, wanted, save, is_done=is_done)
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
        return await _render_line(request, actor, instrument, saved, elsewhere or wanted, problem)
    if form["go"] in PRESSED and (saved or base):  # what was written before goes also when this is not saved
        unsent = await press_or_keep(actor, wanted, form["go"], form["to"])
    if saved is not None and form["go"] != "stay" and not unsent:
        return redirect(request, _choose_next(instrument, saved, form["go"]))
    known, there = await _load_known(request, actor), saved or await _find(actor, elsewhere or wanted)
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
        recipients=await _load_recipients(actor, instrument, known),
        answer_notice=await _build_panel(actor, instrument, there, known, unsent, is_refused=saved is None),
        call_lines=await _load_call_lines(request, actor, instrument),
        to_help=saved is None and form["go"] in TO_HELP,
    )
    return render_page(request, "measures/form.html", context, status=409 if problem else 200)


async def _load_call_lines(request: Request, actor: Actor, instrument: Instrument) -> tuple[CallLine, ...]:
    if instrument.id not in SAFETY_ITEMS:
        return ()
    return await load_my_call_lines(actor, get_translator(request))


async def _load_known(request: Request, actor: Actor) -> Known:
    _, mine = await by_kind.load_entries_of_kinds(actor, {EntryKind.STANDING, EntryKind.NOTICES})
    return await load_known(actor, get_translator(request), mine=mine)


async def _load_recipients(actor: Actor, instrument: Instrument, known: Known) -> tuple[Recipient, ...]:
    mine = select_standing(known.mine)
    return await completion.list_recipients(
        actor, KINDS[instrument.id], mine, is_held=False, team=known.team.links
    )


def _choose_next(instrument: Instrument, saved: Entry, go: str) -> str:
    if go in PRESSED:
        return "/help-now" if go in TO_HELP else f"/measures/{instrument.id}#notice"
    return "/measures" if go == "pause" else f"/journal/{saved.id}"


def _read_answers(form: Form, instrument: Instrument) -> tuple[dict[str, str], dict[str, int]]:
    """Return what was sent for each question by the name of its field, and the answers by the item or id."""
    extra = [instrument.extra.id] if instrument.extra else []
    names = [*(str(item.number) for item in instrument.items), *extra]
    typed = {_name_field(name): form[_name_field(name)] for name in names}
    parsed = {name: parse_whole_number(typed[_name_field(name)], 2) for name in names}
    return typed, {name: value for name, value in parsed.items() if value is not None}


async def _find(actor: Actor, wanted: UUID) -> Entry | None:
    return (await entries.load_entries_by_id(actor, [wanted])).get(wanted)


async def _render_line(
    request: Request, actor: Actor, instrument: Instrument, saved: Entry | None, wanted: UUID, problem: str
) -> Response:
    if saved is None:
        there, known = await _find(actor, wanted), await load_known(actor, get_translator(request))
        panel = await _build_panel(actor, instrument, there, known, is_refused=True)
        return render_page(request, "measures/saved.html", UnsavedLine(problem, panel), status=409)
    if instrument.id in SAFETY_ITEMS:
        panel = await build_panel(actor, saved, await load_known(actor, get_translator(request)))
        context = SavedLine(saved.revision, saved.updated_at, panel)
        return render_page(request, "measures/saved_with_panel.html", context)
    told = get_cached_macro(request, "macros/entries.html", "saved")
    return render_fragment(told(str(saved.revision), format_time(saved.updated_at, actor.zone)), {})


async def _build_panel(
    actor: Actor,
    instrument: Instrument,
    entry: Entry | None,
    known: Known,
    problem: str = "",
    *,
    is_refused: bool = False,
) -> PanelView | None:
    if instrument.id not in SAFETY_ITEMS:
        return None
    return await build_panel(actor, entry, known, problem, is_refused=is_refused)


def _name_field(name: str) -> str:
    return f"item{name}" if name.isdecimal() else name
