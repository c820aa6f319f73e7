"""
Copies that browsers keep: made, renewed, found by what a browser holds, and ended.

What a browser holds is 32 random bytes. Their hash finds the row; they open nothing, and the row has no word of a plan.
A copy ends with its account, and when its browser is signed out from elsewhere; signing out there does not end it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.device_copies import tables
from journal.errors import InvalidInput, NotFound
from journal.i18n import N_
from journal.store.database import execute, fetch_raw, is_sqlite
from journal.store.rows import Row, Timestamp, fetch_rows, filter_undamaged, parse_first_row

MAX_COPIES = 20
TOO_MANY = N_("There are 20 copies, which is as many as can be. Remove one to keep another.")
SELECT_HANDLE = "SELECT handle FROM web_session WHERE id = $1"
LOCK_SESSIONS = "SELECT id FROM web_session WHERE account_id = $1 ORDER BY id"
END_OTHERS = """
    DELETE FROM device_copy WHERE account_id = $1 AND browser NOT IN (SELECT handle FROM web_session WHERE id = $2)
"""
END_ONE = "DELETE FROM device_copy WHERE account_id = $1 AND browser = $2"
RENEW = """
    UPDATE device_copy SET browser = here.handle FROM (%s) AS here WHERE account_id = $2 AND lookup = $3
"""


class DeviceCopyRow(Row, frozen=True):
    """A row of a copy."""

    id: UUID
    browser: UUID
    created_at: Timestamp


class HandleRow(Row, frozen=True):
    """The handle of a session."""

    handle: UUID


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """A copy that some browser keeps; `is_here`: this one made it, or renewed it since it was signed in."""

    id: UUID
    created_at: datetime
    is_here: bool


async def create_copy(actor: Actor) -> str:
    """
    Create a copy's row, in a transaction of the caller's that holds a lock.

    Returns:
        What the browser holds: 64 hexadecimal digits, which are stored nowhere else.

    Raises:
        InvalidInput: If there are too many (`copy`).
    """
    if await tables.DeviceCopy.filter(account_id=actor.id).count() >= MAX_COPIES:
        raise InvalidInput({"copy": TOO_MANY})
    token = token_hex(32)
    await tables.DeviceCopy.create(
        id=uuid4(),
        account_id=actor.id,
        lookup=_hash(token),
        browser=await _load_handle(actor, _hold(SELECT_HANDLE, "SHARE")),
        created_at=actor.now,
    )
    return token


async def list_copies(actor: Actor) -> tuple[KnownCopy, ...]:
    """Return the actor's copies, the newest first; what cannot be read is left out."""
    rows = filter_undamaged(await fetch_rows(DeviceCopyRow, tables.DeviceCopy.filter(account_id=actor.id)))
    here = await _load_handle(actor) if rows else None
    return tuple(
        KnownCopy(row.id, row.created_at, row.browser == here)
        for row in sorted(rows, key=lambda one: one.created_at, reverse=True)
    )


async def renew_copy(actor: Actor, token: str) -> None:
    """
    Store that a copy of the actor's is kept by this browser.

    Raises:
        NotFound: If it has ended, or is somebody else's; or if this browser was signed out meanwhile.
    """
    renew = RENEW % _hold(SELECT_HANDLE, "SHARE")
    if not _is_token(token) or not await execute(renew, actor.session, actor.id, _hash(token)):
        raise NotFound


async def is_kept(token: str) -> bool:
    """Return whether the copy of a browser has not ended. Whoever holds it need not be signed in."""
    return _is_token(token) and await tables.DeviceCopy.exists(lookup=_hash(token))


async def end_held_copy(token: str) -> None:
    """End the copy of a browser that removes it. Whoever holds it need not be signed in."""
    if _is_token(token):
        await tables.DeviceCopy.filter(lookup=_hash(token)).delete()


async def end_copy(actor: Actor, wanted: UUID) -> None:
    """End a copy of the actor's; raises `NotFound` if there is none."""
    if not await tables.DeviceCopy.filter(account_id=actor.id, id=wanted).delete():
        raise NotFound


async def end_copies_of_browser(account: UUID, handle: UUID) -> None:
    """End what a browser keeps that is signed out from elsewhere, by the handle of its session."""
    await execute(END_ONE, account, handle)


async def end_copies_elsewhere(account: UUID, session: str = "") -> None:
    """End what every browser keeps but that of *session*; before its row goes, in the same transaction."""
    await fetch_raw(_hold(LOCK_SESSIONS, "UPDATE"), account)  # none of them makes another one meanwhile
    await execute(END_OTHERS, account, session)


async def _load_handle(actor: Actor, select: str = SELECT_HANDLE) -> UUID:
    row = parse_first_row(HandleRow, await fetch_raw(select, actor.session))
    if row is None:
        raise NotFound
    return row.handle


def _hold(select: str, strength: str) -> str:
    """Have a select keep its rows as they are until the transaction ends; on SQLite, writers take turns."""
    return select if is_sqlite() else f"{select} FOR {strength}"


def _is_token(token: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", token) is not None


def _hash(token: str) -> str:
    return sha256(b"device-copy" + bytes.fromhex(token)).hexdigest()
