"""
Load care links: `load_my_links`, `load_my_link` and `load_link_with` are the only ways to one, and loading *is* the
authorisation.

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
from journal.accounts.profiles import NO_CONTACT, ContactDetails, open_cached_profile
from journal.accounts.status import LEAVING
from journal.actor import Actor
from journal.care import tables
from journal.care.invitations import open_secret
from journal.care.key_attestation import HandoverRow, verify_handover
from journal.care.past_care import open_past
from journal.errors import Damaged, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import fetch_raw
from journal.store.rows import (
    DamagedRow,
    JoinedValue,
    Row,
    Timestamp,
    as_bytes,
    fetch_rows,
    filter_undamaged,
    parse_rows,
)

ERASED_COLUMNS: dict[str, Any] = {
    "patient_key": None,
    "clinician_key": None,
    "patient_pin": None,
    "clinician_pin": None,
    "voucher": b"",
}
"""Written over everything that two people agreed on, when care ends."""
UNKNOWN_NAME = N_("Somebody whose name cannot be opened")


SELECT_LINKS = """
    SELECT care_link.id, patient_id, clinician_id, care_link.created_at, paused_at, ended_at, restarted_at,
        invitation_id, handover_id, patient_key, clinician_key, patient_pin, clinician_pin, voucher, past,
        peer.sealed, peer.public_identity, peer.status,
        {policy}
    FROM care_link LEFT JOIN account AS peer ON peer.id = {peer}_id
    WHERE {whose}
    ORDER BY care_link.created_at
