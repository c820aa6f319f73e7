"""Write down a moment in which a new sentence was a little true: one line, two taps from home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.catalogue.revisits import Moment
from journal.entries.naming import EntryName, load_namer
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.reframing import later, reframes, triggers
from journal.reframing.reframes import STATUS
from journal.sessions.holds import load_hold
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.reframing.revisits import parse_added_day
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

MAX_OFFERED = 30
"""How many reframes a moment can be about without opening one of them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A reframe that a moment can be about: what it is called, and its new sentence where it has one to show."""

    id: UUID
    name: EntryName
    sentence: str


@dataclass(frozen=True, slots=True)
class MomentPage:
    """
    Context of the page for a moment.

    `chosen` is the reframe that it is about; earlier triggers are suggested. `is_held`: a first reframe is not offered.
    """

    choices: tuple[Choice, ...]
    chosen: UUID | None
    today: date
    typed: Mapping[str, str]
    suggestions: tuple[str, ...]
    is_held: bool
    errors: Mapping[str, str] = field(default_factory=dict)


async def add_moment(request: Request) -> Response:
    """Ask for the line, or keep it."""
    actor = get_actor(request)
    if request.method == "GET":
        typed = {"day": reframes.get_today(actor).isoformat()}
        context = await _build_page(actor, parse_uuid(request.query_params.get("reframe")), typed)
        return render_page(request, "reframing/moment.html", context)
    form = await Form.read(request)
    wanted = parse_uuid(form["reframe"])
    try:
        if wanted is None:
            raise InvalidInput({"reframe": N_("Please choose which one it is about.")})
        day = parse_added_day(actor, form["day"])
        found = await later.add_moment(actor, wanted, Moment(day, form["line"], form["trigger"]))
    except InvalidInput as error:
        typed = {name: form[name] for name in ("day", "line", "trigger")}
        context = await _build_page(actor, wanted, typed, error.fields)
        return render_page(request, "reframing/moment.html", context, status=422)
    return redirect(request, f"/journal/{found.id}")


async def _build_page(
    actor: Actor, wanted: UUID | None, typed: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> MomentPage:
    found = await triggers.load_naming_entries(actor)
    every = [one for one in found[::-1] if one.document.kind == EntryKind.REFRAME and not one.damaged]
    offered = _select_offered(every, wanted)
    namer = await load_namer(actor, offered)
    choices = tuple(Choice(one.id, namer.name_entry(one), _get_sentence(one)) for one in offered)
    chosen = next((one.id for one in choices if one.id == wanted), None)
    if chosen is None and len(choices) == 1:
        chosen = choices[0].id
    names = triggers.select_names(triggers.build_triggers(actor, found))
    is_held = await load_hold(actor) is not None
    return MomentPage(choices, chosen, reframes.get_today(actor), typed, names, is_held, errors or {})


def _get_sentence(one: Entry) -> str:
    """Return the new sentence; that of an entry with a content note is not shown before somebody opens it."""
    return "" if one.document.note else str(one.document.answers.get("reframe.new_meaning", ""))


def _select_offered(every: Sequence[Entry], wanted: UUID | None) -> list[Entry]:
    """Return the latest reframes that are not closed, and the wanted one whatever it is."""
    lasting = [one for one in every if one.document.answers.get(STATUS) != "closed"][:MAX_OFFERED]
    return lasting + [one for one in every if one.id == wanted and one not in lasting]
