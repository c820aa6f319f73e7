"""The key slots of an account that was reset: set aside with its records, and opened with what opened them before."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from crypto import (
    CryptoError,
    Keyring,
    KeySlot,
    parse_recovery_key,
    unlock_with_password,
    unlock_with_recovery_key,
)
from journal.account_reset import tables
from journal.actor import Actor
from journal.authentication.key_slots import SlotRow
from journal.store.rows import NonNegative, Row, fetch_rows, filter_undamaged


class SetAsideSlotRow(Row, frozen=True):
    """A row of an old key slot."""

    kind: str
    slot: bytes
    epoch: NonNegative


def join_slot(row: SlotRow) -> bytes:
    """Return the parts of a key slot one behind the other, as they are set aside."""
    return b"".join((row.salt, row.commitment, row.wrapped, row.parameters))


def _split_slot(row: SetAsideSlotRow) -> KeySlot:
    blob = row.slot
    return KeySlot(row.kind, blob[:16], blob[110:], blob[16:48], blob[48:110], row.epoch)


async def unlock_keyring(
    actor: Actor, aside: UUID, retired: bytes | None, secret: str, secret_key: bytes | None
) -> Keyring | None:
    """
    Return the keys of before, or None when nothing opens them.

    Args:
        aside: What was set aside.
        retired: The keys that were being renewed then, wrapped under those of before.
        secret: The old password or the old recovery key, as typed.
        secret_key: What the old password needed besides, if anything.
    """
    who = actor.id.bytes
    slots = tables.SetAsideSlot.filter(aside_id=aside).order_by("-kind")
    for one in filter_undamaged(await fetch_rows(SetAsideSlotRow, slots)):
        slot = _split_slot(one)
        try:
            if one.kind == "recovery":
                key = unlock_with_recovery_key(slot, parse_recovery_key(secret), account=who)
            elif one.kind == "password":
                key = await actor.installation.run_password_hash(
                    partial(unlock_with_password, slot, secret, account=who, secret_key=secret_key),
                    is_returning=True,
                )
            else:
                continue
            older = Keyring.from_account_key(key)
            return older.with_retired(retired, account=who) if retired is not None else older
        except CryptoError:
            continue
    return None
