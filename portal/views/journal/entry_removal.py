"""Delete an entry, restore it, or erase it for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from journal.entries import entries, removal
from journal.entries.entries import UNDO_WINDOW
from journal.entries.naming import EntryName, load_namer
from journal.errors import NotFound
from journal.held_acts import Asked, HeldAct
from journal.notices import agreements
from journal.reframing import offers
from journal.replies import endings
from journal.sessions.holds import refuse_while_held
from journal.sessions.rows import load_my_sessions
from journal.sharing import shares
from journal.sharing.shares import OutgoingShare
from journal.standing.standing import end_all_of
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class EntryDeletionPage:
    """Context of the question before deleting: who loses their copy, and until when it can be undone."""

    entry: Entry
    name: EntryName
    shares: tuple[OutgoingShare, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class ErasurePage:
    """Context of the question before erasing for good."""

    entry: Entry
    name: EntryName


async def delete_entry(request: Request) -> Response:
    """Show the confirmation, or delete an entry; either is held after a dosing session."""
    actor, wanted = get_actor(request), request.path_params["id"]
    await refuse_while_held(actor, Asked(HeldAct.DELETE, wanted), is_noted=False)
    if request.method == "POST":
        await end_all_of(actor, wanted)
        await agreements.end_all_of(actor, wanted)
        await endings.delete_entry(actor, wanted)
        return redirect(request, f"/journal?deleted={wanted}")
    found, given = await entries.load_entry(actor, wanted), await shares.list_shares(actor, entry=wanted)
    name = (await load_namer(actor, [found])).name_entry(found)
    context = EntryDeletionPage(found, name, given, actor.now + UNDO_WINDOW)
    return render_page(request, "journal/deletion.html", context)


async def restore_entry(request: Request) -> Response:
    """Restore a deleted entry."""
    wanted = request.path_params["id"]
    await removal.restore_entry(get_actor(request), wanted)
    return redirect(request, f"/journal/{wanted}")


async def erase_entry(request: Request) -> Response:
    """Show the confirmation, or erase a deleted entry for good."""
    actor, wanted = get_actor(request), request.path_params["id"]
    if request.method == "POST":
        await offers.remember_erased(actor, wanted, await load_my_sessions(actor))
        await removal.erase_entry(actor, wanted)
        return redirect(request, "/journal/deleted")
    found = await entries.load_entry(actor, wanted, deleted=True)
    if found.deleted_at is None:
        raise NotFound
    await refuse_while_held(actor, Asked(HeldAct.ERASE, wanted))
    name = (await load_namer(actor, [found])).name_entry(found)
    return render_page(request, "journal/erasure.html", ErasurePage(found, name))
