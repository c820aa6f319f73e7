"""The journal: a timeline on the dates of sessions, a search over it, and what can still be brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.entries import entries, page_search
from journal.entries.entries import UNDO_WINDOW
from journal.entries.listing import EntrySummary, build_summary
from journal.entries.naming import load_naming_plan
from journal.entries.narrowing import load_oldest
from journal.errors import InvalidInput
from journal.folding import split_needles
from journal.sessions.rows import load_my_sessions
from journal.sharing.recipients import load_readers
from journal.sharing.timeline import (
    build_matcher,
    build_timeline_queries,
    load_narrowed_page,
    load_timeline_page,
)
from journal.store.database import Statement
from journal.store.statements import Subquery
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.journal.filter_form import (
    FILTER_FIELDS,
    FilterForm,
    build_filter_form,
    is_narrowed,
    parse_filter,
)
from portal.views.journal.search_hits import Hit, build_hit
from portal.views.journal.timeline import TimelineLine, TimelinePeriod, TimelineRenderer
from portal.web.cached_macros import RenderedHtml
from portal.web.forms import Form, parse_uuid
from portal.web.pages import redirect, render_cached_page, render_long_page, render_page

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """
    Context of the timeline. `older` is the moment before which the next page begins, as an address has it.

    `undo` is what was just deleted, `rest` says that somebody stopped for today. Without `is_intact`, storage holds
    something else than was saved.
    """

    spine: RenderedHtml
    is_empty: bool
    first: bool
    older: str
    undo: Entry | None
    until: datetime | None
    rest: bool
    is_intact: bool


@dataclass(frozen=True, slots=True)
class NarrowedPage:
    """
    Context of the narrowed journal; `older` as for the timeline.

    Where the form has errors, nothing is listed, and `q` is what was to be searched for.
    """

    form: FilterForm
    spine: RenderedHtml
    is_empty: bool
    first: bool
    older: str
    is_intact: bool
    q: str = ""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Context of the search; `form` is what it was narrowed by, if it was."""

    q: str
    form: FilterForm | None
    hits: tuple[Hit, ...]
    is_intact: bool


@dataclass(frozen=True, slots=True)
class DeletedEntry:
    """A deleted entry, and until when it can be restored, where that is known."""

    line: TimelineLine
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DeletedPage:
    """Context of the page of deleted entries."""

    removed: tuple[DeletedEntry, ...]


def build_prefetch(request: Request, patient: Subquery) -> Sequence[Statement]:
    """Return the statements of the timeline; none for a search, and none for a narrowed list."""
    asked = _get_query(request)
    if request.method != "GET" or is_narrowed(asked):
        return ()
    return build_timeline_queries(patient, before=_parse_moment(asked.get("before", "")), limit=PAGE_SIZE + 1)


async def show_timeline(request: Request) -> Response:
    """Show a page of the timeline, narrowed or not, or search: by a form, since addresses are logged."""
    actor, asked = get_actor(request), _get_query(request)
    if request.method == "POST":
        form = await Form.read(request)
        chosen = {name: form[name] for name in FILTER_FIELDS if form[name]}
        if (words := form["q"].strip()) or chosen:
            return await _render_search(request, actor, words[:200], chosen)
    elif is_narrowed(asked):
        return await _render_narrowed(request, actor, asked)
    newest = _parse_moment(asked.get("before", ""))
    found = await load_timeline_page(actor, before=newest, limit=PAGE_SIZE + 1, rows=actor.prefetched)
    shown, oldest = _split_page(found.listing.entries)
    undo = await _find_deleted_entry(actor, asked.get("deleted")) if "deleted" in asked else None
    context = TimelinePage(
        TimelineRenderer(request, found.plan).render_spine(
            shown, found.readers, TimelinePeriod(newest, oldest)
        ),
        not shown and newest is None,
        newest is None,
        quote(oldest.isoformat()) if oldest else "",
        undo,
        undo.deleted_at + UNDO_WINDOW if undo and undo.deleted_at else None,
        "rest" in asked,
        found.listing.is_intact,
    )
    if undo or not shown:
        return render_page(request, "journal/timeline.html", context)
    return render_cached_page(request, "journal/timeline.html", context, "spine", "older")


