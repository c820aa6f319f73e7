"""
What a patient shares with one clinician: a sealed copy of chosen sections.

The entry's own key never leaves the patient. A later edit is not shared until they share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from crypto import Sealer
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links as care_links
from journal.care import share_list
from journal.care import tables as care_tables
from journal.care.documents import Attention, ShareDocument, share_context
from journal.care.link_keys import SharingPaused, get_peer_identity, open_shared_key
from journal.care.links import Link
from journal.care.share_list import Lists, ShareEnd, ShareList
from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.errors import Damaged, NotFound, StaleRevision, TrustBroken
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.replies import endings
from journal.roles import Role
from journal.sealing import open_document
from journal.sessions.holds import refuse_while_held
from journal.sharing import copies, ends, saving
from journal.sharing.talked import Filing, open_filings, open_talked
from journal.store.database import fetch_raw, flush_deleted, transaction
from journal.store.rows import (
    DamagedRow,
    IdRow,
    JoinedValue,
    NonNegative,
    Row,
    Timestamp,
    as_bytes,
    fetch_rows,
    filter_undamaged,
    get_column,
    parse_rows,
    require_undamaged,
)
from journal.vault import entry_rows, record_state
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import UNKNOWN_ID, UNKNOWN_TIME, Entry, EntryRow

SELECT_SHARES = """
    SELECT share.id, share.link_id, share.entry_id, share.revision, share.sealed, share.updated_at, share.opened_at,
        share.talked, share.filed,
        entry.revision, entry.sealed, entry.created_at, entry.updated_at, entry.deleted_at
    FROM share JOIN care_link ON care_link.id = share.link_id LEFT JOIN entry ON entry.id = share.entry_id
    WHERE care_link.patient_id = $1 AND share.link_id IN (%s) AND share.ended_at IS NULL
