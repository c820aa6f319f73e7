"""
Care links: who is whose.

`my_links`, `my_link` and `link_with` are the only ways to a link, and loading one *is* the authorisation. A row
does not make a link: it lasts only for somebody whose own pin, sealed under their own key, says that they agreed
on it with this very person. A clinician who has pinned nobody yet goes by the voucher under the secret of their
invitation, which they alone can open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from crypto import CryptoError, PublicIdentity, is_pinned, verify_voucher
from journal import tables
from journal.actors import Actor, Role
from journal.documents import Profile, open_document, profile_context
from journal.errors import Damaged, NotFound, TrustBroken
from journal.invitations import secret_of
from journal.past_care import open_past
from journal.rows import DamagedRow, Joined, Moment, Row, bytes_of, read, whole
from journal.vouching import HandoverRow, check_handed_over
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


class LinkRow(Row, frozen=True):
    """A row of a care link, with what its two people are said to be."""

    id: UUID
    patient_id: UUID
    clinician_id: UUID
    created_at: Moment
    paused_at: Moment | None
    ended_at: Moment | None
    restarted_at: Moment | None
    invitation_id: UUID | None
    handover_id: UUID | None
    patient_key: bytes | None
    clinician_key: bytes | None
    patient_pin: bytes | None
    clinician_pin: bytes | None
    voucher: bytes
    past: bytes | None
    patient_profile: Joined = msgspec.field(name="patient__sealed")
    patient_keys: Joined = msgspec.field(name="patient__public_identity")
    patient_status: Joined = msgspec.field(name="patient__status")
    clinician_profile: Joined = msgspec.field(name="clinician__sealed")
    clinician_keys: Joined = msgspec.field(name="clinician__public_identity")
    clinician_status: Joined = msgspec.field(name="clinician__status")
    invitation_secret: Joined = msgspec.field(name="invitation__secret")


Handovers = Mapping[UUID, HandoverRow]


@dataclass(frozen=True, slots=True)
class Link:
    """
    A care link as one of its two people sees it; `peer` is the other one.

    `trusted` tells whether `peer_keys`, which storage shows as theirs, are the ones that were agreed on.
    """

    id: UUID
    patient: UUID
    clinician: UUID
    peer: UUID
    peer_name: str
    since: datetime
    paused_at: datetime | None
    ended_at: datetime | None
    row: LinkRow
    peer_keys: bytes
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

    A damaged row is no link that they agreed on; where not even its id can be read, None stands for it. `before` are
    ids of rows from before a patient's account was started anew, which wait to be renewed. `damaged` counts rows of
    care that has ended.
    """

    links: tuple[Link, ...]
    strange: tuple[UUID | None, ...]
    before: tuple[UUID, ...] = ()
    damaged: int = 0


async def found(actor: Actor, *, ended: bool = False) -> Found:
    """Give the actor's care links, oldest first, and what only passes for one."""
    if actor.role is Role.ADMINISTRATOR:  # is in nobody's care team, whatever a row says
        raise NotFound
    mine = {"patient_id": actor.id} if actor.role is Role.PATIENT else {"clinician_id": actor.id}
    rows = tables.CareLink.filter(**mine)
    if not ended:
        rows = rows.filter(ended_at=None)
    links: list[Link] = []
    strange: list[UUID | None] = []
    before: list[UUID] = []
    damaged, there = 0, await read(LinkRow, rows.order_by("created_at"))
    handovers = await _handovers(actor, whole(there))
    for row in there:
        if isinstance(row, DamagedRow):
            if row.known.get("ended_at", row) is None:
                strange.append(row.id)
            else:
                damaged += 1
            continue
        try:
            if row.ended_at is None:
                links.append(_view(actor, row, handovers))
            elif actor.role is Role.PATIENT and row.past is not None:
                links.append(_past(actor, row))  # a clinician is shown nothing of care that has ended
        except Damaged:
            damaged += 1  # the row points elsewhere: nobody is named
        except TrustBroken:
            waits = row.restarted_at is not None and actor.role is Role.PATIENT
            (before if waits else strange).append(row.id)
    return Found(tuple(links), tuple(strange), tuple(before), damaged)


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
    there = await read(LinkRow, rows.order_by("created_at"))
    handovers = await _handovers(actor, whole(there))
    for row in whole(there):
        try:
            return _view(actor, row, handovers)
        except TrustBroken:
            continue
    raise TrustBroken if there else NotFound


