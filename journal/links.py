"""
Care links: who is whose.

`my_links`, `my_link` and `link_with` are the only ways to a link, and loading one *is* the authorisation. A row
does not make a link: it lasts only for somebody whose own pin, sealed under their own key, says that they agreed
on it with this very person. A clinician who has pinned nobody yet goes by the voucher under the secret of their
invitation, which they alone can open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from crypto import CryptoError, PublicIdentity, is_pinned, verify_voucher
from journal import tables
from journal.actors import Actor, Role
from journal.documents import Profile, open_document, profile_context
from journal.errors import Damaged, NotFound, TrustBroken
from journal.invitations import secret_of
from journal.past_care import open_past
from journal.vouching import check_handed_over
from journal.words import N_

NOTHING_LEFT: dict[str, Any] = {
    "patient_key": None,
    "clinician_key": None,
    "patient_pin": None,
    "clinician_pin": None,
    "voucher": b"",
}
"""What is written over everything that two people agreed on, when it ends."""
NAMELESS = N_("Somebody whose name cannot be opened")


WITH = ("patient", "clinician", "invitation", "handover", "handover__clinician")


@dataclass(frozen=True, slots=True)
class Link:
    """
    A care link as one of its two people sees it; `peer` is the other one.

    `trusted` tells whether the keys that storage shows as theirs are the ones that were agreed on.
    """

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
    trusted: bool = True
    peer_profession: str = ""
    peer_suspended: bool = False

    @property
    def state(self) -> str:
        """Say `active`, `paused` or `ended`."""
        return "ended" if self.ended_at else "paused" if self.paused_at else "active"


@dataclass(frozen=True, slots=True)
class Found:
    """
    What storage holds about one person's care: their links, and the ids of rows that they never agreed on.

    `before` are ids of rows from before a patient's account was started anew, which wait to be renewed.
    """

    links: tuple[Link, ...]
    strange: tuple[UUID, ...]
    before: tuple[UUID, ...] = ()


async def found(actor: Actor, *, ended: bool = False) -> Found:
    """Give the actor's care links, oldest first, and what only passes for one."""
    if actor.role is Role.ADMINISTRATOR:  # is in nobody's care team, whatever a row says
        raise NotFound
    mine = {"patient_id": actor.id} if actor.role is Role.PATIENT else {"clinician_id": actor.id}
    rows = tables.CareLink.filter(**mine).select_related(*WITH)
    if not ended:
        rows = rows.filter(ended_at=None)
    links: list[Link] = []
    strange: list[UUID] = []
    before: list[UUID] = []
    for row in await rows.order_by("created_at"):
        try:
            if row.ended_at is None:
                links.append(_view(actor, row))
            elif actor.role is Role.PATIENT:  # a clinician is shown nothing of care that has ended
                links.append(_past(actor, row))
        except Damaged:
            continue  # the row points elsewhere, or it ended before the name was sealed: nobody is named
        except TrustBroken:
            waits = row.restarted_at is not None and actor.role is Role.PATIENT
            (before if waits else strange).append(row.id)
    return Found(tuple(links), tuple(strange), tuple(before))


async def my_links(actor: Actor, *, ended: bool = False) -> tuple[Link, ...]:
    """Give the actor's care links, oldest first; those that have ended only when asked for."""
    return (await found(actor, ended=ended)).links


async def my_link(actor: Actor, wanted: UUID) -> Link:
    """
    Give one of the actor's own lasting links by its id.

    Raises:
        TrustBroken: If the row names them, and they never agreed on it.
    """
    mine = await found(actor)
    if wanted in (*mine.strange, *mine.before):
        raise TrustBroken
    for link in mine.links:
        if link.id == wanted:
            return link
    raise NotFound


async def link_with(actor: Actor, patient: UUID) -> Link:
    """
    Give the clinician's lasting link with *patient*: without one, the patient does not exist for them.

    Raises:
        TrustBroken: If there is a row that says so, and nothing that they agreed on.
    """
    actor.must_be(Role.CLINICIAN)
    rows = tables.CareLink.filter(clinician_id=actor.id, patient_id=patient, ended_at=None)
    there = await rows.select_related(*WITH).order_by("created_at")
    for row in there:
        try:
            return _view(actor, row)
        except TrustBroken:
            continue
    raise TrustBroken if there else NotFound


def is_agreed(actor: Actor, row: tables.CareLink) -> bool:
    """
    Tell whether the other person's keys are those that the actor agreed on for this link.

    Raises:
        TrustBroken: If the actor agreed on no such link.
    """
    mine = actor.role is Role.PATIENT
    peer = row.clinician if mine else row.patient
    sealed, shown = row.patient_pin if mine else row.clinician_pin, bytes(peer.public_identity)
    try:
        if sealed is not None:
            ids = {"owner": actor.id.bytes, "peer": peer.id.bytes, "link": row.id.bytes}
            return is_pinned(actor.keyring, bytes(sealed), shown, **ids)
        if mine:
            raise TrustBroken
        if row.handover is not None:
            check_handed_over(actor.house, row, actor.identity().public())
            return True
        if row.invitation is None:
            raise TrustBroken
        secret, keys = secret_of(actor, row.invitation), PublicIdentity.decode(shown)
        verify_voucher(secret, bytes(row.voucher), keys, account=peer.id.bytes, role=Role.PATIENT.value)
    except (CryptoError, Damaged) as error:
        raise TrustBroken from error
    return True


def _past(actor: Actor, row: tables.CareLink) -> Link:
    was, clinician = open_past(actor.house, row), row.clinician.id
    since, until = datetime.fromisoformat(was.since), datetime.fromisoformat(was.until)
    return Link(
        row.id,
        actor.id,
        clinician,
        clinician,
        was.name,
        since,
        None,
        until,
        row,
        trusted=False,
        peer_profession=was.profession,
    )


def _view(actor: Actor, row: tables.CareLink) -> Link:
    patient, clinician = row.patient, row.clinician
    peer = clinician if actor.role is Role.PATIENT else patient
    trusted = is_agreed(actor, row)
    name, zone, profession = NAMELESS, "UTC", ""
    try:
        profile = open_document(actor.house.server, bytes(peer.sealed), profile_context(peer.id), Profile)
        name, zone, profession = profile.name, profile.time_zone, profile.profession
    except Damaged:
        pass  # one name that does not open closes nobody else's page
    return Link(
        row.id,
        patient.id,
        clinician.id,
        peer.id,
        name,
        row.created_at,
        row.paused_at,
        row.ended_at,
        row,
        zone,
        trusted,
        profession,
        peer.status != "active",
    )
