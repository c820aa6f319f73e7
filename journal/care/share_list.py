"""
The sealed list of the copies that a care link holds.

The patient rewrites it with every share, update, revocation and pause. A copy that is not on it, or is in another
state, was put back by storage and is not opened; a missing one is noticed. The list itself is part of the patient's
record state, so the patient notices an older list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
from tortoise.queryset import QuerySet

from crypto import Context, CryptoError, Sealer
from journal.actor import Actor
from journal.care import tables
from journal.care.documents import link_key_context
from journal.errors import Damaged, StaleRevision
from journal.i18n import N_
from journal.sealing import open_document, seal_document
from journal.store.database import fetch_raw
from journal.store.rows import IdRow, JoinedValue, Row, fetch_rows, filter_undamaged, get_column, parse_rows
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.record_snapshot import MAX_STATE_REVISION, TAG_SIZE, Member, Part
from journal.vault.record_state import SELECT_RECORD_STATE, RecordChange

ENDED = N_(
    "This share ended by itself, on the day that you had chosen. Share it anew; nothing is shared now."
)
CHANGED = N_("This was changed in another window. Look at it again; nothing was changed here.")
EARLIEST = datetime.min.replace(tzinfo=UTC)
MAX_STOPPED = 500
"""Of how many entries a list says that a copy was taken away; the latest."""
SELECT_LISTS = "SELECT id, revision, sealed FROM record_state WHERE owner_id = $1"


class ListRow(Row, frozen=True):
    """A row of a list; `open_list` checks all of it but its id."""

    id: UUID
    revision: JoinedValue
    sealed: JoinedValue


class ShareLinkRow(Row, frozen=True):
    """The care link of a copy."""

    link_id: UUID


class CopyOfRow(Row, frozen=True):
    """The care link of a copy, and the entry that it is of."""

    link_id: UUID
    entry_id: UUID


class OwnKeyRow(Row, frozen=True):
    """The patient's own copy of a link's key."""

    patient_key: bytes | None


class ShareEnd(msgspec.Struct, frozen=True, array_like=True):
    """
    Until when a copy can be read: the last `day` on its patient's calendar, and the moment `at` which it is over, UTC.

    `at` is fixed when the day is chosen, so that no time zone of anybody's moves it. `entry` is what the copy is of.
    """

    day: str
    at: str
    entry: str = ""

    @property
    def moment(self) -> datetime:
        """Return the moment from which on nobody opens the copy; the earliest there is where it cannot be read."""
        try:
            moment = datetime.fromisoformat(self.at)
        except ValueError:
            return EARLIEST
        return moment if moment.tzinfo is not None else EARLIEST

    @property
    def last_day(self) -> date:
        """Return the last day; where it cannot be read, the one in UTC before it is over."""
        try:
            return date.fromisoformat(self.day)
        except ValueError:
            return max(self.moment, EARLIEST + timedelta(days=1)).date() - timedelta(days=1)

    def is_over(self, now: datetime) -> bool:
        """Return whether it has come."""
        return self.moment <= now


class ShareList(msgspec.Struct, frozen=True):
    """
    Which copies a care link holds, and whether sharing is paused; care-link key. Only the patient writes it.

    `copies` names each by its hex id, with its revision and the hex digits of its envelope's last 16 bytes. `stopped`
    names entries of which a copy was taken away, by their hex ids, and says when, UTC, ISO 8601: what is shared as it
    is completed brings none back. `ends` has each copy with a last day. It stands here and not in the copy, so that
    whoever asks whether a copy is listed is told as well whether it is over. `filing` names the copies that their
    reader may file in the record of their practice.
    """

    paused: bool = False
    copies: dict[str, tuple[int, str]] = {}
    stopped: dict[str, str] = {}
    ends: dict[str, ShareEnd] = {}
    filing: list[str] = []

    def has_ended(self, copy: UUID, now: datetime) -> bool:
        """Return whether a copy ended by itself, whatever storage still holds of it."""
        end = self.ends.get(copy.hex)
        return end is not None and end.is_over(now)

    def list_current(self, now: datetime) -> frozenset[str]:
        """Return the hex ids of the copies that have not ended."""
        return frozenset(
            one for one in self.copies if one not in self.ends or not self.ends[one].is_over(now)
        )


Change = Callable[[ShareList], ShareList]
Lists = Mapping[UUID, ShareList | None]


async def create_list(actor: Actor, link: UUID, key: bytes) -> None:
    """Create the empty list of a new care link; in a transaction that holds the account's state."""
    sealed = seal_document(Sealer(key), ShareList(), share_list_context(link, 1))
    await vault_tables.RecordState.create(id=link, owner_id=actor.id, revision=1, sealed=sealed)
    await record_state.update_state(actor, RecordChange(Part.SHARED, added=[(link, 1, sealed)]))


