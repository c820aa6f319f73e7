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
from journal.typed import read_whole
from portal.access.session_cookie import actor_of
from portal.documents.event_sentences import GONE, REPEATED, SENTENCES
from portal.views.sharing.clinician_names import named
from portal.views.sharing.shared_items import Item, items
from portal.web.escaping import inert
from portal.web.pages import page, translator

LINES = 100  # of one page


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line: a sentence with its names, how many times that day, and the last moment.

    `item` is what it is about, if that is still shared.
    """

    sentence: str
    who: str
    other: str
    item: Item | None
    times: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day in the reader's own time zone; `at` is its latest moment."""

    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """
    Context of the log; `older` is the event before which the next page begins, or None on the last.

    `damaged` counts the events that cannot be read.
    """

    days: tuple[Day, ...]
    older: int | None
    newest: bool
    damaged: int


async def log(request: Request) -> Response:
    """Show who opened or changed what."""
    actor = actor_of(request)
    asked = request.query_params.get("before", "")
    before = read_whole(asked, 18)
    events = await audit_events.events_about(actor.id, limit=LINES + 1, before=before)
    shown = events[:LINES]
    team = await links.my_links(actor, ended=True)
    say = translator(request)
    called = [(one, named(inert(one.peer_name), one.peer_profession, say)) for one in team]
    names: dict[UUID | None, str] = {one.id: name for one, name in called}
    names |= {one.peer: name for one, name in called}
    shared = {one.given.id: one for one in await items(actor, await shares.given(actor, team=team))}
    days = []
    for _, grouped in groupby(shown, key=lambda event: event.at.astimezone(actor.zone).date()):
        of_day = tuple(grouped)
        if lines := tuple(_lines(actor, of_day, names, shared)):
            days.append(Day(of_day[0].at, lines))
    older = shown[-1].id if len(events) > LINES else None
    return page(request, "sharing/log.html", Log(tuple(days), older, before is None, len(events.damaged)))


def _lines(
    actor: Actor, events: tuple[Event, ...], names: Mapping[UUID | None, str], shared: Mapping[UUID, Item]
) -> Iterator[Line]:
    seen: Counter[tuple[UUID | None, Act, UUID | None]] = Counter()
    for event in events:
        seen[event.actor_id, event.action, event.object_id] += 1
    told = set()
    for event in events:
        key = (event.actor_id, event.action, event.object_id)
        item = shared.get(event.object_id) if event.object_id else None
        known = (GONE if item is None and event.action in GONE else SENTENCES).get(event.action, ("", ""))
        sentence = known[0 if event.actor_id == actor.id else 1]
        if not sentence or key in told:
            continue
        if event.action in REPEATED:
            told.add(key)
        yield Line(
            sentence,
            names.get(event.actor_id, ""),
            names.get(item.given.link.id if item else event.object_id, ""),
            item,
            seen[key] if event.action in REPEATED else 1,
            event.at,
        )
