"""
The sealed list of the copies that a care link holds.

The patient rewrites it with every share, update, revocation and pause. A copy that is not on it, or is in another
state, was put back by storage and is not opened; a missing one is noticed. The list itself is part of the patient's
record state, so the patient notices an older list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from crypto import Context, CryptoError, Sealer
from journal.actor import Actor
from journal.care import tables
from journal.care.documents import link_key_context
from journal.errors import Damaged
from journal.sealing import open_document, seal_document
from journal.store.database import fetch
from journal.store.rows import Joined, Named, Row, known, read, typed, whole
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.record_snapshot import END, MOST_STEPS, Member, Part
from journal.vault.record_state import KEPT, Move

LISTS = "SELECT id, revision, sealed FROM record_state WHERE owner_id = $1"


class ListRow(Row, frozen=True):
    """A row of a list; `opened` checks all of it but its id."""

    id: UUID
    revision: Joined
    sealed: Joined


class LinkOf(Row, frozen=True):
    """The care link of a copy."""

    link_id: UUID


class OwnKeyRow(Row, frozen=True):
    """The patient's own copy of a link's key."""

    patient_key: bytes | None


class ShareList(msgspec.Struct, frozen=True):
    """
    Which copies a care link holds, and whether sharing is paused; care-link key. Only the patient writes it.

    `copies` names each by its hex id, with its revision and the hex digits of its envelope's last 16 bytes.
    """

    paused: bool = False
    copies: dict[str, tuple[int, str]] = {}


Change = Callable[[ShareList], ShareList]
Lists = Mapping[UUID, ShareList | None]


async def begin(actor: Actor, link: UUID, key: bytes) -> None:
    """Create the empty list of a new care link; in a transaction that holds the account's state."""
    sealed = seal_document(Sealer(key), ShareList(), share_list_context(link, 1))
    await vault_tables.RecordState.create(id=link, owner_id=actor.id, revision=1, sealed=sealed)
    await record_state.move(actor, Move(Part.SHARED, come=[(link, 1, sealed)]))


async def put(actor: Actor, link: UUID, copy: Member) -> None:
    """Add a copy that was just sealed, in the place of an earlier state of it."""
    ident, revision, sealed = copy
    noted = {ident.hex: (revision, _end(sealed))}
    await _rewrite(actor, link, lambda old: msgspec.structs.replace(old, copies=old.copies | noted))


async def forget(actor: Actor, link: UUID, copies: Iterable[UUID]) -> None:
    """Remove copies that were just deleted."""
    gone = {one.hex for one in copies}

    def left(old: ShareList) -> ShareList:
        kept = {ident: state for ident, state in old.copies.items() if ident not in gone}
        return msgspec.structs.replace(old, copies=kept)

    await _rewrite(actor, link, left)


async def pause(actor: Actor, link: UUID, paused: bool = True) -> None:
    """Record that sharing is paused, or resumed: a key put back by storage undoes no pause."""
    await _rewrite(actor, link, lambda old: msgspec.structs.replace(old, paused=paused))


async def end(actor: Actor, link: UUID) -> None:
    """Delete the list of a care link that the patient ended."""
    rows = await fetch(KEPT, link)
    await vault_tables.RecordState.filter(id=link).delete()
    await record_state.move(actor, Move(Part.SHARED, gone=[(link, *row) for row in rows]))


async def accept(actor: Actor, link: UUID) -> None:
    """
    Rewrite the list without missing copies; one that does not open is replaced by an empty one.

    Nothing is added: what storage put back stays closed until it is revoked, and can be shared again.
    """
    key, rows = await own_key(actor, link), await fetch(KEPT, link)
    if key is None:
        return
    old = opened(key, link, rows[0]) if rows else None
    held = {one.id.hex for one in whole(await read(Named, tables.Share.filter(link_id=link)))}
    copies = {ident: state for ident, state in old.copies.items() if ident in held} if old else {}
    before = _number(rows[0][0]) if rows else 0
    revision = before + 1 if before < MOST_STEPS else 1
    new = ShareList(old.paused if old else False, copies)
    sealed = seal_document(key, new, share_list_context(link, revision))
    await vault_tables.RecordState.filter(id=link).delete()
    await vault_tables.RecordState.create(id=link, owner_id=actor.id, revision=revision, sealed=sealed)


async def mine(actor: Actor, keys: Mapping[UUID, bytes | None]) -> Lists:
    """
    Return the patient's lists by care link; None for one that does not open.

    Args:
        keys: The care links whose lists are wanted, and the patient's own copies of their keys.
    """
    found: dict[UUID, ShareList | None] = {}
    for row in whole(typed(ListRow, await fetch(LISTS, actor.id))):
        if row.id in keys:
            key = _unwrapped(actor, row.id, keys[row.id])
            found[row.id] = opened(key, row.id, (row.revision, row.sealed)) if key else None
    return found


def opened(key: Sealer, link: UUID, row: Sequence[Any]) -> ShareList | None:
    """Open a list by its revision and envelope; None when it is not what was saved."""
    revision, sealed = row
    if not isinstance(sealed, bytes):
        return None
    try:
        return open_document(key, sealed, share_list_context(link, _number(revision)), ShareList)
    except Damaged:
        return None


def is_on(listed: ShareList | None, copy: Member) -> bool:
    """Return whether a copy is on the list, in this very state."""
    ident, revision, sealed = copy
    return listed is not None and listed.copies.get(ident.hex) == (revision, _end(sealed))


async def own_key(actor: Actor, link: UUID) -> Sealer | None:
    """Open the patient's own copy of a link's key, if it is there and what was saved."""
    rows = await read(OwnKeyRow, tables.CareLink.filter(id=link, patient_id=actor.id))
    return _unwrapped(actor, link, known(rows[0], "patient_key")) if rows else None


def _unwrapped(actor: Actor, link: UUID, wrapped: bytes | None) -> Sealer | None:
    try:
        return Sealer(actor.keyring.unwrap(wrapped or b"", context=link_key_context(actor.id, link)))
    except CryptoError:
        return None


async def _rewrite(actor: Actor, link: UUID, change: Change) -> None:
    """Rewrite the list, in a transaction that holds the account's state; one that does not open stays as it is."""
    key, rows = await own_key(actor, link), await fetch(KEPT, link)
    old = opened(key, link, rows[0]) if key and rows else None
    if key is None or old is None or (new := change(old)) == old:
        return
    revision = rows[0][0] + 1
    sealed = seal_document(key, new, share_list_context(link, revision))
    await vault_tables.RecordState.filter(id=link).update(revision=revision, sealed=sealed)
    before, after = (link, rows[0][0], rows[0][1]), (link, revision, sealed)
    await record_state.move(actor, Move(Part.SHARED, [before], [after]))


def _end(sealed: bytes) -> str:
    return sealed[-END:].hex()


def _number(revision: Any) -> int:
    return revision if isinstance(revision, int) and 0 <= revision < 1 << 31 else 0


def share_list_context(link: UUID, revision: int) -> Context:
    """Return the context of a care link's list."""
    return Context("share-list", link.bytes, link.bytes, revision)
