"""Every notice of a patient with what became of it, as they and its clinicians take it away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from uuid import UUID

from tortoise.expressions import Q

from journal.actor import Actor
from journal.care import tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link
from journal.errors import Damaged, TrustBroken
from journal.notices.documents import DoneDocument, NoticeDocument, notice_context
from journal.notices.lines import NoticeLine, Outcome, parse_notices
from journal.notices.writing import NoticeRow, get_release_time, keep_opening, open_done
from journal.sealing import open_document
from journal.store.rows import fetch_rows, filter_undamaged
from journal.vault.documents import Beside


class NoticeState(StrEnum):
    """What became of a notice, as it is exported: so none changes its meaning."""

    WAITING = "waiting"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    NOT_SENT = "not_sent"
    """It was written, and could not go: sharing was paused or ended before."""
    MISSING = "missing"
    """It was written, and something other than Hearthside took it away, or bent it so that it opens for nobody."""
    # Of one that was not written, or withdrawn: what was remembered with the answer.
    WITHDRAWN = Outcome.WITHDRAWN.value
    NO_POLICY = Outcome.NO_POLICY.value
    PAUSED = Outcome.PAUSED.value
    ENDED = Outcome.ENDED.value
    KEYS = Outcome.KEYS.value
    SUSPENDED = Outcome.SUSPENDED.value


@dataclass(frozen=True, slots=True)
class PastNotice:
    """
    One notice, or why none was written. `at` is when, `entry` the answer's entry while that is there.

    `sent_at` and `backup_sent_at` are when it went to whom; `acknowledged_by` is the care link of who did, `done` what
    they wrote, in `language`. One that was sent and has `acknowledged_at` is marked as that, and nobody can be shown to
    have done it.
    """

    state: NoticeState
    at: datetime
    id: UUID | None = None
    entry: UUID | None = None
    link: UUID | None = None
    name: str = ""
    backup: UUID | None = None
    backup_name: str = ""
    release_at: datetime | None = None
    sent_at: datetime | None = None
    backup_at: datetime | None = None
    backup_sent_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = None
    acknowledged_name: str = ""
    done: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedNotice:
    """
    One notice that went to a clinician; `first` is whom it went to before, where they are the backup.

    `is_mine`: they acknowledged it, with the words `done`, in `language`. `is_damaged`: it is not what was sealed.
    """

    id: UUID
    at: datetime
    is_backup: bool
    first: str
    acknowledged_at: datetime | None
    is_mine: bool
    done: str
    language: str
    is_damaged: bool


async def list_notices(
    actor: Actor, links: Iterable[Link], remembered: Mapping[UUID, Beside]
) -> tuple[PastNotice, ...]:
    """
    Return a patient's notices, the oldest first, with those of answers that are deleted.

    Args:
        links: Their care links, with those that ended.
        remembered: What is kept beside the words of each entry.
    """
    known = {one.id: one for one in links}
    query = tables.PatientNotice.filter(patient_id=actor.id)
    rows = {row.id: row for row in filter_undamaged(await fetch_rows(NoticeRow, query))}
    found = []
    for entry, beside in remembered.items():
        lines = parse_notices(beside.notices)
        for line, after in zip_longest(lines, lines[1:]):
            row = rows.pop(line.notice, None) if line.notice else None
            if row is not None:
                found.append(await _build_past(actor, row, known, entry, line))
            elif not _is_withdrawn(line, after):
                found.append(_build_unwritten(line, entry))
    found += [await _build_past(actor, row, known) for row in rows.values()]
    return tuple(sorted(found, key=lambda one: one.at))


async def list_received(actor: Actor, link: Link) -> tuple[ReceivedNotice, ...]:
    """Return the notices that went to a clinician over a care link that is not paused, the oldest first."""
    if link.paused_at:
        return ()
    query = tables.PatientNotice.filter(
        Q(link_id=link.id, released_at__isnull=False, sealed__isnull=False)
        | Q(backup_id=link.id, backup_released_at__isnull=False, backup_sealed__isnull=False),
        patient_id=link.patient,
    )
    found = [
        await _build_received(actor, row, link)
        for row in filter_undamaged(await fetch_rows(NoticeRow, query))
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.id.hex)))


def _is_withdrawn(line: NoticeLine, after: NoticeLine | None) -> bool:
    is_over = after is not None and after.outcome is Outcome.WITHDRAWN
    return line.outcome is Outcome.WRITTEN and is_over


def _build_unwritten(line: NoticeLine, entry: UUID) -> PastNotice:
    written = line.outcome is Outcome.WRITTEN
    state = NoticeState.MISSING if written else NoticeState(line.outcome.value)
    return PastNotice(state, line.at, line.notice, entry, line.link, line.name)


async def _build_past(
    actor: Actor,
    row: NoticeRow,
    known: Mapping[UUID, Link],
    entry: UUID | None = None,
    line: NoticeLine | None = None,
) -> PastNotice:
    there = {one.id: one for one in known.values() if one.ended_at is None}
    first, backup = known.get(row.link_id), known.get(row.backup_id) if row.backup_id else None
    intact = await keep_opening(actor, row, there)
    if intact is None:
        name = first.peer_name if first else line.name if line else ""
        return PastNotice(NoticeState.MISSING, row.created_at, row.id, entry, row.link_id, name)
    row = intact
    sent = row.released_at if row.sealed is not None else None
    backup_sent = row.backup_released_at if row.backup_sealed is not None else None
    done = await open_done(actor, row, there)
    by = known.get(row.acknowledged_by) if row.acknowledged_by else None
    is_shown = done is not None or (by is not None and by.ended_at is not None)
    if row.acknowledged_at is not None and (sent or backup_sent) and is_shown:
        state = NoticeState.ACKNOWLEDGED
    elif sent or backup_sent:
        state = NoticeState.SENT
    elif row.sealed is None and (row.backup_sealed is None or row.released_at is not None):
        state = NoticeState.NOT_SENT
    else:
        state = NoticeState.WAITING
    return PastNotice(
        state,
        row.created_at,
        row.id,
        entry,
        row.link_id,
        first.peer_name if first else line.name if line else "",
        row.backup_id,
        backup.peer_name if backup else "",
        get_release_time(row),
        sent,
        row.backup_at,
        backup_sent,
        row.acknowledged_at,
        row.acknowledged_by if is_shown else None,
        done.name if done else by.peer_name if by and is_shown else "",
        done.words if done else "",
        done.language if done else "",
    )


async def _build_received(actor: Actor, row: NoticeRow, link: Link) -> ReceivedNotice:
    is_first = row.link_id == link.id and row.sealed is not None
    at = row.released_at if is_first else row.backup_released_at
    sealed = row.sealed if is_first else row.backup_sealed
    done: DoneDocument | None = await open_done(actor, row, {link.id: link})
    first, is_damaged = "", False
    try:
        key = await open_shared_key(actor, link)
        first = open_document(key, sealed or b"", notice_context(link.id, row.id), NoticeDocument).clinician
    except (Damaged, TrustBroken):
        is_damaged = True
    return ReceivedNotice(
        row.id,
        at or row.created_at,
        not is_first,
        first,
        row.acknowledged_at,
        row.acknowledged_by == link.id,
        done.words if done else "",
        done.language if done else "",
        is_damaged,
    )
