"""
The end of a share: a last day that its patient chose, after which nobody opens the copy.

What opens a copy goes by the sealed list of its care link, so it is closed at that very moment. A job of the server,
which needs no key, deletes the copy soon after. What was replied about it stays, for its patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from uuid import UUID

from journal.accounts.current_keys import lock_account
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import tables
from journal.care.documents import ShareDue, share_due_context
from journal.care.share_list import ShareEnd
from journal.errors import Damaged, InvalidInput
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.sealing import open_document, seal_document
from journal.store.database import flush_deleted, transaction
from journal.store.rows import Row, fetch_rows, filter_undamaged

MAX_YEARS = 10
PASSED = N_("This day has passed. Choose today or a later day, or leave it empty to share until you stop.")
TOO_FAR = N_("Choose a day in the next ten years, or leave it empty to share until you stop.")


class DueRow(Row, frozen=True):
    """A copy with an end."""

    id: UUID
    link_id: UUID
    due: bytes


class WaitingRow(DueRow, frozen=True):
    """A copy that waits for its end, and whose it is."""

    patient_id: UUID


@dataclass(frozen=True, slots=True)
class EndedShare:
    """A share of an entry that ended by itself: with whom, and when."""

    link: UUID
    at: datetime

    def find_last_day(self, zone: tzinfo) -> date:
        """Return the last day on which it could be read."""
        return (self.at - timedelta(seconds=1)).astimezone(zone).date()


def build_columns(
    installation: Installation, link: UUID, share: UUID, end: ShareEnd | None
) -> dict[str, Any]:
    """Return what the row of a copy holds of its end, for the job that deletes it; the moment under the server key."""
    if end is None:
        return {"ends": False, "due": None}
    due = ShareDue(end.moment.isoformat())
    return {
        "ends": True,
        "due": seal_document(installation.server_keys, due, share_due_context(link, share)),
    }


def _open_due(installation: Installation, row: DueRow) -> datetime | None:
    """Return when a copy is deleted; None where that is not what was stored: then it stays, and nobody opens it."""
    try:
        where = share_due_context(row.link_id, row.id)
        return datetime.fromisoformat(open_document(installation.server_keys, row.due, where, ShareDue).at)
    except (Damaged, ValueError):
        return None


async def list_ended(actor: Actor, entry: UUID) -> tuple[EndedShare, ...]:
    """Return which shares of an entry of the actor's ended by themselves: who cannot read it; it opens none."""
    mine = tables.Share.filter(
        entry_id=entry, link__patient_id=actor.id, link__ended_at=None, due__isnull=False
    )
    rows = filter_undamaged(await fetch_rows(DueRow, mine))
    ends = ((row.link_id, _open_due(actor.installation, row)) for row in rows)
    return tuple(EndedShare(link, at) for link, at in ends if at is not None and at <= actor.now)


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
    waiting = tables.Share.filter(ends=True)
    columns = ("id", "link_id", "due", "link__patient_id")
    for row in filter_undamaged(await fetch_rows(WaitingRow, waiting, columns)):
        at = _open_due(installation, row)
        if at is None or at > now:
            continue
        async with transaction():
            await lock_account(row.patient_id)  # whoever chooses another day takes it first
            there = waiting.filter(id=row.id, due=row.due)
            if not await there.update(sealed=b"", talked=None, ends=False, ended_at=now):
                continue
            await audit_log.record_unauthenticated_event(
                installation, None, Act.SHARE_ENDED, patient=row.patient_id, about=row.id
            )
            ended += 1
    if ended:
        await flush_deleted()
    return ended
