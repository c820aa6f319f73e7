"""Who can read which of a patient's entries, for lists: found in one statement, without opening a copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from journal.actors import Actor, Role
from journal.documents import Profile, open_document, profile_context
from journal.store import fetch, key_of

WHO = """
    SELECT share.entry_id, care_link.paused_at, account.id, account.sealed
    FROM share
    JOIN care_link ON care_link.id = share.link_id
    JOIN account ON account.id = care_link.clinician_id
    WHERE care_link.patient_id = $1 AND care_link.ended_at IS NULL AND share.entry_id IN (%s)
    ORDER BY share.created_at
"""


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
    names: dict[UUID, str] = {}
    found: dict[UUID, tuple[Reader, ...]] = {}
    for entry, paused_at, clinician, sealed in await fetch(WHO % places, actor.id, *entries):
        peer, shown = key_of(clinician), key_of(entry)
        if peer not in names:
            profile = open_document(actor.house.server, bytes(sealed), profile_context(peer), Profile)
            names[peer] = profile.name
        found[shown] = (*found.get(shown, ()), Reader(names[peer], paused_at is not None))
    return found
