"""The whole audit log for the administrator: who did what to whose record, without a word that anybody wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.audit.query import Event, Whole
from journal.errors import NotFound
from journal.practice import audit_review, people
from journal.practice.people import Person
from journal.typed import read_whole
from portal.access.session_cookie import actor_of
from portal.views.administration.audit_words import OTHERWISE, ROOMS, SENTENCES, WITHOUT_A_PERSON
from portal.web.escaping import inert
from portal.web.pages import page

LINES = 100  # of one page


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words, with names to put in, and how many times in a row it happened."""

    sentence: str
    who: str
    whose: str
    other: str
    times: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day in the reader's own time zone."""

    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Context of the page; `older` leads to the next page, `head` is the line to keep elsewhere, if there is one."""

    days: tuple[Day, ...]
    people: tuple[Person, ...]
    rooms: tuple[tuple[str, str], ...]
    person: str
    room: str
    older: int | None
    newest: bool
    head: str
    damaged: int


async def log(request: Request) -> Response:
    """Show the log: all of it, of one person or of one class; this view is logged too."""
    actor, asked = actor_of(request), request.query_params
    before = _whole(asked.get("before", ""))
    room = asked.get("room", "") if asked.get("room", "") in ROOMS else ""
    person = _id(asked.get("person", ""))
    looked = await audit_review.look(actor, limit=LINES + 1, before=before, person=person, room=room)
    shown, everyone = looked.events[:LINES], await people.people(actor)
    names = {one.id: inert(one.name) for one in everyone}
    days = []
    for _, grouped in groupby(shown, key=lambda one: one.event.at.astimezone(actor.zone).date()):
        of_day = tuple(grouped)
        days.append(Day(of_day[0].event.at, tuple(_lines(actor, of_day, names))))
    older = shown[-1].event.id if len(looked.events) > LINES else None
    context = AuditLog(
        tuple(days), everyone, tuple(ROOMS.items()), str(person or ""), room, older, before is None,
        str(looked.head or ""), len(looked.events.damaged),
    )  # fmt: skip
    return page(request, "people/audit.html", context)


def _lines(actor: Actor, events: tuple[Whole, ...], names: Mapping[UUID, str]) -> Iterator[Line]:
    for _, grouped in groupby(events, key=_alike):
        run = tuple(grouped)
        event, patient = run[0].event, run[0].patient_id
        yield Line(
            _sentence(event),
            names.get(event.actor_id, "") if event.actor_id else "",
            names.get(patient, "") if patient else "",
            next((names[one] for one in (event.recipient_id, event.object_id) if one and one in names), ""),
            len(run),
            event.at,
        )


def _sentence(event: Event) -> str:
    alone = None if event.actor_id else WITHOUT_A_PERSON.get(event.action)
    return alone or SENTENCES.get(event.action, OTHERWISE)


def _alike(one: Whole) -> tuple[object, ...]:
    event = one.event
    return event.actor_id, event.action, one.patient_id, event.recipient_id, event.object_id


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error


def _whole(text: str) -> int | None:
    return read_whole(text, 18)
