"""Show an entry and edit it; its other pages are in the files beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import Answers, EntryKind, Form
from journal.catalogue.forms import form_of
from journal.entries import listing
from journal.sessions.rows import Session, my_sessions
from journal.sharing import shares
from journal.sharing.shares import Given
from journal.vault.documents import EntryDocument
from portal.access.session_cookie import actor_of
from portal.views.journal.entry_new import more
from portal.views.journal.entry_page import Draft, writing_page
from portal.views.journal.entry_screens import MORE
from portal.views.sharing.shared_view import SharedSection, sections_of
from portal.web.pages import page

SENTENCES = frozenset(
    f"reframe.{part}"
    for part in ("old_meaning", "old_belief_before", "old_belief_after", "new_meaning", "new_belief")
)


@dataclass(frozen=True, slots=True)
class ReadingPage:
    """
    Context of an entry as it is read; `beside` shows a reframe's two sentences next to each other.

    `readers` are those who can read each part, when somebody has some parts and not others.
    Without `as_left`, storage returned something else than was left, here or elsewhere in the journal.
    """

    id: UUID
    form: Form
    document: EntryDocument
    about: Session | None
    beside: bool
    sections: tuple[SharedSection, ...]
    created_at: datetime
    updated_at: datetime
    given: tuple[Given, ...]
    readers: Mapping[str, tuple[str, ...]]
    ground: bool
    as_left: bool


async def read(request: Request) -> Response:
    """Show an entry."""
    actor = actor_of(request)
    as_left, found = await listing.entry(actor, request.path_params["id"])
    document, kind, answers = found.document, EntryKind(found.document.kind), found.document.answers
    beside = "reframe.old_meaning" in answers
    given = await shares.given(actor, entry=found.id)
    plan = await my_sessions(actor) if document.session_id else ()
    context = ReadingPage(
        found.id,
        form_of(kind),
        document,
        next((one for one in plan if one.id.hex == document.session_id), None),
        beside,
        sections_of(
            kind, {key: value for key, value in answers.items() if not (beside and key in SENTENCES)}
        ),
        found.created_at,
        found.updated_at,
        given,
        _readers(given, answers),
        "ground" in request.query_params,
        as_left,
    )
    return page(request, "journal/entry.html", context)


def _readers(given: tuple[Given, ...], answers: Answers) -> Mapping[str, tuple[str, ...]]:
    if all(one.damaged or answers.keys() <= set(one.document.fields) for one in given):
        return {}
    return {
        part: names
        for part in answers
        if (names := tuple(one.link.peer_name for one in given if part in one.document.fields))
    }


async def edit(request: Request) -> Response:
    """Show an entry's form, all at once or at one question."""
    actor, asked = actor_of(request), request.query_params
    as_left, found = await listing.entry(actor, request.path_params["id"])
    draft = Draft(found.id, found.revision, found.document)
    if asked.get("prompt") == MORE:
        return await more(request, draft)
    context = await writing_page(
        actor, draft, prompt=asked.get("prompt", ""), ground="ground" in asked, as_left=as_left
    )
    return page(request, "journal/write.html", context)
