"""Delete an entry, restore it, or erase it for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from journal.entries import entries, removal
from journal.entries.entries import UNDO_WINDOW
from journal.errors import NotFound
from journal.sessions.holds import refuse_while_held
from journal.sharing import shares
from journal.sharing.shares import Given
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import actor_of
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class DeletionPage:
    """Context of the question before deleting: who loses their copy, and until when it can be undone."""

    entry: Entry
    given: tuple[Given, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class ErasurePage:
    """Context of the question before erasing for good."""

    entry: Entry


async def deletion(request: Request) -> Response:
    """Show the confirmation, or delete an entry; a shared one is held after a dosing session."""
    actor, wanted = actor_of(request), request.path_params["id"]
    if request.method == "POST":
        await removal.delete(actor, wanted)
        return see_other(request, f"/journal?deleted={wanted}")
    found, given = await entries.entry(actor, wanted), await shares.given(actor, entry=wanted)
    if given:
        await refuse_while_held(actor)
    return page(request, "journal/deletion.html", DeletionPage(found, given, actor.now + UNDO_WINDOW))


async def restoration(request: Request) -> Response:
    """Restore a deleted entry."""
    wanted = request.path_params["id"]
    await removal.undelete(actor_of(request), wanted)
    return see_other(request, f"/journal/{wanted}")


async def erasure(request: Request) -> Response:
    """Show the confirmation, or erase a deleted entry for good."""
    actor, wanted = actor_of(request), request.path_params["id"]
    if request.method == "POST":
        await removal.erase(actor, wanted)
        return see_other(request, "/journal/deleted")
    found = await entries.entry(actor, wanted, deleted=True)
    if found.deleted_at is None:
        raise NotFound
    await refuse_while_held(actor)
    return page(request, "journal/erasure.html", ErasurePage(found))