class KeptEnd(Enum):
    """That a copy ends, and may be filed, as the one of the same entry before it; and what it is if that is over."""

    KEPT = "kept"
    """None then."""
    RENEWED = "renewed"
    """A new one, without an end, and not to be filed: its patient chose it anew, where no terms are asked for."""


KEPT, RENEWED = KeptEnd.KEPT, KeptEnd.RENEWED


async def add_copy(
    actor: Actor,
    link: UUID,
    copy: Member,
    entry: UUID,
    end: ShareEnd | KeptEnd | None = KEPT,
    may_file: bool | KeptEnd = KEPT,
) -> ShareEnd | None:
    """
    Add a copy of an entry that was just sealed, in the place of an earlier state of it; return the end that it has.

    Raises:
        StaleRevision: If it was to keep its end, and that has come.
    """
    ident, revision, sealed = copy
    noted = {ident.hex: (revision, _format_tag(sealed))}

    def with_copy(old: ShareList) -> ShareList:
        mine = next((one for one in old.ends.values() if one.entry == entry.hex), None)
        is_over = mine is not None and mine.is_over(actor.now)
        if is_over and end is KEPT:
            raise StaleRevision(ENDED)
        chosen = (None if is_over else mine) if isinstance(end, KeptEnd) else end
        ends = {ident: one for ident, one in old.ends.items() if one.entry != entry.hex}
        if chosen is not None:
            ends[ident.hex] = chosen
        filing = old.filing
        if is_over or not isinstance(may_file, KeptEnd):
            filing = _note_filing(old, ident, may_file is True)
        return msgspec.structs.replace(old, copies=old.copies | noted, ends=ends, filing=filing)

    now = await _rewrite_list(actor, link, with_copy)
    if now is None:
        return None if isinstance(end, KeptEnd) else end
    return now.ends.get(ident.hex)


Terms = tuple[ShareEnd | None, bool]
"""Until when a copy can be read, None for as long as its patient shares it, and whether it may be filed."""


async def set_terms(actor: Actor, link: UUID, copy: UUID, seen: Terms, terms: Terms) -> None:
    """
    Record the terms of a copy in the place of those that were *seen*.

    Raises:
        StaleRevision: If they are others by now.
    """
    end, may_file = terms

    def with_terms(old: ShareList) -> ShareList:
        if (old.ends.get(copy.hex), copy.hex in old.filing) != seen:
            raise StaleRevision(CHANGED)
        ends = {ident: one for ident, one in old.ends.items() if ident != copy.hex}
        chosen = ends if end is None else {**ends, copy.hex: end}
        return msgspec.structs.replace(old, ends=chosen, filing=_note_filing(old, copy, may_file))

    await _rewrite_list(actor, link, with_terms)


def _note_filing(old: ShareList, copy: UUID, may_file: bool) -> list[str]:
    return [one for one in old.filing if one != copy.hex] + ([copy.hex] if may_file else [])


