"""What was deleted goes for good once it can no longer be brought back. Needs nobody's key."""

from __future__ import annotations

from datetime import datetime

from journal import audit, challenges, heartbeat, leaving, locking, mailing, set_aside, tables, throttle
from journal.audit import Act
from journal.entries import UNDO_WINDOW
from journal.house import House
from journal.store import key_of, scrub, transaction


async def purge(house: House, now: datetime) -> int:
    """
    Erase what was deleted longer ago than the undo window, and what is forgotten; gives how many entries.

    Sessions are locked and end in any case; nothing else is deleted while the clock is doubted.
    """
    await locking.lock_unused(house, now)
    if await heartbeat.held_since() is not None:
        return 0
    await throttle.purge(house)
    await challenges.forget_expired(now)
    await mailing.forget(now)
    await leaving.forget(house, now)
    await set_aside.purge(now)
    old, erased = tables.Entry.filter(deleted_at__lt=now - UNDO_WINDOW), 0
    for row, owner in await old.values_list("id", "owner_id"):
        entry = key_of(row)
        async with transaction():
            if not await old.filter(id=entry).delete():
                continue  # brought back, or erased, a moment ago
            await audit.note_unsigned(house, None, Act.ENTRY_ERASED, patient=key_of(owner), about=entry)
            erased += 1
    if erased:
        await scrub()
    return erased
