"""
Draw another key for a care link after one of its two people renewed their keys: whoever had those knows the one before.

The patient draws it, at once with everything that follows from it: their own copy, the clinician's, and the list of
copies. The key before stands beside it, wrapped under it, until every row is sealed anew (`key_rotation.link_key`).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from crypto import (
    Context,
    CryptoError,
    FallbackSealer,
    PublicIdentity,
    Sealer,
    grant_link_key,
    new_link_key,
    pin,
    unwrap_key,
    wrap_key,
)
from journal.actor import Actor
from journal.care import share_list, tables
from journal.care.documents import link_key_context
from journal.sessions import plan_key
from journal.store.database import fetch_raw
from journal.store.rows import NonNegative, Row, Timestamp, fetch_row
from journal.vault import record_state
from journal.vault.record_state import SELECT_RECORD_STATE

BEGINNING = "begin"
"""Where the sealing anew is before its first batch, which finds out what there is."""


class RenewedRow(Row, frozen=True):
    """A care link whose key is drawn anew."""

    clinician_id: UUID
    paused_at: Timestamp | None
    patient_key: bytes | None
    key_number: NonNegative


def held_key_context(clinician: UUID, link: UUID) -> Context:
    """Return the context of a clinician's own copy of a link key."""
    return Context("held-link-key", clinician.bytes, link.bytes)


def former_key_context(link: UUID, number: int) -> Context:
    """Return the context of a link's key before, under its key of a number."""
    return Context("former-link-key", link.bytes, link.bytes, number)


def build_sealer(key: bytes, link: UUID, number: int, former: bytes) -> Sealer:
    """
    Return the cipher of a link: with *former* it opens what the key before sealed as well.

    Where storage changed that, what is under the key before does not open, and all the rest does.
    """
    try:
        if former:
            return FallbackSealer(key, unwrap_key(key, former, context=former_key_context(link, number)))
    except CryptoError:
        pass
    return Sealer(key)


async def begin(actor: Actor, link: UUID, theirs: PublicIdentity | None) -> bool:
    """
    Draw another key for a patient's link, in the transaction that is open.

    Args:
        theirs: The clinician's keys, to which it is granted, and which are pinned. None where those that are shown are
            not the ones that were agreed on: then sharing is paused.

    Returns:
        Whether it was: not where the link ended, its key does not open, or an earlier change has not come to its end.
    """
    await record_state.lock_state(actor)
    mine = tables.CareLink.filter(id=link, patient_id=actor.id, ended_at=None)
    row = await fetch_row(RenewedRow, mine)
    if row is None or await tables.LinkRenewal.filter(id=link).exists():
        return False
    try:
        old = actor.keyring.unwrap(row.patient_key or b"", context=link_key_context(actor.id, link))
    except CryptoError:
        return False
    new, number = new_link_key(), row.key_number + 1
    changed: dict[str, Any] = {
        "patient_key": wrap_key(actor.keyring.vault, new, context=link_key_context(actor.id, link)),
        "clinician_key": None,
        "held_key": None,
        "key_number": number,
        "drawn_at": actor.now,
        "due_at": None,
    }
    if theirs is None:
        changed["paused_at"] = row.paused_at or actor.now
    else:
        ids = {"owner": actor.id.bytes, "peer": row.clinician_id.bytes, "link": link.bytes}
        changed["patient_pin"] = pin(actor.keyring, theirs, **ids)
        if row.paused_at is None:
            changed["clinician_key"] = _grant(actor, link, row.clinician_id, new, theirs)
    await tables.LinkRenewal.create(
        id=link,
        patient_id=actor.id,
        former=wrap_key(new, old, context=former_key_context(link, number)),
        place=BEGINNING,
        began_at=actor.now,
    )
    await mine.update(**changed)
    await plan_key.mark_due(actor.id, actor.now)  # whoever had the link's key may have that of the plan
    await _reseal_list(actor, link, Sealer(old), Sealer(new))
    if theirs is None and row.paused_at is None:
        await share_list.set_paused(actor, link)
    return True


async def _reseal_list(actor: Actor, link: UUID, before: Sealer, now: Sealer) -> None:
    rows = await fetch_raw(SELECT_RECORD_STATE, link)
    listed = share_list.open_list(before, link, rows[0]) if rows else None
    if listed is not None:
        await share_list.store_list(actor, link, now, listed, rows[0])


async def grant_again(actor: Actor, link: UUID, theirs: PublicIdentity) -> None:
    """Grant a patient's link key to its clinician once more, signed with the keys of now, unless sharing is paused."""
    mine = tables.CareLink.filter(id=link, patient_id=actor.id, ended_at=None)
    row = await fetch_row(RenewedRow, mine)
    if row is None or row.paused_at is not None:
        return
    with suppress(CryptoError):  # one that storage changed opens for nobody
        key = actor.keyring.unwrap(row.patient_key or b"", context=link_key_context(actor.id, link))
        granted = _grant(actor, link, row.clinician_id, key, theirs)
        await mine.filter(paused_at=None).update(clinician_key=granted)


def _grant(actor: Actor, link: UUID, clinician: UUID, key: bytes, to: PublicIdentity) -> bytes:
    ids = {"link": link.bytes, "patient": actor.id.bytes, "clinician": clinician.bytes}
    return grant_link_key(key, **ids, to=to, signer=actor.open_identity())
