"""The browsers in which somebody is signed in, as their owner sees them and can end them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.ages import alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import tables
from journal.authentication.web_sessions import LIFETIME, BrowserDocument, Stage, device_context
from journal.errors import NotFound
from journal.sealing import open_document
from journal.store.database import scrub, transaction
from journal.store.rows import Counted, Moment, Opened, Row, open_each, read


class VisitRow(Row, frozen=True):
    """A row of a web session; its first column is what addresses name it by."""

    id: UUID = msgspec.field(name="handle")
    session: str = msgspec.field(name="id")
    epoch: Counted
    device: bytes
    created_at: Moment
    used_at: Moment
    wrapped: bytes | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser. `device` is a few words, or empty; `used_at` is a minute off at most; `here`: it is this browser."""

    id: UUID
    device: str
    since: datetime
    used_at: datetime
    locked: bool
    here: bool


async def visits(actor: Actor) -> Opened[Visit]:
    """Return where *actor* is signed in: this browser first, then the one used last."""
    mine = tables.WebSession.filter(account_id=actor.id, stage=Stage.OPEN.value, **alive(actor.now, LIFETIME))
    found = open_each(await read(VisitRow, mine), partial(_visit, actor))
    in_order = sorted(found, key=lambda one: (one.here, one.used_at, one.since), reverse=True)
    return Opened(in_order, found.damaged)


async def end(actor: Actor, visit: UUID) -> bool:
    """
    Sign one browser out, locked or not.

    Returns:
        Whether it is this browser.

    Raises:
        NotFound: If it is not theirs, or has ended.
    """
    mine = tables.WebSession.filter(account_id=actor.id, handle=visit)
    here = await mine.filter(id=actor.session).exists()
    async with transaction():
        if not await mine.delete():
            raise NotFound
        await audit_log.note(actor, Act.SESSION_ENDED, about=visit)
    await scrub()
    return here


async def end_all(actor: Actor, *, here: bool = False) -> None:
    """Sign out everywhere else; with *here*, this browser as well. Sign-ins that wait for a second factor end too."""
    every = tables.WebSession.filter(account_id=actor.id)
    async with transaction():
        await (every if here else every.exclude(id=actor.session)).delete()
        await audit_log.note(actor, Act.SESSION_ENDED)
    await scrub()


def _visit(actor: Actor, row: VisitRow) -> Visit:
    place = device_context(actor.id, row.id, row.epoch)
    browser = open_document(actor.house.server, row.device, place, BrowserDocument)
    here = row.session == actor.session
    return Visit(row.id, browser.device, row.created_at, row.used_at, row.wrapped is None, here)
