"""What somebody has written down about themselves, and can change."""

from __future__ import annotations

from msgspec.structs import replace

from journal import tables
from journal.actors import Actor
from journal.documents import Profile, open_document, profile_context, seal_document
from journal.errors import Refused
from journal.locking import CHOICES
from journal.words import N_


async def lock_after(actor: Actor, minutes: int | None) -> None:
    """Have every session of *actor*'s lock when nobody has used it for so many minutes."""
    if minutes not in CHOICES:
        raise Refused({"minutes": N_("Choose one of these times.")})
    await _put(actor, replace(await _of(actor), lock_minutes=minutes))


async def _of(actor: Actor) -> Profile:
    row = await tables.Account.get(id=actor.id)
    return open_document(actor.house.server, bytes(row.sealed), profile_context(actor.id), Profile)


async def _put(actor: Actor, profile: Profile) -> None:
    sealed = seal_document(actor.house.server, profile, profile_context(actor.id))
    await tables.Account.filter(id=actor.id).update(sealed=sealed)
