"""Who can read which of a patient's entries, for lists: found in one statement, without opening a copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from journal import tables
from journal.actors import Actor, Role
from journal.documents import Profile, open_document, profile_context
from journal.store import key_of


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
    rows = (
        await tables.Share.filter(
            entry_id__in=list(entries), link__patient_id=actor.id, link__ended_at__isnull=True
        )
        .order_by("created_at")
        .values_list("entry_id", "link__paused_at", "link__clinician_id", "link__clinician__sealed")
    )
    names: dict[UUID, str] = {}
    found: dict[UUID, tuple[Reader, ...]] = {}
    for entry, paused_at, clinician, sealed in rows:
        peer = key_of(clinician)
        if peer not in names:
            profile = open_document(actor.house.server, bytes(sealed), profile_context(peer), Profile)
            names[peer] = profile.name
        shown = key_of(entry)
        found[shown] = (*found.get(shown, ()), Reader(names[peer], paused_at is not None))
    return found
