"""The browsers in which somebody is signed in, as their owner sees them and can end them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec

from crypto import session_id
from journal.actor import Actor
from journal.ages import is_alive
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.authentication import key_slots, tables, web_sessions
from journal.authentication.tables import KEPT_LIFETIME, KeptDevice
from journal.authentication.web_sessions import (
    LIFETIME,
    BrowserDocument,
    Stage,
    device_context,
)
from journal.device_copies import copies
from journal.errors import NotFound
from journal.installation.installation import Installation
from journal.sealing import open_document
from journal.store.database import flush_deleted, transaction
from journal.store.rows import NonNegative, OpenedRows, Row, Timestamp, fetch_row, fetch_rows, open_rows


class ActiveSessionRow(Row, frozen=True):
    """A row of a web session; its first column is what addresses name it by."""

    id: UUID = msgspec.field(name="handle")
    session: str = msgspec.field(name="id")
    epoch: NonNegative
    device: bytes
    created_at: Timestamp
    used_at: Timestamp
    wrapped: bytes | None
    stage: str
    expires_at: Timestamp
    account_epoch: NonNegative = msgspec.field(name="account__epoch")


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """
    One browser. `device` is a few words, or empty; `used_at` is a minute off at most; `is_current`: it is this browser.
    `kept_until`: until when its owner may take it up again, or None.
    """

    id: UUID
    device: str
    since: datetime
    used_at: datetime
    locked: bool
    is_current: bool
    kept_until: datetime | None = None
    has_ended: bool = False


async def list_active_sessions(actor: Actor) -> OpenedRows[ActiveSession]:
    """Return where *actor* is signed in: this browser first, then the one used last."""
    mine = tables.WebSession.filter(account_id=actor.id, stage=Stage.OPEN.value)
    found = open_rows(await fetch_rows(ActiveSessionRow, mine), partial(_open_active_session, actor))
    in_order = sorted(
        (one for one in found if not one.has_ended),
        key=lambda one: (one.is_current, one.used_at, one.since),
        reverse=True,
    )
    return OpenedRows(in_order, found.damaged)


async def end_session(actor: Actor, handle: UUID) -> bool:
    """
    Sign one browser out, locked or not.

    Returns:
        Whether it is this browser.

    Raises:
        NotFound: If it is not theirs, or has ended.
    """
    mine = tables.WebSession.filter(account_id=actor.id, handle=handle)
    here = await mine.filter(id=actor.session).exists()
    async with transaction():
        if not await mine.delete():
            raise NotFound
        if not here:
            await copies.end_copies_of_browser(actor.id, handle)
        await audit_log.record_event(actor, Act.SESSION_ENDED, about=handle)
    await flush_deleted()
    return here


async def end_all_sessions(actor: Actor, *, include_current: bool = False) -> None:
    """
    Sign out everywhere else; with *include_current*, this browser as well. Sign-ins that wait for a second factor end
    too.
    """
    every = tables.WebSession.filter(account_id=actor.id)
    async with transaction():
        await copies.end_copies_elsewhere(actor.id, actor.session)
        await (every if include_current else every.exclude(id=actor.session)).delete()
        await audit_log.record_event(actor, Act.SESSION_ENDED)
    await flush_deleted()


async def keep_session(actor: Actor, token: bytes, is_kept: bool) -> bytes:
    """
    Store whether the actor's session may be taken up again for 7 days from its sign-in.

    Returns:
        A new token; the old one opens nothing, nor does what was stored of the earlier choice.
    """
    row, account_key = await web_sessions.load_own(actor, token)
    browser = web_sessions.open_browser(actor.installation, row)
    async with transaction():
        epoch = await key_slots.verify_entry(actor.id, account_key, None)
        ends = browser.kept.open_until if browser.kept else min(row.expires_at, actor.now + LIFETIME)
        kept = KeptDevice(min(row.created_at, actor.now) + KEPT_LIFETIME, ends, epoch) if is_kept else None
        browser = msgspec.structs.replace(browser, kept=kept)
        fresh = await web_sessions.rotate_token(actor.installation, row, account_key, ends, browser)
        await audit_log.record_event(actor, Act.DEVICE_KEPT if is_kept else Act.DEVICE_NOT_KEPT)
    return fresh


async def find_kept_until(installation: Installation, token: bytes) -> datetime | None:
    """Return until when the session of *token* may be taken up again, or None."""
    row = await fetch_row(web_sessions.WebSessionRow, tables.WebSession.filter(id=session_id(token).hex()))
    kept = web_sessions.open_browser(installation, row).kept if row else None
    return kept.until if kept else None


def _open_active_session(actor: Actor, row: ActiveSessionRow) -> ActiveSession:
    place = device_context(actor.id, row.id, row.epoch)
    browser = open_document(actor.installation.server_keys, row.device, place, BrowserDocument)
    here = row.session == actor.session
    kept = browser.kept
    if kept and not (kept.epoch == row.account_epoch and is_alive(kept.until, actor.now, KEPT_LIFETIME)):
        kept = None
    is_open = is_alive(row.expires_at, actor.now, LIFETIME)
    return ActiveSession(
        row.id,
        browser.device,
        row.created_at,
        row.used_at,
        row.wrapped is None or not is_open,
        here,
        kept.until if kept else None,
        not is_open and kept is None,
    )