def _get_query(request: Request) -> Mapping[str, str]:
    """Return what the address asks for; most addresses of this page ask for nothing."""
    return request.query_params if request.scope["query_string"] else {}


def _split_page(found: Sequence[EntrySummary]) -> tuple[Sequence[EntrySummary], datetime | None]:
    """Return the entries of one page, and the moment before which the next begins, if there is one."""
    if len(found) <= PAGE_SIZE:
        return found, None
    timed = [one for one in found if one.is_dated]
    if len(timed) <= PAGE_SIZE:
        return found, None
    # Those of one moment stay together, since the next page begins before a moment: two given back may be of one.
    shown = [one for one in timed[:PAGE_SIZE] if one.created_at > timed[PAGE_SIZE].created_at] or timed[
        :PAGE_SIZE
    ]
    return found[: found.index(timed[len(shown)])], shown[-1].created_at


async def show_deleted_entries(request: Request) -> Response:
    """Show deleted entries that can still be restored."""
    actor = get_actor(request)
    gone = await entries.list_deleted_entries(actor)
    lines = TimelineRenderer(request, await load_naming_plan(actor, gone))
    removed = tuple(
        DeletedEntry(
            lines.build_line(build_summary(one), {}), one.deleted_at + UNDO_WINDOW if one.deleted_at else None
        )
        for one in gone
    )
    return render_page(request, "journal/deleted.html", DeletedPage(removed))


async def _render_narrowed(
    request: Request, actor: Actor, asked: Mapping[str, str], words: str = ""
) -> Response:
    """Render the form with the entries that were asked for; a value that it does not offer is told at its field."""
    plan = await load_my_sessions(actor)
    try:
        wanted = parse_filter(asked, plan, actor.zone)
    except InvalidInput as error:
        form = build_filter_form(actor, asked, plan, await load_oldest(actor), error.fields)
        context = NarrowedPage(form, RenderedHtml(""), False, True, "", True, words)
        return render_page(request, "journal/narrowed.html", context, status=422)
    newest = _parse_moment(asked.get("before", ""))
    found = await load_narrowed_page(actor, wanted, plan, before=newest, limit=PAGE_SIZE + 1)
    shown, oldest = _split_page(found.listing.entries)
    context = NarrowedPage(
        build_filter_form(actor, asked, plan, found.oldest),
        TimelineRenderer(request, plan).render_spine(shown, found.readers, None),
        not shown,
        newest is None,
        quote(oldest.isoformat()) if oldest else "",
        found.listing.is_intact,
    )
    return render_page(request, "journal/narrowed.html", context)


async def _render_search(request: Request, actor: Actor, words: str, chosen: Mapping[str, str]) -> Response:
    form, plan, matcher = None, None, None
    if chosen:
        plan = await load_my_sessions(actor)
        try:
            wanted = parse_filter(chosen, plan, actor.zone)
        except InvalidInput:
            return await _render_narrowed(request, actor, chosen, words)
        form = build_filter_form(actor, chosen, plan, None)
        if not words:
            return redirect(request, f"/journal?{form.query}")
        matcher = await build_matcher(actor, wanted, plan)
    is_intact, found = await page_search.search_entries(actor, words)
    if matcher is not None:
        found = await asyncio.to_thread(matcher.filter_entries, found)
    shares = await load_readers(actor, {one.id: one.updated_at for one in found})
    lines = TimelineRenderer(request, plan if chosen else await load_naming_plan(actor, found))
    needles, hits = split_needles(words), list[Hit]()
    for one in found:
        hits.append(build_hit(lines.build_line(build_summary(one), shares), one.document, needles))
        await asyncio.sleep(0)  # marking takes a while in some scripts, and others get their turn
    context = SearchPage(words, form, tuple(hits), is_intact)
    return await render_long_page(request, len(hits), "journal/search.html", context, block="main")


async def _find_deleted_entry(actor: Actor, text: str | None) -> Entry | None:
    wanted = parse_uuid(text)
    return next((one for one in await entries.list_deleted_entries(actor) if one.id == wanted), None)


def _parse_moment(text: str) -> datetime | None:
    """Parse the moment of a page; an invalid one shows the newest page."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
