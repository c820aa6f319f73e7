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
from journal.audit.query import Event, PatientEvent
from journal.errors import NotFound
from journal.practice import audit_review, people
from journal.practice.people import Person
from journal.user_input import parse_whole_number
from portal.access.session_cookie import get_actor
from portal.views.administration.audit_words import (
    DEFAULT_SENTENCE,
    ROOMS,
    SENTENCES,
    SENTENCES_WITHOUT_ACTOR,
)
from portal.web.escaping import remove_controls
from portal.web.pages import render_page

LINES_PER_PAGE = 100  # of one page


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One event in words, with names to put in, and how many times in a row it happened."""

    sentence: str
    who: str
    whose: str
    other: str
    times: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AuditDay:
    """The lines of one day in the reader's own time zone."""

    at: datetime
    lines: tuple[AuditLine, ...]


@dataclass(frozen=True, slots=True)
class AuditLogPage:
    """Context of the page; `older` leads to the next page, `head` is the line to keep elsewhere, if there is one."""

    days: tuple[AuditDay, ...]
    people: tuple[Person, ...]
    rooms: tuple[tuple[str, str], ...]
    person: str
    room: str
    older: int | None
    newest: bool
    head: str
    damaged: int


async def show_audit_log(request: Request) -> Response:
    """Show the log: all of it, of one person or of one class; this view is logged too."""
    actor, asked = get_actor(request), request.query_params
    before = _parse_number(asked.get("before", ""))
    room = asked.get("room", "") if asked.get("room", "") in ROOMS else ""
    person = _parse_id(asked.get("person", ""))
    looked = await audit_review.load_audit_page(
        actor, limit=LINES_PER_PAGE + 1, before=before, person=person, room=room
    )
    shown, everyone = looked.events[:LINES_PER_PAGE], await people.list_people(actor)
    names = {one.id: remove_controls(one.name) for one in everyone}
    days = []
    for _, grouped in groupby(shown, key=lambda one: one.event.at.astimezone(actor.zone).date()):
        of_day = tuple(grouped)
        days.append(AuditDay(of_day[0].event.at, tuple(_build_lines(actor, of_day, names))))
    older = shown[-1].event.id if len(looked.events) > LINES_PER_PAGE else None
    context = AuditLogPage(
        tuple(days), everyone, tuple(ROOMS.items()), str(person or ""), room, older, before is None,
        str(looked.head or ""), len(looked.events.damaged),
    )  # fmt: skip
    return render_page(request, "people/audit.html", context)


def _build_lines(
    actor: Actor, events: tuple[PatientEvent, ...], names: Mapping[UUID, str]
) -> Iterator[AuditLine]:
    for _, grouped in groupby(events, key=_get_run_key):
        run = tuple(grouped)
        event, patient = run[0].event, run[0].patient_id
        yield AuditLine(
            _get_sentence(event),
            names.get(event.actor_id, "") if event.actor_id else "",
            names.get(patient, "") if patient else "",
            next((names[one] for one in (event.recipient_id, event.object_id) if one and one in names), ""),
            len(run),
            event.at,
        )


def _get_sentence(event: Event) -> str:
    alone = None if event.actor_id else SENTENCES_WITHOUT_ACTOR.get(event.action)
    return alone or SENTENCES.get(event.action, DEFAULT_SENTENCE)


def _get_run_key(one: PatientEvent) -> tuple[object, ...]:
    event = one.event
    return event.actor_id, event.action, one.patient_id, event.recipient_id, event.object_id


def _parse_id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise NotFound from error


def _parse_number(text: str) -> int | None:
    return parse_whole_number(text, 18)
