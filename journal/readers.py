"""Who can read which of a patient's entries, for lists: found in two statements, without opening a copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crypto import CryptoError, is_pinned
from journal.actors import Actor, Role
from journal.documents import Profile, open_document, profile_context
from journal.errors import Damaged
from journal.links import NAMELESS
from journal.store import fetch, key_of
from journal.words import N_

SHARED = """
    SELECT share.entry_id, share.link_id
    FROM share JOIN care_link ON care_link.id = share.link_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL AND share.entry_id IN (%s)
    ORDER BY share.created_at
"""
WHO = """
    SELECT care_link.id, paused_at, patient_pin, account.id, account.sealed, public_identity
    FROM care_link JOIN account ON account.id = care_link.clinician_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL
"""
STRANGER = N_("a connection that is not yours")


@dataclass(frozen=True, slots=True)
class Reader:
    """A clinician who was given a copy; while sharing is `paused` they cannot open it."""

    name: str
    paused: bool


async def readers(actor: Actor, entries: Collection[UUID]) -> Mapping[UUID, tuple[Reader, ...]]:
    """Give for each of one's own *entries* that is shared the people who have a copy."""
    actor.must_be(Role.PATIENT)
    if not entries:
        return {}
    places = ", ".join(f"${place}" for place in range(2, len(entries) + 2))
    shared = await fetch(SHARED % places, actor.id, *entries)
    if not shared:
        return {}
    known = {
        key_of(row[0]): Reader(_name(actor, row), row[1] is not None) for row in await fetch(WHO, actor.id)
    }
    found: dict[UUID, tuple[Reader, ...]] = {}
    for entry, link in shared:
        shown, reader = key_of(entry), known.get(key_of(link))
        if reader is not None:  # else care ended between the two statements
            found[shown] = (*found.get(shown, ()), reader)
    return found


def _name(actor: Actor, row: Sequence[Any]) -> str:
    link, _, pinned, account, sealed, shown = row
    peer = key_of(account)
    try:
        ids = {"owner": actor.id.bytes, "peer": peer.bytes, "link": key_of(link).bytes}
        is_pinned(actor.keyring, bytes(pinned or b""), bytes(shown), **ids)
    except CryptoError:
        return STRANGER
    try:
        return open_document(actor.house.server, bytes(sealed), profile_context(peer), Profile).name
    except Damaged:
        return NAMELESS
