"""Fill in one page of an evaluation: saved while it is written, left half-done at will."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.errors import HeldUntilRested, SavedAsEarlierVersion, StaleRevision
from journal.evaluation import form_fields, records
from journal.evaluation.conditions import GROUPS, Group
from journal.evaluation.form_fields import LENGTHS, MAX_WORDS, Step
from journal.sessions import holds
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.dates import format_time
from portal.web.forms import Form, parse_uuid
from portal.web.pages import get_cached_macro, get_translator, is_htmx, redirect, render_fragment, render_page

HERE = "/evaluation"
BY_NAME = (Group("", form_fields.QUESTIONS[Step.MEDICINES]),)


@dataclass(frozen=True, slots=True)
class StepPage:
    """
    Context of a page of the form. `typed` are the values that stand on it, by the names of its fields.

    `groups` are its questions under their headings, `rows` how many rows it shows. `problem` is why nothing was saved,
    and `elsewhere` the record that another page began or changed.
    """

    step: Step
    groups: tuple[Group, ...]
    rows: int
    typed: Mapping[str, str]
    id: UUID
    revision: int
    sitting: str
    lengths: Mapping[str, int]
    max_words: int
    is_held: bool = False
    is_full: bool = False
    problem: str = ""
    elsewhere: UUID | None = None
    saved_at: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnsavedLine:
    """Context of the answer to an autosave that saved nothing."""

    problem: str


async def fill_in_step(request: Request) -> Response:
    """Show one page of the form, or save it."""
    actor, step = get_actor(request), Step(request.url.path.rpartition("/")[2])
    if request.method == "POST":
        return await _save(request, actor, step)
    seen = await records.load_evaluation(actor)
    held = await holds.load_hold(actor) is not None
    there = form_fields.fill_fields(step, seen.answers)
    wanted, revision = (seen.entry.id, seen.entry.revision) if seen.entry else (uuid4(), 0)
    return render_page(request, "evaluation/form.html", _build(step, there, wanted, revision, is_held=held))


async def _save(request: Request, actor: Actor, step: Step) -> Response:
    form = await Form.read(request)
    there = {name: form[name] for name in form_fields.list_names(step)}
    go = form["go"]
    if removed := re.fullmatch(r"remove-(\d{1,2})", go):
        there = form_fields.remove_row(there, int(removed[1]))
    wanted, base = parse_uuid(form["evaluation"]) or uuid4(), form.get_whole_number("revision") or 0
    given, wrong = form_fields.read_fields(step, there, actor.now.astimezone(actor.zone).date())
    errors = {name: wrong[name] for name in there if name in wrong} | wrong  # in the order of the page
    problem, elsewhere, saved = "", None, None
    if not (given or errors or base):
        return redirect(request, _choose_next(step, go))
    if not errors:
        try:
            saved = await records.save_step(
                actor,
                step,
                given,
                wanted,
                base,
                form["sitting"][:32],
                title=get_translator(request)(EntryKind.EVALUATION.label),
            )
        except HeldUntilRested as error:
            problem = str(error)
        except SavedAsEarlierVersion:
            problem, elsewhere = records.CHANGED_ELSEWHERE, wanted
        except StaleRevision as error:
            other = (await records.load_evaluation(actor)).entry
            problem, elsewhere = str(error), other.id if other else wanted
    if is_htmx(request):
        return _render_line(request, actor, saved, problem or next(iter(errors.values()), ""))
    if saved is not None:
        return redirect(request, _choose_next(step, go))
    context = _build(
        step,
        there,
        wanted,
        base,
        sitting=form["sitting"][:32],
        problem=problem,
        elsewhere=elsewhere,
        errors=errors,
    )
    return render_page(request, "evaluation/form.html", context, status=422 if errors else 409)


def _choose_next(step: Step, go: str) -> str:
    if go == "more":
        return f"{HERE}/{step}#last"
    return f"{HERE}/{step}#rows" if go.startswith("remove-") else HERE


def _build(
    step: Step,
    there: Mapping[str, str],
    wanted: UUID,
    revision: int,
    *,
    sitting: str = "",
    is_held: bool = False,
    problem: str = "",
    elsewhere: UUID | None = None,
    errors: Mapping[str, str] | None = None,
) -> StepPage:
    return StepPage(
        step,
        {Step.CONDITIONS: GROUPS, Step.MEDICINES: BY_NAME}.get(step, ()),
        0 if step is Step.CONDITIONS else form_fields.count_rows(there),
        there,
        wanted,
        revision,
        sitting or secrets.token_hex(8),
        LENGTHS,
        MAX_WORDS,
        is_held,
        form_fields.is_full(there),
        problem,
        elsewhere,
        errors=errors or {},
    )


def _render_line(request: Request, actor: Actor, saved: Entry | None, problem: str) -> Response:
    if saved is None:
        return render_page(request, "evaluation/saved.html", UnsavedLine(problem), status=409)
    told = get_cached_macro(request, "macros/entries.html", "saved")
    return render_fragment(told(str(saved.revision), format_time(saved.updated_at, actor.zone)), {})