async def _handovers(actor: Actor, links: Sequence[LinkRow]) -> Handovers:
    """Return the handovers that a clinician's links came of, as far as they have pinned nobody yet."""
    wanted = [row.handover_id for row in links if row.clinician_pin is None and row.handover_id]
    if actor.role is Role.PATIENT or not wanted:
        return {}
    rows = await read(HandoverRow, tables.Handover.filter(id__in=wanted))
    return {row.id: row for row in whole(rows)}


def is_agreed(actor: Actor, row: LinkRow, handovers: Handovers) -> bool:
    """
    Tell whether the other person's keys are those that the actor agreed on for this link.

    Args:
        handovers: What `_handovers` gives for it.

    Raises:
        TrustBroken: If the actor agreed on no such link.
    """
    mine = actor.role is Role.PATIENT
    peer = row.clinician_id if mine else row.patient_id
    shown = bytes_of(row.clinician_keys if mine else row.patient_keys)
    sealed = row.patient_pin if mine else row.clinician_pin
    try:
        if sealed is not None:
            return is_pinned(
                actor.keyring, sealed, shown, owner=actor.id.bytes, peer=peer.bytes, link=row.id.bytes
            )
        if mine:
            raise TrustBroken
        _check_voucher(actor, row, PublicIdentity.decode(shown), handovers)
    except (CryptoError, Damaged) as error:
        raise TrustBroken from error
    return True


def _check_voucher(actor: Actor, row: LinkRow, theirs: PublicIdentity, handovers: Handovers) -> None:
    """Check, as a clinician who has pinned nobody yet, what a patient vouched for when care began."""
    if row.handover_id is not None:
        handover = handovers.get(row.handover_id)
        if handover is None or handover.patient_id != row.patient_id:
            raise TrustBroken
        mine = actor.identity().public()
        return check_handed_over(actor.house, handover, theirs, mine, link=row.id, consent=row.voucher)
    if row.invitation_id is None:
        raise TrustBroken
    secret = secret_of(actor, row.invitation_id, bytes_of(row.invitation_secret))
    return verify_voucher(secret, row.voucher, theirs, account=row.patient_id.bytes, role=Role.PATIENT.value)


def _past(actor: Actor, row: LinkRow) -> Link:
    was = open_past(actor.house, row.id, row.patient_id, row.clinician_id, row.past)
    since, until = datetime.fromisoformat(was.since), datetime.fromisoformat(was.until)
    return Link(
        row.id,
        actor.id,
        row.clinician_id,
        row.clinician_id,
        was.name,
        since,
        None,
        until,
        row,
        b"",
        trusted=False,
        peer_profession=was.profession,
    )


def _view(actor: Actor, row: LinkRow, handovers: Handovers) -> Link:
    if actor.role is Role.PATIENT:
        peer, sealed, keys, status = (
            row.clinician_id, row.clinician_profile, row.clinician_keys, row.clinician_status
        )  # fmt: skip
    else:
        peer, sealed, keys, status = row.patient_id, row.patient_profile, row.patient_keys, row.patient_status
    trusted = is_agreed(actor, row, handovers)
    name, zone, profession = NAMELESS, "UTC", ""
    try:
        profile = open_document(actor.house.server, bytes_of(sealed), profile_context(peer), Profile)
        name, zone, profession = profile.name, profile.time_zone, profile.profession
    except Damaged:
        pass  # one name that does not open closes nobody else's page
    return Link(
        row.id,
        row.patient_id,
        row.clinician_id,
        peer,
        name,
        row.created_at,
        row.paused_at,
        row.ended_at,
        row,
        bytes_of(keys),
        zone,
        trusted,
        profession,
        status != "active",
    )
