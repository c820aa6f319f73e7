"""Look at a reframe again: new ratings and a line, beside the first ones, which stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.reframe import REFRAME
from journal.catalogue.revisits import Moment, Revisit, parse_moments, parse_revisits
from journal.entries.naming import EntryName, load_namer
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.reframing import later, reframes
from journal.reframing.reframes import MOMENTS, REVISITS
from journal.sessions.holds import Hold, load_hold
from journal.user_input import parse_day, parse_whole_number
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

NO_DAY = N_("Please give a date such as 2026-11-22.")
RATINGS = ("old_belief", "new_belief", "felt_truth")
ENDS = {
    "old_belief": REFRAME.field("reframe.old_belief_before"),
    "new_belief": REFRAME.field("reframe.new_belief"),
    "felt_truth": REFRAME.field("reframe.voc"),
}
_NO_NUMBER = -1
"""Stands for what was typed where a number belongs: out of every range."""


@dataclass(frozen=True, slots=True)
class RevisitPage:
    """
    Context of the page on which a reframe is looked at again.

    `ends` are the questions whose ends word the ratings. `waiting` is why numbers wait today: then there is no form,
    unless one was sent already. `typed` stands in the fields.
    """

    entry: Entry
    name: EntryName
    waiting: Hold | None
    ends: Mapping[str, object]
    today: date
    first_day: date
    typed: Mapping[str, str]
    revisits: tuple[Revisit, ...]
    moments: tuple[Moment, ...]
    errors: Mapping[str, str] = field(default_factory=dict)


async def revisit_reframe(request: Request) -> Response:
    """Ask how true both sentences feel now, or keep the answer."""
    actor = get_actor(request)
    entry = await reframes.load_reframe(actor, request.path_params["id"])
    if request.method == "GET":
        typed = {"day": reframes.get_today(actor).isoformat()}
        context = await _build_page(actor, entry, typed, {}, await load_hold(actor))
        return render_page(request, "reframing/revisit.html", context)
    form = await Form.read(request)
    try:
        await later.add_revisit(actor, entry.id, _parse_revisit(actor, form))
    except InvalidInput as error:
        typed = {name: form[name] for name in (*RATINGS, "day", "line")}
        context = await _build_page(actor, entry, typed, error.fields, None)
        return render_page(request, "reframing/revisit.html", context, status=422)
    return redirect(request, f"/journal/{entry.id}")


async def remove_addition(request: Request) -> Response:
    """Remove a revisit or a moment; an earlier version still has it."""
    form = await Form.read(request)
    part = REVISITS if form["step"] == "revisit" else MOMENTS
    place, seen = form.get_whole_number("position"), form.get_whole_number("revision")
    if place is None or seen is None:
        raise NotFound
    found = await reframes.remove_addition(
        get_actor(request), request.path_params["id"], part, place, seen=seen
    )
    return redirect(request, f"/journal/{found.id}/revisits")


async def _build_page(
    actor: Actor, entry: Entry, typed: Mapping[str, str], errors: Mapping[str, str], waiting: Hold | None
) -> RevisitPage:
    namer, answers = await load_namer(actor, [entry]), entry.document.answers
    return RevisitPage(
        entry,
        namer.name_entry(entry),
        waiting,
        ENDS,
        reframes.get_today(actor),
        reframes.get_first_day(actor, entry),
        typed,
        parse_revisits(answers.get(REVISITS)),
        parse_moments(answers.get(MOMENTS)),
        errors,
    )


def parse_added_day(actor: Actor, typed: str) -> date:
    """Return the day of something that is added, today where it was left blank; raises `InvalidInput`."""
    if not typed.strip():
        return reframes.get_today(actor)
    if (day := parse_day(typed)) is None:
        raise InvalidInput({"day": NO_DAY})
    return day


def _parse_revisit(actor: Actor, form: Form) -> Revisit:
    day = parse_added_day(actor, form["day"])
    old, new, felt = (_parse_rating(form[name]) for name in RATINGS)
    return Revisit(day, old, new, felt, form["line"])


def _parse_rating(typed: str) -> int | None:
    if not typed.strip():
        return None
    number = parse_whole_number(typed, 3)
    return _NO_NUMBER if number is None else number
