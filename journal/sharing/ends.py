"""
The end of a share: a last day that its patient chose, after which nobody opens the copy.

What opens a copy goes by the sealed list of its care link, so it is closed at that very moment. A job of the server,
which needs no key, deletes the copy soon after. What was replied about it stays, for its patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from uuid import UUID

from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import tables
from journal.care.share_list import ShareEnd
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.store.database import flush_deleted, transaction
from journal.store.rows import Row, Timestamp, fetch_rows, filter_undamaged

MAX_YEARS = 10
BATCH_SIZE = 100
PASSED = N_("This day has passed. Choose today or a later day, or leave it empty to share until you stop.")
TOO_FAR = N_("Choose a day in the next ten years, or leave it empty to share until you stop.")


class DueRow(Row, frozen=True):
    """A copy whose end has come, and whose it is."""

    id: UUID
    patient_id: UUID


@dataclass(frozen=True, slots=True)
class EndedShare:
    """A share of an entry that ended by itself: with whom, and when."""

    link: UUID
    at: datetime

    def find_last_day(self, zone: tzinfo) -> date:
        """Return the last day on which it could be read."""
        return (self.at - timedelta(seconds=1)).astimezone(zone).date()


class EndedRow(Row, frozen=True):
    """A share whose end has come."""

    link_id: UUID
    ends_at: Timestamp


async def list_ended(actor: Actor, entry: UUID) -> tuple[EndedShare, ...]:
    """Return which shares of an entry of the actor's ended by themselves: who cannot read it; it opens none."""
    over = tables.Share.filter(
        entry_id=entry, link__patient_id=actor.id, link__ended_at=None, ends_at__lte=actor.now
    )
    rows = filter_undamaged(await fetch_rows(EndedRow, over))
    return tuple(EndedShare(row.link_id, row.ends_at) for row in rows)


def build_end(actor: Actor, until: date | None, entry: UUID) -> ShareEnd | None:
    """
    Return the end of a share of an entry whose last day is *until* on the actor's calendar; None without a day.

    Raises:
        InvalidInput: If the day has passed, or lies too far ahead (`until_date`).
    """
    if until is None:
        return None
    today = actor.now.astimezone(actor.zone).date()
    if until < today:
        raise InvalidInput({"until_date": PASSED})
    if until.year > today.year + MAX_YEARS:
        raise InvalidInput({"until_date": TOO_FAR})
    return ShareEnd(until.isoformat(), find_end_of_day(until, actor.zone).isoformat(), entry.hex)


def find_end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the moment, UTC, from which on it is no longer *day* in a time zone, however its clocks change then."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    first, last = sorted(midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return last if (last - timedelta(seconds=1)).astimezone(zone).date() <= day else first


async def end_due(installation: Installation) -> int:
    """Delete each copy whose end has come, and log that; return how many. Its row stays, for what was replied."""
    now, ended = installation.clock(), 0
    due = tables.Share.filter(ends_at__lte=now, ended_at=None)
    rows = await fetch_rows(DueRow, due.limit(BATCH_SIZE), ("id", "link__patient_id"))
    for row in filter_undamaged(rows):
        async with transaction():
            await lock_account(row.patient_id)  # whoever chooses another day takes it first
            if not await due.filter(id=row.id).update(sealed=b"", talked=None, ended_at=now):
                continue
            await audit_log.record_unauthenticated_event(
                installation, None, Act.SHARE_ENDED, patient=row.patient_id, about=row.id
            )
            ended += 1
    if ended:
        await flush_deleted()
    return ended
