"""Who opened or changed what, and when, in plain words; for the patient whose record it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal import audit, care, sharing
from journal.actors import Actor
from journal.audit import Act, Event
from journal.words import N_
from portal.auth import actor_of
from portal.inert import inert
from portal.pages import page
from portal.views.shared_items import Item, items

LINES = 100  # of one page

# For each act: the sentence when the patient did it, and when somebody else did.
SENTENCES: Mapping[Act, tuple[str, str]] = MappingProxyType(
    {
        Act.CARE_BEGAN: (N_("You connected with %(other)s"), N_("%(who)s connected with you")),
        Act.CARE_ENDED: (N_("You ended care with %(other)s"), N_("%(who)s ended care")),
        Act.SHARING_PAUSED: (N_("You paused sharing with %(other)s"), ""),
        Act.SHARING_RESUMED: (N_("You resumed sharing with %(other)s"), ""),
        Act.SHARED: (N_("You shared %(what)s with %(other)s"), ""),
        Act.SHARE_UPDATED: (N_("You updated what %(other)s reads of %(what)s"), ""),
        Act.SHARE_REVOKED: (N_("You took back something you had shared"), ""),
        Act.SHARE_OPENED: ("", N_("%(who)s opened %(what)s")),
        Act.SESSION_PLANNED: (N_("You planned a session"), N_("%(who)s planned sessions")),
        Act.SESSION_CHANGED: (N_("You changed a session"), N_("%(who)s changed a session")),
        Act.ENTRY_DELETED: (N_("You deleted an entry"), ""),
        Act.ENTRY_RESTORED: (N_("You brought an entry back"), ""),
        Act.ENTRY_ERASED: (
            N_("You erased an entry for good"),
            N_("A deleted entry was erased when its week was over"),
        ),
        Act.PASSWORD_REFUSED: (N_("A wrong password was typed where yours is asked for again"), ""),
        Act.PASSKEY_REFUSED: (N_("A passkey was not accepted where you are asked who you are"), ""),
        Act.DISCLOSURES_TAKEN: (N_("You saved the accounting of disclosures as a file"), ""),
        Act.RECORDS_TAKEN: (
            N_("You took your records away"),
            N_("%(who)s took away what you share with them"),
        ),
    }
)
# The same where the copy is gone: the log keeps no titles.
GONE: Mapping[Act, tuple[str, str]] = MappingProxyType(
    {
        Act.SHARED: (N_("You shared something that you no longer share"), ""),
        Act.SHARE_UPDATED: (N_("You updated something that you no longer share"), ""),
        Act.SHARE_OPENED: ("", N_("%(who)s opened something that you no longer share")),
    }
)
REPEATED = frozenset({Act.SHARE_OPENED, Act.SESSION_PLANNED, Act.SESSION_CHANGED})


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line: a sentence with names to put in, how many times that day, and the last moment.

    `item` is what it is about, where that is still shared.
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
    """Context of the log; `older` is the event before which the next page begins, or None on the last."""

    days: tuple[Day, ...]
    older: int | None
    newest: bool


async def log(request: Request) -> Response:
    """Show who opened or changed what."""
    actor = actor_of(request)
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    events = await audit.events_about(actor.id, limit=LINES + 1, before=before)
    shown = events[:LINES]
    team = await care.my_links(actor, ended=True)
    names = {one.id: one.peer_name for one in team} | {one.peer: one.peer_name for one in team}
    shared = {one.given.id: one for one in await items(actor, await sharing.given(actor))}
    days = []
    for _, grouped in groupby(shown, key=lambda event: event.at.astimezone(actor.zone).date()):
        of_day = tuple(grouped)
        if lines := tuple(_lines(actor, of_day, names, shared)):
            days.append(Day(of_day[0].at, lines))
    older = shown[-1].id if len(events) > LINES else None
    return page(request, "sharing/log.html", Log(tuple(days), older, before is None))


def _lines(
    actor: Actor, events: tuple[Event, ...], names: Mapping[UUID, str], shared: Mapping[UUID, Item]
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
            inert(names.get(event.actor_id, "") if event.actor_id else ""),
            inert(
                item.given.link.peer_name
                if item
                else names.get(event.object_id, "")
                if event.object_id
                else ""
            ),
            item,
            seen[key] if event.action in REPEATED else 1,
            event.at,
        )