"""
"""SQL, since nearly every page loads links, and the join by the ORM takes longer than the rest."""
SELECT_POLICY = """(SELECT revision FROM notice_policy WHERE notice_policy.id = care_link.id),
        (SELECT sealed FROM notice_policy WHERE notice_policy.id = care_link.id),
        EXISTS (SELECT 1 FROM reply WHERE reply.link_id = care_link.id AND author = 'clinician' AND revision = 1
            AND read_at IS NULL)"""
"""What is agreed over a link, or proposed, and whether a reply is new: with the links that home loads anyway."""
SELECT_PATIENT_LINKS = SELECT_LINKS.format(peer="clinician", whose="patient_id = $1", policy=SELECT_POLICY)
_BARE = SELECT_LINKS.replace("{policy}", "NULL, NULL, NULL")
SELECT_CLINICIAN_LINKS = _BARE.format(peer="patient", whose="clinician_id = $1")
SELECT_CURRENT_PATIENT_LINKS = _BARE.format(peer="clinician", whose="patient_id = $1 AND ended_at IS NULL")
SELECT_CURRENT_CLINICIAN_LINKS = _BARE.format(peer="patient", whose="clinician_id = $1 AND ended_at IS NULL")
SELECT_CURRENT_LINKS_BETWEEN = _BARE.format(
    peer="patient", whose="clinician_id = $1 AND patient_id = $2 AND ended_at IS NULL"
)


class LinkRow(Row, frozen=True):
    """A row of a care link, as `SELECT_LINKS` asks for it; `peer_…` is the person who does not ask."""

    id: UUID
    patient_id: UUID
    clinician_id: UUID
    created_at: Timestamp
    paused_at: Timestamp | None
    ended_at: Timestamp | None
    restarted_at: Timestamp | None
    invitation_id: UUID | None
    handover_id: UUID | None
    patient_key: bytes | None
    clinician_key: bytes | None
    patient_pin: bytes | None
    clinician_pin: bytes | None
    voucher: bytes
    past: bytes | None
    peer_profile: JoinedValue
    peer_keys: JoinedValue
    peer_status: JoinedValue
    policy_revision: JoinedValue
    policy: JoinedValue
    unread_reply: JoinedValue


class SecretRow(Row, frozen=True):
    """The sealed secret of an invitation."""

    id: UUID
    secret: JoinedValue


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

    `trusted`: `peer_keys`, which storage shows as theirs, are the ones that were agreed on. `ended_by` is the role of
    who ended it, where that is known. `peer_contact` is empty unless the peer is a patient who is trusted and has not
    asked to have their account deleted.
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
    ended_by: str = ""
    peer_contact: ContactDetails = NO_CONTACT

    @property
    def state(self) -> str:
        """Return `active`, `paused` or `ended`."""
        return "ended" if self.ended_at else "paused" if self.paused_at else "active"


@dataclass(frozen=True, slots=True)
class CareTeam:
    """
    One person's care links, and the ids of rows that they never agreed on.

    A damaged row counts as not agreed on; None stands for an id that cannot be read. `awaiting_renewal` are ids of
    rows from before a patient's account was started anew, which wait to be renewed. `damaged` counts damaged rows of
    ended care.
    """

    links: tuple[Link, ...]
    unagreed: tuple[UUID | None, ...]
    awaiting_renewal: tuple[UUID, ...] = ()
    damaged: int = 0

    def get_link(self, wanted: UUID) -> Link:
        """
        Return the link of an id that has not ended.

        Raises:
            NotFound: If there is none.
            TrustBroken: If a row names them, and they never agreed on it.
        """
        if wanted in (*self.unagreed, *self.awaiting_renewal):
            raise TrustBroken
        for link in self.links:
            if link.id == wanted and link.ended_at is None:
                return link
        raise NotFound


async def load_care_team(actor: Actor, *, ended: bool = False) -> CareTeam:
    """Return the actor's care links, oldest first, and the rows that only pass for one."""
    if actor.role is Role.ADMINISTRATOR:  # is in nobody's care team, whatever a row says
        raise NotFound
    if actor.role is Role.PATIENT:
        asked = SELECT_PATIENT_LINKS if ended else SELECT_CURRENT_PATIENT_LINKS
    else:
        asked = SELECT_CLINICIAN_LINKS if ended else SELECT_CURRENT_CLINICIAN_LINKS
    links: list[Link] = []
    strange: list[UUID | None] = []
    before: list[UUID] = []
    damaged, there = 0, parse_rows(LinkRow, await fetch_raw(asked, actor.id))
    vouchers = await _load_vouchers(actor, filter_undamaged(there))
    for row in there:
        if isinstance(row, DamagedRow):
            if row.readable.get("ended_at", row) is None:
                strange.append(row.id)
            else:
                damaged += 1
            continue
        try:
            if row.ended_at is None:
                links.append(_build_link(actor, row, vouchers))
            elif actor.role is Role.PATIENT and row.past is not None:
                links.append(
                    _build_past_link(actor, row)
                )  # a clinician is shown nothing of care that has ended
        except Damaged:
            damaged += 1  # the row points elsewhere: nobody is named
        except TrustBroken:
            waits = row.restarted_at is not None and actor.role is Role.PATIENT
            (before if waits else strange).append(row.id)
    return CareTeam(tuple(links), tuple(strange), tuple(before), damaged)


async def load_my_links(actor: Actor, *, ended: bool = False) -> tuple[Link, ...]:
    """Return the actor's care links, oldest first; those that have ended only when asked for."""
    return (await load_care_team(actor, ended=ended)).links


async def load_my_link(actor: Actor, wanted: UUID) -> Link:
    """Return one of the actor's own links by its id, not ended; raises as `CareTeam.get_link` does."""
    return (await load_care_team(actor)).get_link(wanted)


