"""A patient's evaluation at the clinician's desk: as it was shared, asked for, and reviewed by a prescriber."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.care_notes import notes
from journal.care_notes.notes import LENGTHS, CareNote
from journal.catalogue.fields import EntryKind
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.evaluation import reviewing
from journal.evaluation.changes import compute_digest
from journal.evaluation.reviewing import Standing
from journal.roles import Profession
from journal.sharing import reading
from journal.store.rows import OpenedRows
from portal.access.session_cookie import get_actor
from portal.views.sharing.shared_view import SharedSection, build_sections
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_page

ASKING = ("ask", "withdraw")


@dataclass(frozen=True, slots=True)
class EvaluationPage:
    """
    Context of the page. `sections` are the shared answers, and `digest` is of them.

    `ident` and `base` are the review's id and the version that the form follows. `can_review`: the reader is a
    prescriber. `is_paused`: nothing can be read or written. `is_gone`: the patient is in nobody's care here.
    """

    patient: UUID
    name: str
    standing: Standing | None
    sections: tuple[SharedSection, ...]
    digest: str
    ident: UUID
    base: int
    can_review: bool
    typed: Mapping[str, str]
    lengths: Mapping[str, int]
    is_paused: bool = False
    is_gone: bool = False
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


async def show_evaluation(request: Request) -> Response:
    """Show what was shared and how it stands, ask for an evaluation, or write a review."""
    actor, patient = get_actor(request), request.path_params["id"]
    if request.method == "GET":
        return await _render(request, actor)
    form = await Form.read(request)
    typed = {name: form[name] for name in ("outcome", "words")}
    try:
        if form["go"] in ASKING:
            await reviewing.ask(actor, patient, wanted=form["go"] == "ask")
        else:
            await _review(actor, patient, form, typed)
    except NotFound:
        context = EvaluationPage(patient, "", None, (), "", uuid4(), 0, False, typed, LENGTHS, is_gone=True)
        return render_page(request, "patients/evaluation.html", context, status=404)
    except InvalidInput as error:
        return await _render(request, actor, typed, errors=error.fields, status=422)
    except SharingPaused:
        return await _render(request, actor, typed, status=409)
    except StaleRevision as error:
        return await _render(request, actor, typed, problem=error.message, status=409)
    return redirect(request, f"/patients/{patient}/evaluation")


async def load_standing(
    actor: Actor, link: Link, shared: tuple[reading.IncomingShare, ...]
) -> Standing | None:
    """Return how the evaluation stands on a patient's page; None where there is nothing to say."""
    is_prescriber = actor.profession == Profession.PRESCRIBER
    is_shared = any(one.document.kind == EntryKind.EVALUATION for one in shared)
    if link.paused_at or not (is_prescriber or is_shared):
        return None
    mine = await notes.load_notes(actor, link) if is_prescriber else ()
    return reviewing.find_standing(shared, mine)


async def _review(actor: Actor, patient: UUID, form: Form, typed: Mapping[str, str]) -> None:
    share, note = parse_uuid(form["shared"]), parse_uuid(form["note"])
    await reviewing.write_review(
        actor,
        patient,
        share or uuid4(),
        form["read"][:64],
        typed,
        note or uuid4(),
        form.get_whole_number("revision") or 0,
    )


async def _render(
    request: Request,
    actor: Actor,
    typed: Mapping[str, str] | None = None,
    *,
    problem: str = "",
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    link = await links.load_link_with(actor, request.path_params["id"])
    is_paused = link.paused_at is not None
    folder = await reading.open_folder(actor, link, OpenedRows())
    mine = OpenedRows[CareNote]() if is_paused else await notes.load_notes(actor, link)
    standing = reviewing.find_standing(folder.shared, mine)
    answers = standing.shared.document.answers if standing.shared else {}
    if standing.shared and request.method == "GET":
        await reading.mark_opened(actor, link.patient, [standing.shared.id])
    note = standing.note.current if standing.note else None
    context = EvaluationPage(
        link.patient,
        link.peer_name,
        standing,
        build_sections(
            EntryKind.EVALUATION, answers, standing.shared.document.language if standing.shared else ""
        ),
        compute_digest(answers),
        note.note if note else uuid4(),
        note.version if note else 0,
        actor.profession == Profession.PRESCRIBER,
        typed or {"outcome": "", "words": ""},
        LENGTHS,
        is_paused or folder.paused,
        problem=problem,
        errors=errors or {},
    )
    return render_page(request, "patients/evaluation.html", context, status=status)
