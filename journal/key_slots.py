"""The ways to an account key, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from crypto import KeySlot
from journal import tables
from journal.house import House
from journal.rows import Named, Row, bytes_of, known, read, read_one, sound, typed
from journal.store import fetch


class SlotRow(Row, frozen=True):
    """A row of a key slot."""

    kind: str
    salt: bytes
    parameters: bytes
    commitment: bytes
    wrapped: bytes


async def put(account: UUID, slot: KeySlot, now: datetime, *, passkey: UUID | None = None) -> None:
    """
    Put *slot* in the place of the account's slot of the same kind; run inside a transaction.

    Of passkeys there can be several: each has a slot of its own.
    """
    same = tables.KeySlot.filter(account_id=account, kind=slot.kind)
    await (same.filter(passkey_id=passkey) if passkey else same).delete()
    await tables.KeySlot.create(
        id=uuid4(),
        account_id=account,
        passkey_id=passkey,
        kind=slot.kind,
        salt=slot.salt,
        parameters=slot.parameters,
        commitment=slot.commitment,
        wrapped=slot.wrapped,
        created_at=now,
    )


async def of_email(house: House, email: str, kind: str) -> tuple[UUID | None, KeySlot | None]:
    """
    Find an active account by address, with its slot of one kind; nothing when there is none.

    By bare columns, since making a row of the ORM's takes long enough to tell who has an account.
    """
    rows = await _find(house, email, kind)
    if not rows and house.server.look():  # the server key was changed just now, and what is looked up by
        rows = await _find(house, email, kind)
    if not rows:
        return None, None
    account, *parts = rows[0]
    return sound(typed(Named, [(account,)])[0]).id, KeySlot(kind, *(bytes_of(part) for part in parts))


async def of_passkey(account: UUID, passkey: UUID) -> KeySlot | None:
    """Give the slot that a passkey opens, or None where it has none."""
    row = await read_one(SlotRow, tables.KeySlot.filter(account_id=account, passkey_id=passkey))
    return KeySlot(row.kind, row.salt, row.parameters, row.commitment, row.wrapped) if row else None


async def _find(house: House, email: str, kind: str) -> Sequence[Sequence[Any]]:
    indexes = [index.hex() for index in house.server.blind_indexes(email)]
    places = ", ".join(f"${place}" for place in range(2, 2 + len(indexes)))
    return await fetch(FIND.replace("PLACES", places), kind, *indexes)


FIND = """
    SELECT account_id, salt, parameters, commitment, wrapped
    FROM key_slot JOIN account ON account.id = account_id
    WHERE status IN ('active', 'leaving') AND kind = $1 AND email_index IN (PLACES)
    ORDER BY key_slot.id LIMIT 1
"""


async def salt_of(account: UUID) -> bytes:
    """Give the salt of an account's password slot, which is another one with every new password."""
    rows = await read(SlotRow, tables.KeySlot.filter(account_id=account, kind="password"))
    return known(rows[0], "salt") or b"" if rows else b""
