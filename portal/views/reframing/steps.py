"""Store how a small step went, or have it come back later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.answers import parse_answers
from journal.catalogue.fields import Field
from journal.catalogue.reframe import REFRAME
from journal.entries.naming import EntryName, load_namer
from journal.errors import InvalidInput, NotFound
from journal.reframing import reframes, steps
from journal.reframing.steps import LEARNED, NOT_YET, OUTCOME, STEP
from journal.sessions.holds import load_hold
from journal.user_input import parse_day
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.reframing.revisits import NO_DAY
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

ASKED = replace(REFRAME, fields=tuple(one for one in REFRAME.fields if one.id in (OUTCOME, LEARNED)))


@dataclass(frozen=True, slots=True)
class StepPage:
    """Context of the page that asks how a step went; `typed` stands in the fields. `is_held`: it is not asked now."""

    entry: Entry
    name: EntryName
    step: str
    outcome: Field
    learned: Field
    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    is_held: bool = False


async def follow_step(request: Request) -> Response:
    """Ask how a step went, or keep the answer."""
    actor = get_actor(request)
    entry = await reframes.load_reframe(actor, request.path_params["id"])
    answers = entry.document.answers
    if request.method == "GET":
        if STEP not in answers:
            raise NotFound
        typed = {name: str(answers.get(name, "")) for name in (OUTCOME, LEARNED)}
        context = replace(
            await _build_page(request, entry, typed), is_held=await load_hold(actor) is not None
        )
        return render_page(request, "reframing/step.html", context)
    form = await Form.read(request)
    if form["go"] == "later":
        await steps.postpone_step(actor, entry.id)
        return redirect(request, "/")
    try:
        parsed, problems = parse_answers(ASKED, form.lists)
        again = parse_day(form["date"])
        if form["date"].strip() and again is None and parsed.get(OUTCOME) == NOT_YET:
            raise InvalidInput({**problems, "date": NO_DAY})
        if problems:
            raise InvalidInput(problems)
        outcome, learned = str(parsed.get(OUTCOME, "")), str(parsed.get(LEARNED, ""))
        await steps.answer_step(actor, entry.id, outcome, learned, again)
    except InvalidInput as error:
        typed = {name: form[name] for name in (OUTCOME, LEARNED, "date")}
        context = await _build_page(request, entry, typed, error.fields)
        return render_page(request, "reframing/step.html", context, status=422)
    return redirect(request, f"/journal/{entry.id}")


async def _build_page(
    request: Request, entry: Entry, typed: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> StepPage:
    namer = await load_namer(get_actor(request), [entry])
    return StepPage(
        entry,
        namer.name_entry(entry),
        str(entry.document.answers.get(STEP, "")),
        REFRAME.field(OUTCOME),
        REFRAME.field(LEARNED),
        typed,
        errors or {},
    )
