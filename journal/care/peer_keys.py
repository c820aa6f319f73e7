"""
Whether the other person of a care link has the keys that were agreed on: by a pin, or by a voucher where there is none.

Where they renewed their keys, the change is followed from what was pinned, and pinned: their old keys and their new
ones signed it, and the server attests where it ends. A patient then also draws another key for the link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from tortoise.exceptions import OperationalError

from crypto import CryptoError, PublicIdentity, is_doubted, is_pinned, open_pin, pin, verify_voucher
from journal.accounts.current_keys import require_keys
from journal.accounts.successions import (
    MOST_FORMER,
    Statements,
    follow_attested,
    load_statements,
    require_attested,
    trace_former,
)
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import link_renewal, tables
from journal.care.invitations import open_secret
from journal.care.key_attestation import HandoverRow, verify_handover
from journal.errors import Damaged, TrustBroken
from journal.roles import Role
from journal.store.database import is_in_transaction, transaction
from journal.store.rows import (
    Flag,
    JoinedValue,
    NonNegative,
    Row,
    Timestamp,
    as_bytes,
    fetch_rows,
    filter_undamaged,
)


class LinkRow(Row, frozen=True):
    """A row of a care link, as `links.SELECT_LINKS` asks for it; `peer_…` is the person who does not ask."""

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
    held_key: bytes | None
    plan_copy: bytes | None
    plan_settled: Flag
    key_number: NonNegative
    due_at: Timestamp | None
    signs_later: Flag
    followed_at: Timestamp | None
    patient_pin: bytes | None
    clinician_pin: bytes | None
    voucher: bytes
    past: bytes | None
    peer_profile: JoinedValue
    peer_keys: JoinedValue
    peer_status: JoinedValue
    peer_changes: JoinedValue
    peer_renewing: JoinedValue
    former: JoinedValue
    policy_revision: JoinedValue
    policy: JoinedValue
    unread_reply: JoinedValue

    def get_peer(self, actor: Actor) -> UUID:
        """Return the account of the person who does not ask."""
        return self.clinician_id if actor.role is Role.PATIENT else self.patient_id

    def get_pin(self, actor: Actor) -> bytes | None:
        """Return what the actor pinned."""
        return self.patient_pin if actor.role is Role.PATIENT else self.clinician_pin


class SecretRow(Row, frozen=True):
    """The sealed secret of an invitation."""

    id: UUID
    secret: JoinedValue


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """
    What proves a clinician's links without a pin yet: handovers, and sealed secrets of invitations, by id.

    `former` are the keys of before, by account, of whoever is signing anew what they had signed; the latest first.
    """

    handovers: Mapping[UUID, HandoverRow]
    secrets: Mapping[UUID, bytes]
    former: Mapping[UUID, tuple[PublicIdentity, ...]] = field(default_factory=dict)


async def load_known_keys(actor: Actor, rows: Sequence[LinkRow]) -> KnownKeys:
    """Return what proves links without a pin yet, and signatures of before: mostly nothing is read."""
    handovers: Sequence[HandoverRow] = ()
    secrets: Sequence[SecretRow] = ()
    if waiting := [row for row in rows if row.get_pin(actor) is None and row.ended_at is None]:
        came_of = [row.handover_id for row in waiting if row.handover_id]
        invited = [row.invitation_id for row in waiting if row.invitation_id and not row.handover_id]
        if came_of and actor.role is not Role.PATIENT:
            handovers = filter_undamaged(
                await fetch_rows(HandoverRow, tables.Handover.filter(id__in=came_of))
            )
        if invited and actor.role is not Role.PATIENT:
            secrets = filter_undamaged(await fetch_rows(SecretRow, tables.Invitation.filter(id__in=invited)))
    return KnownKeys(
        {row.id: row for row in handovers},
        {row.id: as_bytes(row.secret) for row in secrets},
        await _load_former_keys(actor, rows),
    )


async def _load_former_keys(
    actor: Actor, rows: Sequence[LinkRow]
) -> Mapping[UUID, tuple[PublicIdentity, ...]]:
    """Return the keys of before of those who are signing anew: the actor, or the other person of a link."""
    present: dict[UUID, bytes] = {}
    for row in rows:
        if row.ended_at is None and (row.peer_renewing or row.signs_later):
            present[row.get_peer(actor)] = as_bytes(row.peer_keys)
        if row.signs_later and actor.role is Role.CLINICIAN:
            present[actor.id] = actor.public_keys
    if actor.is_rotating_keys and rows:
        present[actor.id] = actor.public_keys
    if not present:
        return {}
    statements, found = await load_statements(present), {}
    for account, shown in present.items():
        try:
            found[account] = trace_former(account, statements.get(account, ()), PublicIdentity.decode(shown))
        except CryptoError:
            continue  # who shows no keys has signed nothing with them either
    return found


def is_agreed(actor: Actor, row: LinkRow, known: KnownKeys) -> bool:
    """
    Return whether the other person's keys are those that the actor agreed on for this link.

    Args:
        known: From `load_known_keys`.

    Raises:
        TrustBroken: If the actor agreed on no such link.
    """
    shown, sealed = as_bytes(row.peer_keys), row.get_pin(actor)
    try:
        if sealed is not None:
            return has_pinned(actor, sealed, shown, peer=row.get_peer(actor), link=row.id)
        if actor.role is Role.PATIENT:
            raise TrustBroken
        _verify_voucher(actor, row, PublicIdentity.decode(shown), known, {})
    except (CryptoError, Damaged) as error:
        raise TrustBroken from error
    return True


def is_in_doubt(actor: Actor, row: LinkRow) -> bool:
    """Return whether the witness spoke against the keys that the actor pinned for this link."""
    try:
        ids = {"owner": actor.id.bytes, "peer": row.get_peer(actor).bytes, "link": row.id.bytes}
        return is_doubted(actor.keyring, row.get_pin(actor) or b"", **ids)
    except CryptoError:
        return False


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


def _verify_voucher(
    actor: Actor, row: LinkRow, theirs: PublicIdentity, known: KnownKeys, statements: Statements
) -> None:
    """Verify, as a clinician without a pin yet, what a patient vouched for when care began."""
    if row.handover_id is not None:
        handover = known.handovers.get(row.handover_id)
        if handover is None or handover.patient_id != row.patient_id:
            raise TrustBroken
        mine = actor.open_identity().public()
        earlier = statements.get(handover.clinician_id, ())[-MOST_FORMER:]
        return verify_handover(
            actor.installation, handover, theirs, mine, link=row.id, consent=row.voucher, earlier=earlier
        )
    if row.invitation_id is None:
        raise TrustBroken
    secret = open_secret(actor, row.invitation_id, known.secrets.get(row.invitation_id, b""))
    return verify_voucher(secret, row.voucher, theirs, account=row.patient_id.bytes, role=Role.PATIENT.value)


async def follow_changes(actor: Actor, rows: Sequence[LinkRow], known: KnownKeys) -> bool:
    """
    Follow the changes of keys that lead from what the actor agreed on to what storage shows; return whether any did.

    A clinician pins the keys of now. A patient, whose clinician changed theirs, draws another key for the link as well:
    whoever has the old ones knows the one before.
    """
    asked = [row for row in rows if _may_have_changed(actor, row, known)]
    if not asked:
        return False
    whose = {row.get_peer(actor) for row in asked} | {one.clinician_id for one in known.handovers.values()}
    statements, followed = await load_statements(whose), False
    for row in asked:
        try:
            theirs = _follow(actor, row, known, statements)
        except (CryptoError, Damaged, TrustBroken):
            continue  # the page of the link says so
        if is_in_transaction():  # which is given up as a whole where this fails
            followed |= await _take_over(actor, row, theirs)
            continue
        with suppress(Damaged, OperationalError):  # on a full disk, people can still read
            async with transaction():
                followed |= await _take_over(actor, row, theirs)
    return followed


def _may_have_changed(actor: Actor, row: LinkRow, known: KnownKeys) -> bool:
    """Return whether a link shows keys that were not agreed on, and changes that may lead to them."""
    if row.ended_at is not None or not (row.peer_changes or (row.handover_id and row.clinician_pin is None)):
        return False
    try:
        return not is_agreed(actor, row, known)
    except TrustBroken:
        return True


def _follow(actor: Actor, row: LinkRow, known: KnownKeys, statements: Statements) -> PublicIdentity:
    """Return the keys that storage shows, once changes lead there from those that the actor agreed on."""
    peer, shown, profile = row.get_peer(actor), as_bytes(row.peer_keys), as_bytes(row.peer_profile)
    if (sealed := row.get_pin(actor)) is not None:
        ids = {"owner": actor.id.bytes, "peer": peer.bytes, "link": row.id.bytes}
        pinned = open_pin(actor.keyring, sealed, **ids)
        if is_doubted(actor.keyring, sealed, **ids):
            raise TrustBroken  # until its owner has compared the safety code
        steps = follow_attested(actor.installation, peer, profile, pinned, shown, statements.get(peer, ()))
        return steps[-1].after
    if actor.role is Role.PATIENT:
        raise TrustBroken
    require_attested(actor.installation, peer, profile, shown)
    theirs = PublicIdentity.decode(shown)
    for earlier in (theirs, *trace_former(peer, statements.get(peer, ()), theirs)):
        try:
            _verify_voucher(actor, row, earlier, known, statements)
        except CryptoError:
            continue
        return theirs
    raise TrustBroken


async def _take_over(actor: Actor, row: LinkRow, theirs: PublicIdentity) -> bool:
    """Pin renewed keys, in the transaction that is open; return whether that, and what follows from it, was done."""
    if actor.role is Role.PATIENT:
        changed = await link_renewal.begin(actor, row.id, theirs)
        mine = tables.CareLink.filter(id=row.id, patient_id=actor.id)
        changed = changed and bool(await mine.update(patient_followed_at=actor.now))
    else:
        ids = {"owner": actor.id.bytes, "peer": row.patient_id.bytes, "link": row.id.bytes}
        mine = tables.CareLink.filter(
            id=row.id, clinician_id=actor.id, ended_at=None, clinician_pin=row.clinician_pin
        )
        sealed = pin(actor.keyring, theirs, **ids)
        changed = bool(await mine.update(clinician_pin=sealed, clinician_followed_at=actor.now))
        await require_keys(actor)
    if changed:
        await audit_log.record_event(
            actor, Act.KEYS_FOLLOWED, patient=row.patient_id, about=row.id, recipient=row.get_peer(actor)
        )
    return changed
