"""
Care links: who is whose.

`my_links`, `my_link` and `link_with` are the only ways to a link, and loading one *is* the authorisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal import tables
from journal.actors import Actor, Role
from journal.documents import Profile, open_document, profile_context
from journal.errors import NotFound


@dataclass(frozen=True, slots=True)
class Link:
    """A care link as one of its two people sees it; `peer` is the other one."""

    id: UUID
    patient: UUID
    clinician: UUID
    peer: UUID
    peer_name: str
    since: datetime
    paused_at: datetime | None
    ended_at: datetime | None
    row: tables.CareLink
    peer_zone: str = "UTC"

    @property
    def state(self) -> str:
        """Say `active`, `paused` or `ended`."""
        return "ended" if self.ended_at else "paused" if self.paused_at else "active"


async def my_links(actor: Actor, *, ended: bool = False) -> tuple[Link, ...]:
    """Give the actor's care links, oldest first; those that have ended only when asked for."""
    mine = {"patient_id": actor.id} if actor.role is Role.PATIENT else {"clinician_id": actor.id}
    rows = tables.CareLink.filter(**mine).select_related("patient", "clinician", "invitation")
    if not ended:
        rows = rows.filter(ended_at=None)
    return tuple([_view(actor, row) for row in await rows.order_by("created_at")])


async def my_link(actor: Actor, wanted: UUID) -> Link:
    """Give one of the actor's own lasting links by its id."""
    for link in await my_links(actor):
        if link.id == wanted:
            return link
    raise NotFound


async def link_with(actor: Actor, patient: UUID) -> Link:
    """Give the clinician's lasting link with *patient*: without one, the patient does not exist for them."""
    actor.must_be(Role.CLINICIAN)
    row = (
        await tables.CareLink.filter(clinician_id=actor.id, patient_id=patient, ended_at=None)
        .select_related("patient", "clinician", "invitation")
        .first()
    )
    if row is None:
        raise NotFound
    return _view(actor, row)


def _view(actor: Actor, row: tables.CareLink) -> Link:
    patient, clinician = row.patient, row.clinician
    peer = clinician if actor.role is Role.PATIENT else patient
    profile = open_document(actor.house.server, bytes(peer.sealed), profile_context(peer.id), Profile)
    return Link(
        row.id,
        patient.id,
        clinician.id,
        peer.id,
        profile.name,
        row.created_at,
        row.paused_at,
        row.ended_at,
        row,
        profile.time_zone,
    )
