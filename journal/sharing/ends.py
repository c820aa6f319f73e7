"""
The end of a share: a last day that its patient chose, after which nobody opens the copy.

What opens a copy goes by the sealed list of its care link, so it is closed at that very moment. A job of the server,
which needs no key, deletes the copy soon after. What was replied about it stays, for its patient.
"""

from __future__ import annotations

from collections.abc import Iterable
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
from journal.care.link_keys import open_shared_key
from journal.care.links import Link
from journal.care.share_list import ShareEnd
from journal.errors import Damaged, InvalidInput, TrustBroken
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.sealing import open_document, seal_document
from journal.sharing.talked import Filing, open_filings
from journal.store.database import flush_deleted, transaction
from journal.store.rows import JoinedValue, Row, as_bytes, fetch_rows, filter_undamaged

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


class EndedRow(DueRow, frozen=True):
    """A copy that may have ended, and whether its clinician filed it."""

    filed: JoinedValue


@dataclass(frozen=True, slots=True)
class EndedShare:
    """A share of an entry that ended by itself: with whom, when, and each time that it was filed before."""

    link: Link
    end: ShareEnd
    filings: tuple[Filing, ...] = ()


def build_columns(
    installation: Installation, link: UUID, share: UUID, end: ShareEnd | None
) -> dict[str, Any]:
    """Return what the row of a copy holds of its end, for the job that deletes it; the moment under the server key."""
    if end is None:
        return {"ends": False, "due": None}
    due = ShareDue(end.moment.isoformat(), end.day)
    return {
        "ends": True,
        "due": seal_document(installation.server_keys, due, share_due_context(link, share)),
    }


def _open_due(installation: Installation, row: DueRow) -> ShareEnd | None:
    """Return when a copy is deleted; None where that is not what was stored: then it stays, and nobody opens it."""
    try:
        where = share_due_context(row.link_id, row.id)
        due = open_document(installation.server_keys, row.due, where, ShareDue)
    except Damaged:
        return None
    return ShareEnd(due.day, due.at)


async def list_ended(actor: Actor, entry: UUID, team: Iterable[Link]) -> tuple[EndedShare, ...]:
    """Return which shares of an entry ended by themselves; *team* are the care links of its patient. It opens none."""
    mine = tables.Share.filter(
        entry_id=entry, link__patient_id=actor.id, link__ended_at=None, due__isnull=False
    )
    links, found = {link.id: link for link in team}, []
    for row in filter_undamaged(await fetch_rows(EndedRow, mine)):
        link, end = links.get(row.link_id), _open_due(actor.installation, row)
        if link is not None and end is not None and end.is_over(actor.now):
            found.append(EndedShare(link, end, await _open_filings(actor, link, row)))
    return tuple(found)


async def _open_filings(actor: Actor, link: Link, row: EndedRow) -> tuple[Filing, ...]:
    if not as_bytes(row.filed):
        return ()
    try:
        key = await open_shared_key(actor, link)
    except (Damaged, TrustBroken):
        return ()
    return open_filings(key, link.id, row.id, as_bytes(row.filed))


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
        end = _open_due(installation, row)
        if end is None or not end.is_over(now):
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
