"""The administrator's look at the whole audit log. It is written down like everything else, before it is answered."""

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
    """Where the log may end."""

    id: Number
    mac: str


@dataclass(frozen=True, slots=True)
class Looked:
    """
    Events, newest first, the look itself among them, and where the chain ends now: a second or two behind.

    Without `head`, none of the last events is one any more.
    """

    events: Opened[Whole]
    head: Head | None


async def look(
    actor: Actor, *, limit: int, before: int | None = None, person: UUID | None = None, room: str = ""
) -> Looked:
    """
    Return the latest events, of all or of what concerns one *person*, of every class or those of one *room*.

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
    except (TypeError, ValueError, OverflowError):  # storage put something at the end that is no event
        ends = whole(await read(EndRow, AuditEvent.all().order_by("-id").limit(SOME)))
        return Head(ends[0].id, ends[0].mac) if ends else None
