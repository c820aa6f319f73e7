"""The administrator's view of the whole audit log. Each view is logged too, before it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.query import EventNumber, PatientEvent
from journal.audit.tables import AuditEvent
from journal.audit.verification import Head, load_head
from journal.practice import people
from journal.roles import Role
from journal.store.rows import OpenedRows, Row, fetch_rows, filter_undamaged

MAX_END_ROWS = 20  # events


class LastEventRow(Row, frozen=True):
    """A possible end of the log."""

    id: EventNumber
    mac: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """
    Events, newest first, this view among them, and where the chain ends now: a second or two behind.

    `head` is None when none of the last events can be read.
    """

    events: OpenedRows[PatientEvent]
    head: Head | None


async def load_audit_page(
    actor: Actor, *, limit: int, before: int | None = None, person: UUID | None = None, room: str = ""
) -> AuditPage:
    """
    Return the latest events: of everybody or about one *person*, of every class or of one *room*.

    Raises:
        NotFound: If *person* has no account.
    """
    actor.require_role(Role.ADMINISTRATOR)
    whose = await people.load_person(actor, person) if person else None
    patient = whose.id if whose and whose.position.role is Role.PATIENT else None
    await audit_log.record_event(actor, Act.LOG_READ, patient=patient, about=person)
    found = await audit_events.list_events(limit=limit, before=before, person=person, category=room)
    return AuditPage(found, await _load_head())


async def _load_head() -> Head | None:
    try:
        return await load_head()
    except (TypeError, ValueError, OverflowError):  # what storage has at the end is no event
        ends = filter_undamaged(
            await fetch_rows(LastEventRow, AuditEvent.all().order_by("-id").limit(MAX_END_ROWS))
        )
        return Head(ends[0].id, ends[0].mac) if ends else None
