"""What a clinician can read: the copies sealed for them, and no hint at anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from crypto import Sealer
from journal.actor import Actor
from journal.ages import CLOCK_TOLERANCE
from journal.audit import log as audit_log
from journal.care import links as care_links
from journal.care import share_list
from journal.care import tables as care_tables
from journal.care.documents import ShareDocument, share_context
from journal.care.link_keys import SharingPaused, open_shared_key
from journal.care.links import Link
from journal.care.share_list import ShareEnd, ShareList
from journal.catalogue.fields import EntryKind
from journal.entries.entries import INLINE_LIMIT
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import Damaged, NotFound
from journal.i18n import N_
from journal.scheduling import plan as session_plan
from journal.sealing import open_document
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sharing.talked import Filing, open_filings, open_talked
from journal.store.database import fetch_raw, transaction
from journal.store.rows import (
    DamagedRow,
    JoinedValue,
    NonNegative,
    OpenedRows,
    Row,
    Timestamp,
    as_bytes,
    get_column,
    parse_rows,
    require_undamaged,
)

SELECT_COPIES = """
    SELECT 0, id, revision, sealed, entry_id, updated_at, opened_at, talked, filed, EXISTS (
        SELECT 1 FROM reply WHERE share_id = share.id AND author = 'patient' AND revision = 1 AND read_at IS NULL)
        FROM share WHERE link_id = $1 AND ended_at IS NULL
    UNION ALL SELECT 1, id, revision, sealed, NULL, NULL, NULL, NULL, NULL, NULL FROM record_state WHERE id = $2
"""
SELECT_COPY = """
    SELECT 0, id, revision, sealed, entry_id, updated_at, opened_at, talked, filed, NULL FROM share
        WHERE link_id = $1 AND id = $2 AND ended_at IS NULL
    UNION ALL SELECT 1, id, revision, sealed, NULL, NULL, NULL, NULL, NULL, NULL FROM record_state WHERE id = $3
