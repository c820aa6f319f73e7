"""The browsers in which somebody is signed in, as their owner sees them and can end them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from journal import audit, tables
from journal.actors import Actor
from journal.ages import alive
from journal.audit import Act
from journal.documents import BrowserDocument, device_context, open_document
from journal.errors import NotFound
from journal.store import key_of, scrub, transaction
from journal.websessions import LIFETIME, Stage

COLUMNS = ("id", "handle", "epoch", "device", "created_at", "used_at", "wrapped")


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser. `device` is a few words, or empty; `used_at` a minute off at most; `here` the one that asks."""

    id: UUID
    device: str
    since: datetime
    used_at: datetime
    locked: bool
    here: bool


async def visits(actor: Actor) -> tuple[Visit, ...]:
    """Give where *actor* is signed in: the browser that asks first, then the one used last."""
    rows = await tables.WebSession.filter(
        account_id=actor.id, stage=Stage.OPEN.value, **alive(actor.now, LIFETIME)
    ).values_list(*COLUMNS)
    found = [_visit(actor, *row) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.here, one.used_at, one.since), reverse=True))


async def end(actor: Actor, visit: UUID) -> bool:
    """
    Sign one browser out, locked or not.

    Returns:
        Whether it is the one that asks.

    Raises:
        NotFound: If it is not theirs, or over.
    """
    mine = tables.WebSession.filter(account_id=actor.id, handle=visit)
    here = await mine.filter(id=actor.session).exists()
    async with transaction():
        if not await mine.delete():
            raise NotFound
        await audit.note(actor, Act.SESSION_ENDED, about=visit)
    await scrub()
    return here


async def end_all(actor: Actor, *, here: bool = False) -> None:
    """Sign out everywhere else; with *here*, this browser as well. Whoever waits for a second factor goes too."""
    every = tables.WebSession.filter(account_id=actor.id)
    async with transaction():
        await (every if here else every.exclude(id=actor.session)).delete()
        await audit.note(actor, Act.SESSION_ENDED)
    await scrub()


def _visit(
    actor: Actor,
    session: str,
    handle: UUID,
    epoch: int,
    device: bytes,
    since: datetime,
    used_at: datetime,
    wrapped: bytes | None,
) -> Visit:
    ident = key_of(handle)
    place = device_context(actor.id, ident, epoch)
    browser = open_document(actor.house.server, bytes(device), place, BrowserDocument)
    return Visit(ident, browser.device, since, used_at, wrapped is None, session == actor.session)
