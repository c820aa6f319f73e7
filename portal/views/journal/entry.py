"""Show an entry and edit it; its other pages are in the files beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import Answers, EntryKind, Form
from journal.catalogue.forms import get_form
from journal.entries import listing
from journal.entries.naming import EntryName, EntryNamer
from journal.sessions.rows import Session, load_my_sessions
from journal.sharing import shares
from journal.sharing.shares import OutgoingShare
from journal.vault.documents import EntryDocument
from portal.access.session_cookie import get_actor
from portal.views.journal.entry_new import show_pause
from portal.views.journal.entry_page import EntryDraft, build_writing_page
from portal.views.journal.entry_screens import PAUSE_SCREEN
from portal.views.sharing.shared_view import SharedSection, build_sections
from portal.web.pages import render_page

REFRAME_FIELDS = frozenset(
    f"reframe.{part}"
    for part in ("old_meaning", "old_belief_before", "old_belief_after", "new_meaning", "new_belief")
)


@dataclass(frozen=True, slots=True)
class EntryPage:
    """
    Context of an entry as it is read; `beside` shows a reframe's two sentences next to each other.

    `readers` are those who can read each part, when somebody has some parts and not others.
    Without `is_intact`, storage returned something else than was left, here or elsewhere in the journal.
    """

    id: UUID
    form: Form
    document: EntryDocument
    name: EntryName
    about: Session | None
    beside: bool
    sections: tuple[SharedSection, ...]
    created_at: datetime
    updated_at: datetime
    shares: tuple[OutgoingShare, ...]
    readers: Mapping[str, tuple[str, ...]]
    ground: bool
    is_intact: bool


async def show_entry(request: Request) -> Response:
    """Show an entry."""
    actor = get_actor(request)
    is_intact, found = await listing.load_verified_entry(actor, request.path_params["id"])
    document, kind, answers = found.document, EntryKind(found.document.kind), found.document.answers
    beside = "reframe.old_meaning" in answers
    given = await shares.list_shares(actor, entry=found.id)
    plan = await load_my_sessions(actor) if document.session_id or not document.title else ()
    context = EntryPage(
        found.id,
        get_form(kind),
        document,
        EntryNamer(plan).name_entry(found),
        next((one for one in plan if one.id.hex == document.session_id), None),
        beside,
        build_sections(
            kind, {key: value for key, value in answers.items() if not (beside and key in REFRAME_FIELDS)}
        ),
        found.created_at,
        found.updated_at,
        given,
        _find_partial_readers(given, answers),
        "ground" in request.query_params,
        is_intact,
    )
    return render_page(request, "journal/entry.html", context)


def _find_partial_readers(
    given: tuple[OutgoingShare, ...], answers: Answers
) -> Mapping[str, tuple[str, ...]]:
    if all(one.damaged or answers.keys() <= set(one.document.fields) for one in given):
        return {}
    return {
        part: names
        for part in answers
        if (names := tuple(one.link.peer_name for one in given if part in one.document.fields))
    }


async def edit_entry(request: Request) -> Response:
    """Show an entry's form, all at once or at one question."""
    actor, asked = get_actor(request), request.query_params
    is_intact, found = await listing.load_verified_entry(actor, request.path_params["id"])
    draft = EntryDraft(found.id, found.revision, found.document)
    if asked.get("prompt") == PAUSE_SCREEN:
        return await show_pause(request, draft)
    context = await build_writing_page(
        actor, draft, prompt=asked.get("prompt", ""), ground="ground" in asked, is_intact=is_intact
    )
    return render_page(request, "journal/write.html", context)
