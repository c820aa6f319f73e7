"""Save what was typed: while someone writes, when they go to another question, and when they stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.fields import ONCE_WRITTEN_KINDS, OWN_PAGE_KINDS, EntryKind
from journal.catalogue.fields import Form as Asked
from journal.catalogue.forms import get_form
from journal.entries import entries, only_entry
from journal.errors import NotFound, SavedAsEarlierVersion
from journal.sessions.holds import load_hold
from journal.sessions.rows import load_my_sessions
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.journal.entry_form import ParsedEntry, parse_entry, parse_kind
from portal.views.journal.entry_page import EntryDraft, SaveConflict, build_address, build_writing_page
from portal.views.journal.entry_screens import FIRST_SCREEN, get_screen, leave_out_numbers
from portal.web.dates import format_time
from portal.web.forms import Form
from portal.web.pages import get_cached_macro, is_htmx, redirect, render_fragment, render_page

OWN_ADDRESSES: Mapping[str, str] = MappingProxyType(
    {EntryKind.COMFORT.value: "/comfort", EntryKind.SAFETY.value: "/safety-plan"}
)
"""Where an entry of a kind of its own is read, by its kind."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What could not be saved, in the words of the form; `label` is the question's."""

    field: str
    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SaveResult:
    """Context of the answer to an autosave. `saved_at` is set only when the text is on disk."""

    id: UUID
    revision: int
    saved_at: datetime | None
    problems: tuple[FieldProblem, ...]
    lost: SaveConflict | None
    ground: bool


async def save_entry(request: Request) -> Response:
    """Save a page; what cannot be saved is shown beside its question, and the rest is saved."""
    actor, form = get_actor(request), await Form.read(request)
    wanted, base = request.path_params["id"], form.get_whole_number("revision") or 0
    known = await _load_known_entry(actor, wanted, base, form["kind"])
    before = known.document if known else EntryDocument(form["kind"])
    begun_at = known.created_at if known else None
    moved = "session" in form and form["session"] != (before.session_id or "")
    plan = {one.id.hex for one in await load_my_sessions(actor)} if moved else set()
    age = actor.now - begun_at if begun_at else None
    written, sitting = parse_entry(form, before, plan, age), form["sitting"][:32]
    if known is not None and known.deleted_at is not None:
        return await _render_result(
            request,
            form,
            EntryDraft(wanted, base, written.document, begun_at),
            written,
            lost=SaveConflict(None),
        )
    if base == 0 and written.document.is_empty:
        return await _render_result(request, form, EntryDraft(wanted, 0, written.document), written)
    if known is None and before.kind in ONCE_WRITTEN_KINDS:
        wanted = await only_entry.begin_written_entry(actor, wanted, written.document, sitting)
    try:
        saved = await entries.save_entry(actor, wanted, base, written.document, sitting=sitting, known=known)
    except SavedAsEarlierVersion as error:
        lost = SaveConflict(error.version)
        return await _render_result(
            request, form, EntryDraft(wanted, base, written.document, begun_at), written, lost=lost
        )
    except NotFound:
        if not base:  # it was never theirs
            raise
        lost = SaveConflict(None)  # it was deleted at this very moment
        return await _render_result(
            request, form, EntryDraft(wanted, base, written.document, begun_at), written, lost=lost
        )
    return await _render_result(
        request, form, EntryDraft(wanted, saved.revision, written.document, begun_at), written, saved=saved
    )


async def _load_known_entry(actor: Actor, wanted: UUID, base: int, kind: str) -> Entry | None:
    """Return the stored entry, also a deleted one; None for a new one."""
    try:
        found = await entries.load_entry(actor, wanted, deleted=True)
    except NotFound:
        if base or parse_kind(kind) is None:
            raise
        return None
    # Other pages of their own check what these may hold.
    if found.document.kind in OWN_PAGE_KINDS - ONCE_WRITTEN_KINDS:
        raise NotFound
    return found


async def _render_result(
    request: Request,
    form: Form,
    draft: EntryDraft,
    written: ParsedEntry,
    *,
    saved: Entry | None = None,
    lost: SaveConflict | None = None,
) -> Response:
    """Return the result: in a line while someone writes, with a page after a button."""
    saved_at = saved.updated_at if saved else None
    status = 409 if lost and lost.version else 422 if lost or written.problems else 200
    if is_htmx(request):
        return _render_line(request, form, draft, written, status, saved_at, lost)
    if status == 200:
        asked = whole = draft.get_form(get_actor(request).now)
        if form["prompt"] and await load_hold(get_actor(request)) is not None:
            asked = leave_out_numbers(whole)
        return redirect(request, _get_next_address(form, draft, written.ground_first, asked, whole))
    context = await build_writing_page(
        get_actor(request),
        draft,
        prompt=form["prompt"],
        sitting=form["sitting"],
        problems=written.problems,
        saved_at=saved_at,
        lost=lost,
        ground=written.ground_first,
    )
    return render_page(request, "journal/write.html", context, status=status)


def _render_line(
    request: Request,
    form: Form,
    draft: EntryDraft,
    written: ParsedEntry,
    status: int,
    saved_at: datetime | None,
    lost: SaveConflict | None,
) -> Response:
    where = build_address(draft, **({"prompt": form["prompt"]} if form["prompt"] else {}))
    first = {"hx-replace-url": where} if saved_at and not form.get_whole_number("revision") else {}
    if saved_at and not (lost or written.problems or written.ground_first):  # as nearly every time
        told = get_cached_macro(request, "macros/entries.html", "saved")
        return render_fragment(
            told(str(draft.revision), format_time(saved_at, get_actor(request).zone)), first
        )
    asked = {one.id: one.label for one in get_form(EntryKind(draft.document.kind)).fields}
    problems = tuple(FieldProblem(name, asked.get(name, ""), told) for name, told in written.problems.items())
    context = SaveResult(draft.id, draft.revision, saved_at, problems, lost, written.ground_first)
    return render_page(request, "journal/saved.html", context, status=status, headers=first)


def _get_next_address(form: Form, draft: EntryDraft, ground: bool, asked: Asked, whole: Asked) -> str:
    """Return the page that the pressed button leads to; *asked* are the questions of today, of all that there are."""
    go, prompt = form["go"], form["prompt"]
    ground_first = {"ground": "yes"} if ground else {}
    if go == "pause":
        return "/journal?rest=yes"
    if go == "all":
        return build_address(draft, **ground_first)
    if go == "one":
        return build_address(draft, prompt=FIRST_SCREEN, **ground_first)
    if go == "stay":
        return build_address(draft, **({"prompt": prompt} if prompt else {}), **ground_first)
    if go in ("next", "skip", "back") and prompt:
        screen = get_screen(asked, prompt, whole)
        if there := screen.previous if go == "back" else screen.next:
            return build_address(draft, prompt=there, **ground_first)
    if go == "session" and draft.document.session_id:
        return f"/sessions/{UUID(draft.document.session_id)}" + ("?saved=yes" if draft.revision else "")
    if not draft.revision:
        return "/journal"
    return _get_read_address(draft, ground)


def _get_read_address(draft: EntryDraft, ground: bool) -> str:
    if draft.document.answers.get("ground.helped") == "worse":
        return f"/ground/worse?log={draft.id}"
    if draft.document.kind in OWN_ADDRESSES:
        return OWN_ADDRESSES[draft.document.kind]
    return f"/journal/{draft.id}" + ("?ground=yes" if ground else "")
