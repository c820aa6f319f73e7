"""When packets go: their files after a day, what nobody changed after two months, and all with their account's keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from journal.packets import tables
from journal.packets.documents import DRAFT_KEPT, TOLD_KEPT
from journal.store.database import flush_deleted


async def delete_expired(now: datetime) -> None:
    """Delete files and packets whose time is over. Needs nobody's key."""
    every = tables.Packet.all()
    gone = await every.filter(file_until__lte=now).update(file=None, file_until=None)
    gone += await every.filter(told=None, updated_at__lte=now - DRAFT_KEPT).delete()
    gone += await every.filter(updated_at__lte=now - TOLD_KEPT).delete()
    if gone:
        await flush_deleted()


async def delete_packets_of(account: UUID) -> None:
    """Delete the packets of an account that begins anew: its new keys open none. In the transaction that is open."""
    await tables.Packet.filter(owner_id=account).delete()
