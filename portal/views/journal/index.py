"""The journal: a timeline on the dates of sessions, a search over it, and what can still be brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.entries import entries, page_search
from journal.entries.entries import UNDO_WINDOW
from journal.entries.listing import Listed, listed
from journal.folding import needles_of
from journal.sharing.recipients import readers
from journal.sharing.timeline import load_page, select_page
from journal.store.database import Statement
from journal.store.statements import Subquery
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import actor_of
from portal.views.journal.entry_form import uuid_of
from portal.views.journal.search_hits import Hit, hit
from portal.views.journal.timeline import Line, Stretch, Timeline
from portal.web.forms import Form
from portal.web.pages import page, page_of_many, page_of_pieces
from portal.web.pieces import Drawn

PAGE = 30


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """
    Context of the timeline. `older` is the moment before which the next page begins, as an address has it.

    `undo` is what was just deleted, `rest` says that somebody stopped for today. Without `as_left`, storage gave
    back something else than was left.
    """

    spine: Drawn
    nothing_yet: bool
    first: bool
    older: str
    undo: Entry | None
    until: datetime | None
    rest: bool
    as_left: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Context of the search."""

    q: str
    hits: tuple[Hit, ...]
    as_left: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """A deleted entry: until when it can be brought back, where that is known."""

    line: Line
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DeletedPage:
    """Context of the page of deleted entries."""

    removed: tuple[Removed, ...]


def prefetch_timeline(request: Request, patient: Subquery) -> Sequence[Statement]:
    """Return what the timeline asks for; a search asks for something else."""
    if request.method != "GET":
        return ()
    return select_page(patient, before=_moment(request.query_params.get("before", "")), limit=PAGE + 1)


async def timeline(request: Request) -> Response:
    """Show a page of the timeline; a form asks for what was looked for, since an address is written down."""
    actor, asked = actor_of(request), request.query_params
    if request.method == "POST" and (words := (await Form.read(request))["q"].strip()):
        return await _search(request, actor, words[:200])
    newest = _moment(asked.get("before", ""))
    found = await load_page(actor, before=newest, limit=PAGE + 1, rows=actor.prefetched)
    shown, oldest = _cut(found.listing.entries)
    undo = await _undo(actor, asked.get("deleted")) if "deleted" in asked else None
    context = TimelinePage(
        Timeline(request).spine(shown, found.plan, found.readers, Stretch(newest, oldest)),
        not shown and newest is None,
        newest is None,
        quote(oldest.isoformat()) if oldest else "",
        undo,
        undo.deleted_at + UNDO_WINDOW if undo and undo.deleted_at else None,
        "rest" in asked,
        found.listing.as_left,
    )
    if undo or not shown:
        return page(request, "journal/timeline.html", context)
    return page_of_pieces(request, "journal/timeline.html", context, "spine", "older")


def _cut(found: Sequence[Listed]) -> tuple[Sequence[Listed], datetime | None]:
    """Cut a page off, and tell after which moment the next one begins, if there is one."""
    if len(found) <= PAGE:
        return found, None
    timed = [one for one in found if one.is_dated]
    if len(timed) <= PAGE:
        return found, None
    # Those of one moment stay together, since the next page begins before a moment: two given back may be of one.
    shown = [one for one in timed[:PAGE] if one.created_at > timed[PAGE].created_at] or timed[:PAGE]
    return found[: found.index(timed[len(shown)])], shown[-1].created_at


async def deleted(request: Request) -> Response:
    """Show what was deleted and can still be brought back."""
    lines, gone = Timeline(request), await entries.deleted(actor_of(request))
    removed = tuple(
        Removed(lines.line(listed(one), {}), one.deleted_at + UNDO_WINDOW if one.deleted_at else None)
        for one in gone
    )
    return page(request, "journal/deleted.html", DeletedPage(removed))


async def _search(request: Request, actor: Actor, words: str) -> Response:
    as_left, found = await page_search.search(actor, words)
    shares = await readers(actor, [one.id for one in found])
    lines, needles, hits = Timeline(request), needles_of(words), []
    for one in found:
        hits.append(hit(lines.line(listed(one), shares), one.document, needles))
        await asyncio.sleep(0)  # marking takes a while in some scripts, and others get their turn
    context = SearchPage(words, tuple(hits), as_left)
    return await page_of_many(request, len(hits), "journal/search.html", context, block="main")


async def _undo(actor: Actor, text: str | None) -> Entry | None:
    wanted = uuid_of(text)
    return next((one for one in await entries.deleted(actor) if one.id == wanted), None)


def _moment(text: str) -> datetime | None:
    """Read the moment of a page; an address that somebody bent shows the newest page."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
