"""Create an entry: choose its kind, then write; and the pause after the first few questions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import EntryKind
from journal.catalogue.forms import form_of
from journal.entries import entries
from journal.errors import NotFound
from journal.scheduling.next_step import fitting
from journal.sessions.rows import Session, my_sessions
from journal.sharing import shares
from journal.sharing.shares import Given
from journal.vault.documents import EntryDocument
from portal.access.session_cookie import actor_of
from portal.views.journal.entry_form import kind_of, uuid_of
from portal.views.journal.entry_page import Draft, address, writing_page
from portal.views.journal.entry_screens import MORE, screens
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class KindsPage:
    """
    Context of the page that asks what to write.

    `fits` is the kind for the nearest session, `about`; `chosen`: this session was asked for, so every kind is tied to
    it.
    """

    kinds: tuple[EntryKind, ...]
    fits: EntryKind
    about: Session | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class MorePage:
    """Context of the pause after the first few questions."""

    first_count: int
    more_count: int
    more: str
    back: str
    enough: str
    given: tuple[Given, ...]


async def new(request: Request) -> Response:
    """Show the kinds, or an empty form of one; nothing is stored until something is typed."""
    actor, asked = actor_of(request), request.query_params
    plan = await my_sessions(actor)
    tied = uuid_of(asked.get("session"))
    about = next((one for one in plan if one.id == tied), None)
    if "kind" not in asked:
        fits, nearest = fitting(plan, actor.now)
        return page(
            request,
            "journal/new.html",
            KindsPage(tuple(EntryKind), fits, about or nearest, about is not None),
        )
    kind, wanted, prompt = kind_of(asked["kind"]), uuid_of(asked.get("id")), asked.get("prompt", "")
    if kind is None:
        raise NotFound
    begun = EntryDocument(kind.value, session_id=about.id.hex if about else None)
    if wanted is not None and await _is_there(request, wanted):
        where = Draft(wanted, 1, begun)
        return see_other(request, address(where, **({"prompt": prompt} if prompt else {})))
    draft = Draft(wanted or uuid4(), 0, begun)
    if prompt == MORE:
        return await more(request, draft)
    context = await writing_page(actor, draft, plan=plan, prompt=prompt, ground="ground" in asked)
    return page(request, "journal/write.html", context)


async def _is_there(request: Request, wanted: UUID) -> bool:
    try:
        await entries.entry(actor_of(request), wanted)
    except NotFound:
        return False
    return True


async def more(request: Request, draft: Draft) -> Response:
    """Show the pause after the first few questions, which offers the others."""
    every = screens(form_of(EntryKind(draft.document.kind)))
    last = next((place for place, screen in enumerate(every) if screen.next == MORE), None)
    if last is None:
        raise NotFound
    given = await shares.given(actor_of(request), entry=draft.id) if draft.revision else ()
    context = MorePage(
        last + 1,
        len(every) - last - 1,
        address(draft, prompt=every[last + 1].id),
        address(draft, prompt=every[last].id),
        f"/journal/{draft.id}" if draft.revision else "/journal",
        given,
    )
    return page(request, "journal/more.html", context)
