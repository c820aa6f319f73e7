"""The browsers in which somebody is signed in, as their owner sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal import tables
from journal.actors import Actor
from journal.documents import device_context, open_bytes
from journal.store import key_of
from journal.websessions import Stage

COLUMNS = ("id", "handle", "device", "created_at", "used_at")


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser. `device` is a few words, or empty; `here` is the one that asks."""

    id: UUID
    device: str
    since: datetime
    used_at: datetime
    here: bool


async def visits(actor: Actor) -> tuple[Visit, ...]:
    """Give where *actor* is signed in: the browser that asks first, then the one used last."""
    rows = await tables.WebSession.filter(
        account_id=actor.id, stage=Stage.OPEN.value, expires_at__gt=actor.now
    ).values_list(*COLUMNS)
    found = [_visit(actor, *row) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.here, one.used_at), reverse=True))


def _visit(
    actor: Actor, session: str, handle: UUID, device: bytes, since: datetime, used_at: datetime
) -> Visit:
    ident = key_of(handle)
    words = open_bytes(actor.house.server, bytes(device), device_context(actor.id, ident)).decode()
    return Visit(ident, words, since, used_at, session == actor.session)
