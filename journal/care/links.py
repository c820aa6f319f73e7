"""
Load care links: `my_links`, `my_link` and `link_with` are the only ways to one, and loading *is* the authorisation.

A row alone is no link: the actor's own pin, sealed under their own key, has to show that they agreed on it with this
very person. For a clinician without a pin yet, the voucher under the secret of their invitation shows it, which they
alone can open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from crypto import CryptoError, PublicIdentity, is_pinned, verify_voucher
from journal.accounts.profiles import known_profile
from journal.actor import Actor
from journal.care import tables
from journal.care.invitations import secret_of
from journal.care.key_attestation import HandoverRow, check_handed_over
from journal.care.past_care import open_past
from journal.errors import Damaged, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import fetch
from journal.store.rows import DamagedRow, Joined, Moment, Row, bytes_of, read, typed, whole

NOTHING_LEFT: dict[str, Any] = {
    "patient_key": None,
    "clinician_key": None,
    "patient_pin": None,
    "clinician_pin": None,
    "voucher": b"",
}
"""Written over everything that two people agreed on, when care ends."""
NAMELESS = N_("Somebody whose name cannot be opened")


LINKS = """
    SELECT care_link.id, patient_id, clinician_id, care_link.created_at, paused_at, ended_at, restarted_at,
        invitation_id, handover_id, patient_key, clinician_key, patient_pin, clinician_pin, voucher, past,
        peer.sealed, peer.public_identity, peer.status
    FROM care_link LEFT JOIN account AS peer ON peer.id = {peer}_id
    WHERE {whose}
    ORDER BY care_link.created_at
"""
"""SQL, since nearly every page loads links, and the join by the ORM takes longer than the rest."""
OF_PATIENT = LINKS.format(peer="clinician", whose="patient_id = $1")
OF_CLINICIAN = LINKS.format(peer="patient", whose="clinician_id = $1")
LASTING_OF_PATIENT = LINKS.format(peer="clinician", whose="patient_id = $1 AND ended_at IS NULL")
LASTING_OF_CLINICIAN = LINKS.format(peer="patient", whose="clinician_id = $1 AND ended_at IS NULL")
LASTING_OF_BOTH = LINKS.format(
    peer="patient", whose="clinician_id = $1 AND patient_id = $2 AND ended_at IS NULL"
)


class LinkRow(Row, frozen=True):
    """A row of a care link, as `LINKS` asks for it; `peer` is the person who does not ask."""

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
    peer_profile: Joined
    peer_keys: Joined
    peer_status: Joined


class SecretRow(Row, frozen=True):
    """The sealed secret of an invitation."""

    id: UUID
    secret: Joined


@dataclass(frozen=True, slots=True)
class Vouchers:
    """What proves a clinician's links without a pin yet: handovers, and sealed secrets of invitations, by id."""

    handovers: Mapping[UUID, HandoverRow]
    secrets: Mapping[UUID, bytes]


NO_VOUCHERS = Vouchers({}, {})


@dataclass(frozen=True, slots=True)
class Link:
    """
    A care link as one of its two people sees it; `peer` is the other one.

    `trusted`: `peer_keys`, which storage shows as theirs, are the ones that were agreed on.
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
        """Return `active`, `paused` or `ended`."""
        return "ended" if self.ended_at else "paused" if self.paused_at else "active"


@dataclass(frozen=True, slots=True)
class Found:
    """
    One person's care links, and the ids of rows that they never agreed on.

    A damaged row counts as not agreed on; None stands for an id that cannot be read. `before` are ids of rows from
    before a patient's account was started anew, which wait to be renewed. `damaged` counts damaged rows of ended care.
    """

    links: tuple[Link, ...]
    strange: tuple[UUID | None, ...]
    before: tuple[UUID, ...] = ()
    damaged: int = 0

    def link(self, wanted: UUID) -> Link:
        """
        Return the link of an id that has not ended.

        Raises:
            NotFound: If there is none.
            TrustBroken: If a row names them, and they never agreed on it.
        """
        if wanted in (*self.strange, *self.before):
            raise TrustBroken
        for link in self.links:
            if link.id == wanted and link.ended_at is None:
                return link
        raise NotFound


async def found(actor: Actor, *, ended: bool = False) -> Found:
    """Return the actor's care links, oldest first, and the rows that only pass for one."""
    if actor.role is Role.ADMINISTRATOR:  # is in nobody's care team, whatever a row says
        raise NotFound
    if actor.role is Role.PATIENT:
        asked = OF_PATIENT if ended else LASTING_OF_PATIENT
    else:
        asked = OF_CLINICIAN if ended else LASTING_OF_CLINICIAN
    links: list[Link] = []
    strange: list[UUID | None] = []
    before: list[UUID] = []
    damaged, there = 0, typed(LinkRow, await fetch(asked, actor.id))
    vouchers = await _load_vouchers(actor, whole(there))
    for row in there:
        if isinstance(row, DamagedRow):
            if row.known.get("ended_at", row) is None:
                strange.append(row.id)
            else:
                damaged += 1
            continue
        try:
            if row.ended_at is None:
                links.append(_view(actor, row, vouchers))
            elif actor.role is Role.PATIENT and row.past is not None:
                links.append(_past(actor, row))  # a clinician is shown nothing of care that has ended
        except Damaged:
            damaged += 1  # the row points elsewhere: nobody is named
        except TrustBroken:
            waits = row.restarted_at is not None and actor.role is Role.PATIENT
            (before if waits else strange).append(row.id)
    return Found(tuple(links), tuple(strange), tuple(before), damaged)


