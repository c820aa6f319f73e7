"""What is next for a patient, as lines of a page; and the page of what else there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.care import links
from journal.entries.naming import EntryNamer
from journal.sessions.day_state import DayState
from journal.sessions.rows import load_my_sessions
from journal.today import today
from journal.today.things import Thing, ThingKind
from journal.today.today import Due, LoadedToday
from portal.access.session_cookie import get_actor
from portal.views.check_ins.form_page import get_address
from portal.views.reframing.offers import OfferLine
from portal.views.sessions.session_lines import SessionLine, build_lines
from portal.web.pages import redirect, render_page

STANDING = frozenset({ThingKind.REST, ThingKind.TOOK_PLACE})
"""What home says in any case, also where something else is next."""


@dataclass(frozen=True, slots=True)
class ThingLine:
    """
    One thing as a page shows it: where it is, and the session that it is about.

    `name` is what it names: a measure, or who asks or set something; `label` a check-in, to be translated. `offer` is
    the reframe that it is about.
    """

    kind: ThingKind
    address: str = ""
    line: SessionLine | None = None
    name: str = ""
    label: str = ""
    offer: OfferLine | None = None


@dataclass(frozen=True, slots=True)
class RestPage:
    """Context of the page of what else there is, in its order; `day` is the state of the patient's day."""

    things: tuple[ThingLine, ...]
    day: DayState


_ADDRESSES: Mapping[ThingKind, str] = MappingProxyType(
    {
        ThingKind.CALM_PAGE: "/sessions/{session}",
        ThingKind.CAPTURE: "/journal/new?kind=capture&session={session}",
        ThingKind.REST: "/sessions/{session}",
        ThingKind.START: "/sessions/{session}?start=yes",
        ThingKind.START_LATER: "/sessions/{session}?start=yes",
        ThingKind.REPORT: "/sessions/{session}",
        ThingKind.ASKED_AGAIN: "/sessions/waiting",
        ThingKind.CHECKLIST: "/sessions/{session}/checklist",
        ThingKind.INTEGRATE: "/journal/new?kind=integration&session={session}",
        ThingKind.STAYED: "/journal/new?kind=integration&session={session}&later=yes",
        ThingKind.PREPARE: "/journal/new?kind=preparation&session={session}",
        ThingKind.PROPOSAL: "/sharing/notices",
        ThingKind.EVALUATION: "/evaluation",
        ThingKind.DAY_LINE: "/day-lines",
    }
)


def build_thing(thing: Thing, due: Due, lines: Mapping[UUID, SessionLine], namer: EntryNamer) -> ThingLine:
    """Return a thing as a page shows it."""
    session = thing.session.id if thing.session is not None else None
    if thing.kind in _BUILDERS:
        return _BUILDERS[thing.kind](thing.kind, due, lines, namer)
    line = lines[session] if session is not None else None
    if thing.kind is ThingKind.STAYED and thing.entry is not None:
        return ThingLine(thing.kind, f"/journal/{thing.entry}/edit?later=yes", line)
    return ThingLine(thing.kind, _ADDRESSES.get(thing.kind, "").format(session=session), line)


def _build_check_in(
    kind: ThingKind, due: Due, lines: Mapping[UUID, SessionLine], _namer: EntryNamer
) -> ThingLine:
    if due.check_in is None:
        return ThingLine(kind, "/check-ins")
    moment, session = due.check_in
    line = lines.get(session) if session is not None else None
    return ThingLine(kind, get_address(moment, session), line, label=moment.label)


def _build_reframe(
    kind: ThingKind, due: Due, _lines: Mapping[UUID, SessionLine], namer: EntryNamer
) -> ThingLine:
    entry = due.step if kind is ThingKind.STEP else due.again.entry if due.again is not None else None
    return ThingLine(kind, offer=OfferLine(entry, namer.name_entry(entry)) if entry is not None else None)


def _build_talk(
    kind: ThingKind, due: Due, lines: Mapping[UUID, SessionLine], _namer: EntryNamer
) -> ThingLine:
    if due.for_talk is None:
        return ThingLine(kind, "/talk")
    return ThingLine(kind, "/talk", lines.get(due.for_talk.talk.id), due.for_talk.link.peer_name)


def _build_named(
    kind: ThingKind, due: Due, _lines: Mapping[UUID, SessionLine], _namer: EntryNamer
) -> ThingLine:
    if kind is ThingKind.MEASURE:
        measure = due.measure
        return ThingLine(
            kind, f"/measures/{measure.id}" if measure else "/measures", name=measure.name if measure else ""
        )
    link = due.proposed_by if kind is ThingKind.PROPOSAL else due.asked_by
    return ThingLine(kind, _ADDRESSES.get(kind, ""), name=link.peer_name if link is not None else "")


_BUILDERS = MappingProxyType(
    {
        ThingKind.BEFORE: _build_check_in,
        ThingKind.CHECK_IN: _build_check_in,
        ThingKind.STEP: _build_reframe,
        ThingKind.REVISIT: _build_reframe,
        ThingKind.TALK: _build_talk,
        ThingKind.MEASURE: _build_named,
        ThingKind.PROPOSAL: _build_named,
        ThingKind.EVALUATION: _build_named,
    }
)


def list_rest(loaded: LoadedToday) -> Sequence[Thing]:
    """Return what else there is, without what home says in any case."""
    return [one for one in loaded.today.rest if one.kind not in STANDING]


async def show_rest(request: Request) -> Response:
    """Show what else there is; while it is acute, there is the calm page alone."""
    actor = get_actor(request)
    plan = await load_my_sessions(actor)
    team = await links.load_my_links(actor, ended=True)  # what is proposed comes with those that have ended
    loaded = await today.load_today(actor, plan, [link for link in team if link.ended_at is None])
    if loaded.today.is_acute:
        return redirect(request, "/")
    lines = {line.session.id: line for line in build_lines(actor, plan)}
    namer = EntryNamer(plan)
    things = (build_thing(one, loaded.due, lines, namer) for one in list_rest(loaded))
    return render_page(request, "today.html", RestPage(tuple(things), loaded.today.day))