"""
"""One statement each, since copies and list must be of one moment."""


class CopyRow(Row, frozen=True):
    """A row of a copy, as `SELECT_COPIES` asks for it."""

    is_list: NonNegative
    id: UUID
    revision: NonNegative
    sealed: bytes
    entry_id: UUID
    updated_at: Timestamp
    opened_at: Timestamp | None
    talked: JoinedValue
    filed: JoinedValue
    replied: JoinedValue


ENDED_SHOWN = timedelta(days=30)
"""How long a clinician is told that something ended by itself."""


@dataclass(frozen=True, slots=True)
class IncomingShare:
    """
    One shared copy as its clinician sees it; `unread` until they open it, and again after an update.

    `name` is its title, where that was shared, or its kind and session, as the plan shows it to them. `talked_at` is
    when they marked it as talked about; both see that. `has_reply` of the patient's that nobody has opened. `revision`
    tells an update from what a page showed. `end` is until when its patient shares it; None where they chose no day.
    With `may_file` its reader may file it in the record of their practice; `filings` are the times that they did.
    """

    id: UUID
    document: ShareDocument
    updated_at: datetime
    unread: bool
    name: EntryName
    talked_at: datetime | None = None
    opened_at: datetime | None = None
    has_reply: bool = False
    revision: int = 0
    end: ShareEnd | None = None
    may_file: bool = False
    filings: tuple[Filing, ...] = ()

    @property
    def filed(self) -> Filing | None:
        """Return when this very revision was filed in the record of the practice."""
        return next((one for one in self.filings if one.revision == self.revision), None)

    @property
    def is_closed(self) -> bool:
        """Return whether its title alone may be shown, since it was not opened: `document` is no more than that."""
        return self.unread and self.document.keeps_closed

    @property
    def kind(self) -> str:
        """Return the label of the kind of entry, to be translated."""
        return EntryKind(self.document.kind).label

    @property
    def written_at(self) -> datetime:
        """Return when the patient began the entry, UTC."""
        return datetime.fromisoformat(self.document.written_at)

    @property
    def shared_at(self) -> datetime:
        """Return when the patient shared this copy, UTC."""
        return datetime.fromisoformat(self.document.shared_at)


class StillClosed(NotFound):
    """A copy whose title alone may be shown until its clinician chooses to open it; `share` is no more than that."""

    def __init__(self, link: Link, share: IncomingShare) -> None:
        super().__init__()
        self.link, self.share = link, share


class ShareOver(NotFound):
    """A copy that ended by itself, on the day that its patient had chosen; nobody opens it."""

    message = N_(
        "Your patient shared this until a day that is over, so it ended by itself. Nobody can open it now."
    )

    def __init__(self, link: Link, end: ShareEnd) -> None:
        super().__init__()
        self.link, self.end = link, end


@dataclass(frozen=True, slots=True)
class Folder:
    """
    What one patient shares with one clinician, newest entry first; empty while sharing is paused.

    `closed` are those whose title alone may be shown until they are opened one by one: whatever quotes, counts or draws
    goes through `shared`, and never meets them. `damaged` are copies that are not what was shared, None one whose id
    cannot be read: each is shown, and hides nothing else. `missing`: something other than Hearthside removed copies, or
    the list of them. `ended` says of each copy that ended by itself in the last days when that was, and nothing else.
    """

    link: Link
    shared: tuple[IncomingShare, ...]
    sessions: OpenedRows[Session]
    paused: bool
    damaged: tuple[UUID | None, ...] = ()
    missing: bool = False
    closed: tuple[IncomingShare, ...] = ()
    ended: tuple[ShareEnd, ...] = ()


async def load_folder(actor: Actor, patient: UUID) -> Folder:
    """
    Open what *patient* shares with the clinician, and their plan.

    Raises:
        TrustBroken: If the patient's keys are not the pinned ones: then nothing can be trusted to be theirs.
    """
    link = await care_links.load_link_with(actor, patient)
    return await open_folder(actor, link, await load_visible_plan(actor, link))


async def load_visible_plan(actor: Actor, link: Link) -> OpenedRows[Session]:
    """Return the plan of the patient of a care link, as the clinician sees it."""
    return schedule.get_visible_plan(
        actor, await session_plan.load_plan(actor, session_plan.PlanAccess(link.patient, link))
    )


async def open_folder(actor: Actor, link: Link, plan: OpenedRows[Session]) -> Folder:
    """Open what is shared over a care link; link and plan are loaded already. Raises as `load_folder` does."""
    try:
        key = await open_shared_key(actor, link)
    except SharingPaused:
        return Folder(link, (), plan, True)
    listed, copies = _split_rows(key, link, await fetch_raw(SELECT_COPIES, link.id, link.id))
    if listed is not None and listed.paused:
        return Folder(link, (), plan, True)
    work = partial(_open_shares, actor.now, key, link, listed, copies, EntryNamer(plan))
    found, damaged = await asyncio.to_thread(work) if len(copies) > INLINE_LIMIT else work()
    shared = tuple(one for one in found if not one.is_closed)
    closed = tuple(one for one in found if one.is_closed)
    there = {ident.hex for copy in copies if (ident := get_column(copy, "id")) is not None}
    missing = listed is None or not listed.list_current(actor.now) <= there
    ended = _list_ended(listed, actor.now) if listed else ()
    return Folder(link, shared, plan, False, damaged, missing, closed, ended)


def _list_ended(listed: ShareList, now: datetime) -> tuple[ShareEnd, ...]:
    over = [one for one in listed.ends.values() if now - ENDED_SHOWN <= one.moment <= now]
    return tuple(sorted(over, key=lambda one: one.moment, reverse=True))


def _open_shares(
    now: datetime,
    key: Sealer,
    link: Link,
    listed: ShareList | None,
    copies: Sequence[CopyRow | DamagedRow],
    namer: EntryNamer,
) -> tuple[tuple[IncomingShare, ...], tuple[UUID | None, ...]]:
    """Return the copies that open, newest entry first, and the ids of the others; not those that ended."""
    shared, damaged = [], []
    for copy in copies:
        try:
            shared.append(_open_share(now, key, link, listed, require_undamaged(copy), namer))
        except ShareOver:
            continue
        except Damaged:
            damaged.append(get_column(copy, "id"))
    shared.sort(key=lambda one: (one.written_at, one.id), reverse=True)
    return tuple(shared), tuple(damaged)


def _open_share(
    now: datetime,
    key: Sealer,
    link: Link,
    listed: ShareList | None,
    row: CopyRow,
    namer: EntryNamer,
    *,
    by_tap: bool = False,
) -> IncomingShare:
    end = listed.ends.get(row.id.hex) if listed else None
    if end is not None and end.is_over(now):
        raise ShareOver(link, end)
    if not share_list.is_listed(listed, (row.id, row.revision, row.sealed), now):
        raise Damaged
    document = open_document(key, row.sealed, share_context(link.id, row.id, row.revision), ShareDocument)
    if document.entry_id != row.entry_id.hex:
        raise Damaged
    unread, name = row.opened_at is None, namer.name_copy(document)
    talked = open_talked(key, link.id, row.id, row.revision, as_bytes(row.talked) or None)
    one = IncomingShare(
        row.id,
        document,
        row.updated_at,
        unread,
        name,
        talked,
        row.opened_at,
        bool(row.replied),
        row.revision,
        end,
        listed is not None and row.id.hex in listed.filing,
        open_filings(key, link.id, row.id, as_bytes(row.filed) or None),
    )
    # Here, and nowhere else, a copy is opened for its clinician: what is closed has no words from here on.
    return replace(one, document=document.strip_to_title()) if one.is_closed and not by_tap else one


def _split_rows(
    key: Sealer, link: Link, rows: Sequence[Sequence[Any]]
) -> tuple[ShareList | None, list[CopyRow | DamagedRow]]:
    """Split the rows of `SELECT_COPIES` or `SELECT_COPY` into the list, opened, and the copies."""
    listed = next((share_list.open_list(key, link.id, row[2:4]) for row in rows if row[0]), None)
    return listed, parse_rows(CopyRow, [row for row in rows if not row[0]])


async def read_share(
    actor: Actor, patient: UUID, wanted: UUID, *, by_tap: bool = False
) -> tuple[Link, IncomingShare]:
    """
    Open one shared copy, named without the plan; the patient sees in their log who opened it, and when.

    Args:
        by_tap: The clinician chose to open this very copy, and was told that it counts as opened.

    Raises:
        ShareOver: If it ended by itself.
        StillClosed: If its title alone may be shown, unless *by_tap*.
        SharingPaused: While the patient has paused sharing.
        Damaged: If it is not what was sealed.
    """
    link = await care_links.load_link_with(actor, patient)
    one = await open_one(actor, link, wanted, by_tap=by_tap)
    await mark_opened(actor, patient, [one.id])
    return link, one


async def open_one(actor: Actor, link: Link, wanted: UUID, *, by_tap: bool = False) -> IncomingShare:
    """Open one shared copy without marking it as opened; raises as `read_share`."""
    key = await open_shared_key(actor, link)
    listed, copies = _split_rows(key, link, await fetch_raw(SELECT_COPY, link.id, wanted, link.id))
    if listed is not None and listed.paused:
        raise SharingPaused
    if not copies:
        _refuse_ended(link, listed, wanted, actor.now)
        raise NotFound
    one = _open_share(actor.now, key, link, listed, require_undamaged(copies[0]), EntryNamer(), by_tap=by_tap)
    if one.is_closed and not by_tap:
        raise StillClosed(link, one)
    return one


def _refuse_ended(link: Link, listed: ShareList | None, wanted: UUID, now: datetime) -> None:
    """Raise `ShareOver` for a copy that ended by itself and is deleted since."""
    end = listed.ends.get(wanted.hex) if listed else None
    if end is not None and end.is_over(now):
        raise ShareOver(link, end)


async def mark_opened(actor: Actor, patient: UUID, shares: Iterable[UUID]) -> None:
    """Record that these copies were opened: the patient sees it."""
    ids = list(shares)
    if not ids or actor.is_head_request:
        return
    async with transaction():
        # A copy that was updated after this request began is not the one that was read, and stays new.
        # Later by more than a request takes, its date is from a clock that ran ahead.
        read = care_tables.Share.filter(
            Q(updated_at__lte=actor.now) | Q(updated_at__gt=actor.now + CLOCK_TOLERANCE),
            id__in=ids,
            opened_at=None,
        )
        await read.update(opened_at=actor.now)
        await audit_log.record_share_openings(actor, patient, ids)