async def load_link_with(actor: Actor, patient: UUID) -> Link:
    """
    Return the clinician's link with *patient*, not ended: without one, the patient does not exist for them.

    Raises:
        NotFound: If there is none.
        TrustBroken: If there is a row, and they never agreed on it.
    """
    actor.require_role(Role.CLINICIAN)
    there = parse_rows(LinkRow, await fetch_raw(SELECT_CURRENT_LINKS_BETWEEN, actor.id, patient))
    vouchers = await _load_vouchers(actor, filter_undamaged(there))
    for row in filter_undamaged(there):
        try:
            return _build_link(actor, row, vouchers)
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
    handovers = await fetch_rows(HandoverRow, tables.Handover.filter(id__in=came_of)) if came_of else []
    secrets = await fetch_rows(SecretRow, tables.Invitation.filter(id__in=invited)) if invited else []
    return Vouchers(
        {row.id: row for row in filter_undamaged(handovers)},
        {row.id: as_bytes(row.secret) for row in filter_undamaged(secrets)},
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
    shown = as_bytes(row.peer_keys)
    sealed = row.patient_pin if mine else row.clinician_pin
    try:
        if sealed is not None:
            return has_pinned(actor, sealed, shown, peer=peer, link=row.id)
        if mine:
            raise TrustBroken
        _verify_voucher(actor, row, PublicIdentity.decode(shown), vouchers)
    except (CryptoError, Damaged) as error:
        raise TrustBroken from error
    return True


def has_pinned(actor: Actor, sealed: bytes, shown: bytes, *, peer: UUID, link: UUID) -> bool:
    """
    Return whether the actor's pin for *link* has the keys *shown* as *peer*'s; raises as `crypto.is_pinned` does.

    A match follows from the bytes of both and the actor's keys alone, so it is cached: with the mark of the keys that
    opened the pin, and neither its content nor a key. A mismatch is not cached.
    """
    memory = actor.installation.pins
    key = (actor.keyring.mark, actor.id, peer, link, sealed, shown)
    if memory.get(key):
        return True
    ids = {"owner": actor.id.bytes, "peer": peer.bytes, "link": link.bytes}
    fits = is_pinned(actor.keyring, sealed, shown, **ids)
    if fits:
        memory.put(key, True)
    return fits


def _verify_voucher(actor: Actor, row: LinkRow, theirs: PublicIdentity, vouchers: Vouchers) -> None:
    """Verify, as a clinician without a pin yet, what a patient vouched for when care began."""
    if row.handover_id is not None:
        handover = vouchers.handovers.get(row.handover_id)
        if handover is None or handover.patient_id != row.patient_id:
            raise TrustBroken
        mine = actor.open_identity().public()
        return verify_handover(actor.installation, handover, theirs, mine, link=row.id, consent=row.voucher)
    if row.invitation_id is None:
        raise TrustBroken
    secret = open_secret(actor, row.invitation_id, vouchers.secrets.get(row.invitation_id, b""))
    return verify_voucher(secret, row.voucher, theirs, account=row.patient_id.bytes, role=Role.PATIENT.value)


def _build_past_link(actor: Actor, row: LinkRow) -> Link:
    was = open_past(actor.installation, row.id, row.patient_id, row.clinician_id, row.past)
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
        ended_by=was.ended_by,
    )


def _build_link(actor: Actor, row: LinkRow, vouchers: Vouchers) -> Link:
    peer = row.clinician_id if actor.role is Role.PATIENT else row.patient_id
    trusted = is_agreed(actor, row, vouchers)
    name, zone, profession, contact = UNKNOWN_NAME, "UTC", "", NO_CONTACT
    try:
        profile = open_cached_profile(actor.installation, peer, as_bytes(row.peer_profile))
        name, zone, profession = profile.name, profile.time_zone, profile.profession
        if trusted and row.peer_status != LEAVING:
            contact = profile.contact
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
        as_bytes(row.peer_keys),
        zone,
        trusted,
        profession,
        row.peer_status != "active",
        peer_contact=contact,
    )


async def require_cared_for(link: Link) -> None:
    """
    Read a care link again in the transaction in which its clinician writes, and lock it; it may be paused.

    Raises:
        StaleRevision: If care ended since it was read.
    """
    lasting = tables.CareLink.filter(
        id=link.id, patient_id=link.patient, clinician_id=link.clinician, ended_at=None
    )
    if not await lasting.update(ended_at=None):
        raise StaleRevision(N_("Care ended meanwhile. Nothing was changed."))


async def require_active(link: Link) -> None:
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
