"""The administrator's view of the whole audit log. Each view is logged too, before it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.query import Number, Whole
from journal.audit.tables import AuditEvent
from journal.audit.verification import Head, present_head
from journal.practice import people
from journal.roles import Role
from journal.store.rows import Opened, Row, read, whole

SOME = 20  # events


class EndRow(Row, frozen=True):
    """A possible end of the log."""

    id: Number
    mac: str


@dataclass(frozen=True, slots=True)
class Looked:
    """
    Events, newest first, this view among them, and where the chain ends now: a second or two behind.

    `head` is None when none of the last events can be read.
    """

    events: Opened[Whole]
    head: Head | None


async def look(
    actor: Actor, *, limit: int, before: int | None = None, person: UUID | None = None, room: str = ""
) -> Looked:
    """
    Return the latest events: of everybody or about one *person*, of every class or of one *room*.

    Raises:
        NotFound: If *person* has no account.
    """
    actor.must_be(Role.ADMINISTRATOR)
    whose = await people.person(actor, person) if person else None
    patient = whose.id if whose and whose.position.role is Role.PATIENT else None
    await audit_log.note(actor, Act.LOG_READ, patient=patient, about=person)
    found = await audit_events.of_everybody(limit=limit, before=before, person=person, room=room)
    return Looked(found, await _head())


async def _head() -> Head | None:
    try:
        return await present_head()
    except (TypeError, ValueError, OverflowError):  # what storage has at the end is no event
        ends = whole(await read(EndRow, AuditEvent.all().order_by("-id").limit(SOME)))
        return Head(ends[0].id, ends[0].mac) if ends else None
