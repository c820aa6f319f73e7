"""Save what was typed: while someone writes, when they go to another question, and when they stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.catalogue.forms import form_of
from journal.entries import entries
from journal.errors import KeptBeside, NotFound
from journal.sessions.rows import my_sessions
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import actor_of
from portal.views.journal.entry_form import Written, kind_of, write
from portal.views.journal.entry_page import Draft, Lost, address, writing_page
from portal.views.journal.entry_screens import FIRST, screen_of
from portal.web.forms import Form
from portal.web.pages import fragment, is_htmx, page, piece, see_other, time_of_day


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be saved, in the words of the form; `label` is the question's."""

    field: str
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Saved:
    """Context of the answer to an autosave. `saved_at` is set only when the text is on disk."""

    id: UUID
    revision: int
    saved_at: datetime | None
    problems: tuple[Problem, ...]
    lost: Lost | None
    ground: bool


async def save(request: Request) -> Response:
    """Save a page; what cannot be saved is shown beside its question, and the rest is saved."""
    actor, form = actor_of(request), await Form.read(request)
    wanted, base = request.path_params["id"], form.whole("revision") or 0
    known = await _known(actor, wanted, base, form["kind"])
    before = known.document if known else EntryDocument(form["kind"])
    moved = "session" in form and form["session"] != (before.session_id or "")
    plan = {one.id.hex for one in await my_sessions(actor)} if moved else set()
    written, sitting = write(form, before, plan), form["sitting"][:32]
    if known is not None and known.deleted_at is not None:
        return await _answer(request, form, Draft(wanted, base, written.document), written, lost=Lost(None))
    if base == 0 and written.document.empty:
        return await _answer(request, form, Draft(wanted, 0, written.document), written)
    try:
        saved = await entries.save(actor, wanted, base, written.document, sitting=sitting, known=known)
    except KeptBeside as error:
        lost = Lost(error.version)
        return await _answer(request, form, Draft(wanted, base, written.document), written, lost=lost)
    except NotFound:
        if not base:  # it was never theirs
            raise
        lost = Lost(None)  # it was deleted at this very moment
        return await _answer(request, form, Draft(wanted, base, written.document), written, lost=lost)
    return await _answer(request, form, Draft(wanted, saved.revision, written.document), written, saved=saved)


async def _known(actor: Actor, wanted: UUID, base: int, kind: str) -> Entry | None:
    """Return the stored entry, also a deleted one; None for a new one."""
    try:
        return await entries.entry(actor, wanted, deleted=True)
    except NotFound:
        if base or kind_of(kind) is None:
            raise
        return None


async def _answer(
    request: Request,
    form: Form,
    draft: Draft,
    written: Written,
    *,
    saved: Entry | None = None,
    lost: Lost | None = None,
) -> Response:
    """Return the result: in a line while someone writes, with a page after a button."""
    saved_at = saved.updated_at if saved else None
    status = 409 if lost and lost.version else 422 if lost or written.problems else 200
    if is_htmx(request):
        return _line(request, form, draft, written, status, saved_at, lost)
    if status == 200:
        return see_other(request, _onward(form, draft, written.ground_first))
    context = await writing_page(
        actor_of(request),
        draft,
        prompt=form["prompt"],
        sitting=form["sitting"],
        problems=written.problems,
        saved_at=saved_at,
        lost=lost,
        ground=written.ground_first,
    )
    return page(request, "journal/write.html", context, status=status)


def _line(
    request: Request,
    form: Form,
    draft: Draft,
    written: Written,
    status: int,
    saved_at: datetime | None,
    lost: Lost | None,
) -> Response:
    where = address(draft, **({"prompt": form["prompt"]} if form["prompt"] else {}))
    first = {"hx-replace-url": where} if saved_at and not form.whole("revision") else {}
    if saved_at and not (lost or written.problems or written.ground_first):  # as nearly every time
        told = piece(request, "macros/entries.html", "saved")
        return fragment(told(str(draft.revision), time_of_day(saved_at, actor_of(request).zone)), first)
    asked = {one.id: one.label for one in form_of(EntryKind(draft.document.kind)).fields}
    problems = tuple(Problem(name, asked.get(name, ""), told) for name, told in written.problems.items())
    context = Saved(draft.id, draft.revision, saved_at, problems, lost, written.ground_first)
    return page(request, "journal/saved.html", context, status=status, headers=first)


def _onward(form: Form, draft: Draft, ground: bool) -> str:
    """Return the page that the pressed button leads to."""
    go, prompt = form["go"], form["prompt"]
    ground_first = {"ground": "yes"} if ground else {}
    if go == "pause":
        return "/journal?rest=yes"
    if go == "all":
        return address(draft, **ground_first)
    if go == "one":
        return address(draft, prompt=FIRST, **ground_first)
    if go == "stay":
        return address(draft, **({"prompt": prompt} if prompt else {}), **ground_first)
    if go in ("next", "skip", "back") and prompt:
        screen = screen_of(form_of(EntryKind(draft.document.kind)), prompt)
        if there := screen.previous if go == "back" else screen.next:
            return address(draft, prompt=there, **ground_first)
    if not draft.revision:
        return "/journal"
    return f"/journal/{draft.id}" + ("?ground=yes" if ground else "")
