"""The page of one's own evaluation: its parts, what was answered, what changed, and when it is finished."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.care_notes import notes
from journal.care_notes.notes import NoteVersion
from journal.catalogue.fields import EntryKind
from journal.catalogue.tracked import CHANGES, TREATMENTS, VERSION
from journal.entries import by_kind
from journal.errors import HeldUntilRested, StaleRevision
from journal.evaluation import records, reviewing
from journal.evaluation.form_fields import Step
from journal.evaluation.lines import Treatment, parse_treatments
from journal.evaluation.records import Evaluation
from journal.evaluation.reviewing import OwnReview
from journal.i18n import N_
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.standing import completion
from journal.standing.completion import Recipient
from journal.standing.kinds import KINDS
from journal.standing.standing import select_standing
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.documents.printing import print_page
from portal.views.sharing.shared_view import SharedSection, build_sections
from portal.web.pages import redirect, render_page

HERE = "/evaluation"
KIND = KINDS["evaluation"]


@dataclass(frozen=True, slots=True)
class EvaluationPage:
    """
    Context of the page. `sections` are the answers; `waiting` is why none can be changed, if so.

    `asks` are by whom it is asked for, and `reviews` what prescribers said; both are shown after rest. `recipients`
    read a version as soon as it is finished.
    """

    evaluation: Evaluation
    asks: tuple[tuple[Link, NoteVersion], ...]
    reviews: tuple[OwnReview, ...]
    steps: tuple[Step, ...]
    sections: tuple[SharedSection, ...]
    recipients: tuple[Recipient, ...]
    waiting: Hold | None
    problem: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Context of the table of earlier treatments, for paper; `language` is that of its words."""

    treatments: tuple[Treatment, ...]
    language: str
    is_intact: bool


async def show_evaluation(request: Request) -> Response:
    """Show the evaluation, or make a version of it."""
    actor = get_actor(request)
    if request.method == "GET":
        return render_page(
            request, "evaluation/evaluation.html", await _load(actor, "done" in request.query_params)
        )
    try:
        await completion.complete(actor, KIND, partial(_load_entry, actor), partial(records.finish, actor))
    except (HeldUntilRested, StaleRevision) as error:
        context = await _load(actor, problem=str(error))
        return render_page(request, "evaluation/evaluation.html", context, status=409)
    return redirect(request, f"{HERE}?done=yes")


async def show_ledger(request: Request) -> Response:
    """Show the earlier treatments as one table."""
    actor = get_actor(request)
    seen = await records.load_evaluation(actor)
    language = seen.entry.document.language if seen.entry else ""
    context = LedgerPage(parse_treatments(seen.answers.get(TREATMENTS)), language, seen.is_intact)
    page = render_page(request, "evaluation/ledger.html", context)
    title = N_("Earlier treatments")
    return await print_page(
        request, actor, page, title, "earlier-treatments.pdf", one_page=True, landscape=True
    )


async def _load_entry(actor: Actor) -> Entry | None:
    return (await records.load_evaluation(actor)).entry


async def _load(actor: Actor, done: bool = False, *, problem: str = "") -> EvaluationPage:
    is_intact, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.EVALUATION, EntryKind.STANDING})
    seen = records.build_evaluation(is_intact, found)
    answers = {name: answer for name, answer in seen.answers.items() if name not in (CHANGES, VERSION)}
    waiting = await holds.load_hold(actor)
    mine = await links.load_my_links(actor)
    found_notes = () if waiting else await notes.load_my_notes(actor, mine)
    return EvaluationPage(
        seen,
        reviewing.list_open_asks(found_notes, seen),
        reviewing.list_own_reviews(found_notes, seen),
        tuple(Step),
        build_sections(EntryKind.EVALUATION, answers, seen.entry.document.language if seen.entry else ""),
        await completion.list_recipients(
            actor, KIND, select_standing(found), is_held=waiting is not None, team=mine, entry=seen.entry
        ),
        waiting,
        problem,
        done and bool(seen.version),
    )
