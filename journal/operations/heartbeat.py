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
from journal.account_reset.retained_records import RETENTION_PERIOD
from journal.accounts import tables as accounts_tables
from journal.ages import CLOCK_TOLERANCE
from journal.care import tables as care_tables
from journal.installation.installation import Installation
from journal.mail import tables as mail_tables
from journal.operations import tables
from journal.practice.account_deletion import DELETION_DELAY
from journal.store.database import transaction
from journal.store.rows import DamagedRow, Row, Timestamp, fetch_rows
from journal.vault import tables as vault_tables

ROW_ID = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HELD_MESSAGE = (
    "nothing is deleted for good until hearthside confirm-clock: the clock jumped by more than an hour, or the service"
    " rested for so long, which is usual; nothing else is held"
)

log = logging.getLogger("hearthside")


class HeartbeatRow(Row, frozen=True):
    """When a process last served, and since when purging is held."""

    seen_at: Timestamp
    held_at: Timestamp | None


@dataclass(slots=True)
class Heartbeat:
    """One process's readings of its clocks: `first_reading` at the first, and `last_monotonic` at the last."""

    installation: Installation
    monotonic: Callable[[], float] = time.monotonic
    first_reading: tuple[datetime, float] | None = None
    last_monotonic: float | None = None

    async def beat(self) -> None:
        """Compare the clocks, and store that a process serves; or hold purging where they do not agree."""
        now, ticks = self.installation.clock(), self.monotonic()
        row = await _load_row(now)
        since = (
            timedelta(seconds=ticks - self.last_monotonic)
            if self.last_monotonic is not None
            else timedelta(0)
        )
        jumped = not -CLOCK_TOLERANCE <= now - row.seen_at <= since + CLOCK_TOLERANCE
        if self.first_reading is not None:
            jumped |= (
                abs((now - self.first_reading[0]) - timedelta(seconds=ticks - self.first_reading[1]))
                > CLOCK_TOLERANCE
            )
        if jumped:
            self.first_reading = None
            await hold_purging(now)
        elif row.held_at is None:
            await tables.Heartbeat.filter(id=ROW_ID, held_at=None).update(seen_at=now)
        self.first_reading, self.last_monotonic = self.first_reading or (now, ticks), ticks


async def hold_purging(now: datetime) -> None:
    """Hold purging from *now* on; log it the first time."""
    if await tables.Heartbeat.filter(id=ROW_ID, held_at=None).update(held_at=now):
        log.warning(HELD_MESSAGE)


async def load_held_since() -> datetime | None:
    """Return since when purging is held, or None where the clock is trusted."""
    for row in await fetch_rows(HeartbeatRow, tables.Heartbeat.filter(id=ROW_ID)):
        return EPOCH if isinstance(row, DamagedRow) else row.held_at
    return None


async def confirm_clock(installation: Installation) -> bool:
    """
    Trust the clock from now on; what was dated ahead of it waits as long as if it were done now.

    Returns:
        Whether purging was held.
    """
    now = installation.clock()
    async with transaction():
        row = await _load_row(now)
        await tables.Heartbeat.filter(id=ROW_ID).update(seen_at=now, held_at=None)
        await vault_tables.Entry.filter(deleted_at__gt=now).update(deleted_at=now)
        await accounts_tables.Account.filter(leaves_at__gt=now + DELETION_DELAY).update(
            leaves_at=now + DELETION_DELAY
        )
        await account_reset_tables.SetAside.filter(expires_at__gt=now + RETENTION_PERIOD).update(
            expires_at=now + RETENTION_PERIOD
        )
        await care_tables.KeptShare.filter(expires_at__gt=now + RETENTION_PERIOD).update(
            expires_at=now + RETENTION_PERIOD
        )
        await mail_tables.Outbox.filter(created_at__gt=now).update(created_at=now)
    return row.held_at is not None


async def _load_row(now: datetime) -> HeartbeatRow:
    for row in await fetch_rows(HeartbeatRow, tables.Heartbeat.filter(id=ROW_ID)):
        if not isinstance(row, DamagedRow):
            return row
        # The row is damaged, so nobody knows what the clock said: an operator decides.
        await tables.Heartbeat.filter(id=ROW_ID).update(seen_at=now, held_at=now)
        return HeartbeatRow(now, now)
    with suppress(IntegrityError):  # another process may be first
        await tables.Heartbeat.create(id=ROW_ID, seen_at=now)
    return HeartbeatRow(now, None)