"""
LATEST_FIRST = " ORDER BY share.updated_at DESC"


class ShareRow(Row, frozen=True):
    """A row of `SELECT_SHARES`: a copy, and the entry that it was made from."""

    id: UUID
    link_id: UUID
    entry_id: UUID
    revision: NonNegative
    sealed: bytes
    updated_at: Timestamp
    opened_at: Timestamp | None
    talked: JoinedValue
    filed: JoinedValue
    entry_revision: JoinedValue = msgspec.field(name="entry__revision")
    entry_sealed: JoinedValue = msgspec.field(name="entry__sealed")
    entry_created_at: JoinedValue = msgspec.field(name="entry__created_at")
    entry_updated_at: JoinedValue = msgspec.field(name="entry__updated_at")
    entry_deleted_at: JoinedValue = msgspec.field(name="entry__deleted_at")


ShareRows = list[ShareRow | DamagedRow]


@dataclass(frozen=True, slots=True)
class OutgoingShare:
    """
    One copy that a clinician can read, as its patient sees it.

    `outdated` are the chosen parts that read differently in the entry now; `changed`: so does anything of the copy.
    `talked_at` is when its clinician marked it as talked about. `end` is until when they can read it.
    With `may_file` they may file it in their practice's record; `filings` are the times that they did.
    A copy that does not open is `damaged`: its document is empty, and it can only be revoked. Its `id` and `entry` are
    `UNKNOWN_ID` where they cannot be read.
    """

    id: UUID
    entry: UUID
    link: Link
    document: ShareDocument
    updated_at: datetime
    opened_at: datetime | None
    changed: bool
    outdated: frozenset[str] = frozenset()
    talked_at: datetime | None = None
    damaged: bool = False
    end: ShareEnd | None = None
    may_file: bool = False
    filings: tuple[Filing, ...] = ()

    @property
    def has_address(self) -> bool:
        """Return whether its id is known."""
        return self.id != UNKNOWN_ID

    @property
    def has_entry(self) -> bool:
        """Return whether it is known which entry it was made from."""
        return self.entry != UNKNOWN_ID

    @property
    def is_dated(self) -> bool:
        """Return whether it is known when it was shared."""
        return self.updated_at is not UNKNOWN_TIME

    @property
    def can_be_opened(self) -> bool:
        """Return whether its clinician can open it at present."""
        return self.link.trusted and not (self.damaged or self.link.paused_at or self.link.peer_suspended)

    @property
    def version(self) -> datetime:
        """Return when its words were copied from the entry."""
        return datetime.fromisoformat(self.document.shared_at)


def find_partial(document: EntryDocument, given: Iterable[OutgoingShare]) -> frozenset[UUID]:
    """Return which of the copies lack a part of an entry."""
    return frozenset(one.id for one in given if not one.damaged and copies.is_partial(document, one.document))


async def share_entry(
    actor: Actor,
    wanted: UUID,
    to: UUID,
    fields: Iterable[str],
    *,
    previewed: int,
    attention: Attention | None = None,
    until: date | None = None,
    may_file: bool = False,
) -> UUID:
    """
    Share the chosen sections with the clinician of care link *to*; a replaced copy counts as unread again.

    Args:
        previewed: The entry's revision that the person saw in the preview and confirmed.
        attention: What they ask of the reader; None where they were not asked.
        until: The last day on which it can be read; None for as long as they share it.
        may_file: Whether it may be filed in the record of the practice.

    Raises:
        InvalidInput: If nothing is chosen that can be shared, or the last day is none (`until_date`).
        StaleRevision: If the entry changed since the preview: what is shared is what was seen.
        HeldUntilRested: Too soon after a dosing session.
        SharingPaused: While sharing with this clinician is paused.
    """
    entry, link = await entries.load_entry(actor, wanted), await care_links.load_my_link(actor, to)
    fields = tuple(fields)
    await refuse_while_held(actor, Asked(HeldAct.SHARE, wanted, to, fields))
    await require_open(actor, link)
    if entry.revision != previewed:
        raise StaleRevision(saving.ENTRY_CHANGED)
    seen = await record_state.require_intact(actor)  # and so does a journal that is not as its owner left it
    if not seen.has_entry(entry):  # it was read at another moment
        raise StaleRevision(saving.ENTRY_CHANGED)
    document = copies.build_copy(entry, fields, actor.now, actor.zone, attention or "")
    key, end = await open_shared_key(actor, link), ends.build_end(actor, until, entry.id)
    return await saving.save_copy(actor, link, entry, document, key, end=end, may_file=may_file)


async def require_open(actor: Actor, link: Link) -> None:
    """Raise `SharingPaused` or `TrustBroken` while the actor cannot share with the clinician of *link*."""
    if link.paused_at:
        raise SharingPaused(N_("Sharing with this person is paused. Resume it first; nothing was shared."))
    await get_peer_identity(actor, link)  # a changed key stops sharing


async def revoke_share(actor: Actor, wanted: UUID) -> None:
    """Delete a copy and its replies: the clinician can no longer open them. Never held; a damaged copy goes as well."""
    actor.require_role(Role.PATIENT)
    async with transaction():
        await record_state.lock_state(actor)
        mine = care_tables.Share.filter(id=wanted, link__patient_id=actor.id)
        sources = await share_list.load_sources(mine)
        await endings.keep_unopened(actor, share=wanted)
        if not await mine.delete():
            raise NotFound
        for link, entry in sources:
            await share_list.remove_copies(actor, link, [wanted], stopped=entry)
        await audit_log.record_event(actor, Act.SHARE_REVOKED, patient=actor.id, about=wanted)
    await flush_deleted()


async def list_shares(
    actor: Actor, *, entry: UUID | None = None, team: Iterable[Link] | None = None
) -> tuple[OutgoingShare, ...]:
    """
    Return every copy that others can read, of one entry or of all, newest first.

    Args:
        team: The patient's care links, where they are loaded already; others are left out.
    """
    links = await _load_current_links(actor, team)
    rows = await _load_rows(actor, links, entry)
    return await _open_shares(actor, links, rows, await _load_lists(actor, links) if rows else {})


async def list_shares_and_missing(
    actor: Actor, team: Iterable[Link] | None = None
) -> tuple[tuple[OutgoingShare, ...], frozenset[UUID]]:
    """Return every copy as `list_shares` does, and the care links from which a copy or their list is missing."""
    links = await _load_current_links(actor, team)
    rows = await _load_rows(actor, links)
    lists = await _load_lists(actor, links)
    return await _open_shares(actor, links, rows, lists), await _find_missing(actor, links, lists)


async def _load_current_links(actor: Actor, team: Iterable[Link] | None) -> dict[UUID, Link]:
    actor.require_role(Role.PATIENT)
    mine = await care_links.load_my_links(actor) if team is None else team
    return {link.id: link for link in mine if link.ended_at is None}


async def _load_rows(actor: Actor, links: Mapping[UUID, Link], entry: UUID | None = None) -> ShareRows:
    if not links:
        return []
    sql = SELECT_SHARES % ", ".join(f"${place}" for place in range(2, len(links) + 2))
    if entry is None:
        return parse_rows(ShareRow, await fetch_raw(sql + LATEST_FIRST, actor.id, *links))
    sql += f" AND share.entry_id = ${len(links) + 2}"
    return parse_rows(ShareRow, await fetch_raw(sql + LATEST_FIRST, actor.id, *links, entry))


async def _load_lists(actor: Actor, links: Mapping[UUID, Link]) -> Lists:
    return await share_list.load_my_lists(actor, {link.id: link.row.patient_key for link in links.values()})


async def _open_shares(
    actor: Actor, links: Mapping[UUID, Link], rows: ShareRows, lists: Lists
) -> tuple[OutgoingShare, ...]:
    keys: dict[UUID, Sealer] = {}
    # The link of a copy is readable, since the query matched it.
    found = [(row, links[get_column(row, "link_id")]) for row in rows]
    lasting = [(row, link) for row, link in found if not _has_ended(lists.get(link.id), row, actor)]
    return tuple([await _open_share(actor, row, link, keys, lists.get(link.id)) for row, link in lasting])


def _has_ended(listed: ShareList | None, row: ShareRow | DamagedRow, actor: Actor) -> bool:
    """Return whether a copy ended by itself: then it is shared no longer, also where its row is still there."""
    ident = get_column(row, "id")
    return listed is not None and ident is not None and listed.has_ended(ident, actor.now)


async def load_last_parts(actor: Actor, to: Link, kind: str) -> tuple[str, ...]:
    """Return the parts of the copy that the clinician of *to* was given last of an entry of *kind*, if there is one."""
    rows = await _load_rows(actor, {to.id: to})
    return await _find_last_parts(
        actor, to, kind, rows, await _load_lists(actor, {to.id: to}) if rows else {}
    )


async def list_shares_and_last_parts(
    actor: Actor, entry: Entry, to: Link, team: Iterable[Link]
) -> tuple[tuple[OutgoingShare, ...], tuple[str, ...]]:
    """Return the copies of one entry as `list_shares` does, and what `load_last_parts` does for an entry like it."""
    links = await _load_current_links(actor, team)
    rows, theirs = await _load_rows(actor, links, entry.id), await _load_rows(actor, {to.id: to})
    lists = await _load_lists(actor, links) if rows or theirs else {}
    last = await _find_last_parts(actor, to, entry.document.kind, theirs, lists)
    return await _open_shares(actor, links, rows, lists), last


async def _find_last_parts(
    actor: Actor, to: Link, kind: str, rows: ShareRows, lists: Lists
) -> tuple[str, ...]:
    keys: dict[UUID, Sealer] = {}
    for row in rows:  # the latest first
        if _has_ended(lists.get(to.id), row, actor):
            continue
        one = await _open_share(actor, row, to, keys, lists.get(to.id))
        if not one.damaged and one.document.kind == kind:
            return tuple(one.document.fields)
    return ()


async def find_replaced_and_last(
    actor: Actor, entry: UUID, to: Link
) -> tuple[OutgoingShare | None, Attention | None]:
    """Return the copy of an entry that the clinician of *to* has, and what was asked of them with the latest one."""
    links = {to.id: to}
    rows = await _load_rows(actor, links, entry)
    sql = SELECT_SHARES % "$2" + LATEST_FIRST + " LIMIT 1"
    latest = parse_rows(ShareRow, await fetch_raw(sql, actor.id, to.id))
    lists = await _load_lists(actor, links) if latest else {}
    there = await _open_shares(actor, links, rows, lists)
    last = await _open_shares(actor, links, latest, lists)
    return next(iter(there), None), last[0].document.asks if last else None


async def change_attention(actor: Actor, wanted: UUID, attention: Attention) -> None:
    """
    Change what is asked of whoever reads a copy, until they opened it; raises as `saving.change_attention` does.

    Raises:
        NotFound: If the actor shares no such copy.
        SharingPaused, TrustBroken: While nothing is shared with that clinician.
    """
    one = await load_share(actor, wanted)
    if one.damaged:
        raise Damaged
    await require_open(actor, one.link)
    await record_state.require_intact(actor)
    key = await open_shared_key(actor, one.link)
    await saving.change_attention(actor, one.link, wanted, one.document, attention, key)


async def load_share(actor: Actor, wanted: UUID) -> OutgoingShare:
    """Return one copy that the actor shared."""
    for one in await list_shares(actor):
        if one.id == wanted:
            return one
    raise NotFound


async def _find_missing(actor: Actor, links: Mapping[UUID, Link], lists: Lists) -> frozenset[UUID]:
    rows = care_tables.Share.filter(link__patient_id=actor.id, link__ended_at=None, ended_at=None)
    there = {one.id.hex for one in filter_undamaged(await fetch_rows(IdRow, rows))}
    listed = {link: lists.get(link) for link in links}
    return frozenset(
        link for link, one in listed.items() if one is None or not one.list_current(actor.now) <= there
    )


async def _open_share(
    actor: Actor, row: ShareRow | DamagedRow, link: Link, keys: dict[UUID, Sealer], listed: ShareList | None
) -> OutgoingShare:
    try:
        copy = require_undamaged(row)
        if not share_list.is_listed(listed, (copy.id, copy.revision, copy.sealed), actor.now):
            raise Damaged
        if link.id not in keys:
            keys[link.id] = await open_shared_key(actor, link)
        where = share_context(link.id, copy.id, copy.revision)
        document = open_document(keys[link.id], copy.sealed, where, ShareDocument)
        if document.entry_id != copy.entry_id.hex:
            raise Damaged
        changed, outdated, damaged = False, frozenset[str](), False
        talked = as_bytes(copy.talked) or None
        talked_at = open_talked(keys[link.id], link.id, copy.id, copy.revision, talked)
        filings = open_filings(keys[link.id], link.id, copy.id, as_bytes(copy.filed) or None)
        if copy.entry_revision != document.entry_revision:
            entry = _open_source_entry(actor, copy)
            changed, outdated = copies.is_changed(entry, document), copies.find_outdated(entry, document)
    except (Damaged, TrustBroken):
        # A damaged copy hides neither the journal nor other copies, and is not hidden itself.
        moment = (get_column(row, "updated_at") or UNKNOWN_TIME).isoformat(timespec="seconds")
        document = ShareDocument(EntryKind.FREE, "", None, {}, [], moment, moment, 0)
        changed, outdated, damaged, talked_at, filings = False, frozenset(), True, None, ()
    return OutgoingShare(
        id=get_column(row, "id") or UNKNOWN_ID,
        entry=get_column(row, "entry_id") or UNKNOWN_ID,
        link=link,
        document=document,
        updated_at=get_column(row, "updated_at") or UNKNOWN_TIME,
        opened_at=get_column(row, "opened_at"),
        changed=changed,
        outdated=outdated,
        talked_at=talked_at,
        damaged=damaged,
        end=listed.ends.get(ident.hex) if listed and (ident := get_column(row, "id")) else None,
        may_file=listed is not None and not damaged and copy.id.hex in listed.filing,
        filings=filings,
    )


def _open_source_entry(actor: Actor, copy: ShareRow) -> Entry:
    """Open the entry that a copy was made from."""
    raw = (copy.entry_id, copy.entry_revision, copy.entry_sealed)
    times = (copy.entry_created_at, copy.entry_updated_at, copy.entry_deleted_at)
    (row,) = parse_rows(EntryRow, [(*raw, *times)])
    return entry_rows.open_entry(actor, require_undamaged(row))
