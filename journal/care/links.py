"""
Load care links: `load_my_links`, `load_my_link` and `load_link_with` are the only ways to one, and loading *is* the
authorisation.

A row alone is no link: the actor's own pin, sealed under their own key, has to show that they agreed on it with this
very person. For a clinician without a pin yet, the voucher under the secret of their invitation shows it, which they
alone can open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from crypto import PublicIdentity
from journal.accounts.profiles import NO_CONTACT, ContactDetails, open_cached_profile
from journal.accounts.status import LEAVING
from journal.actor import Actor
from journal.care import tables
from journal.care.past_care import open_past
from journal.care.peer_keys import (
    KnownKeys,
    LinkRow,
    follow_changes,
    is_agreed,
    is_in_doubt,
    load_known_keys,
)
from journal.errors import Damaged, NotFound, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.roles import Role
from journal.store.database import fetch_raw
from journal.store.rows import (
    DamagedRow,
    as_bytes,
    filter_undamaged,
    parse_rows,
)

ERASED_COLUMNS: dict[str, Any] = {
    "patient_key": None,
    "clinician_key": None,
    "held_key": None,
    "plan_copy": None,
    "patient_pin": None,
    "clinician_pin": None,
    "voucher": b"",
}
"""Written over everything that two people agreed on, when care ends."""
KEYS_RENEWED = N_(
    "The keys of this connection were renewed meanwhile. Nothing was changed. Send it once more."
)
UNKNOWN_NAME = N_("Somebody whose name cannot be opened")


SELECT_LINKS = """
    SELECT care_link.id, patient_id, clinician_id, care_link.created_at, paused_at, ended_at, restarted_at,
        invitation_id, handover_id, patient_key, clinician_key, held_key,
        plan_copy, EXISTS (SELECT 1 FROM plan_key WHERE plan_key.id = care_link.patient_id AND plan_key.due_at IS NULL
            AND plan_key.carried_at IS NOT NULL),
        key_number, care_link.due_at, signs_later,
        {me}_followed_at, patient_pin, clinician_pin, voucher, past, peer.sealed, peer.public_identity, peer.status,
        EXISTS (SELECT 1 FROM succession WHERE account_id = peer.id),
        EXISTS (SELECT 1 FROM key_renewal WHERE key_renewal.id = peer.id),
        (SELECT former FROM link_renewal WHERE link_renewal.id = care_link.id),
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
_OF_PATIENT, _OF_CLINICIAN = {"peer": "clinician", "me": "patient"}, {"peer": "patient", "me": "clinician"}
SELECT_PATIENT_LINKS = SELECT_LINKS.format(**_OF_PATIENT, whose="patient_id = $1", policy=SELECT_POLICY)
_BARE = SELECT_LINKS.replace("{policy}", "NULL, NULL, NULL")
SELECT_CLINICIAN_LINKS = _BARE.format(**_OF_CLINICIAN, whose="clinician_id = $1")
SELECT_CURRENT_PATIENT_LINKS = _BARE.format(**_OF_PATIENT, whose="patient_id = $1 AND ended_at IS NULL")
SELECT_CURRENT_CLINICIAN_LINKS = _BARE.format(**_OF_CLINICIAN, whose="clinician_id = $1 AND ended_at IS NULL")
SELECT_CURRENT_LINKS_BETWEEN = _BARE.format(
    **_OF_CLINICIAN, whose="clinician_id = $1 AND patient_id = $2 AND ended_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Link:
    """
    A care link as one of its two people sees it; `peer` is the other one.

    `trusted`: `peer_keys`, which storage shows as theirs, are the ones that were agreed on. `is_doubted`: the witness
    spoke against those, and the actor has yet to compare the safety code. `ended_by` is the role of who ended it, where
    that is known. `peer_contact` is empty unless the peer is a patient who is trusted and has not asked to have their
    account deleted. `peer_former` and `own_former` are keys of before, while their owner is signing anew what they had
    signed with them.
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
    is_doubted: bool = False
    peer_former: tuple[PublicIdentity, ...] = ()
    own_former: tuple[PublicIdentity, ...] = ()

    @property
    def followed_at(self) -> datetime | None:
        """Return when the actor's account took over keys that the other person had renewed."""
        return self.row.followed_at

    @property
    def due_at(self) -> datetime | None:
        """Return when its clinician renewed their keys, until the patient has drawn another key for it."""
        return self.row.due_at

    @property
    def is_renewing(self) -> bool:
        """Return whether its rows are being sealed under another key."""
        return bool(self.row.former)

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
    damaged, (there, known) = 0, await _load_rows(actor, asked, actor.id)
    for row in there:
        if isinstance(row, DamagedRow):
            if row.readable.get("ended_at", row) is None:
                strange.append(row.id)
            else:
                damaged += 1
            continue
        try:
            if row.ended_at is None:
                links.append(_build_link(actor, row, known))
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
    there, known = await _load_rows(actor, SELECT_CURRENT_LINKS_BETWEEN, actor.id, patient)
    for row in filter_undamaged(there):
        try:
            return _build_link(actor, row, known)
        except TrustBroken:
            continue
    raise TrustBroken if there else NotFound


async def _load_rows(actor: Actor, asked: str, *values: UUID) -> tuple[list[LinkRow | DamagedRow], KnownKeys]:
    """Return rows of links, after changes of keys were followed, and what proves them."""
    there = parse_rows(LinkRow, await fetch_raw(asked, *values))
    known = await load_known_keys(actor, filter_undamaged(there))
    if await follow_changes(actor, filter_undamaged(there), known):
        there = parse_rows(LinkRow, await fetch_raw(asked, *values))
        known = await load_known_keys(actor, filter_undamaged(there))
    return there, known


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


def _build_link(actor: Actor, row: LinkRow, known: KnownKeys) -> Link:
    peer = row.get_peer(actor)
    trusted = is_agreed(actor, row, known)
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
        is_doubted=not trusted and is_in_doubt(actor, row),
        peer_former=known.former.get(peer, ()),
        own_former=known.former.get(actor.id, ()),
    )


async def require_cared_for(link: Link) -> None:
    """
    Read a care link again in the transaction in which its clinician writes, and lock it; it may be paused.

    Raises:
        StaleRevision: If care ended since it was read, or its key was drawn anew, and that has come to its end.
    """
    await _lock(link, {"ended_at": None}, N_("Care ended meanwhile. Nothing was changed."))


async def require_active(link: Link) -> None:
    """
    Read a care link again in the transaction that shares over it, and lock it.

    Raises:
        StaleRevision: If it was paused or ended since it was read, or as `require_cared_for`.
    """
    lasting = {"ended_at": None, "paused_at": None}
    await _lock(
        link,
        lasting,
        N_("Sharing with this person was paused or ended meanwhile. Nothing was shared."),
    )


async def _lock(link: Link, lasting: dict[str, Any], reason: str) -> None:
    people = {"patient_id": link.patient, "clinician_id": link.clinician}
    mine = tables.CareLink.filter(id=link.id, **people, **lasting)
    # The update locks the link: after a pause or an end that came first it matches no row.
    if await mine.filter(key_number=link.row.key_number).update(ended_at=None):
        return
    if not await mine.update(ended_at=None):
        raise StaleRevision(reason)
    # What was read before the key was drawn anew is sealed anew as long as that is under way.
    last = mine.filter(key_number=link.row.key_number + 1)
    if not (await last.exists() and await tables.LinkRenewal.filter(id=link.id).exists()):
        raise StaleRevision(KEYS_RENEWED)
