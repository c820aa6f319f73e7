"""
Release what is due: a job of the server, which needs no key, since it goes by the times of sealed rows alone.

It sees that a notice exists, whose links it is for and when; never what it is about.

Nothing goes from the start of a dosing session until its patient has rested. A notice that waits goes before: with the
start that is pressed, in one transaction, and shortly before the planned time of one. Only what such a time found no
server for goes as soon as there is one. The backup's copy waits until then.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from journal.accounts.current_keys import lock_account
from journal.accounts.notices import queue_notice
from journal.care import tables
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.mail.messages import Notice
from journal.sessions.holds import PatientHold, find_hold, load_patient_hold
from journal.sessions.session import SessionDetails, SessionKind, Status
from journal.store.database import ensure_transaction
from journal.store.rows import Row, fetch_row, fetch_rows, filter_undamaged

DELAY = timedelta(minutes=10)
"""After how long a notice goes that nobody released by a button."""
MARGIN = timedelta(minutes=1)
"""How long before the planned start of a dosing session it goes: the job comes round every few seconds."""
BATCH_SIZE = 50


class DueRow(Row, frozen=True):
    """A notice that is due, and for whom."""

    id: UUID
    patient_id: UUID
    link_id: UUID
    backup_id: UUID | None


class ClinicianRow(Row, frozen=True):
    """Whose care link it is."""

    clinician_id: UUID


async def release_due(installation: Installation) -> int:
    """Release each notice whose time has come, and each that is open too long to its backup; return how many."""
    now, released = installation.clock(), 0
    for row in await _load(_query_due(now)):
        released += await release(installation, now, row.id)
    late = filter_undamaged(await fetch_rows(DueRow, _query_late(now)))
    held = [one for one in {row.patient_id for row in late} if await _is_held(installation, one, now)]
    for row in [one for one in late if one.patient_id not in held][:BATCH_SIZE]:
        released += await _release_to_backup(installation, now, row)
    return released


async def release_before_hold(
    installation: Installation, now: datetime, patient: UUID, sessions: Collection[SessionDetails]
) -> None:
    """
    Release what waits before *sessions* hold anything; call it in the transaction that saves them, and before it does.

    It goes now where one begins now, or has begun; a planned time brings forward when it goes.
    """
    at = find_release_time(sessions, now)
    waiting = tables.PatientNotice.filter(patient_id=patient, released_at=None)
    if at > now:
        await waiting.filter(release_at__gt=at).update(release_at=at)
        return
    for row in filter_undamaged(await fetch_rows(DueRow, waiting)):
        await release(installation, now, row.id)


def find_release_time(sessions: Collection[SessionDetails], now: datetime) -> datetime:
    """Return when a notice that waits at *now* goes at the latest, by the sessions of its patient."""
    if find_hold(sessions, now) is not None:
        return now
    starts = [
        one.starts_at - MARGIN
        for one in sessions
        if one.kind is SessionKind.DOSING and one.status is not Status.CANCELLED and one.starts_at > now
    ]
    return max(now, min([now + DELAY, *starts]))


async def release(installation: Installation, now: datetime, notice: UUID) -> bool:
    """Release one notice; return whether it had not been before. The mail says only that something waits."""
    async with ensure_transaction():
        there = tables.PatientNotice.filter(id=notice, released_at=None)
        found = await fetch_rows(DueRow, there.filter(sealed__isnull=False))
        if not await there.update(released_at=now):
            return False
        for row in filter_undamaged(found):
            await _tell(installation, row.link_id)
    return True


async def _release_to_backup(installation: Installation, now: datetime, row: DueRow) -> bool:
    async with ensure_transaction():
        await lock_account(row.patient_id)  # whoever starts a session takes it first
        if await _is_held(installation, row.patient_id, now):
            return False
        if not await _query_late(now).filter(id=row.id).update(backup_released_at=now):
            return False
        await _tell(installation, row.backup_id)
    return True


async def _is_held(installation: Installation, patient: UUID, now: datetime) -> bool:
    """Return whether a backup's copy waits: for the patient's rest, but not for ever for somebody who says nothing."""
    return await load_patient_hold(installation, patient, now) is PatientHold.BINDING


def _query_due(now: datetime) -> Any:
    # What is due later than its delay was written by a clock that ran ahead.
    return tables.PatientNotice.filter(
        Q(release_at__lte=now) | Q(release_at__gt=now + 2 * DELAY), released_at=None
    )


def _query_late(now: datetime) -> Any:
    return tables.PatientNotice.filter(
        backup_at__lte=now,
        released_at__isnull=False,
        acknowledged_at=None,
        backup_released_at=None,
        backup_sealed__isnull=False,
    )


async def _load(query: Any) -> list[DueRow]:
    return filter_undamaged(await fetch_rows(DueRow, query.limit(BATCH_SIZE)))


async def _tell(installation: Installation, link: UUID | None) -> None:
    """Queue the mail; where there is no address to be read, the notice stands in the portal all the same."""
    row = await fetch_row(ClinicianRow, tables.CareLink.filter(id=link, ended_at=None)) if link else None
    if row is None:
        return
    try:
        await queue_notice(installation, row.clinician_id, Notice.WAITS)
    except Damaged:
        return
