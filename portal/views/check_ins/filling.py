"""Fill in a check-in: all of it on one page, left half-done at will."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.answers import parse_answers
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.tracked import CheckIn
from journal.check_ins import records
from journal.check_ins.advice import find_advice
from journal.entries import by_kind
from journal.errors import HeldUntilRested, SavedAsEarlierVersion, StaleRevision
from journal.sessions.rows import Plan, Session, load_my_sessions
from journal.standing import completion
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.check_ins.advice import AdvicePanel, build_advice
from portal.views.check_ins.form_page import KIND, build_page, get_address, read_effects
from portal.web.forms import Form, parse_uuid
from portal.web.pages import get_translator, is_htmx, redirect, render_page

CALL_NOW = "/check-ins/call-now"


@dataclass(frozen=True, slots=True)
class SavedCheckIn:
    """Context of the answer to an autosave; without a revision it saved nothing, because of a `problem`."""

    advice: AdvicePanel
    revision: int | None = None
    saved_at: datetime | None = None
    problem: str = ""


async def fill_in_check_in(request: Request) -> Response:
    """Show the form of a check-in around a dosing session, or save it."""
    moment = CheckIn(request.url.path.rpartition("/")[2])
    return await _fill_in(request, moment, request.path_params["id"])


async def fill_in_monthly(request: Request) -> Response:
    """Show the form of the monthly check-in, or save it."""
    return await _fill_in(request, CheckIn.MONTHLY, None)


async def _fill_in(request: Request, moment: CheckIn, session: UUID | None) -> Response:
    actor = get_actor(request)
    plan = await load_my_sessions(actor)
    one = records.require_session(plan, moment, session)
    if request.method == "POST":
        return await _save(request, actor, moment, one, plan)
    _, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.CHECK_IN, EntryKind.STANDING})
    made = records.find_made(records.list_made(found), moment, session, actor)
    answers = made.entry.document.answers if made else {}
    context = await build_page(
        request,
        moment,
        one,
        plan,
        answers,
        made.entry.id if made else uuid4(),
        made.entry.revision if made else 0,
        found=found,
        done=made is not None and made.day is not None and "done" in request.query_params,
    )
    return render_page(request, "check_ins/form.html", context)


async def _save(request: Request, actor: Actor, moment: CheckIn, one: Session | None, plan: Plan) -> Response:
    form = await Form.read(request)
    session = one.id if one else None
    wanted, base = parse_uuid(form["check_in"]) or uuid4(), form.get_whole_number("revision") or 0
    questions = records.get_questions(moment)
    answers, wrong = parse_answers(questions, read_effects(form.lists))
    wrong |= records.check_days(actor, answers)
    errors = {one.id: wrong[one.id] for one in questions.fields if one.id in wrong} | wrong
    is_done = form["go"] == "done" and not is_htmx(request)
    problem, elsewhere, saved = "", None, None
    if not answers and not errors and not base:
        return redirect(request, CALL_NOW if form["go"] == "call" else get_address(moment, session))
    if not errors:
        try:
            save = partial(
                records.save_check_in,
                actor,
                moment,
                session,
                answers,
                wanted,
                base,
                form["sitting"][:32],
                title=get_translator(request)(moment.label),
                is_done=is_done,
            )
            saved = await completion.save_and_share(actor, KIND, wanted, save, is_done=is_done)
        except HeldUntilRested as error:
            problem = str(error)
        except SavedAsEarlierVersion:
            problem, elsewhere = records.MADE_ELSEWHERE, wanted
        except StaleRevision as error:
            there = records.find_made(await records.load_made(actor), moment, session, actor)
            problem, elsewhere = str(error), there.entry.id if there else wanted
    if is_htmx(request):
        return await _render_line(request, answers, saved, problem or next(iter(errors.values()), ""))
    if form["go"] == "call":
        return redirect(request, CALL_NOW)
    if saved is not None:
        return redirect(request, _choose_next(moment, session, saved, form["go"]))
    context = await build_page(
        request,
        moment,
        one,
        plan,
        answers,
        wanted,
        base,
        sitting=form["sitting"][:32],
        problem=problem,
        elsewhere=elsewhere,
        errors=errors,
    )
    return render_page(request, "check_ins/form.html", context, status=422 if errors else 409)


def _choose_next(moment: CheckIn, session: UUID | None, saved: Entry, go: str) -> str:
    if go == "pause":
        return "/check-ins"
    has_advice = bool(find_advice(saved.document.answers))
    return get_address(moment, session) + "?done=yes" if has_advice else f"/journal/{saved.id}"


async def _render_line(request: Request, answers: Answers, saved: Entry | None, problem: str) -> Response:
    panel = await build_advice(get_actor(request), find_advice(answers), get_translator(request))
    if saved is None:
        context = SavedCheckIn(panel, problem=problem)
        return render_page(request, "check_ins/saved.html", context, status=409)
    context = SavedCheckIn(panel, saved.revision, saved.updated_at)
    return render_page(request, "check_ins/saved.html", context)