async def remove_copies(
    actor: Actor, link: UUID, copies: Iterable[UUID], *, stopped: UUID | None = None
) -> None:
    """Remove copies that were just deleted; `stopped` is the entry of one that its patient took away."""
    gone = {one.hex for one in copies}

    def without_copies(old: ShareList) -> ShareList:
        kept = {ident: state for ident, state in old.copies.items() if ident not in gone}
        over = (
            gone if stopped is not None else set()
        )  # what takes the place of a damaged copy ends as that one
        ends = {ident: end for ident, end in old.ends.items() if ident not in over}
        ended = dict(old.stopped)
        if stopped is not None:
            ended.pop(stopped.hex, None)
            ended[stopped.hex] = actor.now.astimezone(UTC).isoformat()
        latest = dict(list(ended.items())[-MAX_STOPPED:])
        filing = [ident for ident in old.filing if ident not in gone]
        return msgspec.structs.replace(old, copies=kept, stopped=latest, ends=ends, filing=filing)

    await _rewrite_list(actor, link, without_copies)


async def set_paused(actor: Actor, link: UUID, paused: bool = True) -> None:
    """Record that sharing is paused, or resumed: a key put back by storage undoes no pause."""
    await _rewrite_list(actor, link, lambda old: msgspec.structs.replace(old, paused=paused))


async def update_resealed(actor: Actor, link: UUID, copies: Sequence[tuple[UUID, int, bytes, bytes]]) -> None:
    """
    Update the states of copies that were sealed anew, unchanged: of those that were on the list in the state before.

    Args:
        copies: Id, revision, envelope before and envelope now.
    """

    def with_states(old: ShareList) -> ShareList:
        known = {
            ident.hex: (revision, _format_tag(now))
            for ident, revision, before, now in copies
            if old.copies.get(ident.hex) == (revision, _format_tag(before))
        }
        return msgspec.structs.replace(old, copies=old.copies | known)

    await _rewrite_list(actor, link, with_states)


async def delete_list(actor: Actor, link: UUID) -> None:
    """Delete the list of a care link that the patient ended."""
    rows = await fetch_raw(SELECT_RECORD_STATE, link)
    await vault_tables.RecordState.filter(id=link).delete()
    await record_state.update_state(actor, RecordChange(Part.SHARED, removed=[(link, *row) for row in rows]))


async def rebuild_list(actor: Actor, link: UUID) -> None:
    """
    Rewrite the list without missing copies; one that does not open is replaced by an empty one.

    Nothing is added: what storage put back stays closed until it is revoked, and can be shared again.
    """
    key, rows = await load_own_key(actor, link), await fetch_raw(SELECT_RECORD_STATE, link)
    if key is None:
        return
    old = open_list(key, link, rows[0]) if rows else None
    held = {
        one.id.hex for one in filter_undamaged(await fetch_rows(IdRow, tables.Share.filter(link_id=link)))
    }
    copies = {ident: state for ident, state in old.copies.items() if ident in held} if old else {}
    before = _parse_revision(rows[0][0]) if rows else 0
    revision = before + 1 if before < MAX_STATE_REVISION else 1
    ends = old.ends if old else {}  # what ended is not begun again, nor a missing copy without its end
    filing = [ident for ident in old.filing if ident in copies] if old else []
    new = ShareList(old.paused if old else False, copies, old.stopped if old else {}, ends, filing)
    sealed = seal_document(key, new, share_list_context(link, revision))
    await vault_tables.RecordState.filter(id=link).delete()
    await vault_tables.RecordState.create(id=link, owner_id=actor.id, revision=revision, sealed=sealed)


async def load_my_lists(actor: Actor, keys: Mapping[UUID, bytes | None]) -> Lists:
    """
    Return the patient's lists by care link; None for one that does not open.

    Args:
        keys: The care links whose lists are wanted, and the patient's own copies of their keys.
    """
    found: dict[UUID, ShareList | None] = {}
    for row in filter_undamaged(parse_rows(ListRow, await fetch_raw(SELECT_LISTS, actor.id))):
        if row.id in keys:
            key = _unwrap(actor, row.id, keys[row.id])
            found[row.id] = open_list(key, row.id, (row.revision, row.sealed)) if key else None
    return found


