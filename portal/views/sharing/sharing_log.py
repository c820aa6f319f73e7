"""Who opened or changed what, and when, in plain words; for the patient whose record it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.audit.query import Event
from journal.care import links
from journal.sharing import shares
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.documents.event_sentences import REPEATED, SENTENCES, SENTENCES_WHEN_DELETED
from portal.views.sharing.clinician_names import format_clinician_name
from portal.views.sharing.shared_items import SharedItem, load_shared_items
from portal.web.escaping import remove_controls
from portal.web.pages import get_translator, render_page

LINES_PER_PAGE = 100  # of one page


@dataclass(frozen=True, slots=True)
class LogLine:
    """
    One line: a sentence with its names, how many times that day, and the last moment.

    `item` is what it is about, if that is still shared.
    """

    sentence: str
    who: str
    other: str
    item: SharedItem | None
    times: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LogDay:
    """The lines of one day in the reader's own time zone; `at` is its latest moment."""

    at: datetime
    lines: tuple[LogLine, ...]


@dataclass(frozen=True, slots=True)
class SharingLogPage:
    """
    Context of the log; `older` is the event before which the next page begins, or None on the last.

    `damaged` counts the events that cannot be read.
    """

    days: tuple[LogDay, ...]
    older: int | None
    newest: bool
    damaged: int


async def show_sharing_log(request: Request) -> Response:
    """Show who opened or changed what."""
    actor = get_actor(request)
    asked = request.query_params.get("before", "")
    before = parse_whole_number(asked, 18)
    events = await audit_events.list_patient_events(actor.id, limit=LINES_PER_PAGE + 1, before=before)
    shown = events[:LINES_PER_PAGE]
    team = await links.load_my_links(actor, ended=True)
    say = get_translator(request)
    called = [
        (one, format_clinician_name(remove_controls(one.peer_name), one.peer_profession, say)) for one in team
    ]
    names: dict[UUID | None, str] = {one.id: name for one, name in called}
    names |= {one.peer: name for one, name in called}
    shared = {
        one.share.id: one
        for one in await load_shared_items(actor, await shares.list_shares(actor, team=team))
    }
    days = []
    for _, grouped in groupby(shown, key=lambda event: event.at.astimezone(actor.zone).date()):
        of_day = tuple(grouped)
        if lines := tuple(_build_lines(actor, of_day, names, shared)):
            days.append(LogDay(of_day[0].at, lines))
    older = shown[-1].id if len(events) > LINES_PER_PAGE else None
    return render_page(
        request, "sharing/log.html", SharingLogPage(tuple(days), older, before is None, len(events.damaged))
    )


def _build_lines(
    actor: Actor,
    events: tuple[Event, ...],
    names: Mapping[UUID | None, str],
    shared: Mapping[UUID, SharedItem],
) -> Iterator[LogLine]:
    seen: Counter[tuple[UUID | None, Act, UUID | None]] = Counter()
    for event in events:
        seen[event.actor_id, event.action, event.object_id] += 1
    told = set()
    for event in events:
        key = (event.actor_id, event.action, event.object_id)
        item = shared.get(event.object_id) if event.object_id else None
        known = (
            SENTENCES_WHEN_DELETED if item is None and event.action in SENTENCES_WHEN_DELETED else SENTENCES
        ).get(event.action, ("", ""))
        sentence = known[0 if event.actor_id == actor.id else 1]
        if not sentence or key in told:
            continue
        if event.action in REPEATED:
            told.add(key)
        yield LogLine(
            sentence,
            names.get(event.actor_id, ""),
            names.get(item.share.link.id if item else event.object_id, ""),
            item,
            seen[key] if event.action in REPEATED else 1,
            event.at,
        )