async def my_links(actor: Actor, *, ended: bool = False) -> tuple[Link, ...]:
    """Return the actor's care links, oldest first; those that have ended only when asked for."""
    return (await found(actor, ended=ended)).links


async def my_link(actor: Actor, wanted: UUID) -> Link:
    """Return one of the actor's own links by its id, not ended; raises as `Found.link` does."""
    return (await found(actor)).link(wanted)


async def link_with(actor: Actor, patient: UUID) -> Link:
    """
    Return the clinician's link with *patient*, not ended: without one, the patient does not exist for them.

    Raises:
        NotFound: If there is none.
        TrustBroken: If there is a row, and they never agreed on it.
    """
    actor.must_be(Role.CLINICIAN)
    there = typed(LinkRow, await fetch(LASTING_OF_BOTH, actor.id, patient))
    vouchers = await _load_vouchers(actor, whole(there))
    for row in whole(there):
        try:
            return _view(actor, row, vouchers)
        except TrustBroken:
            continue
    raise TrustBroken if there else NotFound


async def _load_vouchers(actor: Actor, links: Sequence[LinkRow]) -> Vouchers:
    """Return what proves a clinician's links without a pin yet: mostly there are none, and nothing is read."""
    waiting = [row for row in links if row.clinician_pin is None and row.ended_at is None]
    if actor.role is Role.PATIENT or not waiting:
        return NO_VOUCHERS
    came_of = [row.handover_id for row in waiting if row.handover_id]
    invited = [row.invitation_id for row in waiting if row.invitation_id and not row.handover_id]
    handovers = await read(HandoverRow, tables.Handover.filter(id__in=came_of)) if came_of else []
    secrets = await read(SecretRow, tables.Invitation.filter(id__in=invited)) if invited else []
    return Vouchers(
        {row.id: row for row in whole(handovers)}, {row.id: bytes_of(row.secret) for row in whole(secrets)}
    )


def is_agreed(actor: Actor, row: LinkRow, vouchers: Vouchers) -> bool:
    """
    Return whether the other person's keys are those that the actor agreed on for this link.

    Args:
        vouchers: From `_load_vouchers`.

    Raises:
        TrustBroken: If the actor agreed on no such link.
    """
    mine = actor.role is Role.PATIENT
    peer = row.clinician_id if mine else row.patient_id
    shown = bytes_of(row.peer_keys)
    sealed = row.patient_pin if mine else row.clinician_pin
    try:
        if sealed is not None:
            return has_pinned(actor, sealed, shown, peer=peer, link=row.id)
        if mine:
            raise TrustBroken
        _check_voucher(actor, row, PublicIdentity.decode(shown), vouchers)
    except (CryptoError, Damaged) as error:
        raise TrustBroken from error
    return True


def has_pinned(actor: Actor, sealed: bytes, shown: bytes, *, peer: UUID, link: UUID) -> bool:
    """
    Return whether the actor's pin for *link* has the keys *shown* as *peer*'s; raises as `crypto.is_pinned` does.

    A match follows from the bytes of both and the actor's keys alone, so it is cached: with the mark of the keys that
    opened the pin, and neither its content nor a key. A mismatch is not cached.
    """
    memory = actor.house.pins
    key = (actor.keyring.mark, actor.id, peer, link, sealed, shown)
    if memory.get(key):
        return True
    ids = {"owner": actor.id.bytes, "peer": peer.bytes, "link": link.bytes}
    fits = is_pinned(actor.keyring, sealed, shown, **ids)
    if fits:
        memory.keep(key, True)
    return fits


def _check_voucher(actor: Actor, row: LinkRow, theirs: PublicIdentity, vouchers: Vouchers) -> None:
    """Verify, as a clinician without a pin yet, what a patient vouched for when care began."""
    if row.handover_id is not None:
        handover = vouchers.handovers.get(row.handover_id)
        if handover is None or handover.patient_id != row.patient_id:
            raise TrustBroken
        mine = actor.identity().public()
        return check_handed_over(actor.house, handover, theirs, mine, link=row.id, consent=row.voucher)
    if row.invitation_id is None:
        raise TrustBroken
    secret = secret_of(actor, row.invitation_id, vouchers.secrets.get(row.invitation_id, b""))
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


def _view(actor: Actor, row: LinkRow, vouchers: Vouchers) -> Link:
    peer = row.clinician_id if actor.role is Role.PATIENT else row.patient_id
    trusted = is_agreed(actor, row, vouchers)
    name, zone, profession = NAMELESS, "UTC", ""
    try:
        profile = known_profile(actor.house, peer, bytes_of(row.peer_profile))
        name, zone, profession = profile.name, profile.time_zone, profile.profession
    except Damaged:
        pass  # a name that does not open hides no link
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
        bytes_of(row.peer_keys),
        zone,
        trusted,
        profession,
        row.peer_status != "active",
    )


async def require_lasting(link: Link) -> None:
    """
    Read a care link again in the transaction that shares over it, and lock it.

    Raises:
        StaleRevision: If it was paused or ended since it was read.
    """
    people = {"patient_id": link.patient, "clinician_id": link.clinician}
    lasting = tables.CareLink.filter(id=link.id, **people, ended_at=None, paused_at=None)
    # The update locks the link: after a pause or an end that came first it matches no row.
    if not await lasting.update(paused_at=None):
        raise StaleRevision(N_("Sharing with this person was paused or ended meanwhile. Nothing was shared."))