def open_list(key: Sealer, link: UUID, row: Sequence[Any]) -> ShareList | None:
    """Open a list by its revision and envelope; None when it is not what was saved."""
    revision, sealed = row
    if not isinstance(sealed, bytes):
        return None
    try:
        return open_document(key, sealed, share_list_context(link, _parse_revision(revision)), ShareList)
    except Damaged:
        return None


def is_listed(listed: ShareList | None, copy: Member, now: datetime) -> bool:
    """Return whether a copy is on the list, in this very state, and has not ended."""
    ident, revision, sealed = copy
    if listed is None or listed.has_ended(ident, now):
        return False
    return listed.copies.get(ident.hex) == (revision, _format_tag(sealed))


async def load_sources(copies: QuerySet[tables.Share]) -> list[tuple[UUID, UUID | None]]:
    """Return the care link of each copy whose one can be read, and the entry that it is of."""
    rows = await fetch_rows(CopyOfRow, copies)
    found = [(get_column(row, "link_id"), get_column(row, "entry_id")) for row in rows]
    return [(link, entry) for link, entry in found if link is not None]


async def was_stopped(
    actor: Actor, link: UUID, patient_key: bytes | None, entry: UUID, since: datetime
) -> bool:
    """Return whether a copy of an entry was taken away, or ended, over a care link since then, or nobody can tell."""
    listed = (await load_my_lists(actor, {link: patient_key})).get(link)
    if listed is None:
        return True
    at = listed.stopped.get(entry.hex)
    if at is not None and datetime.fromisoformat(at) >= since:
        return True
    return any(end.entry == entry.hex and since <= end.moment <= actor.now for end in listed.ends.values())


async def load_own_key(actor: Actor, link: UUID) -> Sealer | None:
    """Open the patient's own copy of a link's key, if it is there and what was saved."""
    rows = await fetch_rows(OwnKeyRow, tables.CareLink.filter(id=link, patient_id=actor.id))
    return _unwrap(actor, link, get_column(rows[0], "patient_key")) if rows else None


def _unwrap(actor: Actor, link: UUID, wrapped: bytes | None) -> Sealer | None:
    try:
        return Sealer(actor.keyring.unwrap(wrapped or b"", context=link_key_context(actor.id, link)))
    except CryptoError:
        return None


async def _rewrite_list(actor: Actor, link: UUID, change: Change) -> ShareList | None:
    """
    Rewrite the list, in a transaction that holds the account's state, and return it; one that does not open stays.
    """
    key, rows = await load_own_key(actor, link), await fetch_raw(SELECT_RECORD_STATE, link)
    old = open_list(key, link, rows[0]) if key and rows else None
    if key is None or old is None or (new := change(old)) == old:
        return old
    await store_list(actor, link, key, new, rows[0])
    return new


async def store_list(actor: Actor, link: UUID, key: Sealer, new: ShareList, row: Sequence[Any]) -> None:
    """Store a list in the place of the *row* that was read, in a transaction that holds the account's state."""
    revision = row[0] + 1
    sealed = seal_document(key, new, share_list_context(link, revision))
    await vault_tables.RecordState.filter(id=link).update(revision=revision, sealed=sealed)
    before, after = (link, row[0], row[1]), (link, revision, sealed)
    await record_state.update_state(actor, RecordChange(Part.SHARED, [before], [after]))


def _format_tag(sealed: bytes) -> str:
    return sealed[-TAG_SIZE:].hex()


def _parse_revision(revision: Any) -> int:
    return revision if isinstance(revision, int) and 0 <= revision < 1 << 31 else 0


def share_list_context(link: UUID, revision: int) -> Context:
    """Return the context of a care link's list."""
    return Context("share-list", link.bytes, link.bytes, revision)
