"""
Whether the clock can be trusted: while it cannot, nothing is purged, since what is purged is gone for good.

Every process that serves compares its clock with its monotonic one, and with a shared row that tells when one of them
last served. One that finds a jump of more than an hour holds purging for all; only an operator ends that. Expiry and
locking continue.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tortoise.exceptions import IntegrityError

from journal.account_reset import tables as account_reset_tables
from journal.account_reset.retained_records import KEPT
from journal.accounts import tables as accounts_tables
from journal.ages import JUMP
from journal.care import tables as care_tables
from journal.installation.installation import House
from journal.mail import tables as mail_tables
from journal.operations import tables
from journal.practice.account_deletion import WAIT
from journal.store.database import transaction
from journal.store.rows import DamagedRow, Moment, Row, read
from journal.vault import tables as vault_tables

ROW = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HELD = (
    "nothing is deleted for good until hearthside confirm-clock: the clock jumped by more than an hour, or the service"
    " rested for so long, which is usual; nothing else is held"
)

log = logging.getLogger("hearthside")


class BeatRow(Row, frozen=True):
    """When a process last served, and since when purging is held."""

    seen_at: Moment
    held_at: Moment | None


@dataclass(slots=True)
class Heartbeat:
    """One process's readings of its clocks: `began` at the first, and `looked` at the last."""

    house: House
    monotonic: Callable[[], float] = time.monotonic
    began: tuple[datetime, float] | None = None
    looked: float | None = None

    async def beat(self) -> None:
        """Compare the clocks, and store that a process serves; or hold purging where they do not agree."""
        now, ticks = self.house.clock(), self.monotonic()
        row = await _row(now)
        since = timedelta(seconds=ticks - self.looked) if self.looked is not None else timedelta(0)
        jumped = not -JUMP <= now - row.seen_at <= since + JUMP
        if self.began is not None:
            jumped |= abs((now - self.began[0]) - timedelta(seconds=ticks - self.began[1])) > JUMP
        if jumped:
            self.began = None
            await hold(now)
        elif row.held_at is None:
            await tables.Heartbeat.filter(id=ROW, held_at=None).update(seen_at=now)
        self.began, self.looked = self.began or (now, ticks), ticks


async def hold(now: datetime) -> None:
    """Hold purging from *now* on; log it the first time."""
    if await tables.Heartbeat.filter(id=ROW, held_at=None).update(held_at=now):
        log.warning(HELD)


async def held_since() -> datetime | None:
    """Return since when purging is held, or None where the clock is trusted."""
    for row in await read(BeatRow, tables.Heartbeat.filter(id=ROW)):
        return EPOCH if isinstance(row, DamagedRow) else row.held_at
    return None


async def confirm(house: House) -> bool:
    """
    Trust the clock from now on; what was dated ahead of it waits as long as if it were done now.

    Returns:
        Whether purging was held.
    """
    now = house.clock()
    async with transaction():
        row = await _row(now)
        await tables.Heartbeat.filter(id=ROW).update(seen_at=now, held_at=None)
        await vault_tables.Entry.filter(deleted_at__gt=now).update(deleted_at=now)
        await accounts_tables.Account.filter(leaves_at__gt=now + WAIT).update(leaves_at=now + WAIT)
        await account_reset_tables.SetAside.filter(expires_at__gt=now + KEPT).update(expires_at=now + KEPT)
        await care_tables.KeptShare.filter(expires_at__gt=now + KEPT).update(expires_at=now + KEPT)
        await mail_tables.Outbox.filter(created_at__gt=now).update(created_at=now)
    return row.held_at is not None


async def _row(now: datetime) -> BeatRow:
    for row in await read(BeatRow, tables.Heartbeat.filter(id=ROW)):
        if not isinstance(row, DamagedRow):
            return row
        # The row is damaged, so nobody knows what the clock said: an operator decides.
        await tables.Heartbeat.filter(id=ROW).update(seen_at=now, held_at=now)
        return BeatRow(now, now)
    with suppress(IntegrityError):  # another process may be first
        await tables.Heartbeat.create(id=ROW, seen_at=now)
    return BeatRow(now, None)
