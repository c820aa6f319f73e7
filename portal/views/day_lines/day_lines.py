"""The line of a day: a few taps and a sentence, each of which may stay blank."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.accounts import details as account_details
from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.day_lines import records
from journal.day_lines.lines import MAX_OWN, SCALES, DayLine, OwnScale, mark_names
from journal.day_lines.records import DayLines
from journal.entries import by_kind
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import HeldUntilRested, InvalidInput, StaleRevision
from journal.sessions import holds
from journal.standing import completion
from journal.standing.completion import Recipient
from journal.standing.kinds import KINDS
from journal.standing.standing import select_standing
from journal.user_input import parse_day
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.entry_names import WITHOUT_SESSION
from portal.web.forms import Form
from portal.web.pages import get_translator, redirect, render_page

SHOWN = 14  # the latest lines
SHOWN_MONTHS = 12
KIND = KINDS["day_lines"]
FIELDS = ("day", *SCALES, *(f"own{place}" for place in range(1, MAX_OWN + 1)), "line")
OWN_FIELDS = tuple(f"{part}{place}" for place in range(1, MAX_OWN + 1) for part in ("name", "low", "high"))


@dataclass(frozen=True, slots=True)
class DayLinesPage:
    """
    Context of the page. `typed` stands in the fields, for the day `noon`; `found` is what was noted of it before.

    `recent` are the latest lines, the last first, and `months` the latest entries. `recipients` are who reads a new
    line as soon as it is saved. `problem` is why nothing was saved.
    """

    seen: DayLines
    today: date
    noon: datetime
    typed: Mapping[str, str]
    found: DayLine | None
    recent: tuple[DayLine, ...]
    months: tuple[tuple[UUID, EntryName], ...]
    own: tuple[OwnScale, ...]
    own_mark: str
    is_on: bool
    is_held: bool
    recipients: tuple[Recipient, ...] = ()
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    saved: bool = False


@dataclass(frozen=True, slots=True)
class OwnScalesPage:
    """Context of the form for lines of one's own."""

    typed: Mapping[str, str]
    places: tuple[int, ...] = tuple(range(1, MAX_OWN + 1))
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def write_day_line(request: Request) -> Response:
    """Show the form of today's line or of an earlier day's, save it, or have lines offered at home or not."""
    actor = get_actor(request)
    if request.method == "GET":
        day = parse_day(request.query_params.get("day", "")) or records.get_today(actor)
        return await _render(request, actor, day, saved="saved" in request.query_params)
    form = await Form.read(request)
    if form["go"] in ("on", "off"):
        await account_details.set_day_lines(actor, form["go"] == "on")
        return redirect(request, "/day-lines")
    typed = {name: form[name] for name in FIELDS}
    day = parse_day(typed["day"]) or records.get_today(actor)
    try:
        own = (await records.load_day_lines(actor)).own
        if "fields" in form and form["fields"] != mark_names(own):
            raise StaleRevision(records.RENAMED)
        line = records.parse_line(actor, own, typed)
        await _store(request, actor, line, form["written"], {one.name for one in own})
    except InvalidInput as error:
        return await _render(request, actor, day, typed, errors=error.fields, status=422)
    except (HeldUntilRested, StaleRevision) as error:
        return await _render(request, actor, day, typed, problem=str(error), status=409)
    return redirect(request, "/day-lines?saved=yes")


async def name_own_scales(request: Request) -> Response:
    """Show the form for lines of one's own, or save them."""
    actor = get_actor(request)
    if request.method == "GET":
        own = (await records.load_day_lines(actor)).own
        typed = dict.fromkeys(OWN_FIELDS, "")
        for place, one in enumerate(own, 1):
            typed |= {f"name{place}": one.name, f"low{place}": one.low, f"high{place}": one.high}
        return render_page(request, "day_lines/own.html", OwnScalesPage(typed))
    form = await Form.read(request)
    typed = {name: form[name] for name in OWN_FIELDS}
    scales = [
        OwnScale(typed[f"name{place}"], typed[f"low{place}"], typed[f"high{place}"])
        for place in range(1, MAX_OWN + 1)
    ]
    try:
        await records.save_own_scales(actor, scales, _name_month(request, records.get_today(actor)))
    except InvalidInput as error:
        return render_page(
            request, "day_lines/own.html", OwnScalesPage(typed, errors=error.fields), status=422
        )
    except (HeldUntilRested, StaleRevision) as error:
        return render_page(
            request, "day_lines/own.html", OwnScalesPage(typed, problem=str(error)), status=409
        )
    return redirect(request, "/day-lines")


async def _store(request: Request, actor: Actor, line: DayLine, written: str, asked: Collection[str]) -> None:
    """Save a line; a new one goes to whom its patient chose, and a corrected one only when it is shared."""
    seen, title = await records.load_day_lines(actor), _name_month(request, line.day)
    save = partial(records.save_line, actor, line, title, written, asked)
    if seen.find_line(line.day) is not None:
        await save()
        return

    async def load() -> Entry | None:
        return (await records.load_day_lines(actor)).find_month(line.day)

    await completion.complete(actor, KIND, load, save)


def _name_month(request: Request, day: date) -> str:
    """Return the title of a month's entry. Its month is stored in digits, and written by `translate_own_title`."""
    _ = get_translator(request)
    return _(WITHOUT_SESSION, kind=_(EntryKind.DAY_LINES.label), date=f"{day:%Y-%m}")


async def _render(
    request: Request,
    actor: Actor,
    day: date,
    typed: Mapping[str, str] | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    saved: bool = False,
    status: int = 200,
) -> Response:
    is_intact, mine = await by_kind.load_entries_of_kinds(actor, {EntryKind.DAY_LINES, EntryKind.STANDING})
    seen, is_held = records.build_day_lines(is_intact, mine), await holds.load_hold(actor) is not None
    found, own = seen.find_line(day), seen.own
    recipients = await completion.list_recipients(
        actor, KIND, select_standing(mine), is_held=is_held, entry=seen.find_month(day)
    )
    context = DayLinesPage(
        seen,
        records.get_today(actor),
        datetime.combine(day, time(12), UTC),
        typed if typed is not None else _build_typed(day, found, own),
        found,
        tuple(reversed(seen.lines[-SHOWN:])),
        tuple((one.id, EntryNamer().name_entry(one)) for one in reversed(seen.months[-SHOWN_MONTHS:])),
        own,
        mark_names(own),
        actor.has_day_lines,
        is_held,
        recipients,
        problem,
        errors or {},
        saved,
    )
    return render_page(request, "day_lines/lines.html", context, status=status)


def _build_typed(day: date, found: DayLine | None, own: tuple[OwnScale, ...]) -> dict[str, str]:
    typed = dict.fromkeys(FIELDS, "") | {"day": day.isoformat()}
    if found is not None:
        numbers = {name: "" if value is None else str(value) for name, value in found.numbers.items()}
        named = {f"own{place}": str(found.own.get(one.name, "")) for place, one in enumerate(own, 1)}
        typed |= numbers | named | {"line": found.words}
    return typed
