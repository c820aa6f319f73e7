"""The ways to an account key, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from crypto import KeySlot
from journal import tables
from journal.installation.installation import House
from journal.store.database import fetch
from journal.store.rows import Counted, Row, bytes_of, known, read, read_one, sound, typed


class SlotRow(Row, frozen=True):
    """A row of a key slot."""

    kind: str
    salt: bytes
    parameters: bytes
    commitment: bytes
    wrapped: bytes
    epoch: Counted


class OfAccount(Row, frozen=True):
    """Whose slot it is, and since when."""

    account_id: UUID
    epoch: Counted


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
        epoch=slot.epoch,
        created_at=now,
    )


async def of_email(house: House, email: str, kind: str) -> tuple[UUID | None, KeySlot | None]:
    """
    Find an active account by address, with its slot of one kind; nothing when there is none.

    By bare columns, since making a row of the ORM's takes long enough to tell who has an account.
    """
    rows: Sequence[Sequence[Any]] = ()
    asked: tuple[bytes, ...] = ()
    # The server key may change during the search, and this or another request notice: search by the keys of now.
    while not rows and asked != (indexes := house.server.lookup_indexes(email)):
        rows, asked = await _find(indexes, kind), indexes
        house.server.look()
    if not rows:
        return None, None
    account, *parts, epoch = rows[0]
    found = sound(typed(OfAccount, [(account, epoch)])[0])
    salt, parameters, commitment, wrapped = map(bytes_of, parts)
    return found.account_id, KeySlot(kind, salt, parameters, commitment, wrapped, found.epoch)


async def of_account(account: UUID, kind: str) -> KeySlot | None:
    """Return an active account's slot of one kind, or None where it has none; raises `Damaged`."""
    slots = tables.KeySlot.filter(account_id=account, kind=kind, account__status__in=("active", "leaving"))
    row = await read_one(SlotRow, slots.order_by("id"))
    return _slot(row) if row else None


async def of_passkey(account: UUID, passkey: UUID) -> KeySlot | None:
    """Give the slot that a passkey opens, or None where it has none."""
    row = await read_one(SlotRow, tables.KeySlot.filter(account_id=account, passkey_id=passkey))
    return _slot(row) if row else None


def _slot(row: SlotRow) -> KeySlot:
    return KeySlot(row.kind, row.salt, row.parameters, row.commitment, row.wrapped, row.epoch)


async def _find(indexes: Sequence[bytes], kind: str) -> Sequence[Sequence[Any]]:
    """Return what an address finds, the account first that it stands for most closely if there are several."""
    places = ", ".join(f"${place}" for place in range(2, 2 + len(indexes)))
    asked = [index.hex() for index in indexes]
    rows = await fetch(FIND.replace("PLACES", places), kind, *asked)
    return [row[1:] for row in sorted(rows, key=lambda row: asked.index(row[0]))]


FIND = """
    SELECT email_index, account_id, salt, parameters, commitment, wrapped, key_slot.epoch
    FROM key_slot JOIN account ON account.id = account_id
    WHERE status IN ('active', 'leaving') AND kind = $1 AND email_index IN (PLACES)
    ORDER BY key_slot.id
"""


async def salt_of(account: UUID) -> bytes:
    """Give the salt of an account's password slot, which is another one with every new password."""
    rows = await read(SlotRow, tables.KeySlot.filter(account_id=account, kind="password"))
    return known(rows[0], "salt") or b"" if rows else b""
