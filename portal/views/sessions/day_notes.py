"""Note on the day of a dosing session the medicine, readings and what was not planned; correct or remove a line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care_notes.notes import load_outside
from journal.dosing_day import record
from journal.dosing_day.lines import LIKELY, Position, Reading, Taken, find_unlikely
from journal.dosing_day.record import EVENTS, MEDICINE, READINGS, DayRecord, Place
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.sessions import holds
from journal.sessions.day_state import DayState, get_day_state
from journal.sessions.rows import Plan, Session
from journal.standing import completion
from journal.standing import standing as standing_shares
from journal.standing.completion import Recipient
from journal.standing.kinds import KINDS
from journal.user_input import parse_time, parse_whole_number
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.sessions.session_lines import SessionLine, find_line
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

NOTED_DAYS = frozenset({DayState.READY, DayState.UNDER_WAY, DayState.RESTING})
"""The states of a day on which the time of now stands in a new line."""
KIND, KIND_OF_EVENTS = KINDS["readings"], KINDS["events"]
BAD_TIME = N_("Please give a time such as 14:05, or leave it blank. What you typed is still here.")


@dataclass(frozen=True, slots=True)
class DayNotePage:
    """
    Context of a page of the day: what was noted of one thing, and the form of a new or of one line.

    `day` is the state of its day. `typed` stands in the fields. `position` is the place of the line that is corrected,
    in the record's `revision`; a new one has none. `asked` are the values that are asked about once more, and `sure`
    what they were: whoever sends the same ones again means them. `ident` keeps a form from being saved twice.
    `outside` are values of readings outside the limits of a prescriber, before the session has begun.
    `recipients` are who reads new ones as they are saved.
    """

    line: SessionLine
    day: DayState
    noted: DayRecord
    typed: Mapping[str, str]
    ident: UUID
    position: int | None = None
    revision: int = 0
    positions: tuple[Position, ...] = tuple(Position)
    asked: tuple[str, ...] = ()
    sure: str = ""
    recipients: tuple[Recipient, ...] = ()
    outside: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


async def note_medicine(request: Request) -> Response:
    """Show the times that were noted, or keep, correct or remove one."""
    return await _note_times(request, MEDICINE, "medicine", record.save_taken)


async def note_events(request: Request) -> Response:
    """Show what happened unplanned, or keep, correct or remove one; a new one goes to whom its patient chose."""
    return await _note_times(request, EVENTS, "events", _save_event)


async def _note_times(
    request: Request,
    part: str,
    page: str,
    save: Callable[[Actor, UUID, Taken, Place | None, UUID | None], Awaitable[None]],
) -> Response:
    actor, wanted, template = get_actor(request), request.path_params["id"], f"sessions/{page}.html"
    one, plan = await record.load_dosing_session(actor, wanted)
    if request.method == "GET":
        return render_page(request, template, await _build_page(request, one, plan, part))
    form = await Form.read(request)
    place, ident = _parse_place(form), parse_uuid(form["ident"])
    try:
        if form["go"] == "remove":
            await _remove_line(actor, wanted, part, place)
        else:
            at = parse_time(form["time"])
            if at is None and form["time"].strip():
                raise InvalidInput({"time": BAD_TIME})
            await save(actor, wanted, Taken(at, form["line"]), place, ident)
    except InvalidInput as error:
        typed = {name: form[name] for name in ("time", "line")}
        context = await _build_page(request, one, plan, part, typed, place, ident, errors=error.fields)
        return render_page(request, template, context, status=422)
    return redirect(request, f"/sessions/{wanted}/{page}")


async def note_readings(request: Request) -> Response:
    """Show the readings that were noted, or keep, correct or remove one; an unlikely one is asked about once more."""
    actor, wanted = get_actor(request), request.path_params["id"]
    one, plan = await record.load_dosing_session(actor, wanted)
    if request.method == "GET":
        context = await _build_page(request, one, plan, READINGS)
        return render_page(request, "sessions/readings.html", context)
    form = await Form.read(request)
    place, ident = _parse_place(form), parse_uuid(form["ident"])
    typed = {name: form[name] for name in (*LIKELY, "time", "posture", "taken_by")}
    try:
        if form["go"] == "remove":
            await _remove_line(actor, wanted, READINGS, place)
            return redirect(request, f"/sessions/{wanted}/readings")
        reading = _parse_reading(form)
        record.check_reading(reading)
        asked, sure = find_unlikely(reading), _join_values(reading)
        if not asked or form["sure"] == sure:
            await _save_reading(actor, wanted, reading, place, ident)
            return redirect(request, f"/sessions/{wanted}/readings")
        context = await _build_page(request, one, plan, READINGS, typed, place, ident, asked=asked, sure=sure)
    except InvalidInput as error:
        context = await _build_page(request, one, plan, READINGS, typed, place, ident, errors=error.fields)
    return render_page(request, "sessions/readings.html", context, status=422)


async def _build_page(
    request: Request,
    one: Session,
    plan: Plan,
    part: str,
    typed: Mapping[str, str] | None = None,
    place: Place | None = None,
    ident: UUID | None = None,
    *,
    asked: tuple[str, ...] = (),
    sure: str = "",
    errors: Mapping[str, str] | None = None,
) -> DayNotePage:
    actor = get_actor(request)
    kind = KIND_OF_EVENTS if part == EVENTS else KIND
    mine, found = await standing_shares.load_with_records(actor, kind)
    noted = record.select_record(found, one.id)
    day = get_day_state(one.details, actor.now)
    if typed is None:
        wanted = parse_whole_number(request.query_params.get("position", ""), 3)
        typed = _get_kept(noted, part, wanted)
        if typed is None:
            wanted, typed = None, {"time": _get_now(actor) if day in NOTED_DAYS else ""}
        place = None if wanted is None else Place(wanted, noted.revision)
    recipients: tuple[Recipient, ...] = ()
    if part != MEDICINE and place is None:
        is_held = holds.get_hold(actor, plan) is not None
        recipients = await completion.list_recipients(actor, kind, mine, is_held=is_held, entry=noted.entry)
    is_before = part == READINGS and one.began_at is None
    return DayNotePage(
        find_line(actor, plan, one.id),
        day,
        noted,
        typed,
        ident or uuid4(),
        place.number if place else None,
        place.seen if place else noted.revision,
        asked=asked,
        sure=sure,
        recipients=recipients,
        outside=await load_outside(actor, noted.readings) if is_before else (),
        errors=errors or {},
    )


def _get_kept(noted: DayRecord, part: str, wanted: int | None) -> dict[str, str] | None:
    """Return the fields of one line; None where there is no such line."""
    lines = {MEDICINE: noted.medicine, EVENTS: noted.events}.get(part, noted.readings)
    if wanted is None or wanted >= len(lines):
        return None
    found = lines[wanted]
    at = "" if found.at is None else f"{found.at:%H:%M}"
    if isinstance(found, Taken):
        return {"time": at, "line": found.words}
    posture = found.position.value if found.position else ""
    return {"time": at, "posture": posture, "taken_by": found.by, **found.values}


def _get_now(actor: Actor) -> str:
    return f"{actor.now.astimezone(actor.zone):%H:%M}"


async def _save_reading(
    actor: Actor, session: UUID, reading: Reading, place: Place | None, ident: UUID | None
) -> None:
    """Save a new reading, which goes to whom its patient chose; or correct one, which goes only when it is shared."""
    if place is not None:
        await record.save_reading(actor, session, reading, place)
        return

    async def load() -> Entry | None:
        return (await record.load_record(actor, session)).entry

    await completion.complete(
        actor, KIND, load, lambda: record.save_reading(actor, session, reading, ident=ident)
    )


async def _save_event(
    actor: Actor, session: UUID, event: Taken, place: Place | None, ident: UUID | None
) -> None:
    """Save something unplanned that is new, or correct one; each goes as a reading does."""
    if place is not None:
        await record.save_event(actor, session, event, place)
        return

    async def load() -> Entry | None:
        return (await record.load_record(actor, session)).entry

    await completion.complete(
        actor, KIND_OF_EVENTS, load, lambda: record.save_event(actor, session, event, ident=ident)
    )


async def _remove_line(actor: Actor, session: UUID, part: str, place: Place | None) -> None:
    if place is None:
        raise NotFound
    await record.remove_line(actor, session, part, place)


def _parse_place(form: Form) -> Place | None:
    number, seen = form.get_whole_number("position"), form.get_whole_number("revision")
    return None if number is None or seen is None else Place(number, seen)


def _parse_reading(form: Form) -> Reading:
    at = parse_time(form["time"])
    if at is None and form["time"].strip():
        raise InvalidInput({"time": BAD_TIME})
    position = next((one for one in Position if one.value == form["posture"]), None)
    values = {name: form[name] for name in LIKELY}
    return record.clean_reading(Reading(at, **values, position=position, by=form["taken_by"]))


def _join_values(reading: Reading) -> str:
    return "/".join(reading.values.values())
